#!/usr/bin/env bats
# p2p-hash --torrent, --magnet and --verify of torrents. Whether they are libtorrent's, tests/interop/hash
# sees; here are known infohashes and what goes wrong.

bats_require_minimum_version 1.5.0
load stdio

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# A folder with files that end within pieces and on their edges.
album() {
  mkdir -p album/sub
  head -c 40000 /dev/zero >album/a
  head -c 16384 /dev/zero | tr '\0' b >album/sub/b
  printf c >album/sub/c
  : >album/sub/empty
}

@test "libtorrent's infohashes of zeros" {
  head -c 65536 /dev/zero >test64K
  [ "$(p2p-hash --torrent o --piece-size 64KiB test64K | cut -f3)" = \
    597b180c1a170a585dfc5e85d834d69013ceda174b8f357d5bb1a0ca509faf0a ]
  head -c 1048576 /dev/zero >test1MB
  [ "$(p2p-hash --torrent o --piece-size 64KiB test1MB | cut -f3)" = \
    108ac2c3718ce722e6896edc56c4afa98f1d711ecaace7aad74fca418ebd03de ]
  [ "$(p2p-hash --torrent o --torrent-version 2 --piece-size 64KiB test1MB | cut -f1)" = \
    95e04d0c4bad94ab206efa884666fd89777dbe4f7bd9945af1829037a85c6192 ]
}

@test "the same files give the same torrent, whatever number of threads makes it" {
  album
  p2p-hash --torrent one.torrent album
  touch -d 2001-01-01 album/a
  cp -r album again && mkdir elsewhere && mv again elsewhere/album
  local jobs version
  for jobs in 1 2 7; do
    p2p-hash -j "$jobs" --torrent two.torrent elsewhere/album/
    cmp one.torrent two.torrent
  done
  for version in 1 2 hybrid; do
    p2p-hash --torrent "$version.torrent" --torrent-version "$version" --piece-size 16KiB album
    p2p-hash --verify "$version.torrent" album
    p2p-hash --verify "$version.torrent" .
  done
  # On standard output it is the same, and alone.
  p2p-hash --torrent - album | cmp - one.torrent
  P2P_FORMAT=json p2p-hash --torrent - album | cmp - one.torrent
  # What stands around the info dictionary does not change what it is known by.
  same "$(p2p-hash --torrent two.torrent --date now --comment x --announce http://t/ album | cut -f1,3)" \
    "$(p2p-hash --torrent one.torrent album | cut -f1,3)"
  grep -q '13:creation datei5e' <(p2p-hash --torrent - --date 5 album)
}

@test "what is said of a torrent stands in it" {
  mkdir -p words/sub
  printf 'a\n' >words/a
  printf 'b\n' >words/sub/b
  chmod 755 words/a
  chmod 644 words/sub/b
  is() {
    local expected=$1
    shift
    p2p-hash --torrent o --torrent-version 1 "$@" words
    [[ "$(LC_ALL=C tr -dc '[:print:]' <o)" == *"$expected"* ]]
  }
  is '5:filesld4:attr1:x6:lengthi2e4:pathl1:aeed6:lengthi2e4:pathl3:sub1:bee'
  is '5:filesld6:lengthi2e4:pathl1:aeed6:lengthi2e4:pathl3:sub1:bee' --no-attributes
  is 'd4:attr1:p6:lengthi16382e4:pathl4:.pad5:16382eed6:lengthi2e4:pathl3:sub1:bee' --align
  is 'd7:comment5:a b c4:info' --comment 'a b c'
  is 'd10:created by2:me4:info' --created-by me
  is '7:privatei1ee' --private
  is '8:announce8:http://t13:announce-listll8:http://tel7:udp://uee' --announce http://t --announce udp://u
  is '8:url-list8:http://w' --web-seed http://w
  is '4:name3:new12:piece length' --name new
  is '12:piece lengthi32768e' --piece-size 32KiB
  run -1 is '7:privatei1ee'
}

@test "the torrent of last time is no part of the next" {
  album
  local first
  first=$(p2p-hash --torrent album/album.torrent album | cut -f1)
  same "$(p2p-hash --torrent album/album.torrent album | cut -f1)" "$first"
}

@test "several files need a name; a folder's name may be another" {
  album
  run -2 --separate-stderr p2p-hash --torrent o album/a album/sub
  [[ "$stderr" == *"--name is needed"* ]]
  p2p-hash --torrent o --name both album/a album/sub
  mkdir both && cp -r album/a album/sub both
  p2p-hash --torrent p both
  cmp o p
  p2p-hash --torrent o --name other album
  p2p-hash --verify o album
  (cd album && p2p-hash --torrent ../p .)
  same "$(p2p-hash --magnet p)" "$(p2p-hash --torrent q --magnet album | sed s/q$/p/)"
  run -2 p2p-hash --torrent o album/a album/a --name x
  run -2 p2p-hash --torrent o --name ../x album
  run -2 p2p-hash --torrent o --name "" album
}

@test "links are followed, or kept" {
  album
  ln -s ../a album/sub/link
  p2p-hash --torrent o album
  grep -aq 'lengthi40000e4:pathl3:sub4:link' o
  p2p-hash --torrent o --symlinks album
  grep -aq '12:symlink pathl1:ae' o
  ln -s ../.. album/sub/out
  run -1 --separate-stderr p2p-hash --torrent p --symlinks album
  [ "$stderr" = "p2p-hash: album/sub/out: a link that leads out of the torrent" ]
  [ ! -e p ]
  rm album/sub/out && ln -s .. album/sub/up
  run -1 --separate-stderr p2p-hash --torrent p album
  [ "$stderr" = "p2p-hash: album/sub/up: a link to a folder that it stands in" ]
  rm album/sub/up && ln -s nowhere album/dangling
  run -1 --separate-stderr p2p-hash --torrent p album
  [ "$stderr" = "p2p-hash: album/dangling: No such file or directory" ]
}

@test "links that stand in a torrent are checked, and lead nowhere" {
  album
  ln -s ../a album/sub/link
  ln -s sub album/folder
  p2p-hash --torrent o --symlinks album
  p2p-hash --verify o album
  p2p-hash --verify o .
  # Where it points to counts, not how that is said.
  ln -sfn "$PWD/album/sub/../a" album/sub/link
  p2p-hash --verify o album
  local wrong
  for wrong in ../b a ../../album/../a ../../a "" /; do
    rm -f album/sub/link
    [ -z "$wrong" ] || ln -s "$wrong" album/sub/link
    run -1 p2p-hash --verify o album
    [[ "${lines[0]}" == "album/sub/link	fail	${wrong:+a link to $wrong instead of a in the torrent}"* ]]
    [ -n "$wrong" ] || [[ "${lines[0]}" == *"missing" ]]
    [[ "${lines[1]}" == *"0 of 5 pieces and 1 of 6 files are not as they should be" ]]
  done
  rm album/sub/link && cp album/a album/sub/link
  run -1 p2p-hash --verify o album
  [ "${lines[0]}" = "album/sub/link	fail	Not a symbolic link" ]
  # No link is read outside of the folder.
  mkdir outside && cp -r album/sub/. outside && ln -sfn ../a outside/link
  rm -r album/sub && ln -s "$PWD/outside" album/sub
  run -1 p2p-hash --verify o album
  [[ "$output" == *"album/sub/link	fail	its path leads out of the folder"* ]]
  printf 'd4:infod5:filesld4:attr1:l6:lengthi0e4:pathl2:..1:xe12:symlink pathl1:aeed6:lengthi6e4:pathl1:aeee4:name1:d12:piece lengthi16384e6:pieces20:%020dee' 0 >p
  run -1 p2p-hash --verify p outside
  [ "${lines[0]}" = "outside/../x	fail	its path leads out of the folder" ]
}

@test "a torrent comes on standard input, or in a pipe" {
  album
  p2p-hash --torrent o album
  p2p-hash --verify - album <o
  stdio_bytewise o p2p-hash --verify - album
  p2p-hash --verify <(cat o) album
  run -1 p2p-hash --verify - nosuch.car <<<d
  [[ "$output" == *"-: FAILED"*"nosuch.car: FAILED"* ]]
  run -2 p2p-hash --verify - - <o
  run -2 p2p-hash --verify - <o
  [[ "$output" == *"needs one FILE"* ]]
  run -2 --separate-stderr p2p-hash --verify - album < <(head -c 100 o)
  [[ "$stderr" == "p2p-hash: error: read -: "* ]]
  run -2 --separate-stderr timeout 60 p2p-hash --verify - album < <(printf 'd1:a'; cat /dev/zero)
  [[ "$stderr" == "p2p-hash: error: read -: larger than "* ]]
  # What is left of standard input is what is read.
  { printf 'junk'; cat o; } >late
  { dd bs=4 count=1 status=none of=/dev/null; p2p-hash --verify - album; } <late
}

@test "links between folders without a file make no endless walk" {
  local i j
  for i in {1..12}; do
    mkdir -p maze/$i
    for j in {1..12}; do [ $i = $j ] || ln -s ../$j maze/$i/$j; done
  done
  run -1 --separate-stderr timeout 60 p2p-hash --torrent o maze
  [[ "${stderr_lines[0]}" == *": a link to a folder that it stands in" ]]
  [ "${#stderr_lines[@]}" -eq 1001 ]
  [[ "${stderr_lines[1000]}" == *": too many faults: the rest is left out" ]]
  [ ! -e o ]
}

@test "what cannot be read is told, all of it, and no torrent is made" {
  album
  mkfifo album/fifo album/sub/fifo
  printf old >o
  run -1 --separate-stderr p2p-hash --torrent o album nosuch --name x
  [ -z "$output" ]
  [ "${#stderr_lines[@]}" -eq 3 ]
  [[ "$stderr" == *"album/fifo: Not a regular file"* ]]
  [[ "$stderr" == *"nosuch: No such file or directory"* ]]
  [ "$(cat o)" = old ]
  run -1 --separate-stderr p2p-hash --json --torrent o album nosuch --name x
  echo "$output" | p2p-check-records
}

@test "usage" {
  album
  run -2 p2p-hash --torrent o
  run -2 p2p-hash --torrent o -
  run -2 p2p-hash --torrent "" album
  run -2 p2p-hash --torrent o --piece-size 48KiB album
  p2p-hash --torrent o --torrent-version 1 --piece-size 48KiB album
  run -2 p2p-hash --torrent o --piece-size 1000B album
  run -2 p2p-hash --torrent o --piece-size 8KiB album
  run -2 p2p-hash --torrent o --piece-size 1GiB album
  run -2 p2p-hash --torrent o --announce nowhere album
  run -2 p2p-hash --torrent o --announce "http://a b/" album
  run -2 p2p-hash --torrent o --date yesterday album
  run -2 p2p-hash --torrent o --date -1 album
  run -2 p2p-hash --torrent - --magnet album
  run -2 p2p-hash --torrent o --cid album
  run -2 p2p-hash --private album/a
  run -2 p2p-hash --magnet --private o
  run -2 p2p-hash --verify o
  run -2 p2p-hash --verify o album album
  mkdir empty && : >empty/file
  run -2 --separate-stderr p2p-hash --torrent o empty
  [[ "$stderr" == *"no file has any content"* ]]
  run -2 p2p-hash --torrent nosuch/o album
  run -1 p2p-hash --verify nosuch album
  run -2 p2p-hash --verify o nosuch
}

@test "magnet links" {
  printf 'hello world' >'a b'
  p2p-hash --torrent o --announce http://t/a,http://t/b --announce udp://u --web-seed http://w/ 'a b'
  run -0 p2p-hash --magnet o
  [[ "$output" == "magnet:?xt=urn:btih:"*"&xt=urn:btmh:1220"*"&dn=a%20b&tr=http%3A%2F%2Ft%2Fa&tr=http%3A%2F%2Ft%2Fb&tr=udp%3A%2F%2Fu&ws=http%3A%2F%2Fw%2F	o" ]]
  same "$(p2p-hash --magnet <o | cut -f1)" "$(p2p-hash --magnet o | cut -f1)"
  run -1 --separate-stderr p2p-hash --magnet o 'a b' nosuch
  [ "${#lines[@]}" -eq 1 ]
  [ "${stderr_lines[0]}" = "p2p-hash: 'a b': no torrent: no value at byte 0" ]
  p2p-hash --json --magnet o | p2p-check-records
  p2p-hash --json --torrent p 'a b' | p2p-check-records
}

@test "a download with faults: each file and piece that is bad is named" {
  album
  p2p-hash --torrent 2.torrent --torrent-version 2 --piece-size 16KiB album
  p2p-hash --torrent 1.torrent --torrent-version 1 --piece-size 16KiB album
  printf x | dd of=album/a bs=1 seek=20000 conv=notrunc status=none
  run -1 --separate-stderr p2p-hash --verify 2.torrent album
  [ "$output" = "album/a	fail	content differs in 1 piece
2.torrent	fail	1 of 5 pieces and 1 of 4 files are not as they should be" ]
  run -1 p2p-hash --json --verify 2.torrent album
  echo "$output" | p2p-check-records
  [ "$(echo "$output" | jq -c 'select(.pieces) | [.subject, .pieces]')" = '["album/a",["1"]]' ]

  # A piece of the first version that two files share says nothing for one where the other is gone.
  album
  mv album/sub/b album/sub/B
  run -1 p2p-hash --verify 1.torrent album
  [ "$output" = "album/a	fail	1 piece cannot be checked for want of other files
album/sub/b	fail	missing
album/sub/c	fail	1 piece cannot be checked for want of other files
1.torrent	fail	2 of 4 pieces and 3 of 4 files are not as they should be" ]
  run -1 p2p-hash --verify 2.torrent album
  [ "${lines[0]}" = "album/sub/b	fail	missing" ]
  [ "${#lines[@]}" -eq 2 ]
  mv album/sub/B album/sub/b

  printf more >>album/sub/c
  run -1 p2p-hash --verify 2.torrent .
  [ "${lines[0]}" = "./album/sub/c	fail	5 bytes instead of 1" ]
  head -c 30000 /dev/zero >album/a
  run -1 p2p-hash --verify 1.torrent album
  [ "${lines[0]}" = "album/a	fail	30000 bytes instead of 40000" ]
  rm album/sub/empty album/a
  mkfifo album/a
  run -1 p2p-hash --verify 1.torrent album
  [ "${lines[0]}" = "album/a	fail	Not a regular file" ]
  [[ "$output" == *"album/sub/empty	fail	missing"* ]]
}

@test "a lone file is checked by its own name or any" {
  head -c 50000 /dev/urandom >file
  local version
  for version in 1 2 hybrid; do
    p2p-hash --torrent o --torrent-version "$version" file
    p2p-hash --verify o file
    p2p-hash --verify o .
    mv file other
    p2p-hash --verify o other
    run -1 p2p-hash --verify o .
    [ "${lines[0]}" = "./file	fail	missing" ]
    mv other file
  done
}

@test "a file without hashes of its pieces is checked as a whole" {
  seq 20000 >file
  p2p-hash --torrent o --torrent-version 2 --piece-size 16KiB file
  # Cut off the piece layers: they stand behind the info dictionary.
  perl -0777 -pe 's/12:piece layersd.*/e/s' o >bare
  p2p-hash --verify bare file
  printf x | dd of=file bs=1 seek=20000 conv=notrunc status=none
  run -1 p2p-hash --json --verify bare file
  [ "$(echo "$output" | jq -c 'select(.pieces) | .pieces')" = '["0-6"]' ]
  run -1 p2p-hash --json --verify o file
  [ "$(echo "$output" | jq -c 'select(.pieces) | .pieces')" = '["1"]' ]
}

@test "hostile torrents reach nothing outside the folder" {
  printf secret >secret
  mkdir d
  local sum path
  sum=$(printf secret | sha1sum | cut -c1-40 | xxd -r -p | od -An -v -to1 | tr -d '\n' | tr ' ' '\\')
  for path in '2:..6:secret' "0:6:secret" "${#PWD}:${PWD}6:secret" '4:link6:secret' '9:../secret' '2:fl'; do
    ln -sfn .. d/link
    ln -sfn ../secret d/fl
    printf "d4:infod5:filesld6:lengthi6e4:pathl%seee4:name1:d12:piece lengthi16384e6:pieces20:${sum}ee" "$path" >o
    run -1 --separate-stderr p2p-hash --verify o d
    [[ "${lines[0]}" == *"	fail	"*"leads out of the folder" ]]
  done
  # A link that stays below is no harm.
  printf secret >d/real && ln -sfn real d/fl
  p2p-hash --verify o d
  # The name leads nowhere either.
  printf "d4:infod6:lengthi6e4:name9:../secret12:piece lengthi16384e6:pieces20:${sum}ee" >o
  run -1 p2p-hash --verify o d
  [[ "${lines[0]}" == *"leads out of the folder" ]]
  p2p-hash --verify o secret
  # What is not a file is not waited for.
  mkfifo fifo
  run -1 timeout 10 p2p-hash --verify o fifo
  [[ "${lines[0]}" == "fifo	fail	Not a regular file" ]]
  # Few bytes name two million pieces of a file that is not there.
  printf 'd4:infod9:file treed6:nosuchd0:d6:lengthi34359738368e11:pieces root32:%032deee12:meta versioni2e4:name1:n12:piece lengthi16384eee' 0 >o
  run -1 timeout 60 p2p-hash --verify o d
  [ "${lines[0]}" = "d/nosuch	fail	missing" ]
}

@test "padding that is nowhere takes no time" {
  printf 'hello world' >file
  local hash
  hash=$({ cat file; head -c 16373 /dev/zero; } | sha1sum | cut -c1-40 | xxd -r -p | od -An -v -to1 | tr -d '\n' | tr ' ' '\\')
  {
    printf 'd4:infod5:filesld6:lengthi11e4:pathl4:fileeed4:attr1:p6:lengthi16373e4:pathl4:.pad1:aee'
    printf 'd4:attr1:p6:lengthi%de4:pathl4:.pad1:beee4:name1:d12:piece lengthi%de6:pieces' $((16384 * 2000000)) 16384
    printf '%d:' $((20 * 2000001))
    printf '%b' "${hash//\\/\\0}"
    head -c $((20 * 2000000)) /dev/zero
    printf ee
  } >o
  timeout 20 p2p-hash --verify o .
  printf j | dd of=file conv=notrunc status=none
  run -1 p2p-hash --verify o .
  [ "${#lines[@]}" -eq 2 ]
}

@test "broken torrents: one line, and at which byte" {
  album
  p2p-hash --torrent o album
  local size
  size=$(stat -c %s o)
  for cut in 2 10 100 $((size / 2)) $((size - 1)); do
    head -c "$cut" o >cut
    run -2 --separate-stderr p2p-hash --verify cut album
    [[ "$stderr" == "p2p-hash: error: read cut: "* ]]
    [ -z "$output" ]
  done
  { cat o; echo; } >more
  run -0 --separate-stderr p2p-hash --verify more album
  [ "$stderr" = "p2p-hash: warning: more: not canonical: bytes after the value at byte $size" ]
  printf 'd1:a%0100000d' 0 | tr 0 l >deep
  run -2 --separate-stderr p2p-hash --verify deep album
  [[ "$stderr" == *"deeper than 100 levels"* ]]
}

@test "standard streams" {
  album
  p2p-hash --torrent o album
  stdio_full p2p-hash --torrent o album
  stdio_full p2p-hash --torrent - album
  stdio_full p2p-hash --magnet o
  stdio_full p2p-hash --verify o album
  stdio_closed_stdout p2p-hash --torrent o album
  stdio_closed_stderr 0 p2p-hash --torrent o album
  stdio_closed_stderr 1 p2p-hash --torrent o album nosuch --name x
  stdio_gone p2p-hash --torrent o album
  stdio_gone p2p-hash --verify o album
  stdio_bytewise o p2p-hash --magnet
  # A device that is full is no file to be replaced.
  run -2 --separate-stderr p2p-hash --torrent /dev/full album
  [[ "$stderr" == *"No space left on device"* ]]
  [ -c /dev/full ]
}

@test "memory is bounded, whatever the size of files and pieces" {
  truncate -s 600M big
  local piece
  for piece in 16KiB 256MiB; do
    run -0 /usr/bin/time -f %M -o kib p2p-hash --torrent o --piece-size "$piece" big
    [[ $output == *o* && -s o ]]
    [ "$(cat kib)" -lt 65536 ]
    run -0 /usr/bin/time -f %M -o kib p2p-hash --verify o big
    [[ $output == "o	ok"* ]]
    [ "$(cat kib)" -lt 65536 ]
    rm o
  done
}

@test "a torrent of as many pieces as there may be is read in bounded memory" {
  python3 - <<'PY'
import os
count = 0x200000
open("many.torrent", "wb").write(
    b"d4:infod6:lengthi%de4:name1:x12:piece lengthi16384e6:pieces%d:" % (count * 16384, 20 * count)
    + os.urandom(20 * count) + b"ee")
PY
  run -0 --separate-stderr /usr/bin/time -f %M p2p-hash --magnet many.torrent
  [ "$stderr" -lt 65536 ]
  mkdir empty
  run -1 --separate-stderr /usr/bin/time -f %M -o kib p2p-hash --verify many.torrent empty
  [[ $output == *"2097152 of 2097152 pieces and 1 of 1 files are not as they should be"* ]]
  [ "$(tail -n 1 kib)" -lt 65536 ]
}
