#!/usr/bin/env bats
# p2p-hash beside coreutils' sha256sum: the same bytes on both streams, and the same status.

bats_require_minimum_version 1.5.0
load twin

setup() {
  # sha256sum quotes names in messages by the locale; ours is always UTF-8.
  export LC_ALL=C.UTF-8
  cd "$BATS_TEST_TMPDIR"
  mkdir work
  cd work
}

odd_names() {
  local name
  for name in plain 'two words' ' leading' 'trailing ' $'new\nline' 'back\slash' $'carriage\rreturn' \
    $'\\\n\r' '*star' '(paren)' 'a) = b' "quo'te" 'dou"ble' 'col:on' $'tab\there' 'é' '😀' \
    $'not utf-8 \xff' '#hash' '~tilde' 'a#b~c' '{' '}' 'x{y}' '[x]' '$HOME' '`x`' 'a=b' 'a?b' 'a,b' '-' \
    $'\x01' $'\x7f' $'mixed \x02\n é' $'c1 \u0085'; do
    printf '%s' "$name" >"./$name"
  done
}

@test "lines for odd names are sha256sum's" {
  odd_names
  twin -- *
  twin -b -- *
  twin -t -- *
  twin -b -t -- *
  twin -t -b -- *
  twin -t --tag -- *
  twin --tag -t -b -- *
  twin --tag -- *
  twin --tag -b -- *
  twin -z -- *
  twin -z --tag -- *
}

@test "standard input is read without FILE, for -, and more than once" {
  printf 'from stdin' >../stdin
  twin
  twin -
  twin - -
  printf x >x
  twin x - x
}

@test "sizes around the buffers hash alike" {
  local size
  for size in 0 1 55 56 63 64 65 65535 65536 131071 131072 131073 262144 1000000; do
    head -c "$size" /dev/zero | tr '\0' a >"f$size"
  done
  twin f*
}

@test "what cannot be read is said as sha256sum says it, and the rest goes on" {
  printf x >x
  mkdir dir
  printf y >dir/y
  twin nosuch x
  twin dir x
  twin nosuch/y x/y
  twin ''
  twin "$(printf 'n%.0s' {1..300})"
  ln -s loop loop
  twin loop
}

@test "names in messages are quoted as coreutils quotes them" {
  odd_names
  local name
  for name in *; do
    rm -- "$name"
    twin "./$name/"
    twin -- "$name-missing"
    twin "./$name"
  done
}

@test "a file without permission is said, and the status is 1" {
  printf x >x
  chmod 0 x
  # Root reads everything, but for the capabilities to do so.
  local as=()
  [ "$(id -u)" -ne 0 ] || as=(setpriv --bounding-set=-dac_override,-dac_read_search)
  run -1 --separate-stderr "${as[@]}" "$P2P_BIN/p2p-hash" x
  [ -z "$output" ]
  [ "$stderr" = "p2p-hash: x: Permission denied" ]
  "${as[@]}" bash -euo pipefail -c 'source "$1"; shift; twin "$@"' - "$BATS_TEST_DIRNAME/twin.bash" x
}

@test "the digests of the other algorithms are those of coreutils and openssl" {
  printf 'The quick brown fox' >f
  same "$(p2p-hash -a sha2-512 f)" "$(sha512sum f)"
  same "$(p2p-hash -a blake2b-256 f)" "$(b2sum -l 256 f)"
  same "$(p2p-hash -a blake2b-256 --tag f)" "$(b2sum -l 256 --tag f)"
  same "$(p2p-hash -a sha2-512 --tag f)" "$(sha512sum --tag f)"
  same "$(p2p-hash -a sha3-256 f | cut -d' ' -f1)" "$(openssl dgst -r -sha3-256 f | cut -d' ' -f1)"
  # Ethereum's Keccak-256 of nothing, known to every contract.
  [ "$(p2p-hash -a keccak-256 </dev/null)" = \
    "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470  -" ]
}

@test "-r goes through directories in the order of bytes, and does not follow links" {
  mkdir -p d/b d/a
  printf 1 >d/b/f
  printf 2 >d/a/g
  printf 3 >d/Z
  printf 4 >d/.hidden
  ln -s ../d d/a/link
  ln -s d given
  run -0 p2p-hash -r d
  [ "$(cut -d' ' -f3 <<<"$output" | tr '\n' ' ')" = "d/.hidden d/Z d/a/g d/b/f " ]
  [ "$(p2p-hash -r d/)" = "$output" ]
  # A link given by name is followed, as any program would.
  [ "$(p2p-hash -r given | sed 's,given,d,')" = "$output" ]
  p2p-hash -r d | sha256sum -c --quiet
}

@test "-r names what is no regular file, goes on, and answers no" {
  mkdir d
  mkfifo d/fifo
  printf x >d/x
  run -1 --separate-stderr p2p-hash -r d
  [ "$output" = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  d/x" ]
  [ "$stderr" = "p2p-hash: d/fifo: Not a regular file" ]
}

@test "usage errors are 2, with a hint" {
  local arguments
  for arguments in --nosuch --check=x '-a md4' '-a blake2b-100' -a '--tag -t' --status --codec=raw '--cid -c' \
    '-c --tag' '-c -z' '-c -b' '--profile v0 --cid --tag' --hidden; do
    # shellcheck disable=SC2086 # several words are meant
    run -2 --separate-stderr p2p-hash $arguments
    [ -z "$output" ]
    [[ "${stderr_lines[0]}" == "p2p-hash: error: "* ]]
    [[ "${stderr_lines[1]}" == "hint: "* ]]
  done
  run -2 --separate-stderr p2p-hash -a sha2-256,sha256
  [ "$stderr" = "p2p-hash: error: --algorithm: 'sha256' is no hash function
hint: did you mean sha2-256?" ]
  run -2 p2p-hash -a blake2b
  [[ "$output" == *"did you mean blake2b-512?"* ]]
  run -2 p2p-hash -a blake2b-100
  [[ "$output" == *"blake2b-N (8 to 512)"* ]]
  run -2 p2p-hash --ignore-mising
  [[ "$output" == *"did you mean --ignore-missing?"* ]]
}

@test "records carry the digest, the name and the size" {
  printf 'abc' >abc
  run -0 p2p-hash --json abc
  [ "$(jq -r '[.type, .v, .digest, .path, .alg, .size] | join(" ")' <<<"$output")" = "digest 1 \
ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad abc sha2-256 3" ]
  [ "$(P2P_FORMAT=json p2p-hash abc)" = "$output" ]
  # An option wins over the environment.
  same "$(P2P_FORMAT=cbor p2p-hash --format text abc)" "$(sha256sum abc)"
  run -2 --separate-stderr env P2P_FORMAT=xml p2p-hash abc
  [[ "$stderr" == *P2P_FORMAT* ]]
  # A name that is not UTF-8 is not lost.
  printf x >$'\xff'
  [ "$(p2p-hash --json $'\xff' | jq -r .path_raw_b64 | base64 -d | od -An -tx1)" = " ff" ]
  # Errors are records too.
  run -1 --separate-stderr p2p-hash --json nosuch
  [ "$(jq -r '[.type, .code, .doing, .subject] | join(" ")' <<<"$output")" = \
    "error not_found read nosuch" ]
}

@test "what is printed as records is what the schema says" {
  odd_names
  records_of 1 "digest error" p2p-hash --json -- * ./nosuch
  records_of 1 "digest error" p2p-hash --cbor -- * ./nosuch
}

@test "a folder of very many names is listed by way of a temporary file" {
  mkdir many
  python3 -c 'for i in range(60_000): open(f"many/of the same length {i * 7919 % 60_001:05}", "w").close()'
  run -0 p2p-hash -r many
  [ "${#lines[@]}" -eq 60000 ]
  [ "$(cut -c67- <<<"$output" | LC_ALL=C sort -c 2>&1)" = "" ]
  TMPDIR=nosuch run -2 --separate-stderr p2p-hash -r many
  [ -z "$output" ]
  [ "$stderr" = "p2p-hash: error: make a temporary file in nosuch: No such file or directory" ]
}
