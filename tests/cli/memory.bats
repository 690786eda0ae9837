#!/usr/bin/env bats
# The tools where memory is short: they say so in one line and end with 2, and nothing ends them by
# a signal. How much a tool and its libraries need is the machine's business: what each is given grows in
# steps from what the loader can just do with, until the tool does its work.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
  export TMPDIR=$BATS_TEST_TMPDIR
}

# loader_needs TOOL: prints the KiB of address space, in whole MiB, with which its libraries are loaded.
loader_needs() {
  local path kib
  path=$(command -v "$1")
  for ((kib = 2048; kib < 1 << 20; kib += 1024)); do
    # The loader lists the libraries instead of starting the program.
    if (ulimit -v "$kib" && LD_TRACE_LOADED_OBJECTS=1 exec "$path") >/dev/null 2>&1; then
      echo "$kib"
      return 0
    fi
  done
  return 1
}

# short_of_memory STATUS TOOL ARG...: in each step the tool ends with STATUS, or with 2 and one line
# that says why, and leaves no out.* here; with the most, it is STATUS. 127 is the loader's.
short_of_memory() {
  local expected=$1 kib status=0
  shift
  if grep -qE '__(asan|tsan|msan)_init' "$(command -v "$1")"; then
    left_out "a sanitizer takes terabytes of address space"
  fi
  kib=$(loader_needs "$1")
  local step steps=()
  for ((step = 0; step < 20; ++step)); do steps+=(128); done
  for ((step = 0; step < 16; ++step)); do steps+=(512); done
  for ((step = 0; step < 14; ++step)); do steps+=(8192); done
  for step in "${steps[@]}"; do
    status=0
    rm -f out.*
    (ulimit -v "$kib" && exec "$@") >/dev/null 2>"$BATS_FILE_TMPDIR/err" <<<"a line" || status=$?
    case $status in
      "$expected") ;;
      127) grep -qv "^$1: error: " "$BATS_FILE_TMPDIR/err" ;;
      2)
        grep -qE "^$1: error: .*(out of memory|[cC]annot allocate memory|temporarily unavailable)$" \
          "$BATS_FILE_TMPDIR/err" && [[ $(wc -l <"$BATS_FILE_TMPDIR/err") -eq 1 ]] ;;
      *) false ;;
    esac || { echo "with $kib KiB: exit status $status:"; cat "$BATS_FILE_TMPDIR/err"; return 1; }
    [[ $status -eq $expected || -z $(compgen -G "out.*") ]] || { echo "left behind with $kib KiB:"; ls; return 1; }
    kib=$((kib + step))
  done
  [[ $status -eq $expected ]] || { echo "not done with $kib KiB: $status"; return 1; }
}

# Some small files and a large one, so that all ways of hashing have their turn.
make_tree() {
  local i
  mkdir tree
  for i in {1..40}; do seq "$i" "$((i * 50))" >"tree/$i"; done
  head -c 12000000 /dev/zero >tree/large
}

@test "p2p-hash says that memory is out: sums" {
  make_tree
  short_of_memory 0 p2p-hash -r --jobs 2 tree
  short_of_memory 0 p2p-hash --jobs 2 -a sha2-256,blake3 tree/large
}

@test "p2p-hash says that memory is out: CIDs and CARs, and leaves no half of one" {
  make_tree
  short_of_memory 0 p2p-hash --cid -r --jobs 2 tree
  short_of_memory 0 p2p-hash --cid -r --jobs 2 --car out.car tree
  p2p-hash --cid -r --car whole.car tree >/dev/null
  short_of_memory 0 p2p-hash --jobs 2 --verify whole.car
}

@test "p2p-hash says that memory is out: torrents and comparisons" {
  make_tree
  short_of_memory 0 p2p-hash --jobs 2 --torrent out.torrent tree
  short_of_memory 0 p2p-hash --jobs 2 --diff tree tree
}

@test "p2p-chain says that memory is out" {
  p2p-chain --dir chain init --name memory >/dev/null
  short_of_memory 0 p2p-chain --dir chain verify
}

@test "p2p-probe says that memory is out" {
  short_of_memory 1 p2p-probe /ip4/127.0.0.1/tcp/1
}

@test "p2p-discover says that memory is out" {
  short_of_memory 1 p2p-discover bootstrap /ip4/127.0.0.1/tcp/1
}

@test "p2p-gossip says that memory is out, also where there is none for the thread that reads" {
  short_of_memory 124 p2p-gossip pub topic --listen /ip4/127.0.0.1/tcp/0 --wait 30ms -q
}
