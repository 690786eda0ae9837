#!/usr/bin/env bats
# p2p-hash where the system gives less than it should, and input is made to wear it out: full disks,
# archives that hold more than they are, signals in the middle of the work.

bats_require_minimum_version 1.5.0
load checks
load stdio

setup() {
  cd "$BATS_TEST_TMPDIR"
  export TMPDIR=$BATS_TEST_TMPDIR
}

# on_small_disk CMD...: runs CMD where disk/ is a file system of 4 MiB.
on_small_disk() {
  mkdir -p disk
  unshare "$_mounts" bash -c 'mount -t tmpfs -o size=4m disk disk && "$@"' on_small_disk "$@"
}
need_mounts() {
  for _mounts in -m -rm; do
    ! on_small_disk true 2>/dev/null || return 0
  done
  left_out "mounts of its own are not allowed here"
}

# dag_car SHAPE: a CAR whose one folder holds
#   bomb   first: "bomb", forty-seven blocks that name 2^60 bytes, then "fine" of 7
#   many   sixteen files, each 1 MiB, all of the same 16 KiB of content
#   slow   "a" of 7 bytes, and "b" of 2^30, one byte a block, which takes long
#   liar   "liar", which says that it has 6 bytes, in a part that says it has 2^40
dag_car() {
  python3 - "$1" <<'PY'
import hashlib, sys
def varint(n):
    out = bytearray()
    while n >= 128: out.append(n & 127 | 128); n >>= 7
    return bytes(out + bytes([n]))
def field(number, data): return varint(number << 3 | 2) + varint(len(data)) + data
def number(at, n): return varint(at << 3) + varint(n)
def cid(codec, data): return b"\1" + bytes([codec]) + b"\x12\x20" + hashlib.sha256(data).digest()
sections = []
def put(codec, data):
    c = cid(codec, data)
    sections.append(varint(len(c) + len(data)) + c + data)
    return c
def link(name, c, size): return field(2, field(1, c) + field(2, name) + number(3, size))
def file(parts):
    links = b"".join(link(b"", c, 0) for c, _ in parts)
    sizes = b"".join(number(4, size) for _, size in parts)
    return put(0x70, links + field(1, b"\x08\x02" + number(3, sum(s for _, s in parts)) + sizes))
def doubled(c, size, times):
    for _ in range(times): c, size = file([(c, size), (c, size)]), 2 * size
    return c, size
entries = []
if sys.argv[1] == "bomb":
    entries = [(b"bomb", *doubled(put(0x55, b"b" * 16384), 16384, 46)), (b"fine", put(0x55, b"escaped"), 7)]
if sys.argv[1] == "many":
    large = doubled(put(0x55, bytes(range(256)) * 64), 16384, 6)
    entries = [(b"%02d" % i, *large) for i in range(16)]
if sys.argv[1] == "slow":
    entries = [(b"a", put(0x55, b"escaped"), 7), (b"b", *doubled(put(0x55, b"b"), 1, 30))]
if sys.argv[1] == "liar":
    large, _ = doubled(put(0x55, b"b"), 1, 40)
    entries = [(b"liar", file([(put(0x55, b"bbb"), 3), (large, 3)]), 6)]
folder = put(0x70, b"".join(link(*e) for e in entries) + field(1, b"\x08\x01"))
header = b"\xa2\x65roots\x81\xd8\x2a\x58\x25\0" + folder + b"\x67version\1"
sys.stdout.buffer.write(varint(len(header)) + header + b"".join(sections))
PY
}

@test "a file larger than the disk has room for is refused before any of it is written" {
  dag_car bomb >bomb.car
  p2p-hash --verify bomb.car
  run -1 timeout 20 p2p-hash --extract bomb.car -o out
  [[ "$output" =~ ^"p2p-hash: out/bomb: its 1152921504606846976 bytes do not fit into the "[0-9]+" that are free on the file system"$ ]]
  # The rest came out.
  [ "$(ls -A out)" = fine ]
  [ "$(cat out/fine)" = escaped ]
  run -1 timeout 20 p2p-hash --extract bomb.car bomb -o alone
  [[ "$output" == *"1152921504606846976 bytes do not fit"* ]]
  [ ! -e alone ]
}

@test "a pipe takes any number of bytes" {
  dag_car bomb >bomb.car
  [ "$(timeout 20 p2p-hash --extract bomb.car bomb -o - | head -c 3000000 | tr -d b | wc -c)" -eq 0 ]
  mkfifo fifo
  timeout 20 p2p-hash --extract bomb.car bomb -o fifo 2>err &
  local tool=$! status=0
  head -c 3000000 <fifo | tr -d b | wc -c >others
  wait "$tool" || status=$?
  [ "$(cat others)" -eq 0 ]
  [ "$status" -ne 0 ] && [ "$status" -ne 124 ]
}

@test "many files, each of which would fit: the disk's room is what the others have left" {
  need_mounts
  dag_car many >many.car
  # Asked for all of them at once, it does not begin.
  # shellcheck disable=SC2016
  run -1 on_small_disk bash -c 'p2p-hash --extract many.car -o disk/out; s=$?; ls -A disk/out >names; exit $s'
  [[ "$output" =~ ^"p2p-hash: "[a-z0-9]+": its files do not fit together into the "[0-9]+" bytes that are free on the file system"$ ]]
  [ ! -s names ]
  # What is there already makes room where it is replaced.
  mkdir three
  head -c 1000000 /dev/urandom | tee three/a three/b >three/c
  p2p-hash --cid -r --car three.car three
  run -0 on_small_disk bash -c '
    p2p-hash --extract three.car -o disk/out && p2p-hash --extract three.car -f -o disk/out &&
    cmp three/c disk/out/c'
  # shellcheck disable=SC2016
  run -1 on_small_disk bash -c 'p2p-hash --extract many.car {00..15} -o disk/out/; s=$?; ls -A disk/out >names; exit $s'
  [ "$(paste -sd' ' names)" = "00 01 02" ] || [ "$(paste -sd' ' names)" = "00 01 02 03" ]
  [ "${#lines[@]}" -eq $((16 - $(wc -l <names))) ]
  [[ "${lines[0]}" =~ ^"p2p-hash: 0"[34]": write disk/out/0"[34]": its 1048576 bytes do not fit into the "[0-9]+" that are free" ]]
}

@test "of roots that are all missing a few are named, and the others counted" {
  python3 - >roots.car <<'PY'
import hashlib, sys
def varint(n):
    out = bytearray()
    while n >= 128: out.append(n & 127 | 128); n >>= 7
    return bytes(out + bytes([n]))
def cid(data): return b"\1\x55\x12\x20" + hashlib.sha256(data).digest()
roots = b"".join(b"\xd8\x2a\x58\x25\0" + cid(b"%d" % n) for n in range(20000))
header = b"\xa2\x65roots\x99" + (20000).to_bytes(2, "big") + roots + b"\x67version\1"
there = cid(b"12345") + b"12345"
sys.stdout.buffer.write(varint(len(header)) + header + varint(len(there)) + there)
PY
  run -1 p2p-hash --extract roots.car -o out/
  [ "${#lines[@]}" -eq 11 ]
  [[ "${lines[9]}" == *"is missing" ]]
  [ "${lines[10]}" = "p2p-hash: roots.car: so it is with 19989 more of its roots" ]
  [ "$(cat out/*)" = 12345 ]
}

@test "sizes that lie are found out before more is written than they say" {
  dag_car liar >liar.car
  run -1 timeout 20 p2p-hash --extract liar.car -o out
  [[ "$output" == *"says that part "*" has 3 bytes, but it has 1099511627776" ]]
  [ -z "$(ls -A out)" ]
}

@test "a disk that is full after all leaves no half a file, and no answer" {
  need_mounts
  head -c 3000000 /dev/urandom >large
  local taken what
  # What is full is the temporary copy of the blocks, or the archive.
  for taken in 2000000 500000; do
    # shellcheck disable=SC2016
    run -2 --separate-stderr on_small_disk bash -c '
      printf old >disk/out.car
      head -c "$0" /dev/zero >disk/taken
      p2p-hash --cid --car disk/out.car large
      s=$?; ls -A disk >names; cat disk/out.car >old; exit $s' "$taken"
    what="write disk/out.car"
    [ "$taken" = 500000 ] || what="write a temporary file in disk"
    [ "$stderr" = "p2p-hash: error: $what: No space left on device" ]
    [ "$(paste -sd' ' names)" = "out.car taken" ]
    [ "$(cat old)" = old ]
  done
  # There is room for bytes, but not for another file.
  mkdir tree && printf a >tree/a && printf b >tree/b && printf c >tree/c
  p2p-hash --cid -r --car tree.car tree
  # shellcheck disable=SC2016
  run -2 --separate-stderr on_small_disk bash -c '
    mount -t tmpfs -o size=4m,nr_inodes=4 disk disk || exit 99
    p2p-hash --extract tree.car a b c -o disk/out/
    s=$?; ls -A disk/out >names; exit $s'
  [ "$stderr" = "p2p-hash: error: write disk/out/c: No space left on device" ]
  [ "$(paste -sd' ' names)" = "a b" ]
  # shellcheck disable=SC2016
  run -1 on_small_disk bash -c '
    mount -t tmpfs -o size=4m,nr_inodes=4 disk disk || exit 99
    p2p-hash --extract tree.car -o disk/out
    s=$?; ls -A disk/out >names; exit $s'
  [[ "$output" == *": it holds more files and folders than the 2 that the file system has room for" ]]
  [ ! -s names ]
}

@test "a write that fails in the middle of a file leaves nothing of it" {
  head -c 3000000 /dev/urandom >large
  p2p-hash --cid --car large.car large
  mkdir out
  # shellcheck disable=SC2016
  run -2 --separate-stderr bash -c 'ulimit -f 1000; trap "" XFSZ; p2p-hash --extract large.car -o out/large'
  [ "$stderr" = "p2p-hash: error: write out/large: File too large" ]
  [ -z "$(ls -A out)" ]
}

@test "a signal within the calls that put a file in its place: the old file is there, or all of the new" {
  strace -f -qq -o /dev/null true 2>/dev/null || left_out "strace is not there, or may look at no program"
  local without call prefix
  without=$BATS_TEST_DIRNAME/../support/without_tmpfile
  head -c 3000000 /dev/urandom >large
  p2p-hash --cid --car new.car large
  "$without" true || without=
  # Sent as the call begins, so that it comes when the call is done.
  for call in fsync linkat '/^rename'; do
    for prefix in '' $without; do
      [ "$call" != linkat ] || [ -z "$prefix" ] || continue # it is not called
      rm -rf there && mkdir there && printf old >there/out.car
      # shellcheck disable=SC2086 # none, or one word
      run -143 strace -f -qq -o /dev/null -e inject="$call:signal=TERM" $prefix p2p-hash --cid --car there/out.car large
      [ "$(ls -A there)" = out.car ]
      [ "$(cat there/out.car)" = old ] || cmp there/out.car new.car
    done
  done
}

# has_open PID REGEX: the process has a file open whose name, as /proc has it, matches.
has_open() { grep -q "$2" <(find "/proc/$1/fd" -lname '*' -printf '%l\n' 2>/dev/null); }

# ended_by SIGNAL PID: sent that signal, the process ends by it.
ended_by() {
  local status=0
  kill -s "$1" "$2"
  wait "$2" || status=$?
  [ "$status" -eq $((128 + $(kill -l "$1"))) ] || { echo "SIG$1: exit status $status"; return 1; }
}

# start CMD...: in the background, with a pid in $tool; bash would have it ignore SIGINT.
start() {
  env --default-signal=INT "$@" 2>err &
  tool=$!
}

# signals_leave_nothing [PREFIX]...: of what the tool, started with PREFIX, writes when a signal comes.
signals_leave_nothing() {
  local signal tool
  mkfifo fifo
  truncate -s 1T endless
  dag_car slow >slow.car
  head -c 3000000 /dev/urandom >large
  p2p-hash --cid --car large.car large
  for signal in INT TERM HUP; do
    rm -rf there && mkdir there && printf old >there/out.car && printf old >there/out.torrent

    start "$@" p2p-hash --cid --car there/out.car fifo
    exec 5>fifo # opens once the tool has
    head -c 300000 /dev/zero >&5 # more than the pipe holds: the tool reads
    ended_by "$signal" "$tool"
    exec 5>&-

    start "$@" p2p-hash --torrent there/out.torrent endless
    eventually has_open "$tool" /endless
    ended_by "$signal" "$tool"

    [ "$(ls -A there | paste -sd' ')" = "out.car out.torrent" ]
    [ "$(cat there/*)" = oldold ]

    printf old >there/b
    start "$@" p2p-hash --extract slow.car -o there -f
    eventually has_open "$tool" '/there/[#.]'
    eventually [ -e there/a ]
    ended_by "$signal" "$tool"
    [ "$(ls -A there | paste -sd' ')" = "a b out.car out.torrent" ]
    [ "$(cat there/a there/b)" = escapedold ]

    # The archive comes, and is copied.
    start "$@" p2p-hash --extract fifo -o there
    exec 5>fifo
    head -c 2000000 large.car >&5 # more than is kept in memory
    ended_by "$signal" "$tool"
    exec 5>&-
    [ "$(ls -A there | paste -sd' ')" = "a b out.car out.torrent" ]
  done
  # Nor where standard output has no reader; the archive is done by then.
  stdio_gone "$@" p2p-hash --cid --car there/out.car large
  cmp there/out.car large.car
  [ "$(find . -name '*.tmp' -o -name '.p2p*' -o -name 'p2p-*' | wc -l)" -eq 0 ]
}

@test "a signal leaves no temporary file behind, and what was there before" {
  signals_leave_nothing
}

@test "a signal leaves no temporary file behind where files need a name" {
  local without=$BATS_TEST_DIRNAME/../support/without_tmpfile
  "$without" true || left_out "system calls cannot be filtered here"
  signals_leave_nothing "$without"
}

@test "what is written without nameless files is the same" {
  local without=$BATS_TEST_DIRNAME/../support/without_tmpfile
  "$without" true || left_out "system calls cannot be filtered here"
  mkdir -p tree/sub && printf a >tree/a && ln -s a tree/sub/link && head -c 3000000 /dev/zero >tree/z
  p2p-hash --cid -r --car one.car tree
  "$without" p2p-hash --cid -r --car two.car tree
  cmp one.car two.car
  for _ in 1 2; do
    "$without" p2p-hash --extract one.car -o out -f
    diff -r --no-dereference tree out
  done
  run -1 "$without" p2p-hash --extract one.car -o out
  [ "${#lines[@]}" -eq 3 ]
  [ "$(find . -name '*.tmp' -o -name '.p2p*' | wc -l)" -eq 0 ]
}

@test "a system that gives no more threads has the work done by those there are" {
  mkdir many
  local i
  for i in {1..50}; do head -c $((i * 20000)) /dev/zero >many/$i; done
  p2p-hash -j 1 -r many >sums
  p2p-hash -j 1 --cid -r --car one.car many >cids
  # A thread's stack is most of the memory that there may be.
  # shellcheck disable=SC2016
  bash -c 'ulimit -s 3000000 -v 4000000
    p2p-hash -j 8 -r many | cmp - sums && p2p-hash -j 8 --verify one.car
    p2p-hash -j 8 --cid -r --car two.car many | cmp - cids'
  cmp one.car two.car
}
