#!/usr/bin/env bats
# A README command that does not run as written is a bug.

load peers

@test "README's commands run as written and print what it says" {
  need_netns
  # mDNS needs a network that carries multicast, and no neighbours who answer too.
  printf 'python3 -B "%s" "%s"\n' "$BATS_TEST_DIRNAME/readme.py" "$P2P_SOURCE/README.md" \
    >"$BATS_TEST_TMPDIR/run"
  in_netns ./run
}

@test "files that the documents name are there" {
  local document name missing=0
  local named=0
  cd "$P2P_SOURCE"
  for document in *.md docs/*.md; do
    # Links, and in backticks headers of the library, scripts and tests.
    while read -r name; do
      named=$((named + 1))
      [ -e "$name" ] || [ -e "libcommon/$name" ] || [ -e "$(dirname "$document")/$name" ] ||
        { echo "$document: there is no $name"; missing=1; }
    done < <(grep -oP '\]\(\K[^)#:]+(?=\))|`\K([\w/]+\.h|(scripts|tests|cmake|docs)/[\w/.-]+)(?=`)' "$document")
  done
  [ "$missing" -eq 0 ]
  [ "$named" -gt 20 ]
}
