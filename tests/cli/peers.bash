# Peers and strangers on loopback for the tools that dial, ended with the test that started them:
#
#     load peers
#     teardown() { end_started; }
#     @test "…" { start_peer; p2p-probe "$PEER"; }

_started=()

# start_process FILE CMD...: runs CMD in the background until the test's end, and waits for FILE, which CMD
# writes when it is ready.
start_process() {
  local file=$1 tries
  shift
  "$@" >"$file.out" 2>"$file.err" </dev/null 3>&- &
  _started+=($!)
  for ((tries = 0; tries < 400; ++tries)); do
    [[ -s $file ]] && return 0
    kill -0 "${_started[-1]}" 2>/dev/null || break
    sleep 0.05
  done
  echo "$* did not get ready:"
  cat "$file.err"
  return 1
}

# start_peer [OPTION]...: a p2p-probe -l. Sets PEER to its address and PEER_ID.
start_peer() {
  local file="$BATS_TEST_TMPDIR/peer.${#_started[@]}"
  start_process "$file" p2p-probe -q -l /ip4/127.0.0.1/tcp/0 --write-addr "$file" "$@" || return 1
  PEER=$(head -n 1 "$file")
  PEER_ID=${PEER##*/}
}

# start_stranger KIND: a server that is no libp2p peer (strangers.py). Sets STRANGER to its address.
start_stranger() {
  local file="$BATS_TEST_TMPDIR/stranger.${#_started[@]}"
  start_process "$file" python3 "$BATS_TEST_DIRNAME/strangers.py" "$1" "$file" || return 1
  STRANGER=$(cat "$file")
}

end_started() {
  local pid
  for pid in "${_started[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

# need_netns [mounts]: skips the test where the system does not allow a network of its own (or with
# mounts, mounts of its own too, which a plain chroot does not). Outside of `run`, which a skip does
# not get out of.
need_netns() {
  local kind=n
  [ $# -eq 0 ] || kind="nm"
  for _netns in -$kind -r$kind; do
    ! unshare "$_netns" true 2>/dev/null || return 0
  done
  skip "unshare -$kind is not allowed here"
}

# in_netns FILE...: after need_netns, runs the bash files one after the other in such a network, where
# loopback carries multicast.
in_netns() {
  unshare "$_netns" bash -euc '
    ip link set lo up
    ip route add 224.0.0.0/4 dev lo
    for file; do source "$file"; done' netns "$@"
}
