#!/usr/bin/env bats
# p2p-chain node and peer: syncing, and the commands that reach a running node.

bats_require_minimum_version 1.5.0
load peers
load stdio

setup() {
  cd "$BATS_TEST_TMPDIR"
  p2p-chain --dir a init --name test --bits 1e7fffff --spacing 1s --window 1000 >/dev/null
  p2p-chain --dir b init --name test --bits 1e7fffff --spacing 1s --window 1000 >/dev/null
  p2p-chain key new alice.key >/dev/null
}
teardown() { end_started; }

# node DIR [OPTION]...: a node on loopback; its address in DIR.addr, its records in DIR.addr.out.
node() {
  local dir=$1
  shift
  start_process "$dir.addr" p2p-chain --dir "$dir" node --listen /ip4/127.0.0.1/tcp/0 --write-addr "$dir.addr" "$@"
}
node_pid() { echo "${_started[-1]}"; }
tip() { p2p-chain --dir "$1" tip | cut -f1; }

same_tip() { same "$(tip "$1")" "$(tip "$2")"; }

@test "a node that joins late has the chain, the accounts and what waits" {
  p2p-chain --dir a mine 20 --reward-key alice.key
  p2p-chain --dir a submit --key alice.key --data waits
  node a
  node b "$(cat a.addr)"
  eventually same_tip a b
  same "$(p2p-chain --dir a balance)" "$(p2p-chain --dir b balance)"
  p2p-chain --dir b verify
  eventually grep -q "anchor.*waits" b.addr.out
}

@test "blocks and transactions reach the others by gossip" {
  node a
  node b "$(cat a.addr)"
  p2p-chain --dir a mine 2 --reward-key alice.key
  eventually same_tip a b
  tx=$(p2p-chain --dir b submit --key alice.key --data "from b" | cut -f1)
  eventually grep -q "^$tx" a.addr.out
  p2p-chain --dir a mine 1
  eventually same_tip a b
  p2p-chain --dir b show "$tx" --json | jq -e '.height == 3'
}

@test "mine and submit through the node print what they print without one" {
  node a
  run -0 --separate-stderr p2p-chain --dir a mine 3 --json
  [ "$(jq -r .height <<<"$output")" = $'1\n2\n3' ]
  p2p-chain --dir a log --json | jq -s -e 'length == 4'
  run -0 --separate-stderr p2p-chain --dir a submit --key alice.key --data one --json
  jq -e '.nonce == "0"' <<<"$output"
  run -0 --separate-stderr p2p-chain --dir a submit --key alice.key --data two --json
  jq -e '.nonce == "1"' <<<"$output"
}

@test "submits at one time get different numbers and are all there" {
  node a
  local -a pids=()
  for i in 1 2 3 4 5 6; do
    p2p-chain --dir a submit --key alice.key --data "number $i" >"tx.$i" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  [ "$(cut -f7 tx.* | sort -u | wc -l)" -eq 6 ]
  p2p-chain --dir a mine 1 --json | jq -e '.txs == 7'
}

@test "what the node refuses is refused, with the reason and status 1" {
  node a
  run -1 --separate-stderr p2p-chain --dir a submit --key alice.key --to "$(p2p-chain key show alice.key | cut -f1)" --amount 5
  [[ $stderr == "p2p-chain: error:"* ]]
  [ -z "$output" ]
}

@test "an acknowledged transaction outlives kill -9" {
  node a
  tx=$(p2p-chain --dir a submit --key alice.key --data kept | cut -f1)
  kill -KILL "$(node_pid)"
  wait "$(node_pid)" || [ $? = 137 ]
  p2p-chain --dir a verify
  p2p-chain --dir a mine 1
  p2p-chain --dir a show "$tx" --json | jq -e '.height == 1'
}

@test "a node that starts after kill -9 takes the dead one's socket" {
  node a
  kill -KILL "$(node_pid)"
  wait "$(node_pid)" || [ $? = 137 ]
  [ -S a/node.sock ]
  node a
  p2p-chain --dir a mine 1
}

@test "the socket is its user's alone, and goes with the node" {
  node a
  [ "$(stat -c %a a/node.sock)" = 600 ]
  kill -TERM "$(node_pid)"
  local status=0
  wait "$(node_pid)" || status=$?
  [ "$status" -eq 143 ]
  [ ! -e a/node.sock ]
}

@test "a second writer is refused, readers are not" {
  node a
  run -2 --separate-stderr p2p-chain --dir a node --listen /ip4/127.0.0.1/tcp/0
  [[ $stderr == *"a running node does"* ]]
  p2p-chain --dir b mine 1
  p2p-chain --dir b export >blocks
  run -2 --separate-stderr p2p-chain --dir a apply <blocks
  [[ $stderr == *"a running node"* ]]
  p2p-chain --dir a tip
  p2p-chain --dir a log
  p2p-chain --dir a verify
  p2p-chain --dir a balance
}

@test "--mine makes blocks for the key that it is given" {
  node a --mine --reward-key alice.key
  eventually grep -q "$(p2p-chain key show alice.key | cut -f1)" a.addr.out
  node b "$(cat a.addr)"
  grown() { [ "$(p2p-chain --dir b tip --json | jq .height)" -ge 3 ]; }
  eventually grown
}

@test "--mine --to makes blocks for the address that it is given; without --mine both are refused" {
  local alice
  alice=$(p2p-chain key show alice.key | cut -f1)
  node a --mine --to "$alice"
  eventually grep -q "$alice" a.addr.out
  run -2 timeout 20 p2p-chain --dir b node --to "$alice" --listen /ip4/127.0.0.1/tcp/0
  [[ $output == *"go with --mine"* ]]
  run -2 timeout 20 p2p-chain --dir b node --reward-key alice.key --listen /ip4/127.0.0.1/tcp/0
}

@test "a mining node takes transactions in" {
  node a --mine
  tx=$(p2p-chain --dir a submit --key alice.key --data "into a block" | cut -f1)
  confirmed() { p2p-chain --dir a show "$tx" --json | jq -e .height; }
  eventually confirmed
}

@test "peer: list, disconnect keeps away, connect heals" {
  node a
  node b "$(cat a.addr)"
  id=$(sed 's,.*/p2p/,,' a.addr)
  peers_of() { p2p-chain --dir b peer list --json | jq -e 'select(.event == "connected" and .peer_id == $id)' --arg id "$id"; }
  eventually peers_of
  p2p-chain --dir b peer disconnect "$(cat a.addr)"
  run -1 p2p-chain --dir b peer list
  [[ $output == *away* ]]
  nobody() { [ "$(p2p-chain --dir a peer list || echo "status $?")" = "status 1" ]; }
  eventually nobody
  # Neither side may end it but by the user's word.
  # Whether b closed before a said that it was connected is chance.
  run p2p-chain --dir a peer connect "$(cat b.addr)"
  [[ $status == [01] ]]
  p2p-chain --dir a mine 1
  run -1 p2p-chain --dir b peer list
  [ "$(tip b)" != "$(tip a)" ]
  p2p-chain --dir b peer connect "$(cat a.addr)"
  eventually same_tip a b
  eventually peers_of
}

@test "halves that both mine end on one tip after the heal, and say that they changed their mind" {
  node a --json
  node b
  p2p-chain --dir a mine 1
  p2p-chain --dir b mine 3
  p2p-chain --dir b peer connect "$(cat a.addr)"
  eventually same_tip a b
  reorganised() {
    jq -s -e 'map(select(.type == "reorg" and .depth == 1 and .height >= 2)) | length == 1' a.addr.out
  }
  eventually reorganised
  end_started
  p2p-check-records <a.addr.out
}

@test "two nodes find each other by mDNS, in a network of their own" {
  need_netns
  cat >script <<'SCRIPT'
    for dir in a b; do
      start_process $dir.addr p2p-chain --dir $dir node --mdns --listen /ip4/127.0.0.1/tcp/0 --write-addr $dir.addr
    done
    met() { p2p-chain --dir a peer list && p2p-chain --dir b peer list; }
    eventually met
SCRIPT
  run -0 in_netns ./script
}

@test "--key keeps a node's identity" {
  node a --key id.key
  same "$(sed 's,.*/p2p/,,' a.addr)" "$(p2p-probe -q "$(head -n 1 a.addr)" | cut -f 4)"
  local id
  id=$(sed 's,.*/p2p/,,' a.addr)
  end_started
  rm a.addr
  node a --key id.key
  same "$(sed 's,.*/p2p/,,' a.addr)" "$id"
}

@test "a peer of another chain is disconnected, and told why" {
  p2p-chain --dir other init --name other >/dev/null
  node a --json
  node other --json "$(cat a.addr)"
  for file in a.addr.out other.addr.out; do
    eventually grep -q 'disconnected.*another chain' "$file"
  done
  [ "$(p2p-chain --dir a tip --json | jq .height)" -eq 0 ]
}

@test "a bad block is refused, the rule that it breaks is told, and its sender is banned" {
  p2p-chain --dir b mine 2
  # More coins than the reward, in a body that the header did not commit to.
  python3 - <<'PY'
import sqlite3
base = sqlite3.connect("b/chain.db")
(block,) = base.execute("SELECT id FROM active WHERE height = 2").fetchone()
(body,) = base.execute("SELECT data FROM blocks WHERE id = ?", (block,)).fetchone()
reward = (5_000_000_000).to_bytes(8, "big")
assert body.count(reward) == 1
base.execute("UPDATE blocks SET data = ? WHERE id = ?", (body.replace(reward, (5_000_000_001).to_bytes(8, "big")), block))
base.commit()
PY
  node a --json
  node b "$(cat a.addr)"
  eventually grep -q banned a.addr.out
  end_started
  jq -s -e 'map(select(.type == "verdict")) | length >= 1 and all(.ok == false and (.rule | length) > 0
    and (.cause | contains("bad-merkle-root")) and .subject == "block " + $id)' \
    --arg id "$(tip b)" a.addr.out
  [ "$(p2p-chain --dir a tip | cut -f2)" = 1 ]
  p2p-check-records <a.addr.out
}

@test "every record that a node prints is of the schema, in JSON and CBOR" {
  node a --json
  node b --cbor "$(cat a.addr)"
  p2p-chain --dir a mine 2 --reward-key alice.key
  p2p-chain --dir a submit --key alice.key --data x
  eventually same_tip a b
  eventually grep -aq typebtx b.addr.out
  records_of 0 peer_event p2p-chain --dir a peer list --json
  end_started
  p2p-check-records listening peer_event block tx <a.addr.out
  p2p-check-records listening peer_event block tx <b.addr.out
}

@test "a peer that nobody knows cannot be disconnected" {
  node a
  run -1 p2p-chain --dir a peer disconnect /ip4/127.0.0.1/tcp/1
  [[ $output == "p2p-chain: error: "* ]]
}

@test "peer without a node says so" {
  run -2 --separate-stderr p2p-chain --dir a peer list
  [[ $stderr == *"hint: no node runs there"* ]]
}

@test "the control socket answers nonsense with an error, and goes on" {
  node a
  python3 - <<'PY'
import json, socket
s = socket.socket(socket.AF_UNIX)
s.connect("a/node.sock")
f = s.makefile("rwb")
def ask(line):
    f.write(line + b"\n")
    f.flush()
    return json.loads(f.readline())
for line in (b"", b"{", b"[]", b"null", b'{"op":1}', b'{"op":"fly"}', b'{"op":"submit"}', b'{"op":"submit","tx":"zz"}',
             b'{"op":"submit","tx":"a0"}', b'{"op":"mine","count":0,"to":"x"}', b'{"op":"nonce","address":"p2p1"}',
             b'{"op":"connect","addr":"nowhere"}', b'{"op":"disconnect","peer":"nobody"}', b"\xff\xfe"):
    reply = ask(line)
    assert reply["ok"] is False and reply["code"] and reply["why"], (line, reply)
assert ask(b'{"op":"peers"}') == {"ok": True, "peers": []}
# A line without end is cut off.
s.settimeout(20)
try:
    s.sendall(b"x" * 1_000_000)
    assert f.read() == b""
except (BrokenPipeError, ConnectionResetError):
    pass
PY
  p2p-chain --dir a mine 1
}

@test "node: hostile standard streams" {
  stdio_full p2p-chain --dir a node --listen /ip4/127.0.0.1/tcp/0
  stdio_closed_stdout p2p-chain --dir a node --listen /ip4/127.0.0.1/tcp/0
  stdio_gone p2p-chain --dir a node --listen /ip4/127.0.0.1/tcp/0
  stdio_head p2p-chain --dir a node --mine --listen /ip4/127.0.0.1/tcp/0
  p2p-chain --dir a verify
}

@test "node: input is not read, whatever it is" {
  for input in /dev/null alice.key; do
    rm -f a.addr
    start_process a.addr sh -c "exec p2p-chain --dir a node --listen /ip4/127.0.0.1/tcp/0 --write-addr a.addr <$input"
    p2p-chain --dir a mine 1
    end_started
  done
}
