#!/usr/bin/env bats
# p2p-probe asking: peers of our own, and servers that are no peers.

bats_require_minimum_version 1.5.0
load peers

setup() { cd "$BATS_TEST_TMPDIR"; }
teardown() { end_started; }

# field N LINE
field() { cut -f "$1" <<<"$2"; }

@test "a peer: address, ok, network, id, agent, round trip" {
  start_peer
  run -0 --separate-stderr p2p-probe "$PEER"
  [ "${#lines[@]}" -eq 1 ]
  [ "$(field 1-4 "$output")" = "$PEER	ok	libp2p	$PEER_ID" ]
  [[ $(field 5 "$output") == p2p-utils* ]]
  [[ $(field 6 "$output") =~ ^[0-9]+(\.[0-9]+)?$ ]]
  [ -z "$stderr" ]
}

@test "the record names every phase's time, the protocols and how the peer sees us" {
  start_peer
  run -0 p2p-probe --json --count 5 "$PEER"
  jq -e '.type == "probe" and .ok and .pings == 5 and .peer_id == $id
         and (.observed_addr | startswith("/ip4/127.0.0.1/tcp/"))
         and (.protocols | index("/ipfs/ping/1.0.0") and index("/ipfs/id/1.0.0"))
         and .ping_min_ms <= .ping_median_ms and .ping_median_ms <= .ping_max_ms
         and .security == "/noise" and .muxer == "/yamux/1.0.0"
         and ([.resolve_ms, .dial_ms, .negotiate_ms, .secure_ms, .multiplex_ms, .identify_ms]
              | map(type == "number" and . >= 0) | all)
         and .total_ms >= .dial_ms' --arg id "$PEER_ID" <<<"$output"
}

@test "--key: who asks is the same each time, and somebody else without it" {
  start_process addr p2p-probe -l /ip4/127.0.0.1/tcp/0 --write-addr addr
  p2p-probe --key id.key "$(cat addr)"
  p2p-probe --key id.key "$(cat addr)"
  p2p-discover bootstrap --key id.key "$(cat addr)"
  p2p-probe "$(cat addr)"
  [ "$(stat -c %a id.key)" = 600 ]
  seen() { sed -n 's/^p2p-probe: \(12D3Koo[^ ]*\) connected from .*/\1/p' addr.err; }
  all_seen() { [ "$(seen | wc -l)" -eq 4 ]; }
  eventually all_seen
  [ "$(seen | uniq -c | awk '{ print $1 }' | paste -sd' ')" = "3 1" ]
}

@test "--interval lies between the pings" {
  start_peer
  lasts 950 p2p-probe --count 3 --interval 500ms "$PEER"
}

@test "every record keeps to its schema" {
  start_peer
  start_stranger http
  records_of 0 probe p2p-probe --json "$PEER"
  records_of 1 probe p2p-probe --json "$STRANGER"
  records_of 1 probe p2p-probe --json --expect agent=nobody "$PEER"
  records_of 1 probe p2p-probe --json <<<nonsense
  records_of 2 error p2p-probe --json nonsense
  records_of 124 listening p2p-probe --cbor --max-time 200ms -l /ip4/127.0.0.1/tcp/0
  records_of 0 peer p2p-discover bootstrap --json "$PEER"
}

@test "--verbose tells people the same on standard error" {
  start_peer
  run -0 --separate-stderr p2p-probe -v "$PEER"
  [ "${#lines[@]}" -eq 1 ]
  [[ $stderr == *"phases: resolve "*" dial "*" secure "*"speaks /ipfs/ping/1.0.0"* ]]
}

@test "without an id in the address any peer will do" {
  start_peer
  run -0 p2p-probe "${PEER%/p2p/*}"
  [ "$(field 4 "$output")" = "$PEER_ID" ]
}

@test "a closed port: phase dial, status 1" {
  start_stranger closed
  run -1 --separate-stderr p2p-probe "$STRANGER"
  [ "$(field 1-2 "$output")" = "$STRANGER	fail" ]
  [ "$(field 6 "$output")" = dial ]
  [[ $(field 7 "$output") == *refused* ]]
  [[ $stderr == *hint:* ]]
}

@test "one hint is given once, for however many addresses" {
  start_stranger closed
  run -1 --separate-stderr p2p-probe "$STRANGER" "$STRANGER" "$STRANGER"
  [ "${#lines[@]}" -eq 3 ]
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ $stderr == *hint:* ]]
}

@test "another peer id: phase secure, status 1, and who it is" {
  start_peer
  run -1 p2p-probe --json "${PEER%/p2p/*}/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
  jq -e '.phase == "secure" and .error == "mismatch" and (.cause | contains($id)) and .hint != ""' \
    --arg id "$PEER_ID" <<<"${lines[0]}"
}

@test "a server that never answers: phase negotiate, status 124, and how long it was waited for" {
  start_stranger silent
  run -124 --separate-stderr p2p-probe --timeout 1s "$STRANGER"
  [ "$output" = "$STRANGER	fail	-	-	-	negotiate	no answer within 1s" ]
}

@test "one byte every 5 s gains nothing: the handshake's 10 s are for all of it" {
  start_stranger trickle
  SECONDS=0
  run -124 --separate-stderr p2p-probe "$STRANGER"
  [ "$output" = "$STRANGER	fail	-	-	-	negotiate	the handshake took longer than 10s" ]
  [ "$SECONDS" -ge 9 ]
  # All its bytes take 100 s.
  [ "$SECONDS" -lt 60 ]
}

@test "garbage, and a peer that hangs up: phase negotiate, status 1, at once" {
  for kind in garbage hangup; do
    start_stranger "$kind"
    run -1 p2p-probe --timeout 10s "$STRANGER"
    [ "$(field 6 "${lines[0]}")" = negotiate ]
  done
}

@test "HTTP, SSH and TLS servers are recognised" {
  local kind
  for kind in http:HTTP ssh:SSH tls:TLS; do
    start_stranger "${kind%:*}"
    run -1 p2p-probe --timeout 10s "$STRANGER"
    [ "$(field 6 "${lines[0]}")" = negotiate ]
    [[ ${lines[0]} == *" ${kind#*:} server"* ]]
  done
}

@test "a peer without Noise, and one with a broken handshake" {
  start_stranger no_noise
  run -1 p2p-probe "$STRANGER"
  [ "$(field 6 "${lines[0]}")" = negotiate ]
  start_stranger noise_garbage
  run -1 p2p-probe "$STRANGER"
  [ "$(field 6 "${lines[0]}")" = secure ]
}

@test "a failure is 1 even beside a timeout; one that only expired is 124" {
  start_peer
  start_stranger silent
  run -124 p2p-probe --timeout 1s "$STRANGER" "$PEER"
  [ "${#lines[@]}" -ge 2 ]
  run -1 p2p-probe --timeout 1s "$STRANGER" /ip4/127.0.0.1/tcp/1
}

@test "--max-time bounds the run, and unfinished addresses still get their line" {
  start_stranger silent
  SECONDS=0
  run -124 --separate-stderr p2p-probe --max-time 1s "$STRANGER" "$STRANGER"
  [ "${#lines[@]}" -eq 2 ]
  [ "$SECONDS" -lt 10 ]
}

@test "many addresses of one peer are probed one after the other: it answers all" {
  start_peer
  for i in {1..60}; do echo "$PEER"; done >all
  run -0 p2p-probe --jobs 60 --count 1 <all
  [ "$(cut -f 2 <<<"$output" | sort | uniq -c | tr -s ' ')" = " 60 ok" ]
}

@test "no descriptor left to dial with: no answer about the peer, so status 2, and what to do" {
  printf '/ip4/127.0.0.%d/tcp/1\n' {1..100} >all
  run -2 bash -c 'ulimit -n 24 && exec p2p-probe --jobs 100 <all'
  [[ $output == *"dial	too many open files"* ]]
  [[ $output == *"hint: ask for less at a time, or raise the limit: ulimit -n"* ]]
  # Too few for the tool itself.
  run -2 --separate-stderr bash -c 'ulimit -n 8 && exec p2p-probe /ip4/127.0.0.1/tcp/1'
  [ "${stderr_lines[0]}" = "p2p-probe: error: start: Too many open files" ]
}

@test "expectations that hold" {
  start_peer
  run -0 p2p-probe --expect 'agent=p2p-*' --expect protocol=/ipfs/ping/1.0.0 \
    --expect "peer=$PEER_ID" --expect 'rtt<10s' "$PEER"
}

@test "an unmet expectation is status 1 and says which" {
  start_peer
  run -1 p2p-probe --json --expect 'agent=kubo/*' --expect 'agent=p2p-utils*' --expect protocol=/x \
    "$PEER"
  jq -e '(.ok | not) and .phase == "expect" and (.unmet | length) == 2 and .ping_median_ms != null
         and (.unmet[0] | startswith("agent=kubo/*: "))' <<<"${lines[0]}"
  run -1 p2p-probe --expect 'rtt<1us' "$PEER"
  [ "$(field 6 "${lines[0]}")" = expect ]
  [[ ${lines[0]} == *"rtt<1us"* ]]
}

@test "an expectation that cannot be read is status 2" {
  for bad in agent 'agent=' 'rtt=5ms' 'rtt<5' 'peer=x' 'colour=red' 'agent<5'; do
    run -2 p2p-probe --expect "$bad" /ip4/127.0.0.1/tcp/1
    [[ $output == "p2p-probe: error: "* ]]
  done
}

@test "addresses that cannot be read or are not spoken" {
  run -2 p2p-probe nonsense
  [[ ${lines[0]} == "p2p-probe: error: "* ]]
  [[ ${lines[1]} == "hint: "* ]]
  run -1 p2p-probe --json /ip4/127.0.0.1/udp/4001/quic-v1
  jq -e '.phase == "resolve" and .error == "unsupported"' <<<"${lines[0]}"
}

@test "standard input: text, JSON and CBOR, several at the same time" {
  start_peer
  local first=$PEER
  start_peer
  printf '%s\n' "$first" "$PEER	mdns	other" >text
  run -0 p2p-probe <text
  [ "${#lines[@]}" -eq 2 ]
  p2p-probe --json "$first" "$PEER" >json
  run -0 p2p-probe <json
  [ "${#lines[@]}" -eq 2 ]
  p2p-probe --cbor "$first" "$PEER" >cbor
  run -0 p2p-probe <cbor
  [ "${#lines[@]}" -eq 2 ]
  cut -f1 text | p2p-probe | cut -f1 | sort >got
  printf '%s\n' "$first" "$PEER" | sort | cmp - got
}

@test "a line that is no address fails alone" {
  start_peer
  run -1 --separate-stderr p2p-probe <<<"nonsense
$PEER"
  [ "${#lines[@]}" -eq 2 ]
  [ "$(field 1-2 "${lines[0]}")" = "nonsense	fail" ]
  [ "$(field 2 "${lines[1]}")" = ok ]
}

@test "what the tool before could not do is no address to probe" {
  start_peer
  run -0 p2p-probe <<END
{"type":"error","v":1,"code":"io","doing":"read","subject":"x","why":"y"}
{"type":"peer","v":1,"addr":"$PEER"}
END
  [ "${#lines[@]}" -eq 1 ]
}

@test "nothing to probe is no answer" {
  run -1 p2p-probe </dev/null
  run -1 p2p-probe <<<"

"
}

@test "results stream: one slow address does not hold the others back" {
  start_peer
  start_stranger silent
  p2p-probe --timeout 60s --max-time 60s "$STRANGER" "$PEER" >lines 2>err 3>&- &
  _started+=($!)
  eventually [ -s lines ]
  [ "$(cut -f 1-2 lines)" = "$PEER	ok" ]
  kill -0 "${_started[-1]}"
}

@test "--jobs 1 probes one after the other" {
  start_stranger silent
  SECONDS=0
  run -124 p2p-probe --jobs 1 --timeout 1s "$STRANGER" "$STRANGER" "$STRANGER"
  [ "$SECONDS" -ge 2 ]
}

# own_names: for in_netns, has names resolved by our own server, which reads the file zone.
own_names() {
  cat >own_names <<'SCRIPT'
    echo "nameserver 127.0.0.1" >resolv.conf
    mount --bind resolv.conf /etc/resolv.conf
    serve_names() { start_process ready python3 "$BATS_TEST_DIRNAME/names.py" zone ready; }
SCRIPT
}

@test "names resolve: /dns6" {
  need_netns --mounts
  "${_netns[@]}" grep -q . /proc/net/if_inet6 || left_out "there is no IPv6"
  own_names
  cat >script <<'SCRIPT'
    start_process addr p2p-probe -q -l /ip6/::1/tcp/4001 --write-addr addr
    echo "v6.test AAAA ::1" >zone
    serve_names
    p2p-probe /dns6/v6.test/tcp/4001 >good
    [ "$(cut -f 2 good)" = ok ]
SCRIPT
  run -0 in_netns ./own_names ./script
}

@test "names resolve: /dns4, /dnsaddr, also nested" {
  need_netns --mounts
  own_names
  cat >script <<'SCRIPT'
    start_process addr p2p-probe -q -l /ip4/127.0.0.1/tcp/4001 --write-addr addr
    id=$(head -n 1 addr); id=${id##*/}
    cat >zone <<ZONE
v4.test A 127.0.0.1
_dnsaddr.boot.test TXT dnsaddr=/dnsaddr/inner.test/p2p/$id
_dnsaddr.boot.test TXT unrelated
_dnsaddr.inner.test TXT dnsaddr=/ip4/127.0.0.1/udp/4001/quic-v1/p2p/$id
_dnsaddr.inner.test TXT dnsaddr=/ip4/127.0.0.1/tcp/4001/p2p/$id
_dnsaddr.bare.test TXT dnsaddr=/ip4/127.0.0.1/tcp/4001
_dnsaddr.loop.test TXT dnsaddr=/dnsaddr/loop.test
_dnsaddr.never.test NEVER -
never.test NEVER -
ZONE
    serve_names
    p2p-probe /dns4/v4.test/tcp/4001/p2p/$id /dns/v4.test/tcp/4001 \
      /dnsaddr/boot.test/p2p/$id /dnsaddr/inner.test >good || { cat good; exit 1; }
    [ "$(cut -f 2 good | sort -u)" = ok ]
    [ "$(wc -l <good)" = 4 ]
    [ "$(p2p-probe --json /dns4/v4.test/tcp/4001 | jq -r .dialed_addr)" = /ip4/127.0.0.1/tcp/4001 ]
    [ "$(p2p-probe --json /ip4/127.0.0.1/tcp/4001/p2p/$id | jq -r .dialed_addr)" = null ]
    status=0
    p2p-probe --json /dns4/none.test/tcp/1 /dnsaddr/loop.test /dns6/v4.test/tcp/4001 >bad || status=$?
    [ $status = 1 ]
    [ "$(jq -r .phase bad | sort -u)" = resolve ]
    p2p-discover dns boot.test >found
    [ "$(cat found)" = "/ip4/127.0.0.1/tcp/4001/p2p/$id	dns	/ip4/127.0.0.1/udp/4001/quic-v1/p2p/$id" ]
    p2p-discover dns /dnsaddr/boot.test | p2p-probe
    [ "$(p2p-discover dns bare.test)" = "/ip4/127.0.0.1/tcp/4001	dns" ]
    status=0
    p2p-discover dns none.test || status=$?
    [ $status = 1 ]
    status=0
    p2p-discover dns loop.test || status=$?
    [ $status = 1 ]
    # Who never answers is not waited for longer than was said.
    status=0
    p2p-discover dns --timeout 300ms never.test 2>late || status=$?
    [ $status = 124 ]
    grep -q "look up never.test: no answer within 0.3s" late
    status=0
    p2p-probe --timeout 300ms /dns4/never.test/tcp/4001 >late || status=$?
    [ $status = 124 ]
    [ "$(cut -f 6 late)" = resolve ]
SCRIPT
  run -0 in_netns ./own_names ./script
}
