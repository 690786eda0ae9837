#!/usr/bin/env bats
# A README command that does not run as written is a bug.

load peers

@test "README's commands run as written and print what it says" {
  # mDNS needs a network that carries multicast, and no neighbours who answer too.
  printf 'python3 -B "%s" "%s"\n' "$BATS_TEST_DIRNAME/readme.py" "$P2P_SOURCE/README.md" \
    >"$BATS_TEST_TMPDIR/run"
  in_netns "$BATS_TEST_TMPDIR/run"
}
