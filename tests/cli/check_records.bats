#!/usr/bin/env bats
# The checkers that the other suites lean on: they must be able to say no.

bats_require_minimum_version 1.5.0
load checks

check() { "$P2P_BIN/p2p-check-records" "$@"; }

@test "records as the writer writes them pass" {
  printf '%s\n' '{"type":"tip","v":1,"id":"ab","height":3}' '{"type":"error","v":1,"code":"io"}' | check
  printf '%s\n' '{"type":"tip","v":1,"id":"ab","height":3}' | check tip
}

@test "a record that breaks its schema fails, and the message says how" {
  run -1 check <<<'{"type":"tip","v":1,"id":"ab"}'
  [[ "$output" == *'field "height" is missing'* ]]
  run -1 check <<<'{"type":"tip","v":1,"id":"ab","height":3,"extra":1}'
  run -1 check <<<'{"type":"tip","v":1,"id":"AB","height":3}'
  run -1 check <<<'{"v":1,"type":"tip","id":"ab","height":3}'
}

@test "a last line or item cut short fails" {
  run -1 check < <(printf '{"type":"error","v":1,"code":"io"}')
  run -1 check < <(printf '\xa2\x64type')
}

@test "a wanted type must be there, an unwanted one must not" {
  run -1 check peer </dev/null
  run -1 check peer <<<'{"type":"error","v":1,"code":"io"}'
}

@test "nothing is no answer" {
  run -1 check </dev/null
  [[ "$output" == *"no record at all"* ]]
}

@test "text is no answer" {
  run -2 check <<<'/ip4/127.0.0.1/tcp/1'
}

@test "two that print nothing are not the same" {
  same "$(echo x)" "$(echo x)"
  run -1 same "$(true)" "$(true)"
  run -1 same x y
}

@test "what takes no time does not last" {
  lasts 100 sleep 0.1
  run -1 lasts 3600000 true
  run -3 lasts 0 bash -c 'exit 3'
}

@test "a tool that fails before a pipe fails the test, and so does a wrong status or type of records" {
  run -1 bash -c 'source "$1" && false | cat' - "$BATS_TEST_DIRNAME/checks.bash"
  run -0 bash -c 'false | cat'
  tip() { echo '{"type":"tip","v":1,"id":"ab","height":3}' && return "$1"; }
  records_of 0 tip tip 0
  records_of 3 tip tip 3
  run -1 records_of 0 tip tip 3
  run -1 records_of 0 peer tip 0
}

@test "a test that leaves itself out says so, and fails where it must not" {
  cat >"$BATS_TEST_TMPDIR/inner.bats" <<INNER
load $BATS_TEST_DIRNAME/checks
@$(echo test) "inner" { left_out "there is no moon"; }
INNER
  P2P_TEST_ALL='' P2P_LEFT_OUT="$BATS_TEST_TMPDIR/list" run -0 bats --tap "$BATS_TEST_TMPDIR/inner.bats"
  [[ $output == *"# skip there is no moon"* ]]
  [ "$(cat "$BATS_TEST_TMPDIR/list")" = "inner.bats: inner: there is no moon" ]
  P2P_TEST_ALL=1 run -1 bats --tap "$BATS_TEST_TMPDIR/inner.bats"
}
