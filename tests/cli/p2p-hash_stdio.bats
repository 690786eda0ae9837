#!/usr/bin/env bats
# p2p-hash and the hostile standard streams.

bats_require_minimum_version 1.5.0
load stdio

setup() {
  cd "$BATS_TEST_TMPDIR"
  printf 'some bytes' >file
}

@test "a full disk is an error, for help and version too" {
  stdio_full p2p-hash file
  stdio_full p2p-hash --json file
  stdio_full p2p-hash --cid file
  stdio_full p2p-hash --help
  stdio_full p2p-hash -h
  stdio_full p2p-hash --version
  stdio_full p2p-hash --dump-options
  sha256sum file >sums
  stdio_full p2p-hash -c sums
}

@test "no standard output, no standard error" {
  stdio_closed_stdout p2p-hash file
  stdio_closed_stdout p2p-hash --help
  stdio_closed_stderr 0 p2p-hash file
  stdio_closed_stderr 1 p2p-hash nosuch
  stdio_closed_stderr 2 p2p-hash --nosuch
}

@test "a reader that leaves ends it quietly" {
  stdio_gone p2p-hash file
  stdio_gone p2p-hash --help
  seq -f f%.0f 3000 | xargs touch
  stdio_head p2p-hash f*
  stdio_head p2p-hash --help
}

@test "a closed standard input cannot be read, as sha256sum has it" {
  stdio_closed_stdin 1 p2p-hash
  [ "$(cat err)" = "p2p-hash: -: Bad file descriptor" ]
  # A file opened meanwhile must not become standard input.
  stdio_closed_stdin 1 p2p-hash file -
  same "$(cat out)" "$(sha256sum file)"
  stdio_closed_stdin 0 p2p-hash file
  stdio_closed_stdin 1 p2p-hash --cid
}

@test "nothing, a file and a terminal as standard input" {
  stdio_null_stdin 0 p2p-hash
  same "$(cat out)" "$(sha256sum </dev/null)"
  stdio_file_stdin 0 file p2p-hash
  same "$(cat out)" "$(sha256sum <file)"
  stdio_tty 0 p2p-hash
  grep -q "$(sha256sum </dev/null | cut -d' ' -f1)" out
}

@test "binary does not go to a terminal unasked" {
  stdio_tty 2 p2p-hash --cbor file
  grep -q 'hint: .*--force' out
  stdio_tty 0 p2p-hash --cbor --force file
  [ "$(p2p-hash --cbor file | od -An -tx1 | head -n 1 | cut -c 1-6)" = " a6 64" ]
}

@test "pipes are left as they were" {
  stdio_shared p2p-hash
  stdio_shared p2p-hash --cid file
}

@test "one byte at a time is the same as all at once" {
  head -c 2000 /dev/urandom >random
  stdio_bytewise random p2p-hash
  stdio_bytewise random p2p-hash --cid --profile v1
  sha256sum file >sums
  stdio_bytewise sums p2p-hash -c
}

@test "a signal ends it by that signal" {
  local status=0
  mkfifo fifo
  p2p-hash fifo &
  local tool=$!
  exec 5>fifo # opens once the tool has
  kill -TERM "$tool"
  wait "$tool" || status=$?
  exec 5>&-
  [ "$status" -eq 143 ]
}

@test "help explains, version names what it is made of" {
  run -0 p2p-hash --help
  local part
  for part in 'Usage: ' 'Operands:' 'Checking:' 'Output:' 'Environment:' 'Exit status:' 'Examples:' \
    '(default: sha2-256)' P2P_FORMAT; do
    [[ "$output" == *"$part"* ]]
  done
  [ "$(awk 'length > 80' <<<"$output")" = "" ]
  run -0 p2p-hash -h
  [[ "$output" == *--check* && "$output" != *Examples:* ]]
  run -0 p2p-hash --version
  [[ "${lines[0]}" == "p2p-hash (p2p-utils) "* ]]
  [[ "$output" == *"Crypto++ "* ]]
  p2p-hash --version --json | jq -e '.name == "p2p-hash" and (.libraries | length) > 3' >/dev/null
}
