#!/usr/bin/env bats
# p2p-hash --diff: folders, lists of checksums, CARs and single files, each against each.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir -p a/sub/deep a/gone a/empty
  printf same >a/same
  printf one >a/changed
  printf onetwo >a/grown
  printf moved >a/old
  printf twin >a/sub/twin1
  printf gone >a/gone/file
  printf x >a/kind
  : >a/nothing
  ln -s same a/link
  ln -s same a/relinked
  printf s >a/sub.txt
  printf deep >a/sub/deep/deep
  cp -a a b
  printf two >b/changed
  printf onetwothree >b/grown
  mv b/old b/sub/new
  rm -r b/gone
  printf added >b/added
  rm b/kind
  mkdir b/kind
  printf y >b/kind/inside
  rm b/nothing
  : >b/nothing2
  ln -sfn sub.txt b/relinked
  printf z >b/sub/z
}

# What is different between a and b, for whoever sees files only.
files_only="added	added
changed	changed
gone/file	removed
grown	changed
kind	removed
kind/inside	added
nothing	removed
nothing2	added
sub/new	renamed	old
sub/z	added"

@test "two folders" {
  run -1 --separate-stderr p2p-hash --diff a b
  [ -z "$stderr" ]
  [ "$output" = "added	added
changed	changed
gone	removed
gone/file	removed
grown	changed
kind	replaced	file
kind/inside	added
nothing	removed
nothing2	added
relinked	changed
sub/new	renamed	old
sub/z	added" ]
  run -0 p2p-hash --diff a a
  [ -z "$output" ]
  run -0 p2p-hash --diff a/ ./a/.
  [ -z "$output" ]
  # The other way round, every change is its opposite.
  run -1 p2p-hash --diff b a
  [ "$(grep -c 'renamed	sub/new$' <<<"$output")" -eq 1 ]
  [ "$(grep -c '^kind	replaced	folder$' <<<"$output")" -eq 1 ]
  [ "$(grep -c '^kind/inside	removed$' <<<"$output")" -eq 1 ]
}

@test "a folder and a list of checksums, of any kind and made anywhere" {
  local options
  for options in '' '--tag' '-z' '-a sha1,blake3' '--multihash -a sha3-512'; do
    # shellcheck disable=SC2086 # several words are meant
    p2p-hash $options -r a >sums
    # Paths begin with a/, and b is not a: all that is the same was renamed.
    run -1 --separate-stderr p2p-hash --diff sums b
    [ -z "$stderr" ]
    [ "$(grep -c '^same	renamed	a/same$' <<<"$output")" -eq 1 ]
    # shellcheck disable=SC2086
    (cd a && p2p-hash $options -r .) >sums
    run -1 --separate-stderr p2p-hash --diff sums b
    [ -z "$stderr" ]
    [ "$output" = "${files_only/kind	removed/kind	replaced	file}" ]
    run -0 --separate-stderr p2p-hash --diff sums a
    [ -z "$output$stderr" ]
    # shellcheck disable=SC2086
    p2p-hash $options -r a >sums
    run -0 --separate-stderr p2p-hash --diff a sums
    [ -z "$output$stderr" ]
    run -0 p2p-hash --diff a - <sums
    run -0 p2p-hash --diff "$PWD/a" <(p2p-hash -r "$PWD/a")
  done
  find a -type f -exec sha512sum {} + >sums
  run -0 --separate-stderr p2p-hash --diff sums a
  [ -z "$output$stderr" ]
}

@test "two lists" {
  (cd a && p2p-hash -r .) >suma
  (cd b && find . -type f -exec b2sum -l 256 --tag {} + && p2p-hash -r .) >sumb
  run -1 --separate-stderr p2p-hash --diff suma sumb
  [ -z "$stderr" ]
  [ "$output" = "${files_only/kind	removed/kind	replaced	file}" ]
  # Different functions say nothing of each other.
  (cd a && sha512sum same) >sumc
  (cd a && sha256sum same) >sumd
  run -2 --separate-stderr p2p-hash --diff sumc sumd
  [[ "$stderr" == *"different functions"* ]]
}

@test "a CAR against folders, lists and other CARs" {
  p2p-hash --cid -r --hidden --car a.car a >/dev/null
  p2p-hash --cid -r --hidden --profile unixfs-v1-2025 --car b.car b >/dev/null
  run -0 --separate-stderr p2p-hash --diff a.car a
  [ -z "$output$stderr" ]
  run -0 --separate-stderr p2p-hash --diff b b.car
  [ -z "$output$stderr" ]
  local folders lists
  run -1 p2p-hash --diff a b
  folders=$output
  [ -n "$folders" ]
  [ "$(p2p-hash --diff a.car b)" = "$folders" ]
  [ "$(p2p-hash --diff a b.car)" = "$folders" ]
  [ "$(p2p-hash --diff a.car b.car)" = "$folders" ]
  (cd a && p2p-hash -r .) >suma
  (cd b && p2p-hash -r .) >sumb
  run -1 p2p-hash --diff suma sumb
  lists=$output
  [ -n "$lists" ]
  [ "$(p2p-hash --diff suma b.car)" = "$lists" ]
  [ "$(p2p-hash --diff a.car sumb)" = "$lists" ]
  run -0 p2p-hash --diff a.car suma
  [ -z "$output" ]
}

@test "a CAR whose block is missing is trouble, and the rest is compared" {
  p2p-hash --cid -r --hidden --profile v1 --car a.car a >/dev/null
  # The block of a/changed becomes another's.
  python3 - <<'PY'
data = open('a.car', 'rb').read()
at = data.index(b'onetwo') - 36
open('a.car', 'wb').write(data[:at + 20] + bytes([data[at + 20] ^ 1]) + data[at + 21:])
PY
  run -2 --separate-stderr p2p-hash --diff a.car b
  [[ "$stderr" == *grown* ]]
  [[ "$output" == *"added	added"* ]]
}

@test "CIDs in a list" {
  (cd a && p2p-hash --cid same changed && p2p-hash --cid --profile v1 -r sub) >cids
  mkdir part
  cp -a a/same a/changed a/sub part
  run -0 --separate-stderr p2p-hash --diff cids part
  [ -z "$output$stderr" ]
  cp b/changed part
  printf z >part/sub/z
  run -1 --separate-stderr p2p-hash --diff cids part
  [ "$output" = "changed	changed
sub	changed" ]
  p2p-hash --cid -r a >whole
  run -0 --separate-stderr p2p-hash --diff a whole
  run -1 --separate-stderr p2p-hash --diff b <(sed 's/  a$/  b/' whole)
  [ "$output" = ".	changed" ]
}

@test "single files" {
  run -0 p2p-hash --diff a/same b/same
  run -1 p2p-hash --diff a/changed b/changed
  [ "$output" = "a/changed	changed" ]
  run -0 p2p-hash --diff a/same b
  run -1 p2p-hash --diff a/changed b
  [ "$output" = "a/changed	changed" ]
  run -1 p2p-hash --diff a/old b
  [ "$output" = "a/old	removed" ]
  run -1 p2p-hash --diff b a/old
  [ "$output" = "a/old	added" ]
  p2p-hash -r a >sums
  run -0 p2p-hash --diff sums a/same
  run -1 p2p-hash --diff sums b/changed
  sha256sum a/same >sums
  run -0 p2p-hash --diff sums a/same
  run -0 p2p-hash --diff a/nothing b/nothing2
  run -1 p2p-hash --diff a/nothing b/same
}

@test "names are compared as bytes, and sorted as they stand in folders" {
  mkdir -p c d/sub
  local name
  for name in $'new\nline' $'\xff' ' lead' 'a-b' 'sub.x' 'sub/x'; do
    printf '%s' "$name" >"d/$name"
  done
  run -1 p2p-hash --diff c d
  [ "$output" = " lead	added
a-b	added
new\\nline	added
sub	added
sub/x	added
sub.x	added
�	added" ]
  records_of 1 difference p2p-hash --diff --json c d
  [ "$(p2p-hash --diff --json c d | jq -r 'select(.path_raw_b64) | .path_raw_b64' | base64 -d | od -An -tx1)" = ' ff' ]
  (cd d && p2p-hash -r .) >sums
  run -0 p2p-hash --diff sums d
}

@test "records" {
  run -1 p2p-hash --diff --json a b
  [ "$(jq -r 'select(.change == "renamed") | [.type, .path, .from, .kind] | join(" ")' <<<"$output")" = \
    'difference sub/new old file' ]
  [ "$(jq -r 'select(.change == "replaced") | [.path, .was, .kind] | join(" ")' <<<"$output")" = \
    'kind file folder' ]
  p2p-check-records <<<"$output"
}

@test "what cannot be compared is trouble" {
  run -2 --separate-stderr p2p-hash --diff a nosuch
  [[ "$stderr" == *"nosuch: No such file or directory"* ]]
  run -2 p2p-hash --diff a
  run -2 p2p-hash --diff a b a
  run -2 p2p-hash --diff - -
  run -2 p2p-hash --diff -c a b
  mkfifo a/fifo
  run -2 --separate-stderr p2p-hash --diff a b
  [[ "$stderr" == "p2p-hash: fifo: Not a regular file" ]]
  [[ "$output" == *"added	added"* ]]
  rm a/fifo
  (cd a && p2p-hash -r . && echo garbage) >sums
  run -2 --separate-stderr p2p-hash --diff sums a
  [[ "$stderr" == *"line $(grep -n garbage sums | cut -d: -f1) is no checksum line"* ]]
  # A list that says that a file is a folder.
  {
    sha256sum a/same
    sha256sum a/same | sed 's,same,same/same,'
  } >sums
  run -2 --separate-stderr p2p-hash --diff sums a
}

@test "twins are renamed once each, in order" {
  mkdir -p c d/x
  printf twin >c/1
  printf twin >c/2
  printf twin >d/x/1
  printf twin >d/x/2
  printf twin >d/x/3
  run -1 p2p-hash --diff c d
  [ "$output" = "x	added
x/1	renamed	1
x/2	renamed	2
x/3	added" ]
}

# A list of 100,000 lines, more than is kept in memory, in no order.
long_list() {
  python3 - "$@" <<'PY'
import random, sys
folder, change = sys.argv[1], sys.argv[2:]
lines = [f'{i:064x}  {folder}/{i % 97}/{i}' for i in range(100_000)]
if change:
    lines[50_000] = f'{200_000:064x}  {folder}/{50_000 % 97}/{50_000}'
random.Random(folder).shuffle(lines)
print('\n'.join(lines))
PY
}

@test "long lists are compared by way of a temporary file" {
  long_list one >one
  long_list one changed >changed
  long_list other >other
  sort one >sorted
  run -0 --separate-stderr p2p-hash --diff one sorted
  [ -z "$output$stderr" ]
  run -1 --separate-stderr p2p-hash --diff one changed
  [ "$output" = "one/45/50000	changed" ]
  run -1 p2p-hash --diff one other
  [ "${#lines[@]}" -eq 100000 ]
  [ "$(awk '{ sub("other", "one", $1); if ($2 == "renamed" && $3 == $1) ++n } END { print n }' \
    <<<"$output")" -eq 100000 ]
  # As folders sort, name by name.
  [ "$(cut -f1 <<<"$output" | tr / '\001' | LC_ALL=C sort -c 2>&1)" = "" ]
  TMPDIR=nosuch run -2 --separate-stderr p2p-hash --diff one sorted
  [ -z "$output" ]
  [ "$stderr" = "p2p-hash: error: make a temporary file in nosuch: No such file or directory" ]
}

@test "folders in a list nest as deep as paths can be, and no deeper" {
  python3 - <<'PY'
for name, digest in ('one', 1), ('other', 2):
    with open(name, 'w') as out:
        out.write(f'{digest:064x}  {"a/" * 1900}file\n')
        out.write(f'{digest:064x}  {"b/" * 20_000}file\n')
        out.write(f'{digest:064x}  c\n')
PY
  mkdir nothing
  run -2 --separate-stderr p2p-hash --diff one nothing
  [ "$(sed -E 's,(a/)+,a/,' <<<"$output")" = "a/file	removed
c	removed" ]
  [[ "$stderr" == *": folders nested too deep" ]]
  run -2 --separate-stderr p2p-hash --diff one other
  [ "$(sed -E 's,(a/)+,a/,' <<<"$output")" = "a/file	changed
c	changed" ]
}
