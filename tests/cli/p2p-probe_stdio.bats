#!/usr/bin/env bats
# p2p-probe and the hostile standard streams.

bats_require_minimum_version 1.5.0
load stdio
load peers

setup() {
  cd "$BATS_TEST_TMPDIR"
  start_peer
}
teardown() { end_started; }

@test "a full disk is an error, for help and version too" {
  stdio_full p2p-probe "$PEER"
  stdio_full p2p-probe --json "$PEER"
  stdio_full p2p-probe -l /ip4/127.0.0.1/tcp/0
  stdio_full p2p-probe --help
  stdio_full p2p-probe --version
  stdio_full p2p-probe --dump-options
}

@test "no standard output, no standard error" {
  stdio_closed_stdout p2p-probe "$PEER"
  stdio_closed_stdout p2p-probe --help
  stdio_closed_stderr 0 p2p-probe -v "$PEER"
  stdio_closed_stderr 1 p2p-probe /ip4/127.0.0.1/tcp/1
  stdio_closed_stderr 2 p2p-probe --nosuch
}

@test "a reader that leaves ends it quietly" {
  stdio_gone p2p-probe "$PEER"
  stdio_gone p2p-probe --help
  stdio_head p2p-probe "$PEER" "$PEER" "$PEER"
}

@test "a closed standard input is an error only where it is needed" {
  stdio_closed_stdin 2 p2p-probe
  stdio_closed_stdin 0 p2p-probe "$PEER"
}

@test "nothing, a file, a pipe and a terminal as standard input" {
  stdio_null_stdin 1 p2p-probe
  echo "$PEER" >file
  stdio_file_stdin 0 file p2p-probe
  [ "$(cut -f 1,2 out)" = "$PEER	ok" ]
  printf '%s' "$PEER" >file  # no line's end
  stdio_file_stdin 0 file p2p-probe
  stdio_tty 2 p2p-probe
  stdio_tty 0 p2p-probe "$PEER"
}

@test "binary does not go to a terminal unasked" {
  stdio_tty 2 p2p-probe --cbor "$PEER"
  stdio_tty 0 p2p-probe --cbor --force "$PEER"
}

@test "pipes are left as they were found" {
  stdio_shared p2p-probe "$PEER"
}

@test "one byte at a time, in every format" {
  local format
  for format in text json cbor; do
    p2p-probe --format "$format" "$PEER" "$PEER" >"in.$format"
    dd if="in.$format" bs=1 status=none | p2p-probe | cut -f 1,2 >out
    [ "$(cat out)" = "$PEER	ok
$PEER	ok" ]
  done
}

@test "a CBOR item cut short is an error, and what came before is probed" {
  p2p-probe --cbor "$PEER" "$PEER" >in.cbor
  stdio_cut_cbor in.cbor p2p-probe
  [ "$(cut -f 1,2 out)" = "$PEER	ok" ]
}

@test "two in one shell group share their streams" {
  printf '%s\n' "$PEER" >in
  { p2p-probe "$PEER"; p2p-probe; seq 3; } <in >out
  [ "$(wc -l <out)" -eq 5 ]
}

@test "P2P_FORMAT" {
  P2P_FORMAT=json p2p-probe "$PEER" | jq -e .ok
  P2P_FORMAT=nosuch run -2 p2p-probe "$PEER"
}

@test "a signal ends it within a second, though nobody reads what it writes" {
  mkfifo out
  exec 5<>out
  # KILL, after which the status is another, is for who waits for ever.
  yes /ip4/127.0.0.1/tcp/1 | timeout -s KILL 60 p2p-probe >out 2>/dev/null 5>&- 3>&- &
  full() { python3 -c 'import fcntl, sys, termios
held = int.from_bytes(fcntl.ioctl(5, termios.FIONREAD, bytes(4)), sys.byteorder)
sys.exit(held < fcntl.fcntl(5, 1032) - 4096)'; } # F_GETPIPE_SZ, and what a write may leave
  eventually full
  kill -TERM $!
  local status=0
  wait $! || status=$?
  exec 5>&-
  [ "$status" -eq 143 ]
}
