#!/usr/bin/env bats
# p2p-probe -l: the answering side.

bats_require_minimum_version 1.5.0
load peers

setup() { cd "$BATS_TEST_TMPDIR"; }
teardown() { end_started; }

@test "prints the address it wrote, dialable, and nothing else" {
  start_process addr p2p-probe --listen /ip4/127.0.0.1/tcp/0 --write-addr addr
  run -0 p2p-probe "$(cat addr)"
  same "$(cat addr.out)" "$(cat addr)"
}

@test "the listening record" {
  start_process addr p2p-probe --json -l --write-addr addr
  jq -e '.type == "listening" and (.addr | endswith("/p2p/" + $p)) and .peer_id == $p' \
    --arg p "$(jq -r .peer_id addr.out)" addr.out
  same "$(jq -r .addr addr.out)" "$(head -n 1 addr)"
}

@test "without any address there is an error, and no crash" {
  need_netns
  run -2 unshare_net p2p-probe -l
  [[ "$output" == *"no network interface has an address"* ]]
}

@test "addresses that others can dial come first" {
  need_netns
  cat >script <<'SCRIPT'
    ip address add 10.1.2.3/32 dev lo
    start_process addr p2p-probe -l --write-addr addr
    [ "$(sed 's,/tcp/.*,,' addr | paste -sd' ')" = "/ip4/10.1.2.3 /ip4/127.0.0.1" ]
SCRIPT
  run -0 in_netns ./script
}

@test "who fails to connect is told of, and is nobody to count" {
  start_process addr p2p-probe -l /ip4/127.0.0.1/tcp/0 --count 1 --write-addr addr
  local port
  port=$(sed 's,.*/tcp/\([0-9]*\)/.*,\1,' addr)
  exec {stranger}<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET / HTTP/1.0\r\n\r\n' >&"$stranger"
  eventually grep -q 'failed to connect, in phase negotiate: ' addr.err
  exec {stranger}>&-
  p2p-probe "$(cat addr)"
  wait "${_started[0]}"
}

@test "two addresses, one peer" {
  start_process addr p2p-probe -l /ip4/127.0.0.1/tcp/0 --listen /ip4/127.0.0.2/tcp/0 --write-addr addr
  [ "$(wc -l <addr)" -eq 2 ]
  run -0 p2p-probe -q --json <addr
  [ "$(jq -r .peer_id <<<"$output" | sort -u | wc -l)" -eq 1 ]
}

@test "--count ends it after so many peers, and it says who came" {
  start_process addr p2p-probe -l /ip4/127.0.0.1/tcp/0 --count 2 --write-addr addr
  p2p-probe "$(cat addr)"
  p2p-probe "$(cat addr)"
  wait "${_started[0]}"
  _started=()
  [ "$(grep -c ' connected from /ip4/127.0.0.1/tcp/' addr.err)" -eq 2 ]
  [ "$(grep -c ' is p2p-utils' addr.err)" -eq 2 ]
}

@test "a deadline without the peers it waits for is 124" {
  run -124 p2p-probe -q -l /ip4/127.0.0.1/tcp/0 --count 1 --max-time 200ms
  run -124 p2p-probe -q -l /ip4/127.0.0.1/tcp/0 --timeout 200ms
}

@test "--key keeps the identity, in a file that is ours alone" {
  start_process one p2p-probe -l /ip4/127.0.0.1/tcp/0 --key key --write-addr one
  start_process two p2p-probe -l /ip4/127.0.0.1/tcp/0 --key key --write-addr two
  same "$(sed 's,.*/,,' one)" "$(sed 's,.*/,,' two)"
  [ "$(stat -c %a key)" = 600 ]
  start_process three p2p-probe -l /ip4/127.0.0.1/tcp/0 --write-addr three
  [ "$(sed 's,.*/,,' one)" != "$(sed 's,.*/,,' three)" ]
}

@test "a port that is taken is an error, 2" {
  start_peer
  run -2 p2p-probe -l "${PEER%/p2p/*}"
  [[ ${lines[0]} == "p2p-probe: error: "* ]]
}

@test "SIGTERM and SIGINT end it by the signal, at once" {
  local signal status
  for signal in TERM INT; do
    rm -f addr
    # A shell's background job ignores SIGINT; a job of its own group does not.
    set -m
    start_process addr p2p-probe -l /ip4/127.0.0.1/tcp/0 --write-addr addr
    set +m
    p2p-probe "$(cat addr)"
    SECONDS=0
    kill -"$signal" "${_started[-1]}"
    status=0
    wait "${_started[-1]}" || status=$?
    [ "$status" -eq $((128 + $(kill -l "$signal"))) ]
    [ "$SECONDS" -le 5 ]
  done
  _started=()
}

@test "options that do not go together are usage errors" {
  local asked
  for asked in '--expect agent=x' '--interval 1s' '--jobs 2' '--verbose'; do
    # shellcheck disable=SC2086 # some have two words
    run -2 --separate-stderr p2p-probe -l $asked
    [[ ${stderr_lines[0]} == *"${asked% *} does not go with -l" ]]
  done
  run -2 p2p-probe --mdns /ip4/127.0.0.1/tcp/1
  run -2 p2p-probe --write-addr x /ip4/127.0.0.1/tcp/1
  run -2 p2p-probe -l nonsense
}
