#!/usr/bin/env bats
# p2p-gossip's exit status and messages where it does not work out.

bats_require_minimum_version 1.5.0
load peers

setup() {
  cd "$BATS_TEST_TMPDIR"
}

teardown() { end_started; }

@test "usage errors are 2 and say what to do" {
  run -2 --separate-stderr p2p-gossip
  run -2 --separate-stderr p2p-gossip sub news
  [[ $stderr == *"nobody to talk to"* ]]
  run -2 --separate-stderr p2p-gossip sub
  run -2 --separate-stderr p2p-gossip shout news /ip4/127.0.0.1/tcp/1
  run -2 --separate-stderr p2p-gossip sub news nonsense
  [[ $stderr == *"nonsense"* ]]
  run -2 --separate-stderr p2p-gossip pub news --raw -0 /ip4/127.0.0.1/tcp/1
  run -2 --separate-stderr p2p-gossip pub news --peers-from -
  run -2 --separate-stderr p2p-gossip sub news --write-addr x /ip4/127.0.0.1/tcp/1
  run -2 --separate-stderr p2p-gossip sub news --count 0 --listen /ip4/127.0.0.1/tcp/0
  run -2 --separate-stderr p2p-gossip sub news --timeout 5 --listen /ip4/127.0.0.1/tcp/0
  run -2 --separate-stderr p2p-gossip sub news --peers-from nosuch
  run -2 --separate-stderr p2p-gossip pub news --for 1s /ip4/127.0.0.1/tcp/1
  [[ $stderr == *"--for is for those who hear"* ]]
  local spoken
  for spoken in '--rate 5' '--wait 1s' '--min-peers 2'; do
    # shellcheck disable=SC2086 # two words
    run -2 --separate-stderr p2p-gossip sub news $spoken /ip4/127.0.0.1/tcp/1
    [[ ${stderr_lines[0]} == *"${spoken% *} is for those who speak: pub and join" ]]
  done
}

@test "a closed port: the answer is no, with the address and the cause" {
  for what in pub sub join; do
    run -1 --separate-stderr timeout 20 p2p-gossip "$what" news /ip4/127.0.0.1/tcp/1 </dev/null
    [[ $stderr == *"/ip4/127.0.0.1/tcp/1"*"refused"* ]]
    [[ $stderr == *"no peer could be reached"* ]]
    [ -z "$output" ]
  done
}

@test "another peer than the address names" {
  start_peer
  run -1 --separate-stderr timeout 20 p2p-gossip sub news \
    "${PEER%/*}/12D3KooWRawPbxPtP1eZaJpumGnyWX2DcUyd3RQnydr3eAto4Az7"
  [[ $stderr == *"no peer could be reached"* ]]
}

@test "nobody in the topic: --wait expires, 124" {
  start_peer
  run -124 --separate-stderr timeout 20 p2p-gossip pub news --wait 300ms "$PEER" <<<hello
  [[ $stderr == *"no peer of the topic was found within 0.3s"* ]]
}

@test "--timeout is 124, --for an answer" {
  run -124 timeout 20 p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --timeout 200ms
  run -1 timeout 20 p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --for 200ms
  # Where the machine was too slow for a message within the time, once more with more of it.
  local span status
  for span in 2s 20s; do
    rm -f a
    start_process "$PWD/a" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr a --for "$span"
    echo x | timeout 20 p2p-gossip pub news "$(cat a)" || true
    status=0
    wait "${_started[-1]}" || status=$?
    [ ! -s a.out ] || break
    [ "$status" -eq 1 ]
  done
  [ "$(cat a.out)" = x ]
  [ "$status" -eq 0 ]
}

@test "the last peer leaves and none can come: no" {
  start_process "$PWD/a" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr a
  timeout 60 p2p-gossip sub news "$(cat a)" >heard 2>err 3>&- &
  local lonely=$!
  # It is connected once it hears, through the other, what a third one says; then the other ends.
  hears() { echo ready | timeout 20 p2p-gossip pub news "$(cat a)" && [ -s heard ]; }
  eventually hears
  kill "${_started[-1]}"
  local status=0
  wait "$lonely" || status=$?
  [ "$status" -eq 1 ]
  grep -q "every peer has left, and none can come" err
}

@test "a signal ends it by that signal" {
  local status=0
  start_process "$PWD/a" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr a
  kill -TERM "${_started[-1]}"
  wait "${_started[-1]}" || status=$?
  [ "$status" -eq 143 ]
}

@test "no input: nothing is sent, nobody is waited for" {
  start_process "$PWD/a" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr a
  timeout 20 p2p-gossip pub news "$(cat a)" </dev/null
}

@test "a peer that dies while messages are under way: the rest goes to the next one" {
  start_process "$PWD/a" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr a
  start_process "$PWD/b" p2p-gossip sub news --listen /ip4/127.0.0.1/tcp/0 --write-addr b -n 3
  mkfifo in
  timeout 30 p2p-gossip pub news "$(cat a)" "$(cat b)" --min-peers 2 <in 3>&- &
  local publisher=$!
  exec {say}>in
  echo one >&"$say"
  eventually grep -q one a.out
  kill -KILL "${_started[0]}"
  printf 'two\nthree\n' >&"$say"
  exec {say}>&-
  wait "$publisher"
  wait "${_started[1]}"
  [ "$(cat b.out)" = $'one\ntwo\nthree' ]
}
