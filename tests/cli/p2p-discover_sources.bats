#!/usr/bin/env bats
# p2p-discover: each source finds peers of our own. (Names are in p2p-probe_ask.bats, where they are
# resolved too.)

bats_require_minimum_version 1.5.0
load peers

setup() { cd "$BATS_TEST_TMPDIR"; }
teardown() { end_started; }

@test "bootstrap connects, identifies and reports, each peer once" {
  start_peer --listen /ip4/127.0.0.2/tcp/0
  run -0 p2p-discover bootstrap "$PEER" "$PEER"
  [ "${#lines[@]}" -eq 1 ]
  [ "$(cut -f 1,2 <<<"$output")" = "$PEER	bootstrap" ]
  [[ $(cut -f 3 <<<"$output") == /ip4/127.0.0.2/tcp/*"/p2p/$PEER_ID" ]]
  run -0 p2p-discover bootstrap --json "${PEER%/p2p/*}"
  jq -e '.type == "peer" and .addr == $a and .source == "bootstrap" and .network == "libp2p"
         and (.agent | startswith("p2p-utils")) and (.protocols | index("/ipfs/ping/1.0.0"))' \
    --arg a "$PEER" <<<"$output"
}

@test "bootstrap says why an address gave nothing; one that did is enough" {
  start_peer
  run -0 --separate-stderr p2p-discover bootstrap /ip4/127.0.0.1/tcp/1 "$PEER"
  [ "${#lines[@]}" -eq 1 ]
  [[ $stderr == *"/ip4/127.0.0.1/tcp/1: dial: "* ]]
  run -1 p2p-discover bootstrap /ip4/127.0.0.1/tcp/1
  run -2 p2p-discover bootstrap nonsense
  run -2 p2p-discover bootstrap
  start_stranger silent
  run -124 --separate-stderr p2p-discover bootstrap --timeout 500ms "$STRANGER"
  [ "$stderr" = "p2p-discover: warning: $STRANGER: negotiate: no answer within 0.5s" ]
}

@test "bootstrap --count stops early" {
  start_peer
  local first=$PEER
  start_peer
  run -0 p2p-discover bootstrap --count 1 "$first" "$PEER"
  [ "${#lines[@]}" -eq 1 ]
  run -1 p2p-discover bootstrap --count 2 "$first" "$first"
}

@test "mdns finds who announces itself, on loopback too" {
  need_netns
  cat >script <<'SCRIPT'
    start_process one p2p-probe -q -l /ip4/127.0.0.1/tcp/0 --mdns --write-addr one
    start_process two p2p-probe -q -l /ip4/127.0.0.1/tcp/0 --mdns --write-addr two
    p2p-discover mdns --for 20s --count 2 | tee found | p2p-probe >probed
    sort found | cmp - <(sed 's/$/\tmdns/' one two | sort)
    [ "$(cut -f 2 probed | sort | uniq -c | tr -s ' ')" = " 2 ok" ]
    # Who has taken leave is not found any more.
    kill "${_started[1]}"
    wait "${_started[1]}" || [ $? = 143 ]
    one_alone() {
      p2p-discover mdns --for 2s >left
      ! grep -qF "$(cat two)" left || { touch found_two; return 0; }
      [ "$(cut -f 1 left)" = "$(cat one)" ]
    }
    eventually one_alone
    [ ! -e found_two ]
    status=0
    p2p-discover mdns --for 2s --count 2 >/dev/null || status=$?
    [ $status = 1 ]
SCRIPT
  run -0 in_netns ./script
}

@test "mdns: many addresses arrive whole, though in several datagrams" {
  need_netns
  cat >script <<'SCRIPT'
    listen=()
    for i in $(seq 1 30); do listen+=(--listen /ip4/127.0.0.$i/tcp/0); done
    start_process addrs p2p-probe -q "${listen[@]}" --mdns --write-addr addrs
    p2p-discover mdns --for 20s --count 1 --json >found
    jq -r '.addr, .addrs[]?' found >some
    [ "$(wc -l <addrs)" = 30 ]
    sort some | cmp - <(sort addrs)
SCRIPT
  run -0 in_netns ./script
}

@test "mdns: nobody there is status 1, no interface is an error" {
  need_netns
  # Longer than without --for.
  echo 'p2p-discover mdns --for 6s' >script
  nobody() { run -1 in_netns ./script; }
  lasts 5900 nobody
  [ -z "$output" ]
  run -2 unshare_net p2p-discover mdns --for 300ms
  [[ $output == "p2p-discover: error: "* ]]
}

@test "usage" {
  run -2 p2p-discover
  run -2 p2p-discover carrier-pigeon
  run -2 p2p-discover mdns --for 5
  run -0 p2p-discover --help
  run -0 p2p-discover mdns --help
}
