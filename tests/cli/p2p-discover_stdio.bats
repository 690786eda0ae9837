#!/usr/bin/env bats
# p2p-discover and the hostile standard streams.

bats_require_minimum_version 1.5.0
load stdio
load peers

setup() {
  cd "$BATS_TEST_TMPDIR"
  start_peer
}
teardown() { end_started; }

@test "a full disk is an error, for help and version too" {
  stdio_full p2p-discover bootstrap "$PEER"
  stdio_full p2p-discover bootstrap --cbor "$PEER"
  stdio_full p2p-discover --help
  stdio_full p2p-discover mdns --help
  stdio_full p2p-discover --version
  stdio_full p2p-discover --dump-options
}

@test "no standard output, no standard error, no standard input" {
  stdio_closed_stdout p2p-discover bootstrap "$PEER"
  stdio_closed_stderr 0 p2p-discover bootstrap "$PEER"
  stdio_closed_stderr 1 p2p-discover bootstrap /ip4/127.0.0.1/tcp/1
  stdio_closed_stderr 2 p2p-discover --nosuch
  stdio_closed_stdin 0 p2p-discover bootstrap "$PEER"
}

@test "a reader that leaves ends it quietly" {
  stdio_gone p2p-discover bootstrap "$PEER"
  stdio_gone p2p-discover --help
  local first=$PEER
  start_peer
  stdio_head p2p-discover bootstrap "$first" "$PEER"
}

@test "a file, nothing and a terminal as standard input" {
  echo text >file
  stdio_file_stdin 0 file p2p-discover bootstrap "$PEER"
  stdio_null_stdin 0 p2p-discover bootstrap "$PEER"
  stdio_tty 0 p2p-discover bootstrap "$PEER"
}

@test "binary does not go to a terminal unasked" {
  stdio_tty 2 p2p-discover bootstrap --cbor "$PEER"
}

@test "pipes are left as they were found" {
  stdio_shared p2p-discover bootstrap "$PEER"
}

@test "its records are p2p-probe's input, in every format" {
  local format
  for format in text json cbor; do
    p2p-discover bootstrap --format "$format" "$PEER" | p2p-probe | cut -f 1,2 >out
    [ "$(cat out)" = "$PEER	ok" ]
  done
}
