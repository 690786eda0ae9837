#!/usr/bin/env bats
# p2p-gossip: two and three of our own processes on loopback.

bats_require_minimum_version 1.5.0
load peers

setup() {
  cd "$BATS_TEST_TMPDIR"
}

teardown() { end_started; }

# start_sub NAME OPTION...: a subscriber of "news"; sets ADDR to its address. Its output is NAME.out.
start_sub() {
  local name=$1
  shift
  start_process "$BATS_TEST_TMPDIR/$name" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 \
    --write-addr "$BATS_TEST_TMPDIR/$name" --timeout 60s "$@" || return 1
  ADDR=$(cat "$name")
}

# finish: waits for the last process that was started, and sets status to its exit status.
finish() {
  status=0
  wait "${_started[-1]}" || status=$?
}

pub() { timeout 60 p2p-gossip pub news "$@"; }

@test "each line is a message, in order; both ends say that it worked" {
  start_sub a -n 4
  printf 'one\n\ntwo words\nno newline' | pub "$ADDR"
  finish
  [ "$status" -eq 0 ]
  same "$(cat a.out)" "$(printf 'one\n\ntwo words\nno newline\n')"
}

@test "2,000 lines arrive, each once, and in order" {
  start_sub a -n 2000
  seq 2000 | pub "$ADDR"
  finish
  [ "$status" -eq 0 ]
  cmp a.out <(seq 2000)
}

@test "--write-addr names an address that can be dialed, and what it says is a note" {
  start_sub a -n 1
  [[ $ADDR =~ ^/ip4/127.0.0.1/tcp/[0-9]+/p2p/12D3Koo ]]
  grep -qx "p2p-gossip: listening on $ADDR" a.err
  start_sub quiet -q -n 1
  [ ! -s quiet.err ]
}

@test "text is escaped to a line; -0 and --raw keep every byte" {
  head -c 3000 /dev/urandom >bytes
  printf 'a\tb\001c\\d\xff' >odd
  start_sub text -n 1
  pub --raw "$ADDR" <odd
  finish
  [ "$(cat text.out)" = 'a\tb\x01c\d\xff' ]

  start_sub raw --raw -n 1
  pub --raw "$ADDR" <bytes
  finish
  cmp raw.out bytes

  start_sub null -0 -n 3
  printf 'a\nb\0\0last' | pub -0 "$ADDR"
  finish
  cmp null.out <(printf 'a\nb\0\0last\0')
}

@test "the largest message arrives whole, and one byte more is refused before it is sent" {
  head -c 1040384 /dev/zero >largest
  start_sub a --raw -n 1
  pub --raw "$ADDR" <largest
  finish
  cmp a.out largest
  printf x >>largest
  start_sub b
  run -2 --separate-stderr pub --raw "$ADDR" <largest
  [[ $stderr == *"send standard input: longer than the 1040384 bytes"* ]]
}

@test "a line that is too long is named, and those before it are sent" {
  start_sub a
  { echo one; echo two; head -c 1100000 /dev/zero; } >lines
  run -2 --separate-stderr pub "$ADDR" <lines
  [[ $stderr == *"send line 3: "* ]]
  both_there() { [ "$(cat a.out)" = $'one\ntwo' ]; }
  eventually both_there
}

@test "records carry sender, topic, seqno, id and data; a key keeps the sender" {
  p2p-gossip pub --help >/dev/null
  start_sub a --json -n 2
  echo hello | pub --key id.key --json "$ADDR" >sent
  echo again | pub --key id.key "$ADDR"
  finish
  [ "$(stat -c %a id.key)" = 600 ]
  [ "$(jq -r .type a.out | sort -u)" = message ]
  [ "$(jq -r .topic a.out | sort -u)" = news ]
  [ "$(jq -r .sender a.out | sort -u | wc -l)" = 1 ]
  [ "$(jq -r '.data_b64 | @base64d' a.out)" = $'hello\nagain' ]
  # It came from the sender, with nobody between.
  same "$(jq -r .received_from a.out)" "$(jq -r .sender a.out)"
  # Numbers rise across runs, and the id is the sender's bytes and the number.
  same "$(jq -r .seqno a.out | sort -n -u | tr '\n' ' ')" "$(jq -r .seqno a.out | tr '\n' ' ')"
  local number id
  number=$(jq -rs '.[0].seqno' a.out)
  id=$(jq -rs '.[0].id' a.out)
  [ "${id: -16}" = "$(printf %016x "$number")" ]
  # What the publisher says that it sent is what arrived, but for who handed it on.
  same "$(jq -c 'del(.received_from)' <(head -n 1 a.out))" "$(jq -c . sent)"
}

@test "what is said while nobody is there, who comes next hears" {
  mkfifo in
  local topic='any text, é'
  timeout 60 p2p-gossip pub "$topic" --json --listen /ip4/127.0.0.1/tcp/0 --write-addr p <in >sent 2>err 3>&- &
  local publisher=$! say
  _started+=("$publisher")
  exec {say}>in
  eventually [ -s p ]
  echo one >&"$say"
  [ "$(timeout 60 p2p-gossip sub "$topic" "$(cat p)" -n 1)" = one ]
  # That it has arrived is told while the next one is waited for.
  eventually [ -s sent ]
  echo two >&"$say"
  timeout 60 p2p-gossip sub "$topic" "$(cat p)" -n 1 --json >heard
  [ "$(jq -r '.topic, (.data_b64 | @base64d)' heard)" = "$topic"$'\ntwo' ]
  exec {say}>&-
  wait "$publisher"
  [ "$(jq -r '.data_b64 | @base64d' sent)" = $'one\ntwo' ]
}

@test "CBOR and JSON carry the same record" {
  start_sub json --json -n 1
  echo x | pub "$ADDR"
  finish
  start_sub cbor --cbor -n 1
  printf 'x\n' | pub "$ADDR"
  finish
  p2p-check-records message <cbor.out
  p2p-check-records message <json.out
}

@test "one publisher, two subscribers that know only each other: gossip forwards" {
  start_sub a -n 5
  local first=$ADDR
  start_sub b -n 5 "$first"
  seq 5 | pub --min-peers 1 "$ADDR"
  finish
  same "$(cat b.out)" "$(seq 5)"
  wait "${_started[0]}"
  same "$(sort a.out)" "$(seq 5)"
}

@test "--rate: no more messages than that in a second" {
  start_sub a -n 11
  say() { seq 11 | pub --rate 5 "$ADDR"; }
  lasts 1900 say
  finish
  same "$(cat a.out)" "$(seq 11)"
}

@test "--min-peers waits until as many are there" {
  start_sub a -n 1
  local first=$ADDR
  start_sub b -n 1
  echo both | pub --min-peers 2 "$first" "$ADDR"
  wait "${_started[0]}" "${_started[1]}"
  [ "$(cat a.out b.out)" = $'both\nboth' ]
}

@test "join talks both ways, does not hear itself, and goes on after its input" {
  start_process "$PWD/a" p2p-gossip join news --listen /ip4/127.0.0.1/tcp/0 --write-addr a -n 2 --timeout 60s
  mkfifo in
  p2p-gossip join news "$(cat a)" -n 1 --listen /ip4/127.0.0.1/tcp/0 --timeout 60s <in >b.out &
  local joiner=$!
  exec {say}>in
  printf 'from b\nfrom b too\n' >&"$say"
  # a has both messages: it ended by its count.
  finish
  [ "$status" -eq 0 ]
  [ "$(cat a.out)" = $'from b\nfrom b too' ]
  [ ! -s b.out ]
  exec {say}>&-
  kill "$joiner"
  wait "$joiner" || true
}

@test "peers come from a file of lines or records, and for sub from standard input" {
  start_sub a -n 1
  printf '%s\tmdns\n' "$ADDR" >lines
  echo one | pub --peers-from lines
  finish
  [ "$(cat a.out)" = one ]

  start_sub b -n 1
  jq -nc --arg addr "$ADDR" '{type:"peer", v:1, addr:$addr}' >records
  echo two | pub --peers-from records
  finish
  [ "$(cat b.out)" = two ]

  # What is known not to answer is not dialed; a peer has more addresses than one.
  start_sub b2 -n 1
  {
    echo '{"type":"error","v":1,"code":"io","doing":"read","subject":"x","why":"y"}'
    echo '{"type":"probe","v":1,"addr":"/ip4/127.0.0.1/tcp/2","ok":false}'
    jq -nc --arg addr "/ip4/127.0.0.1/tcp/1/p2p/${ADDR##*/}" --arg other "$ADDR" \
      '{type:"peer", v:1, addr:$addr, addrs:[$other]}'
  } >records
  echo two | pub --peers-from records 2>notes
  finish
  [ "$(cat b2.out)" = two ]
  [ ! -s notes ]

  start_sub c -n 1
  echo three | pub "$(jq -nc --arg addr "$ADDR" '{type:"peer", v:1, addr:$addr}')"
  finish
  [ "$(cat c.out)" = three ]

  start_process "$PWD/d" p2p-gossip join news --listen /ip4/127.0.0.1/tcp/0 --write-addr d --timeout 60s
  cat d | timeout 60 p2p-gossip sub news --peers-from - -n 1 >heard &
  local hearing=$!
  echo four | pub "$(cat d)" --timeout 30s
  # It may have come before the subscriber had: then once more.
  while kill -0 "$hearing" 2>/dev/null; do echo four | pub "$(cat d)"; done
  [ "$(cat heard)" = four ]
}

@test "a subscriber that leaves before the publisher's input ends is no failure" {
  start_sub a -n 1
  # Until the subscriber is gone: nothing more comes.
  gone() { ! kill -0 "${_started[-1]}" 2>/dev/null; }
  rest() { eventually gone; }
  { echo one; rest; } | pub "$ADDR"
  finish
  [ "$(cat a.out)" = one ]

  start_sub b -n 1
  run -1 --separate-stderr pub "$ADDR" < <(echo two; rest; echo nobody hears this)
  [[ $stderr == *"every peer has left, and none can come"* ]]
}

@test "two find each other by mDNS, in a network of their own" {
  need_netns
  cat >talk <<'END'
    p2p-gossip sub news --mdns -n 1 --timeout 60s --listen /ip4/127.0.0.1/tcp/0 --write-addr a >a.out &
    echo found | p2p-gossip pub news --mdns --listen /ip4/127.0.0.1/tcp/0 --timeout 60s
    wait $!
END
  in_netns talk
  [ "$(cat a.out)" = found ]
}
