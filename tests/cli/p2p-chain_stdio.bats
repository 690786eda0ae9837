#!/usr/bin/env bats
# p2p-chain and the hostile standard streams.

bats_require_minimum_version 1.5.0
load stdio

setup() {
  cd "$BATS_TEST_TMPDIR"
  p2p-chain --dir a init --name test --bits 1f0fffff --spacing 1s --window 100
  p2p-chain key new k
  p2p-chain --dir a mine 1 --reward-key k
  p2p-chain --dir a export >blocks
}

commands=(
  "key show k" "--dir a tip" "--dir a log" "--dir a log --graph" "--dir a show tip"
  "--dir a show tip --raw" "--dir a balance" "--dir a verify" "--dir a export" "--dir a mine 1"
  "--dir a submit --key k --data x" "--dir a tip --json" "--help" "log --help" "--version"
)

@test "a full disk is an error" {
  for command in "${commands[@]}"; do stdio_full p2p-chain $command; done
}

@test "no standard output, no standard error" {
  for command in "${commands[@]}"; do
    stdio_closed_stdout p2p-chain $command
    stdio_closed_stderr 0 p2p-chain $command
  done
  stdio_closed_stderr 1 p2p-chain --dir a show nosuch
  stdio_closed_stderr 2 p2p-chain --dir nosuch tip
  stdio_closed_stderr 2 p2p-chain --nosuch
}

@test "a reader that leaves ends it quietly" {
  for command in "${commands[@]}"; do stdio_gone p2p-chain $command; done
  stdio_head p2p-chain --dir a log
  stdio_head p2p-chain --dir a mine 1000000
  stdio_head p2p-chain --help
}

@test "standard input that is closed, empty, a file or a terminal" {
  for command in "--dir a tip" "--dir a mine 1" "--dir a verify"; do
    stdio_closed_stdin 0 p2p-chain $command
    stdio_null_stdin 0 p2p-chain $command
    stdio_tty 0 p2p-chain $command
  done
  stdio_closed_stdin 2 p2p-chain --dir b apply
  stdio_null_stdin 2 p2p-chain --dir b apply
  stdio_file_stdin 0 blocks p2p-chain --dir b apply
  stdio_closed_stdin 2 p2p-chain --dir a submit --key k --data -
  stdio_null_stdin 2 p2p-chain --dir a submit --key k --data -
  stdio_tty 2 p2p-chain --dir a submit --key k --data -
}

@test "input byte by byte, and an item cut short" {
  stdio_bytewise blocks p2p-chain --dir b apply
  stdio_cut_cbor blocks p2p-chain --dir c apply
  p2p-hash --cid --cbor blocks >cid.cbor
  stdio_cut_cbor cid.cbor p2p-chain --dir a submit --key k --data -
}

@test "pipes are left as they were found" {
  stdio_shared p2p-chain --dir a tip
  stdio_shared p2p-chain --dir a mine 1
}

@test "what a message names cannot drive a terminal, nor make two lines of one" {
  run -2 --separate-stderr p2p-chain --dir $'no\nsuch\e[2J' tip
  [[ ${stderr_lines[0]} == *'no\nsuch\x1b[2J'* ]]
  [[ $stderr != *$'\e'* ]]
  p2p-chain --dir a verify --quiet 2>quiet
  [ ! -s quiet ]
  p2p-chain --dir a verify 2>remarks
  [ -s remarks ]
}

@test "errors are red on a terminal, and elsewhere only if that is asked for" {
  local red=$'p2p-chain: \e[1;31merror:\e[0m ' plain='p2p-chain: error: '
  # in_a_terminal BEGINNING [VARIABLE=VALUE]... CMD...
  in_a_terminal() {
    stdio_tty 2 env TERM=xterm "${@:2}"
    [[ $(cat out) == "$1"* ]]
  }
  in_a_terminal "$red" p2p-chain --dir nosuch tip
  in_a_terminal "$plain" NO_COLOR=1 p2p-chain --dir nosuch tip
  in_a_terminal "$red" NO_COLOR=1 p2p-chain --color always --dir nosuch tip
  in_a_terminal "$plain" p2p-chain --color never --dir nosuch tip
  in_a_terminal "$plain" TERM=dumb p2p-chain --dir nosuch tip
  run -2 p2p-chain --dir nosuch tip
  [[ $output == "$plain"* ]]
  run -2 p2p-chain --color always --dir nosuch tip
  [[ $output == "$red"* ]]
}

@test "binary does not go to a terminal unasked" {
  stdio_tty 2 p2p-chain --dir a tip --cbor
}
