#!/usr/bin/env bats
# Proofs about BLAKE3 hashes: Bao slices. tests/interop/hash/test_bao.py compares them with bao's own.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
  seq 100000 >numbers
  hash=$(p2p-hash -a blake3 numbers | cut -d' ' -f1)
}

# header N: N as the eight bytes that a slice begins with.
header() {
  local digits place
  printf -v digits %016x "$1"
  for place in 14 12 10 8 6 4 2 0; do printf '%b' "\\x${digits:place:2}"; done
}

@test "a slice proves its range and nothing else" {
  p2p-hash -a blake3 --prove 1000+2000 -o proof numbers
  run -0 --separate-stderr p2p-hash --check-proof "$hash" --range 1000+2000 proof
  [ "$output" = 'proof: OK' ]
  [ -z "$stderr" ]
  p2p-hash --check-proof "$hash" --range 1000+2000 -o part proof
  cmp part <(tail -c +1001 numbers | head -c 2000)
  p2p-hash --check-proof "$hash" --range 1000+2000 -o - - <proof | cmp - part
  # Another range, another hash, no range at all.
  run -1 p2p-hash --check-proof "$hash" --range 5000+2000 proof
  run -1 p2p-hash --check-proof "${hash/[0-7]/8}" --range 1000+2000 proof
  run -1 p2p-hash --check-proof "$hash" proof
}

@test "ranges up to the end and from the end prove where the end is" {
  p2p-hash -a blake3 --prove -100 numbers >proof
  p2p-hash --check-proof "$hash" --range -100 -o - proof | cmp - <(tail -c 100 numbers)
  p2p-hash -a blake3 --prove 588000- numbers >proof
  p2p-hash --check-proof "$hash" --range 588000- -o - proof | cmp - <(tail -c +588001 numbers)
  # A length that is not the content's is no length.
  { header 588000; tail -c +9 proof; } >shorter
  run -1 p2p-hash --check-proof "$hash" --range 587000- shorter
  p2p-hash -a blake3 --prove 0- numbers >whole
  p2p-hash --check-proof "$hash" -o - whole | cmp - numbers
}

@test "the proof's hash is said on stderr, and a proof is nothing for a terminal or a record" {
  run -0 --separate-stderr p2p-hash -a blake3 --prove 0+1 -o proof numbers
  [ -z "$output" ]
  [ "$stderr" = "p2p-hash: $hash  numbers" ]
  run -2 p2p-hash -a blake3 --prove 0+1 --json numbers
  run -2 p2p-hash -a blake3 --prove 0+1 numbers numbers
}

@test "what cannot be read again, or is not there, has no proof, and nothing is left behind" {
  run -1 --separate-stderr p2p-hash -a blake3 --prove 0+1 -o proof - < <(cat numbers)
  [[ $stderr == *'needs a file that can be read again'* ]]
  run -1 p2p-hash -a blake3 --prove 0+1 -o proof missing
  run -1 p2p-hash -a blake3 --prove 1MiB+1 -o proof numbers
  [ ! -e proof ]
  p2p-hash -a blake3 --prove 0+1 - <numbers | cmp - <(p2p-hash -a blake3 --prove 0+1 numbers)
}

@test "a slice that was cut, flipped, appended to or given another length is refused in one line" {
  p2p-hash -a blake3 --prove 0- -o proof numbers
  head -c 7 proof >cut0
  head -c 5000 proof >cut1
  : >cut2
  { cat proof; echo; } >stray
  { head -c 300000 proof; printf x; tail -c +300002 proof; } >flipped
  for size in 0 1 $((1 << 62)) 9223372036854775807 -1; do
    { header "$size"; tail -c +9 proof; } >"length$size"
  done
  for bad in cut* stray flipped length*; do
    run -1 --separate-stderr p2p-hash --check-proof "$hash" "$bad"
    [ "$output" = "$bad: FAILED" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    # Nothing appears where the content was to go.
    run -1 p2p-hash --check-proof "$hash" -o out "$bad"
    [ ! -e out ]
  done
}

@test "a full disk is no fault of the file" {
  run -2 p2p-hash -a blake3 --prove 0- -o /dev/full numbers
  [ "$output" = "p2p-hash: error: write /dev/full: No space left on device" ]
}

@test "the empty file has a proof, too" {
  : >empty
  p2p-hash -a blake3 --prove 0- empty >proof
  [ "$(od -An -tx1 proof)" = ' 00 00 00 00 00 00 00 00' ]
  p2p-hash --check-proof "$(p2p-hash -a blake3 empty | cut -d' ' -f1)" proof
  run -1 p2p-hash --check-proof "$hash" proof
}

@test "what is asked about must be a CID or a hash, and a file that is not there is no missing block" {
  run -2 --separate-stderr p2p-hash --check-proof zz numbers
  [ "${stderr_lines[0]}" = "p2p-hash: error: --check-proof: 'zz' is neither a CID (CID version 57 does not exist) nor a BLAKE3 hash of 64 digits" ]
  run -1 --separate-stderr p2p-hash --check-proof bafkqaaa missing
  [ "$output" = 'missing: FAILED' ]
  [ "$stderr" = 'p2p-hash: missing: No such file or directory' ]
}

@test "a verdict is one line, whatever the proof is called" {
  cp numbers $'n\nl'
  run -1 --separate-stderr p2p-hash --check-proof "$hash" $'n\nl'
  [ "$output" = '\n\nl: FAILED' ]
}
