#!/usr/bin/env bats
# p2p-hash and CARs: written, verified, extracted, and proofs.

bats_require_minimum_version 1.5.0
load stdio

setup() {
  cd "$BATS_TEST_TMPDIR"
  export TMPDIR=$BATS_TEST_TMPDIR
  mkdir -p tree/sub/deep tree/empty
  printf 'some bytes' >tree/file
  : >tree/nothing
  head -c 700000 /dev/zero | tr '\0' 'x' >tree/sub/large
  printf 'deep' >tree/sub/deep/file
  ln -s ../file tree/sub/link
}

cid() { p2p-hash --cid "$@" | cut -d' ' -f1; }

# flip FILE BYTE: changes one byte
flip() {
  local old
  old=$(od -An -tu1 -j "$2" -N 1 "$1")
  printf "\\x$(printf %x $((old ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "a CAR has the CIDs as roots, and the lines are as without it" {
  p2p-hash --cid -r tree tree/file >plain
  p2p-hash --cid -r --car out.car tree tree/file >lines
  cmp plain lines
  run -0 p2p-hash --verify out.car
  [ "$output" = "out.car: OK" ]
  run -0 --separate-stderr p2p-hash --cid --car - tree/file
  [ "$stderr" = "p2p-hash: $(p2p-hash --cid tree/file)" ]
  p2p-hash --cid -q --car - -r tree 2>err | p2p-hash --verify -
  p2p-hash --cid --car stdin.car - <tree/sub/large
  p2p-hash --verify stdin.car
}

@test "what is written is the same whatever the number of threads, and every time" {
  p2p-hash --cid -r -j 1 --car one.car tree
  p2p-hash --cid -r -j 4 --car four.car tree
  cmp one.car four.car
}

@test "a CARv2 has an index, and the same blocks" {
  p2p-hash --cid -r --car one.car tree
  p2p-hash --cid -r --car two.car --car-version 2 tree
  p2p-hash --verify one.car two.car
  cmp one.car <(tail -c +52 two.car | head -c "$(stat -c %s one.car)")
  run -2 p2p-hash --cid -r --car - --car-version 2 tree
  run -2 p2p-hash --cid -r --car /dev/null --car-version 2 tree
  # Its index is checked, too.
  flip two.car $(($(stat -c %s two.car) - 1))
  run -1 p2p-hash --verify two.car
}

@test "one block of any format is a CAR, whatever it links to" {
  printf '{"a":{"/":"bafkqabiaaebagba"}}' >json
  p2p-hash --cid --codec dag-json --car json.car json
  p2p-hash --verify json.car
  printf '{"a":{"/":"%s"}}' "$(cid --codec raw tree/file)" >json
  p2p-hash --cid --codec dag-json --car json.car json
  run -1 p2p-hash --verify json.car
  [[ "$output" == *"block $(cid --codec raw tree/file) is missing, to which block "* ]]
  run -1 p2p-hash --cid --codec dag-json - <<<'{"a": 1}'
  [[ "$output" == *"at byte 5"* ]]
}

@test "a CAR appears whole or not at all" {
  printf old >out.car
  run -1 p2p-hash --cid --car out.car tree/file nosuch
  [ "$(cat out.car)" = old ]
  run -2 p2p-hash --cid --car nosuch/out.car tree/file
  run -2 p2p-hash --cid --car /dev/full tree/sub/large
  [[ "$output" == *"error: write /dev/full: No space left on device" ]]
  stdio_full p2p-hash --cid --car - tree/sub/large
  p2p-hash --cid --car out.car tree/file
  p2p-hash --verify out.car
  # A name may be as long as names can be.
  local long
  long=$(printf 'n%.0s' {1..255})
  p2p-hash --cid --car "$long" tree/file
  cmp out.car "$long"
  [ "$(find . -name '*.tmp' -o -name '.p2p*' | wc -l)" -eq 0 ]
}

@test "verifying: one line a file, as -c has them, and records" {
  p2p-hash --cid -r --car good.car tree
  cp good.car bad.car
  flip bad.car 150
  run -1 --separate-stderr p2p-hash --verify good.car bad.car nosuch
  [ "$output" = "good.car: OK
bad.car: FAILED
nosuch: FAILED" ]
  [[ "$stderr" == *"p2p-hash: bad.car: block "*" at byte "*"does not have the hash that its CID says"* ]]
  [[ "$stderr" == *"p2p-hash: nosuch: No such file or directory"* ]]
  run -1 --separate-stderr p2p-hash -q --verify good.car bad.car
  [ "$output" = "bad.car: FAILED" ]
  run -1 --separate-stderr p2p-hash --json --verify good.car bad.car
  p2p-check-records <<<"$output"
  [ "$(jq -r .ok <<<"$output" | paste -sd' ')" = "true false" ]
  run -1 p2p-hash --verify tree/file
  [[ "$output" == *"not a CAR"* ]]
  run -1 p2p-hash --verify /dev/null
}

@test "a CAR cut anywhere, or with a byte changed anywhere, is not whole" {
  p2p-hash --cid -r --profile v1 --car good.car tree/sub/deep
  local size byte
  size=$(stat -c %s good.car)
  for ((byte = 1; byte < size; byte += 7)); do
    head -c "$byte" good.car >cut.car
    run -1 p2p-hash --verify cut.car
    cp good.car changed.car
    flip changed.car "$byte"
    run -1 p2p-hash --verify changed.car
    # Not one byte of it is written anywhere.
    run p2p-hash --extract changed.car -o out
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { [ "$status" -eq 0 ] && diff -r tree/sub/deep out; }
    rm -rf out
  done
}

@test "lengths near 2^63 are no reason to take memory" {
  p2p-hash --cid --car good.car tree/file
  printf '\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01' | cat good.car - >huge.car
  run -1 p2p-hash --verify huge.car
  [[ "$output" == *"a length that is no varint below 2^63 at byte "* ]]
  printf '\xff\xff\xff\xff\xff\xff\xff\xff\x7f' | cat good.car - >huge.car
  run -1 p2p-hash --verify huge.car
  [[ "$output" == *"a section of 9223372036854775807 bytes, where 4194304 are allowed"* ]]
  printf '\xff\xff\xff\xff\xff\xff\xff\xff\x7f' >huge.car
  run -1 p2p-hash --verify huge.car
}

@test "what was put in comes out" {
  chmod 750 tree/sub/deep
  chmod 640 tree/file
  touch -d '2001-02-03 04:05:06.789' tree/file tree/sub
  touch -h -d '2002-03-04 05:06:07' tree/sub/link
  p2p-hash --cid -r --car tree.car --preserve-mode --preserve-mtime tree
  mkdir out && cd out
  p2p-hash --extract ../tree.car
  diff -r --no-dereference ../tree .
  [ "$(readlink sub/link)" = ../file ]
  cd ..
  same "$(stat -c '%a %y' out/file)" "$(stat -c '%a %y' tree/file)"
  [ "$(stat -c '%a' out/sub/deep)" = 750 ]
  same "$(stat -c '%y' out/sub)" "$(stat -c '%y' tree/sub)"
  same "$(stat -c '%y' out/sub/link)" "$(stat -c '%y' tree/sub/link)"
}

@test "parts of a CAR, under their own names or others" {
  p2p-hash --cid -r --car tree.car tree
  p2p-hash --extract tree.car sub/deep/file
  [ "$(cat file)" = deep ]
  p2p-hash --extract tree.car sub
  diff -r --no-dereference tree/sub sub
  p2p-hash --extract tree.car sub/deep -o other
  diff -r tree/sub/deep other
  p2p-hash --extract tree.car file -o name
  cmp tree/file name
  p2p-hash --extract tree.car file nothing -o both
  [ "$(find both | sort | paste -sd' ')" = "both both/file both/nothing" ]
  [ "$(p2p-hash --extract tree.car file -o -)" = "some bytes" ]
  [ "$(p2p-hash --extract - file -o - <tree.car)" = "some bytes" ]
  [ "$(cat tree.car | p2p-hash --extract - file -o -)" = "some bytes" ]
  run -1 p2p-hash --extract tree.car nosuch
  [[ "$output" == *"'nosuch' is not there"* ]]
  run -1 p2p-hash --extract tree.car file/under
  run -1 p2p-hash --extract tree.car sub -o -
  # A root that is a file is called by its CID.
  p2p-hash --cid --car file.car tree/file
  p2p-hash --extract file.car
  cmp tree/file "$(cid tree/file)"
  p2p-hash --json --extract file.car -o again | p2p-check-records
}

@test "nothing is replaced unasked, and no link is followed" {
  p2p-hash --cid -r --car tree.car tree
  mkdir out outside
  printf mine >out/file
  run -1 p2p-hash --extract tree.car -o out
  [[ "$output" == "p2p-hash: out/file: File exists (--force replaces it)" ]]
  [ "$(cat out/file)" = mine ]
  cmp tree/sub/large out/sub/large
  p2p-hash --extract tree.car -o out -f
  diff -r --no-dereference tree out
  p2p-hash --extract tree.car -o out --force
  # A link where a folder belongs leads nowhere.
  rm -r out && mkdir out
  ln -s "$PWD/outside" out/sub
  run -1 p2p-hash --extract tree.car -o out -f
  [ "$(find outside -mindepth 1 | wc -l)" -eq 0 ]
  [ -L out/sub ]
  # A link where a file belongs is replaced, and what it leads to is not touched.
  printf precious >outside/precious
  rm -r out && mkdir out
  ln -s "$PWD/outside/precious" out/file
  p2p-hash --extract tree.car -o out -f
  [ "$(cat outside/precious)" = precious ]
  [ "$(cat out/file)" = "some bytes" ]
}

# hostile_car NAME: a folder of one file called NAME, which must not hold quotes
hostile_car() {
  python3 - "$1" <<'PY'
import hashlib, sys
def varint(n):
    out = bytearray()
    while n >= 128: out.append(n & 127 | 128); n >>= 7
    return bytes(out + bytes([n]))
def field(number, data): return varint(number << 3 | 2) + varint(len(data)) + data
def cid(codec, data): return b"\1" + bytes([codec]) + b"\x12\x20" + hashlib.sha256(data).digest()
def section(codec, data): c = cid(codec, data); return varint(len(c) + len(data)) + c + data
leaf = b"escaped"
name = sys.argv[1].encode().decode("unicode_escape").encode("latin1")
folder = field(2, field(1, cid(0x55, leaf)) + field(2, name) + b"\x18\x07") + field(1, b"\x08\x01")
root = cid(0x70, folder)
header = b"\xa2\x65roots\x81\xd8\x2a\x58\x25\0" + root + b"\x67version\1"
sys.stdout.buffer.write(varint(len(header)) + header + section(0x70, folder) + section(0x55, leaf))
PY
}

@test "names that lead elsewhere are refused" {
  local name
  mkdir -p in/side
  for name in .. . '' ../x /tmp/x 'a/b' 'a\x00b' ../../x; do
    hostile_car "$name" >hostile.car
    p2p-hash --verify hostile.car
    run -1 p2p-hash --extract hostile.car -o in/side
    [[ "$output" == *"refused"* ]]
    [ "$(find in | sort | paste -sd' ')" = "in in/side" ]
  done
  hostile_car "$(printf 'n%.0s' {1..100000})" >long.car
  run -1 p2p-hash --extract long.car -o in/side
  [[ "$output" == *"...: File name too long" && ${#output} -lt 5000 ]]
  hostile_car 'fine\xff' >fine.car
  p2p-hash --extract fine.car -o in/side
  [ "$(cat in/side/fine$'\xff')" = escaped ]
}

@test "what is no CAR and does not end is refused at its beginning" {
  run -2 timeout 20 p2p-hash --extract /dev/zero
  [[ "$output" == "p2p-hash: error: read /dev/zero: not a CAR: "* ]]
  run -2 timeout 20 p2p-hash --extract - < <(yes)
  [[ "$output" == "p2p-hash: error: read -: "* ]]
}

@test "a fault of the output names the output, and devices are written to, not replaced" {
  p2p-hash --cid --car one.car tree/file
  run -1 p2p-hash --extract one.car -o no/such/out
  [[ "$output" == *"write to no/such: No such file or directory" ]]
  printf old >old
  run -1 p2p-hash --extract one.car -o old
  [[ "$output" == *"write old: File exists (--force replaces it)" ]]
  run -1 p2p-hash --extract one.car -o tree/file/out
  mkfifo fifo
  cat fifo >got &
  local reader=$!
  p2p-hash --extract one.car -f -o fifo
  wait "$reader"
  cmp got tree/file
  [ -p fifo ]
  p2p-hash --extract one.car -f -o /dev/null
  [ -c /dev/null ]
  run -2 p2p-hash --extract one.car -f -o /dev/full
  [[ "$output" == *"/dev/full: No space left on device" ]]
  # A folder in the place of a file is told, and the rest goes on.
  p2p-hash --cid -r --car all.car tree
  mkdir -p to/file
  run -1 p2p-hash --extract all.car -f -o to
  [ "$output" = "p2p-hash: to/file: Is a directory" ]
  cmp tree/sub/deep/file to/sub/deep/file
}

@test "a proof is small, holds, and gives the bytes" {
  head -c 5000000 /dev/urandom >file
  local cid range
  cid=$(cid --cid-version 1 file)
  for range in 0-0 0-1023 262143-262144 1MiB+64KiB 4999999- -1 -100000 0:* 1:2; do
    p2p-hash --prove "$range" --cid-version 1 file >proof.car 2>line
    [ "$(cat line)" = "p2p-hash: $cid  file" ]
    run -0 p2p-hash --check-proof "$cid" --range "$range" proof.car
    [ "$output" = "proof.car: OK" ]
  done
  p2p-hash --prove 1MiB+64KiB --cid-version 1 file -o proof.car 2>line
  [ "$(stat -c %s proof.car)" -lt 300000 ]
  p2p-hash --check-proof "$cid" --range 1MiB+64KiB proof.car -o bytes
  cmp bytes <(tail -c +1048577 file | head -c 65536)
  p2p-hash --check-proof "$cid" --range 1MiB+64KiB -o - <proof.car | cmp - bytes
  # It says nothing about other bytes, or another file.
  run -1 p2p-hash --check-proof "$cid" --range 0-0 proof.car
  run -1 p2p-hash --check-proof "$cid" proof.car
  run -1 p2p-hash --check-proof "$(cid tree/file)" proof.car
  run -1 p2p-hash --check-proof "$cid" --range 1MiB+64KiB tree/file
  flip proof.car 1000
  run -1 p2p-hash --check-proof "$cid" --range 1MiB+64KiB proof.car -o never
  [ ! -e never ]
  # From a pipe too, and of all there is.
  cat file | p2p-hash --prove -1KiB --cid-version 1 - 2>line | p2p-hash --check-proof "$cid" --range -1KiB
  p2p-hash --prove 0- tree/nothing | p2p-hash --check-proof "$(cid tree/nothing)" -
}

@test "ranges that make no sense are told so" {
  local range
  p2p-hash --prove 0-1 tree/file >proof
  [ -s proof ]
  for range in 5 a-b 5-4 + 1+ -- -5-6 '' 99999999999999999999-; do
    run -2 p2p-hash --prove "$range" tree/file
  done
  run -2 p2p-hash --prove 100- tree/file
  run -2 p2p-hash --prove 0-1 tree/file tree/nothing
  run -2 p2p-hash --prove 0-1 --json tree/file
}

@test "options of one mode are not silently nothing in another" {
  p2p-hash --cid --car x.car tree/file
  rm x.car
  run -2 p2p-hash --car x.car tree/file
  [ ! -e x.car ]
  run -2 p2p-hash --cid --car-version 2 tree/file
  run -2 p2p-hash -o x tree/file
  run -2 p2p-hash -f tree/file
  run -2 p2p-hash --range 0-1 tree/file
  run -2 p2p-hash --verify x.car --extract x.car
  run -2 p2p-hash --cid --car - --json tree/file
}

@test "hostile standard streams" {
  p2p-hash --cid -r --car tree.car tree
  stdio_full p2p-hash --verify tree.car
  stdio_full p2p-hash --extract tree.car file -o -
  stdio_full p2p-hash --prove 0-1 tree/file
  stdio_closed_stdout p2p-hash --verify tree.car
  stdio_closed_stdout p2p-hash --cid --car - tree/file
  stdio_closed_stderr 0 p2p-hash --verify tree.car
  stdio_closed_stdin 1 p2p-hash --verify -
  stdio_null_stdin 1 p2p-hash --verify -
  stdio_file_stdin 0 tree.car p2p-hash --verify -
  stdio_gone p2p-hash --extract tree.car sub/large -o -
  stdio_head p2p-hash --cid --car - tree/sub/large -q
  stdio_bytewise tree.car p2p-hash --verify -
  stdio_bytewise tree.car p2p-hash --extract - file -o -
  stdio_tty 2 p2p-hash --cid --car - tree/file
  grep -q 'hint: .*--force' out
}

@test "a temporary file that cannot be written is no answer" {
  p2p-hash --cid -r --car tree.car tree
  TMPDIR=/nonexistent p2p-hash --verify tree.car
  head -c 3000000 /dev/urandom >large
  TMPDIR=/nonexistent run -2 p2p-hash --prove 0- --chunker size-1000000 - <large
  [[ "$output" == *"error: make a temporary file in /nonexistent: No such file or directory"* ]]
  TMPDIR=/nonexistent run -0 p2p-hash --extract tree.car file -o -
  p2p-hash --cid --car large.car --chunker size-1000000 large
  TMPDIR=/nonexistent run -2 p2p-hash --extract - <large.car
}
