#!/usr/bin/env bats
# p2p-hash -c beside sha256sum -c: the same bytes on both streams, and the same status.

bats_require_minimum_version 1.5.0
load twin

setup() {
  export LC_ALL=C.UTF-8
  cd "$BATS_TEST_TMPDIR"
  mkdir work
  cd work
  local name
  for name in a 'b b' $'n\nl' 'back\slash' $'cr\rx' '*star' 'a) = b' ' lead' 'é'; do
    printf '%s' "$name" >"$name"
  done
  sha256sum -- * >../sums
  sha256sum --tag -- * >../tags
}

# every LIST: all the ways of checking it.
every() {
  twin -c "$1"
  twin -c --quiet "$1"
  twin -c --status "$1"
  twin -c --strict "$1"
  twin -c --warn "$1"
  twin -c --warn --strict --quiet "$1"
  twin -c --ignore-missing "$1"
  twin -c --ignore-missing --quiet "$1"
  twin -c --ignore-missing --status "$1"
  cp "$1" ../stdin
  twin -c
  twin -c -w -
  rm ../stdin
}

@test "coreutils' own files verify, and ours with coreutils" {
  every ../sums
  every ../tags
  p2p-hash -- * | sha256sum -c --quiet
  p2p-hash --tag -- * | sha256sum -c --quiet
  p2p-hash -b -- * | sha256sum -c --quiet
  sha512sum -- * >../sums512
  p2p-hash -a sha2-512 -c --quiet ../sums512
}

@test "changed and missing files" {
  printf changed >'b b'
  every ../sums
  every ../tags
  printf changed >a
  every ../sums
  rm a
  every ../sums
  rm -- *
  every ../sums
  every ../tags
}

@test "lines that are no checksums" {
  {
    echo garbage
    cat ../sums
    echo
    echo '# a comment'
    echo ' # not a comment'
    head -c 63 ../sums
    echo
    echo "$(head -c 64 ../sums)a"
    echo "$(head -c 64 ../sums) "
    echo "$(head -c 64 ../sums)  "
    echo 'SHA256 (a'
    echo 'SHA256 (a) = 00'
    echo 'SHA256 (a)'
    echo 'SHA256 a = x'
    echo 'SM3 (a) = 1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b'
    echo "\\$(head -c 64 ../sums)  bad\\escape"
    echo "\\$(head -c 64 ../sums)  trailing\\"
    printf '%s\r\n' "$(head -n 1 ../tags)"
    printf '  \t%s\n' "$(tail -n 1 ../sums)"
    tr a-f A-F <<<"$(tail -n 1 ../tags | sed 's/.*= //')  é"
    printf '%s' "$(tail -n 1 ../sums)"
  } >../mixed
  every ../mixed
  echo garbage >../garbage
  every ../garbage
  : >../empty
  every ../empty
  printf '\n\n# nothing\n' >../comments
  every ../comments
}

@test "the old form with one blank, alone and mixed" {
  sha256sum a 'é' | sed 's/  / /' >../single
  every ../single
  cat ../single ../sums >../single-first
  every ../single-first
  cat ../sums ../single >../single-last
  every ../single-last
}

@test "lists that cannot be read, and several lists" {
  twin -c nosuch
  mkdir dir
  twin -c dir
  twin -c ../sums nosuch ../tags
  sha256sum dir/../a >../dirs
  sed 's,dir/../a,dir,' ../dirs >../directory
  every ../directory
}

@test "a list on standard input cannot list standard input" {
  printf 'x' | sha256sum - >../stdin
  twin -c
  twin -c -w
}

@test "an endless line is no checksum line, and costs no memory" {
  head -c 3000000 /dev/zero | tr '\0' x >../long
  cat ../sums >>../long
  every ../long
}

@test "tagged lines say their algorithm themselves" {
  {
    p2p-hash --tag a
    p2p-hash --tag -a sha2-512 a
    p2p-hash --tag -a sha3-256 a
    p2p-hash --tag -a keccak-256 a
    p2p-hash --tag -a blake2b-256 a
    b2sum -l 256 --tag a
    sha512sum --tag a
    openssl dgst -sha3-256 a
  } >../all
  run -0 p2p-hash -c ../all
  [ "$(grep -c '^a: OK$' <<<"$output")" -eq 8 ]
}

@test "verdicts are records" {
  printf changed >a
  run -1 --separate-stderr p2p-hash -c --json ../sums
  [ "$(jq -s 'length' <<<"$output")" -eq 9 ]
  [ "$(jq -r 'select(.subject == "a") | [.type, .ok, .cause, .alg] | join(" ")' <<<"$output")" = \
    "verdict false the checksum differs sha2-256" ]
  [ "$stderr" = "p2p-hash: WARNING: 1 computed checksum did NOT match" ]
}

@test "what is printed as records is what the schema says" {
  printf changed >a
  rm 'b b'
  records_of 1 "verdict error" p2p-hash -c --json ../sums
  records_of 1 "verdict error" p2p-hash -c --cbor ../tags
}
