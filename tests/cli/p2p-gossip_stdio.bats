#!/usr/bin/env bats
# p2p-gossip and the hostile standard streams.

bats_require_minimum_version 1.5.0
load stdio
load peers

setup() {
  cd "$BATS_TEST_TMPDIR"
}

teardown() { end_started; }

# start_sub [OPTION]...: a subscriber at $ADDR.
start_sub() {
  start_process "$PWD/sub" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr sub "$@"
  ADDR=$(cat sub)
}

@test "help and version into a full disk, a closed and a gone reader" {
  stdio_full p2p-gossip --help
  stdio_full p2p-gossip --version
  stdio_closed_stdout p2p-gossip --help
  stdio_gone p2p-gossip --help
  stdio_head p2p-gossip --help
  stdio_closed_stderr 2 p2p-gossip --nosuch
}

# hear_into FILE: a subscriber, the process $hearer, that writes to FILE.
hear_into() {
  p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr addr --timeout 30s \
    >"$1" 2>sub.err </dev/null 3>&- &
  hearer=$!
  _started+=("$hearer")
  eventually [ -s addr ]
}

@test "a full disk under a subscriber is an error when a message comes" {
  hear_into /dev/full
  echo x | timeout 20 p2p-gossip pub news "$(cat addr)"
  local status=0
  wait "$hearer" || status=$?
  [ "$status" -eq 2 ]
  grep -q '^p2p-gossip: error: ' sub.err
}

@test "a subscriber whose reader leaves ends by SIGPIPE" {
  mkfifo out
  head -n 1 <out >first 3>&- &
  hear_into out
  # Its reader is gone after the first; the second or third finds that out.
  local status=0 i
  for ((i = 0; i < 50; ++i)); do
    kill -0 "$hearer" 2>/dev/null || break
    echo "x$i" | timeout 20 p2p-gossip pub news --wait 2s "$(cat addr)" 2>/dev/null || true
  done
  wait "$hearer" || status=$?
  [ "$status" -eq 141 ]
  [[ $(cat first) =~ ^x[0-9]+$ ]]
}

@test "messages appear at once in a pipe, not when the tool ends" {
  mkfifo out
  local line
  exec {pipe}<>out
  hear_into out
  echo now | timeout 20 p2p-gossip pub news "$(cat addr)"
  read -r -t 20 line <&"$pipe"
  [ "$line" = now ]
  kill -0 "$hearer"
  exec {pipe}>&-
}

@test "standard input: closed, nothing, a file, a terminal, byte by byte" {
  start_sub -n 100
  stdio_closed_stdin 2 p2p-gossip pub news "$ADDR"
  stdio_null_stdin 0 p2p-gossip pub news "$ADDR"
  printf 'one\ntwo\n' >file
  stdio_file_stdin 0 file p2p-gossip pub news "$ADDR"
  stdio_tty 0 p2p-gossip pub news "$ADDR"
  dd if=file bs=1 status=none | timeout 20 p2p-gossip pub news "$ADDR"
  all_there() { [ "$(cat sub.out)" = $'one\ntwo\none\ntwo' ]; }
  eventually all_there
}

@test "a subscriber does not touch standard input" {
  start_process "$PWD/sub" sh -c \
    'p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr sub -n 1 <&-'
  echo x | timeout 20 p2p-gossip pub news "$(cat sub)"
  wait "${_started[-1]}"
  [ "$(cat sub.out)" = x ]
}

@test "peers' records cut short are an error" {
  start_sub
  printf '\xa3\x64type\x64peer\x61v\x01\x64addr\x61x' >cbor
  stdio_cut_cbor cbor p2p-gossip sub news --peers-from -
  printf '{"type":"peer","v":1,"addr":"%s"' "$ADDR" >cut
  run -2 --separate-stderr timeout 20 p2p-gossip pub news --peers-from cut <<<x
}

@test "pipes are left as they were found" {
  start_sub
  stdio_shared p2p-gossip pub news "$ADDR"
}
