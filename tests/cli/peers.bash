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

# in_netns FILE...: runs the bash files one after the other in a network of their own, where loopback
# carries multicast; skips the test where the system does not allow that.
in_netns() {
  local flags=-nm
  unshare "$flags" true 2>/dev/null || flags=-rnm
  unshare "$flags" true 2>/dev/null || skip "unshare -n is not allowed here"
  unshare "$flags" bash -euc '
    ip link set lo up
    ip route add 224.0.0.0/4 dev lo
    for file; do source "$file"; done' netns "$@"
}
