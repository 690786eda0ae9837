#!/usr/bin/env bats
# p2p-hash --cid: known CIDs that ipfs gives; tests/interop/hash/test_kubo_cids.py asks kubo itself.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
}

cid() { p2p-hash --cid "$@" | cut -d' ' -f1; }

@test "known CIDs of files" {
  printf 'hello world' >hello
  [ "$(p2p-hash --cid hello)" = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD  hello" ]
  [ "$(cid --profile unixfs-v0-2015 hello)" = Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD ]
  local profile
  for profile in v1 test-cid-v1 unixfs-v1-2025; do
    [ "$(cid --profile "$profile" hello)" = \
      bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e ]
  done
  [ "$(p2p-hash --cid <hello)" = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD  -" ]
  [ "$(cid /dev/null)" = QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH ]
  head -c 262145 /dev/zero | tr '\0' a >a
  [ "$(cid a)" = QmTaxvXcxpzzaatSEEAYr7t3knkJ6DmTVbr8MjJJWLRWpV ]
  [ "$(cid --profile v1 a)" = bafybeifwp2ckiq7kaefcrxkcalv6bs5x7e7ozrigy4ypvcqwetgnxfb2hi ]
}

@test "directories need -r; what is in them counts, in any order" {
  mkdir -p d/b/c
  printf 'hello\n' >d/a.txt
  printf 'world\n' >d/zz.txt
  : >d/b/empty
  head -c 300000 /dev/zero |
    openssl enc -aes-128-ctr -K 00000000000000000000000000000000 \
      -iv 00000000000000000000000000000000 >d/b/c/data.bin
  [ "$(p2p-hash --cid -r d)" = "QmZs12YRDi8dCmvuAM84K8Metge1Xx91yRWcN3UxXGjGFk  d" ]
  [ "$(cid -r --profile v1 d/)" = bafybeidvdb2uinyief2eeiufoh5exmtdawokb7oyqj65zgil2v2capm24e ]
  # ipfs leaves out hidden files unless it is asked to take them.
  printf x >d/.hidden
  [ "$(cid -r d)" = QmZs12YRDi8dCmvuAM84K8Metge1Xx91yRWcN3UxXGjGFk ]
  [ "$(cid -r --hidden d)" != QmZs12YRDi8dCmvuAM84K8Metge1Xx91yRWcN3UxXGjGFk ]
  run -1 --separate-stderr p2p-hash --cid d
  [ -z "$output" ]
  [ "$stderr" = "p2p-hash: d: Is a directory" ]
}

@test "a directory with a hole in it has no CID" {
  mkdir -p d/e
  printf x >d/x
  mkfifo d/e/fifo
  run -1 --separate-stderr p2p-hash --cid -r d d/x
  [ "$stderr" = "p2p-hash: d/e/fifo: Not a regular file" ]
  [[ "$output" == Qm*"  d/x" ]]
  [ "${#lines[@]}" -eq 1 ]
}

@test "blocks are named by their bytes, and checked first" {
  printf '\xa1\x61a\x01' >cbor
  same "$(cid --codec raw cbor)" "$(cid --profile v1 cbor)"
  [ "$(cid --codec dag-cbor cbor)" = bafyreihltcnuuyqp2jm24aqydpnlj7b6w3ogwrplomrjtg5rifv44mmjey ]
  # Not canonical: 1 in two bytes; a map with its keys in the wrong order; a link that is no CID.
  local bad
  for bad in '\xa1\x61a\x18\x01' '\xa2\x61b\x01\x61a\x01' '\xa1\x61a\x01\x01' '\xd8\x2a\x43\x00\x01\x02' ''; do
    # shellcheck disable=SC2059 # the escapes are meant
    printf "$bad" >bad
    run -1 --separate-stderr p2p-hash --cid --codec dag-cbor bad
    [ -z "$output" ]
    [[ "$stderr" == "p2p-hash: bad: "* ]]
  done
  # An empty UnixFS directory.
  printf '\x0a\x02\x08\x01' >dir
  [ "$(cid --codec dag-pb dir)" = bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354 ]
  printf '\x0a\x82\x00\x08\x01' >bad
  run -1 p2p-hash --cid --codec dag-pb bad
  # The header of Bitcoin's first block, whose CID everybody can look up.
  printf '%s%s' 0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd \
    7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c |
    xxd -r -p >header
  [ "$(cid --codec bitcoin-block header)" = \
    bagyacvran7riycvw6gzxfqngujdk4y7xj6jr5a3f4fnarhdi2ymqaaaaaaaa ]
  head -c 79 header >short
  run -1 --separate-stderr p2p-hash --cid --codec bitcoin-block short
  [[ "$stderr" == "p2p-hash: short: "*80* ]]
}

@test "CIDs by what ipfs takes: in archives, and checked again" {
  mkdir d
  printf 'hello world' >d/hello
  head -c 300000 /dev/zero >d/zeros
  local alg
  for alg in sha1 sha2-512 sha3-384 shake-256 keccak-512 blake2b-160 blake2b-504 blake2s-256 blake3-512 dbl-sha2-256; do
    p2p-hash --cid -r -a "$alg" --car car d d/hello d/zeros >list
    p2p-hash --verify car
    p2p-hash --cid --codec raw -a "$alg" d/hello >>list
    [ "$(p2p-hash -c list)" = $'d: OK\nd/hello: OK\nd/zeros: OK\nd/hello: OK' ]
    printf . >>d/hello
    [ "$(p2p-hash -c list 2>/dev/null)" = $'d: FAILED\nd/hello: FAILED\nd/zeros: OK\nd/hello: FAILED' ]
    printf 'hello world' >d/hello
  done
}

# crc32c, which has no multihash, once ended the program with --codec.
@test "functions that ipfs does not take for CIDs are refused, and others proposed" {
  printf x >x
  local alg mode
  for alg in md5 sha2-224 sha2-384 sha2-512-224 sha2-512-256 shake-128 keccak-224 keccak-384 blake2b-8 blake2b-152 \
    blake2s-160 blake3-152 crc32c; do
    for mode in '' --codec=raw --prove=0-; do
      # shellcheck disable=SC2086 # no word where it is empty
      run -2 --separate-stderr p2p-hash --cid -a "$alg" $mode x
      [ -z "$output" ]
      [[ "${stderr_lines[0]}" == "p2p-hash: error: ipfs "*"$alg"* ]]
      [[ "${stderr_lines[1]}" == "hint: it takes "* ]]
    done
  done
  run -2 --separate-stderr p2p-hash --cid -a blake2b-152 x
  [ "$stderr" = "p2p-hash: error: ipfs takes no hash shorter than 20 bytes, and blake2b-152 has 19
hint: it takes blake2b-160 and longer ones" ]
}

@test "a CID with a few bytes of a hash does not vouch for a file" {
  printf x >x
  # As --codec raw -a blake3-32 would make it.
  echo "f01551e04$(p2p-hash -a blake3-32 x)" >list
  run -1 --separate-stderr p2p-hash -c list
  [ "$output" = "x: FAILED open or read" ]
  [ "${stderr_lines[0]}" = "p2p-hash: x: its CID has 4 bytes of a hash, and fewer than 20 prove nothing" ]
}

@test "records say what the CID names" {
  printf 'hello world' >hello
  [ "$(p2p-hash --cid --json hello | jq -r '[.type, .cid, .path, .size, .codec, .profile, .blocks] | join(" ")')" = \
    "cid Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD hello 11 dag-pb v0 1" ]
}

@test "memory does not grow with the file" {
  truncate -s 1G big
  run -0 --separate-stderr /usr/bin/time -f %M p2p-hash --cid --profile unixfs-v1-2025 big
  [[ $output == baf*"  big" ]]
  [ "$stderr" -lt 65536 ]
}

@test "what is printed as records is what the schema says" {
  printf x >$'odd \xff'
  printf '\x01' >cbor
  {
    p2p-hash --cid --json -- *
    p2p-hash --cid -r --json .
    p2p-hash --cid --json --codec dag-cbor cbor
    run -1 --separate-stderr p2p-hash --cid --json nosuch
    echo "$output"
  } | p2p-check-records cid error
}
