#!/usr/bin/env bats
# p2p-chain: chains that move between directories, fork, meet, and are killed.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
}

easy=(--bits 1f0fffff --spacing 1s --window 100)

init() { p2p-chain --dir "$1" init --name test "${easy[@]}" >/dev/null; }
copy() { p2p-chain --dir "$1" export | p2p-chain --dir "$2" apply --quiet >/dev/null; }
tip() { p2p-chain --dir "$1" tip | cut -f1; }

@test "export and apply move a chain, and applying twice changes nothing" {
  init a
  p2p-chain --dir a mine 5
  p2p-chain --dir a export >blocks
  p2p-chain --dir b apply <blocks
  same "$(tip a)" "$(tip b)"
  sqlite3 b/chain.db .dump >before
  p2p-chain --dir b apply <blocks 2>notes
  grep -q "0 new blocks, 6 known" notes
  sqlite3 b/chain.db .dump >after
  cmp before after
  p2p-chain --dir b export | cmp blocks -
}

@test "a stream that comes one byte at a time is the same stream" {
  init a
  p2p-chain --dir a mine 2
  p2p-chain --dir a export | dd bs=1 status=none | p2p-chain --dir b apply
  same "$(tip a)" "$(tip b)"
}

@test "a stream cut short is an error, and what came before it is kept" {
  init a
  p2p-chain --dir a mine 3
  p2p-chain --dir a export >blocks
  head -c -1 blocks >cut
  run -2 p2p-chain --dir b apply <cut
  [[ $output == *"cut short"* ]]
  [ "$(p2p-chain --dir b tip | cut -f2)" = 2 ]
  run -2 p2p-chain --dir c apply </dev/null
  run -2 p2p-chain --dir c apply <<<"hello"
}

@test "blocks of another chain, and blocks that were changed, are refused by rule" {
  init a
  p2p-chain --dir a mine 2
  p2p-chain --dir b init --name other "${easy[@]}"
  run -1 p2p-chain --dir b apply < <(p2p-chain --dir a export)
  [[ $output == *bad-genesis* ]]
  p2p-chain --dir a export >blocks
  # A block ends with its header, and that with its nonce; few other nonces would serve, too.
  python3 - <<'PYTHON'
import hashlib
data = open("blocks", "rb").read()
sha256 = lambda raw: hashlib.sha256(raw).digest()
for other in range(256):
    changed = data[:-1] + bytes([other])
    if int.from_bytes(sha256(sha256(changed[-80:])), "little") > 0x0fffff << 8 * 28:
        break
open("changed", "wb").write(changed)
PYTHON
  run -1 p2p-chain --dir c apply <changed
  [[ $output == *high-hash* ]]
  [ "$(p2p-chain --dir c tip | cut -f2)" = 1 ]
}

@test "two halves that mined apart agree on the longer one, and the graph shows the fork" {
  init a
  p2p-chain --dir a mine 2
  copy a b
  p2p-chain --dir a mine 2
  p2p-chain --dir b mine 3
  a_tip=$(tip a)
  b_tip=$(tip b)
  copy a b
  [ "$(tip b)" = "$b_tip" ]
  copy b a
  [ "$(tip a)" = "$b_tip" ]
  p2p-chain --dir a verify
  p2p-chain --dir b verify
  same "$(p2p-chain --dir a balance)" "$(p2p-chain --dir b balance)"
  p2p-chain --dir a log --graph | sed -E 's/[0-9a-f]{64}.*/#/' >graph
  diff graph - <<'GRAPH'
* #
* #
| * #
* | #
| * #
|/
* #
* #
* #
GRAPH
  [ "$(p2p-chain --dir a log --graph --json | jq "select(.id == \"$a_tip\") | .active")" = false ]
  same "$(p2p-chain --dir a log --graph --count 3 | cut -c1-68)" "$(p2p-chain --dir a log --graph | head -n 3 | cut -c1-68)"
  [ "$(p2p-chain --dir a log | wc -l)" = 6 ]
}

@test "a transaction that a reorg undoes waits again" {
  init a
  p2p-chain key new k
  copy a b
  tx=$(p2p-chain --dir a submit --key k --data keep | cut -f1)
  p2p-chain --dir a mine 1
  p2p-chain --dir b mine 2
  copy b a
  same "$(tip a)" "$(tip b)"
  [ "$(p2p-chain --dir a show "$tx" --json | jq .block)" = null ]
  p2p-chain --dir a mine 1
  [ "$(p2p-chain --dir a show "$tx" --json | jq .height)" = 3 ]
}

@test "two writers take turns" {
  init a
  p2p-chain key new k
  p2p-chain key new l
  local pids=() pid
  for key in k l; do
    for i in {1..5}; do
      p2p-chain --dir a submit --key $key --data "$key$i" >/dev/null &
      pids+=($!)
    done
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  p2p-chain --dir a mine 1
  [ "$(p2p-chain --dir a show tip --json | jq -s '[.[] | select(.kind == "anchor")] | length')" = 10 ]
}

@test "kill -9 at any moment loses nothing that was printed" {
  init a
  p2p-chain key new k
  local seed=$RANDOM printed=0
  RANDOM=$seed
  echo "seed $seed"
  for round in {1..15}; do
    tx=$(p2p-chain --dir a submit --key k --data "$round" | cut -f1)
    p2p-chain --dir a mine 100000 >mined &
    pid=$!
    # Some moment is what is asked for here, whatever has happened by then; but once there is a block.
    [ "$round" -gt 1 ] || eventually [ -s mined ]
    sleep "0.$((RANDOM % 20 + 10))"
    kill -9 $pid
    wait $pid || [ $? = 137 ]
    p2p-chain --dir a verify --quiet
    p2p-chain --dir a show "$tx" >/dev/null
    # Only whole lines were promised.
    printed=$((printed + $(wc -l <mined)))
    if [ "$(wc -l <mined)" -gt 0 ]; then
      p2p-chain --dir a show "$(head -n "$(wc -l <mined)" mined | tail -n 1 | cut -f1)" >/dev/null
    fi
  done
  [ "$printed" -gt 0 ]
  p2p-chain --dir a mine 1
  [ "$(p2p-chain --dir a log --json | jq -s '[.[].txs - 1] | add')" = 15 ]
}

@test "others read while one writes" {
  init a
  p2p-chain --dir a mine 100000 >mined &
  pid=$!
  eventually [ -s mined ]
  for i in {1..10}; do
    p2p-chain --dir a tip >/dev/null
    p2p-chain --dir a log >/dev/null
    p2p-chain --dir a verify --quiet
  done
  kill $pid # it is still at it
  wait $pid || [ $? = 143 ]
}
