#!/usr/bin/env bats
# Every type of docs/records.md, as the tools print it, in JSON and in CBOR, beside its schema.

bats_require_minimum_version 1.5.0
load peers

setup() {
  cd "$BATS_TEST_TMPDIR"
}

teardown() { end_started; }

# prints STATUS TYPES CMD...: CMD ends with STATUS, and prints records of all these types and no others.
prints() {
  local expected=$1 types=$2
  shift 2
  records_of "$expected" "$types" "$@" --json || return 1
  records_of "$expected" "$types" "$@" --cbor
}

@test "p2p-hash: digest, cid, verdict, error" {
  echo hello >file
  sha256sum file >SUMS
  prints 0 digest p2p-hash file
  prints 0 cid p2p-hash --cid file
  prints 0 verdict p2p-hash -c SUMS
  prints 1 "digest error" p2p-hash file missing
}

@test "p2p-probe: probe, listening, error" {
  start_peer
  prints 0 probe p2p-probe "$PEER"
  prints 1 probe p2p-probe "$PEER" /ip4/127.0.0.1/tcp/1
  prints 1 probe p2p-probe --expect agent=nobody "$PEER"
  prints 2 error p2p-probe not-an-address
  prints 124 listening p2p-probe -l /ip4/127.0.0.1/tcp/0 --max-time 100ms
}

@test "p2p-discover: peer, error" {
  start_peer
  prints 0 peer p2p-discover bootstrap "$PEER"
  prints 2 error p2p-discover bootstrap not-an-address
}

@test "p2p-gossip: message, of pub and of sub, and error" {
  local format
  for format in json cbor; do
    start_process "$format.addr" p2p-gossip -q sub news --listen /ip4/127.0.0.1/tcp/0 \
      --write-addr "$format.addr" --count 1 "--$format"
    printf 'hello\xff\n' | p2p-gossip pub news "$(cat "$format.addr")" "--$format" >sent
    p2p-check-records message <sent
    wait "${_started[-1]}"
    p2p-check-records message <"$format.addr.out"
  done
  prints 2 error p2p-gossip pub news not-an-address
}

@test "p2p-chain: key, tip, tx, block, balance, verdict, error" {
  local format
  p2p-chain key new alice.key
  p2p-chain --dir a init --name records
  prints 0 key p2p-chain key show alice.key
  prints 0 tip p2p-chain --dir a tip
  prints 0 tx p2p-chain --dir a submit --key alice.key --data text
  prints 0 block p2p-chain --dir a mine 1
  prints 0 block p2p-chain --dir a log --graph
  prints 0 "block tx" p2p-chain --dir a show 1
  prints 0 balance p2p-chain --dir a balance
  prints 0 verdict p2p-chain --dir a verify
  prints 1 error p2p-chain --dir a show 999
  prints 2 error p2p-chain --dir none tip
  p2p-chain --dir a export >blocks
  for format in json cbor; do
    p2p-chain --dir "copy.$format" apply "--$format" <blocks | p2p-check-records tip
    p2p-chain --dir "new.$format" init --name records "--$format" | p2p-check-records tip
  done
}

@test "p2p-chain node: listening, peer_event, block, tx, reorg" {
  local format
  same_tip() { same "$(p2p-chain --dir "$1" tip)" "$(p2p-chain --dir "$2" tip)"; }
  for format in json cbor; do
    p2p-chain --dir "short.$format" init --name records
    p2p-chain --dir "long.$format" init --name records
    p2p-chain --dir "short.$format" mine 1
    p2p-chain --dir "long.$format" mine 2
    p2p-chain key new "$format.key"
    start_process "$format.addr" p2p-chain -q --dir "short.$format" node "--$format" \
      --listen /ip4/127.0.0.1/tcp/0 --write-addr "$format.addr"
    start_process "$format.peer" p2p-chain -q --dir "long.$format" node \
      --listen /ip4/127.0.0.1/tcp/0 --write-addr "$format.peer" "$(head -n 1 "$format.addr")"
    eventually same_tip "short.$format" "long.$format"
    p2p-chain --dir "short.$format" submit --key "$format.key" --data text
    end_started
    p2p-check-records listening peer_event block tx reorg <"$format.addr.out"
  done
}
