# Peers and strangers on loopback for the tools that dial, ended with the test that started them:
#
#     load peers
#     teardown() { end_started; }
#     @test "…" { start_peer; p2p-probe "$PEER"; }

# shellcheck source=checks.bash
source "${BASH_SOURCE%/*}/checks.bash"

_started=()

_written_or_ended() { [[ -s $1 ]] || ! kill -0 "$2" 2>/dev/null; }

# start_process FILE CMD...: runs CMD in the background until the test's end, and waits for FILE, which CMD
# writes when it is ready.
start_process() {
  local file=$1
  shift
  "$@" >"$file.out" 2>"$file.err" </dev/null 3>&- &
  _started+=($!)
  eventually _written_or_ended "$file" "$!" && [[ -s $file ]] && return 0
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
  _started=()
}

# need_netns [--mounts]: leaves the test out where the system does not allow a network of its own (or
# mounts of its own too, which a plain chroot does not). Outside of `run`, which a skip does not get out of.
need_netns() {
  _netns=("${BATS_TEST_DIRNAME:?}/../support/own_network" "$@")
  "${_netns[@]}" true 2>/dev/null || left_out "a network $* of its own is not allowed here"
}

# unshare_net CMD...: after need_netns, runs CMD in a network without any interface that is up.
unshare_net() {
  local how
  for how in -n -rn; do
    ! unshare "$how" true 2>/dev/null || break
  done
  unshare "$how" "$@"
}

# in_netns FILE...: after need_netns, runs the bash files one after the other in such a network, with the
# functions of this file.
in_netns() {
  export BATS_TEST_TMPDIR BATS_TEST_DIRNAME
  "${_netns[@]}" bash -euo pipefail -c '
    source "$BATS_TEST_DIRNAME/peers.bash"
    trap end_started EXIT
    cd "$BATS_TEST_TMPDIR"
    for file; do source "$file"; done' netns "$@"
}
