#!/usr/bin/env bats
# The checker that the other suites lean on: it must be able to say no.

check() { "$P2P_BIN/p2p-check-records" "$@"; }

@test "records as the writer writes them pass" {
  printf '%s\n' '{"type":"tip","v":1,"id":"ab","height":3}' '{"type":"error","v":1,"code":"io"}' | check
  printf '%s\n' '{"type":"tip","v":1,"id":"ab","height":3}' | check tip
  check </dev/null
}

@test "a record that breaks its schema fails, and the message says how" {
  run check <<<'{"type":"tip","v":1,"id":"ab"}'
  [ "$status" -eq 1 ]
  [[ "$output" == *'field "height" is missing'* ]]
  run check <<<'{"type":"tip","v":1,"id":"ab","height":3,"extra":1}'
  [ "$status" -eq 1 ]
  run check <<<'{"type":"tip","v":1,"id":"AB","height":3}'
  [ "$status" -eq 1 ]
  run check <<<'{"v":1,"type":"tip","id":"ab","height":3}'
  [ "$status" -eq 1 ]
}

@test "a last line or item cut short fails" {
  run check < <(printf '{"type":"error","v":1,"code":"io"}')
  [ "$status" -eq 1 ]
  run check < <(printf '\xa2\x64type')
  [ "$status" -eq 1 ]
}

@test "a wanted type must be there, an unwanted one must not" {
  run check peer </dev/null
  [ "$status" -eq 1 ]
  run check peer <<<'{"type":"error","v":1,"code":"io"}'
  [ "$status" -eq 1 ]
}

@test "text is no answer" {
  run check <<<'/ip4/127.0.0.1/tcp/1'
  [ "$status" -eq 2 ]
}
