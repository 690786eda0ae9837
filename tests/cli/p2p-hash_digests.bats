#!/usr/bin/env bats
# p2p-hash's own forms: several functions at once, multihashes, CIDs, and checking them all again.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir work
  cd work
}

all_algorithms() {
  p2p-hash --dump-options | jq -r '.options[] | select(.name == "algorithm") | .choices | join(",")'
}

odd_files() {
  local name
  for name in plain 'two words' ' leading' $'new\nline' 'back\slash' '*star' 'a) = b' $'\xff'; do
    printf '%s' "$name" >"./$name"
  done
}

# checks LIST: all of LIST is OK, and what it says of the file `plain` no more when that changes.
checks() {
  run -0 --separate-stderr p2p-hash -c "$1"
  [[ $output == *': OK'* ]]
  [ -z "$(grep -v ': OK$' <<<"$output")" ]
  printf x >>plain
  run -1 --separate-stderr p2p-hash -c "$1"
  [ "$(grep -c ': FAILED$' <<<"$output")" -eq "$(grep -c '^plain: ' <<<"$output")" ]
  [ "$(grep -c ': FAILED$' <<<"$output")" -gt 0 ]
  printf plain >plain
}

@test "several functions in one read, each with its tag" {
  odd_files
  [ "$(p2p-hash -a sha2-256,blake3 plain)" = "$(sha256sum --tag plain)
$(p2p-hash -a blake3 --tag plain)" ]
  # Repeated options add up; a function is computed once.
  same "$(p2p-hash -a sha2-256 -a blake3,sha2-256 plain)" "$(p2p-hash -a sha2-256,blake3 plain)"
  p2p-hash -a "$(all_algorithms)" -- * >../sums
  [ "$(grep -c 'plain' ../sums)" -eq 29 ]
  checks ../sums
  # Those that coreutils knows, it confirms.
  grep -a '^\\*SHA512 ' ../sums | sha512sum -c --quiet
  grep -a '^\\*SHA1 ' ../sums | sha1sum -c --quiet
  grep -a '^\\*SHA384 ' ../sums | sha384sum -c --quiet
  grep -a '^\\*SHA224 ' ../sums | sha224sum -c --quiet
  grep -a '^\\*MD5 ' ../sums | md5sum -c --quiet
  [ "$(grep -a -c '^\\*BLAKE2b.* (plain)' ../sums)" -eq 4 ]
  grep -a '^\\*BLAKE2b' ../sums | b2sum -c --quiet
}

@test "each function alone, checked by its name" {
  odd_files
  local alg
  [ "$(all_algorithms | tr , '\n' | wc -l)" -eq 29 ]
  for alg in $(all_algorithms | tr , ' ') blake2b-8 blake2b-504 blake2s-8 blake2s-248 blake3-8 blake3-1024 \
    shake-128-128; do
    p2p-hash -a "$alg" -- * >../sums
    [ "$(wc -l <../sums)" -eq 8 ]
    p2p-hash -a "$alg" -c --quiet ../sums
    printf x >>plain
    run -1 p2p-hash -a "$alg" -c --status ../sums
    printf plain >plain
    # Tagged, and as a multihash, if it has one.
    p2p-hash -a "$alg" --tag -- * >../sums
    p2p-hash -a "$alg" -c --quiet ../sums
    [ "$alg" != crc32c ] || continue
    p2p-hash -a "$alg" --multihash -- * >../sums
    p2p-hash -a "$alg" -c --quiet ../sums
  done
}

@test "b2sum of every length, both ways" {
  odd_files
  local bits
  for bits in $(seq 8 8 512); do
    same "$(p2p-hash -a "blake2b-$bits" -- *)" "$(b2sum -l "$bits" -- *)"
    same "$(p2p-hash -a "blake2b-$bits" --tag -- *)" "$(b2sum -l "$bits" --tag -- *)"
  done
  for bits in 8 160 384 504 512; do
    b2sum -l "$bits" --tag -- * >../sums
    checks ../sums
    b2sum -l "$bits" -- * >../sums
    p2p-hash -a "blake2b-$bits" -c --quiet --strict ../sums
    p2p-hash -a "blake2b-$bits" -- * | b2sum -l "$bits" -c --quiet --strict
    p2p-hash -a "blake2b-$bits" --tag -- * | b2sum -c --quiet --strict
    p2p-hash -a "blake2b-$bits" --tag -- * | cksum -c --quiet --strict
  done
}

@test "md5sum and sha224sum, both ways" {
  odd_files
  local program name
  for program in md5sum:md5 sha224sum:sha2-224; do
    name=${program#*:}
    program=${program%:*}
    "$program" -- * >../sums
    checks ../sums
    p2p-hash -a "$name" -- * | cmp - ../sums
    p2p-hash -a "$name" -- * | "$program" -c --quiet --strict
    cksum -a "${program%sum}" -- * >../sums
    checks ../sums
    p2p-hash -a "$name" --tag -- * | cmp - ../sums
    p2p-hash -a "$name" --tag -- * | cksum -c --quiet --strict
  done
}

@test "openssl's and rhash's lines of functions with other lengths than ours" {
  printf plain >plain
  {
    openssl dgst -md5 plain
    openssl dgst -sha224 plain
    openssl dgst -sha512-224 plain
    openssl dgst -shake128 plain
    openssl dgst -shake256 plain
    openssl dgst -shake256 -xoflen 64 plain
    rhash --bsd --md5 --sha224 plain
  } >../sums
  checks ../sums
  [ "$(wc -l <../sums)" -eq 8 ]
  [ "$(p2p-hash -c --json ../sums | jq -r .alg | tr '\n' ' ')" = \
    "md5 sha2-224 sha2-512-224 shake-128-128 shake-256-256 shake-256 md5 sha2-224 " ]
}

@test "lengths tell the usual functions apart without a word" {
  odd_files
  {
    md5sum plain
    sha1sum plain
    sha224sum plain
    sha256sum 'two words'
    sha384sum '*star'
    sha512sum plain
  } >../sums
  checks ../sums
  # CRC-32 is not computed, and nothing else of its length is taken for it; nor is 80 bits any usual length.
  {
    cat ../sums
    b2sum -l 80 plain
    echo '352441c2  plain'
  } >../more
  run -0 p2p-hash -c ../more
  [[ "$output" == *"WARNING: 2 lines are improperly formatted"* ]]
  # With a function named, only that one's length counts.
  run -0 p2p-hash -a sha2-256 -c ../sums
  [[ "$output" == *"WARNING: 5 lines are improperly formatted"* ]]
}

@test "multihashes in every base" {
  odd_files
  [ "$(p2p-hash --multihash plain)" = "f1220$(sha256sum plain)" ]
  local base bases
  bases=$(p2p-hash --dump-options | jq -r '.options[] | select(.name == "base") | .choices[]')
  [ "$(wc -l <<<"$bases")" -gt 10 ]
  for base in $bases; do
    p2p-hash --multihash --base "$base" -a sha1,sha2-512-256,blake3,blake3-512 -- * >../sums
    checks ../sums
    p2p-hash --multihash --base "$base" -z -b -a sha3-224,blake2b-160,md5 -- * >../sums
    checks ../sums
  done
  run -2 --separate-stderr p2p-hash --multihash -a crc32c plain
  [[ "$stderr" == *"crc32c has no multihash"* ]]
  run -2 p2p-hash --multihash --tag plain
  run -2 p2p-hash --base base32 plain
  run -2 p2p-hash --base base99 --multihash plain
}

@test "lists that end their lines with NUL" {
  odd_files
  p2p-hash -z -- * >../sums
  sha256sum -z -- * | cmp - ../sums
  checks ../sums
  p2p-hash -z --tag -- * >../sums
  checks ../sums
}

@test "CIDs are checked by importing again" {
  odd_files
  head -c 1100000 /dev/zero >large
  mkdir -p d/e
  printf a >d/a
  printf b >d/e/.hidden
  ln -s a d/link
  printf '\xa1\x61a\x01' >cbor
  local profile
  for profile in unixfs-v0-2015 v1 test-cid-v1 unixfs-v1-2025; do
    p2p-hash --cid -r --profile "$profile" -- * >../sums
    checks ../sums
    p2p-hash --cid -r --hidden --profile "$profile" d large >../sums
    p2p-hash -c --quiet ../sums
    # Which it was is in the record; where two cut a file the same way, the first of them.
    run -0 --separate-stderr p2p-hash -c --json ../sums
    [ "$(jq -r 'select(.subject == "large") | .profile' <<<"$output")" = \
      "${profile/test-cid-v1/unixfs-v1-2025}" ]
  done
  p2p-hash --cid --profile v1 -a blake3 -- plain large >../sums
  checks ../sums
  p2p-hash --cid --codec dag-cbor cbor >../sums
  p2p-hash --cid --codec raw plain >>../sums
  p2p-hash --cid --profile v1 --base base36 large >>../sums
  checks ../sums
  [ "$(p2p-hash -c --json ../sums | jq -r 'select(.subject == "cbor") | [.cid, .profile, .alg] | join(" ")')" = \
    "bafyreihltcnuuyqp2jm24aqydpnlj7b6w3ogwrplomrjtg5rifv44mmjey block sha2-256" ]
  p2p-hash --cid -r d >../sums
  printf x >>d/a
  run -1 --separate-stderr p2p-hash -c ../sums
  [ "$output" = 'd: FAILED' ]
  rm -r d
  run -1 --separate-stderr p2p-hash -c ../sums
  [ "$output" = 'd: FAILED open or read' ]
  run -1 p2p-hash -c --ignore-missing ../sums
  [[ "$output" == *"no file was verified"* ]]
}

@test "a CID made in a way of one's own is checked in that way" {
  mkdir d
  head -c 1100000 /dev/zero >d/large
  printf x >d/.hidden
  p2p-hash --cid -r --chunker size-1000 --trickle d >../sums
  run -1 p2p-hash -c ../sums
  [ "${lines[0]}" = 'd: FAILED' ]
  p2p-hash -c --chunker size-1000 --trickle ../sums
  run -1 p2p-hash -c --chunker size-1001 --trickle ../sums
  # Said, a way is the only one: with the hidden ones is another.
  p2p-hash --cid -r --profile v1 --hidden d >../sums
  p2p-hash -c ../sums
  run -1 p2p-hash -c --profile v1 ../sums
  p2p-hash -c --profile v1 --hidden ../sums
  # The function is the CID's own.
  p2p-hash --cid --profile v1 -a blake2b-256 d/large >../sums
  p2p-hash -c --profile v1 ../sums
}

@test "a CID of standard input" {
  head -c 600000 /dev/zero >zeros
  p2p-hash --cid --profile v1 <zeros >../sums
  p2p-hash -c ../sums <zeros
  p2p-hash --cid <zeros >../sums
  p2p-hash -c ../sums <zeros
  run -1 p2p-hash -c ../sums </dev/null
}

@test "one list of everything" {
  odd_files
  {
    sha256sum plain
    sha512sum --tag plain
    p2p-hash --multihash -a blake3 plain
    p2p-hash --cid plain
    openssl dgst -sha3-256 plain
    b2sum plain | sed 's/^/BLAKE2b (plain) = /; s/  plain$//'
  } >../sums
  checks ../sums
  [ "$(p2p-hash -c --json ../sums | jq -r .alg | tr '\n' ' ')" = \
    "sha2-256 sha2-512 blake3 sha2-256 sha3-256 blake2b-512 " ]
}

@test "the order is that of the arguments, whatever is done first" {
  local i jobs
  head -c 20000000 /dev/zero >big
  for i in {1..200}; do printf '%s' "$i" >"small$i"; done
  p2p-hash big small* >../one
  sha256sum big small* | cmp - ../one
  for jobs in 1 2 3 8; do
    p2p-hash -j "$jobs" big small* | cmp - ../one
    run -1 p2p-hash -j "$jobs" -a blake3,sha1 small* big nosuch small1
    [ "${#lines[@]}" -eq 405 ]
    echo "$output" >"../many.$jobs"
    cmp "../many.$jobs" ../many.1
  done
  p2p-hash -c --quiet -j 3 ../one
}

@test "of standard input counts what is left of it, and only once" {
  head -c 20000000 /dev/urandom >big
  local options
  for options in '' '-j1' '-a sha1 -j 2'; do
    # dd reads so much and no more.
    # shellcheck disable=SC2086 # several words are meant
    [ "$({ dd bs=10 count=1 status=none >/dev/null; p2p-hash $options; } <big)" = \
      "$(tail -c +11 big | p2p-hash $options)" ]
    # shellcheck disable=SC2086
    same "$(p2p-hash $options - - <big | tail -n 1)" "$(p2p-hash $options </dev/null)"
  done
  options='-a blake3,sha1'
  # shellcheck disable=SC2086
  [ "$({ dd bs=10 count=1 status=none >/dev/null; p2p-hash $options; } <big)" = \
    "$(tail -c +11 big | p2p-hash $options)" ]
  [ "$({ dd bs=10 count=1 status=none >/dev/null; p2p-hash; } <big)" = \
    "$(tail -c +11 big | sha256sum)" ]
}

@test "--jobs says how many hash at once" {
  truncate -s 1T endless
  local status=0
  p2p-hash -j 13 --cid endless >../out &
  local tool=$!
  many() { [ "$(find "/proc/$tool/task" -mindepth 1 -maxdepth 1 | wc -l)" -ge 13 ]; }
  eventually many || status=$?
  kill "$tool"
  wait "$tool" || true
  [ "$status" -eq 0 ]
}

@test "lines come out before a later file is there" {
  mkfifo fifo
  printf x >first
  p2p-hash first fifo >../out &
  local tool=$!
  exec 5>fifo # opens once the tool has come so far
  eventually [ -s ../out ]
  same "$(cat ../out)" "$(sha256sum first)"
  printf y >&5
  exec 5>&-
  wait "$tool"
  same "$(tail -n 1 ../out)" "$(printf y | sha256sum | sed 's/-/fifo/')"
}

@test "verdicts on a list that comes slowly are not held back" {
  printf x >x
  mkfifo list
  p2p-hash -c list >../out &
  local tool=$!
  exec 5>list
  sha256sum x >&5
  eventually [ -s ../out ]
  [ "$(cat ../out)" = 'x: OK' ]
  exec 5>&-
  wait "$tool"
}

@test "what is printed as records is what the schema says" {
  odd_files
  p2p-hash --multihash --json -a sha1,blake3 -- * | p2p-check-records
  [ "$(p2p-hash --multihash --json -a sha1,blake3 plain | jq -r '[.alg, .size, .multihash[0:5]] | join(" ")')" = \
    'sha1 5 f1114
blake3 5 f1e20' ]
  p2p-hash --cid --profile v1 -- * >../sums
  p2p-hash -c --json ../sums | p2p-check-records
  p2p-hash -c --cbor ../sums | p2p-check-records
}

@test "memory stays small, whatever is hashed" {
  truncate -s 1G big
  local options
  for options in '-a sha2-256' '-a blake3' '-a crc32c,blake3,sha1'; do
    # shellcheck disable=SC2086 # several words are meant
    run -0 --separate-stderr /usr/bin/time -f %M p2p-hash $options big
    [[ $output == *big* ]]
    [ "$stderr" -lt 65536 ]
  done
  head -c 300000000 /dev/zero | tr '\0' x >list
  seq -f '%.0f is not a checksum' 100000 >>list
  run -1 /usr/bin/time -o kib -f %M p2p-hash -c list
  [ "$(tail -n 1 kib)" -lt 65536 ]
}

@test "options that mean nothing to a mode are refused, not passed over" {
  echo x >f
  local mode option
  for mode in '--torrent o f' '--magnet f' '--verify f' '--extract f' '--check-proof bafkqaaa f'; do
    for option in '-a sha1' '--base base36' --binary --text --tag --zero; do
      # shellcheck disable=SC2086
      run -2 --separate-stderr p2p-hash $mode $option
      [[ ${stderr_lines[0]} =~ ^'p2p-hash: error: '--[a-z]+' does not go with '${mode%% *}$ ]]
    done
  done
  [ ! -e o ]
  run -2 --separate-stderr p2p-hash -c --base base36 f
  [ "${stderr_lines[0]}" = 'p2p-hash: error: --base does not go with --check' ]
  run -2 --separate-stderr p2p-hash --prove 0-0 --tag f
  [ "${stderr_lines[0]}" = 'p2p-hash: error: --tag does not go with --prove' ]
  run -2 --separate-stderr p2p-hash --diff --zero f f
  [ "${stderr_lines[0]}" = 'p2p-hash: error: --zero does not go with --diff' ]
}

# Blocks of 4 MiB of JSON, which took 26 times as much as trees.
@test "memory stays small, whatever JSON stands in a CAR's blocks" {
  python3 - <<'E2'
import hashlib
def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
blocks = [b"[" + item * (4194000 // len(item)) + b"1]" for item in (b"1,", b"[],", b"{},")]
blocks.append(b"{" + b",".join(b'"%x":1' % i for i in range(400000)) + b"}")
cids = [b"\1\xa9\2\x12\x20" + hashlib.sha256(block).digest() for block in blocks]
header = b"\xa2\x65roots" + bytes([0x80 + len(cids)])
header += b"".join(b"\xd8\x2a\x58" + bytes([len(cid) + 1]) + b"\0" + cid for cid in cids)
header += b"\x67version\1"
with open("json.car", "wb") as car:
    car.write(varint(len(header)) + header)
    for cid, block in zip(cids, blocks):
        car.write(varint(len(cid + block)) + cid + block)
E2
  kib=$({ /usr/bin/time -f %M p2p-hash --verify json.car >verdict; } 2>&1)
  [ "$(cat verdict)" = 'json.car: OK' ]
  [ "$kib" -lt 65536 ]
}

# hint LIST: what is said of it, beyond coreutils' words.
hint() {
  run -1 --separate-stderr p2p-hash -c "$1"
  grep '^hint: ' <<<"$stderr"
}

@test "a list of another function, or of another length, says so" {
  echo x >f
  openssl dgst -sm3 f >list
  [ "$(hint list)" = 'hint: SM3 is none of the functions of --algorithm' ]
  echo "BLAKE2b-384 (f) = $(b2sum -l 80 f | cut -d' ' -f1)" >list
  [ "$(hint list)" = 'hint: BLAKE2b-384 is checked with 96 digits, not with 20' ]
  b2sum -l 80 f >list
  [ "$(hint list)" = 'hint: which function gives 20 digits --algorithm says, as in -a blake2b-80' ]
  p2p-hash -a blake2b-80 -c list
  p2p-hash -a blake3-1024 f >list
  [ "$(hint list)" = 'hint: which function gives 256 digits --algorithm says, as in -a blake3-1024' ]
  p2p-hash -a blake3-1024 -c list
  rhash --crc32 --simple f >list
  [ "$(hint list)" = 'hint: which function gives 8 digits --algorithm says, as in -a crc32c' ]
  # b3sum --length 8 --tag
  p2p-hash -a blake3-64 --tag f >list
  [ "$(hint list)" = 'hint: 16 digits of BLAKE3 are few: --algorithm blake3-64 takes them' ]
  p2p-hash -a blake3-64 -c list
  b2sum f >list
  [ "$(hint list)" = 'hint: 128 digits were taken for sha2-512; --algorithm says otherwise' ]
  p2p-hash -a blake2b-512 -c list
  sha256sum f >list
  echo y >f
  [ "$(hint list)" = 'hint: 64 digits were taken for sha2-256; --algorithm says otherwise' ]
  run -1 --separate-stderr p2p-hash -c --status list
  [ -z "$stderr" ]
}
