#!/usr/bin/env bats
# p2p-chain without a network: keys, blocks, payments, anchors, and what the chain says of them.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
}

# A chain whose blocks cost a few thousand hashes.
easy=(--bits 1f0fffff --spacing 1s --window 100)

init() { p2p-chain --dir "$1" init --name test "${easy[@]}" "${@:2}"; }

@test "the same parameters are the same chain, wherever it is made" {
  [ "$(p2p-chain --dir a init --name demo | cut -f1)" = \
    6c482225bec21029a132ef2b39fda8e366b71e3bd759043e61e0eac7fa8f535d ]
  [ "$(p2p-chain --dir b init --name demo --spacing 1m --window 144 --bits 0x1e100000 | cut -f1)" = \
    6c482225bec21029a132ef2b39fda8e366b71e3bd759043e61e0eac7fa8f535d ]
  [ "$(p2p-chain --dir c init --name demo --reward 1 | cut -f1)" != \
    6c482225bec21029a132ef2b39fda8e366b71e3bd759043e61e0eac7fa8f535d ]
}

@test "every parameter is part of the chain, and does what it says" {
  local with
  p2p-chain --dir plain init --name test >ids
  for with in '--spacing 2m' '--window 145' '--bits 1e0fffff' '--reward 1' '--halving 9' '--time 5' '--name other'; do
    # shellcheck disable=SC2086 # several words
    p2p-chain --dir "$with" init --name test $with >>ids
  done
  [ "$(cut -f1 ids | sort -u | wc -l)" -eq 8 ]
  [ "$(p2p-chain --dir '--time 5' tip --json | jq .time)" = 5 ]
  [ "$(p2p-chain --dir '--time 5' show 0 --raw | od -An -tu4 -j 68 -N 4 | tr -d ' ')" = 5 ]
  [ "$(p2p-chain --dir '--bits 1e0fffff' show 0 --json | jq -r 'select(.bits) | .bits')" = 1e0fffff ]

  init a --reward 100 --halving 2
  p2p-chain --dir a mine 4 >blocks
  local height rewards=
  for height in 1 2 3 4; do
    rewards+=" $(p2p-chain --dir a show $height --json | jq -r 'select(.kind == "coinbase") | .amount')"
  done
  [ "$rewards" = " 100 50 50 25" ]

  # The first window begins long ago. In the second, blocks come faster than they should: after it they
  # are four times as hard.
  p2p-chain --dir b init --name test --bits 1f0fffff --spacing 5m --window 3
  p2p-chain --dir b mine 6 >blocks
  [ "$(p2p-chain --dir b log --json | jq -r .bits | uniq -c | tr -s ' ' | paste -sd,)" = " 1 1f03ffff, 6 1f0fffff" ]
}

@test "a store that was damaged does not verify, and the line says what is wrong" {
  init a
  p2p-chain key new k
  p2p-chain --dir a mine 3 --reward-key k
  p2p-chain --dir a submit --key k --data waits
  p2p-chain --dir a verify
  local damage expected
  while IFS='|' read -r damage expected; do
    rm -rf b
    cp -r a b
    sqlite3 b/chain.db "$damage"
    run -1 --separate-stderr p2p-chain --dir b verify
    echo "$damage: $output"
    [[ $output == "test	fail	verify "*"$expected"* ]]
    records_of 1 verdict p2p-chain --dir b verify --json
  done <<'END'
UPDATE accounts SET balance = balance + 1|its balance or nonce is not what the blocks give
UPDATE accounts SET nonce = nonce + 1|its balance or nonce is not what the blocks give
DELETE FROM accounts|it is missing
UPDATE blocks SET data = x'00' WHERE id = (SELECT id FROM active WHERE height = 2)|block 2 
UPDATE blocks SET data = (SELECT data FROM blocks LIMIT 1) WHERE id = (SELECT id FROM active WHERE height = 2)|it has another header
DELETE FROM blocks WHERE id = (SELECT id FROM active WHERE height = 2)|its body is missing
DELETE FROM active WHERE height = 2|height 2: it has no active block
DELETE FROM active WHERE height = 3|it has more work than the active tip
UPDATE active SET undo = (SELECT undo FROM active WHERE height = 1) WHERE height = 2|what would undo it is not what it does
DELETE FROM headers WHERE height = 2|orphan
UPDATE headers SET header = zeroblob(80) WHERE height = 2|its bytes have another id
UPDATE headers SET work = zeroblob(32) WHERE height = 2|its stored height or work is wrong
DELETE FROM transactions WHERE height = 2|is not indexed
UPDATE waiting SET data = x'a0'|a waiting transaction
END
  rm -rf b
  cp -r a b
  sqlite3 b/chain.db "UPDATE headers SET header = x'00' WHERE height = 2"
  run -1 p2p-chain --dir b verify
  [ "$output" = "test	fail	a stored header has not 80 bytes" ]
  head -c 5000 /dev/zero >b/chain.db
  rm -f b/chain.db-*
  run -1 p2p-chain --dir b verify
  [ "$output" = "b	fail	use b/chain.db: file is not a database" ]
}

@test "a chain is made once, and not with parameters that cannot work" {
  init a
  run -2 p2p-chain --dir a init --name other
  [[ $output == *"there is one already"* ]]
  run -2 p2p-chain --dir b init
  run -2 p2p-chain --dir b init --name x --spacing 600s --window 2016
  [[ $output == *"2^256"*"hint: "* ]]
  run -2 p2p-chain --dir b init --name x --bits 1e90000
  run -2 p2p-chain --dir b init --name x --bits 1e900000
  run -2 p2p-chain --dir b init --name x --spacing 1500ms
  run -2 p2p-chain --dir b init --name x --window 1
  run -2 p2p-chain --dir b tip
  [[ $output == *"there is no chain"*"hint: "* ]]
}

@test "keys are private, kept, and shown" {
  run -0 p2p-chain key new alice.key
  address=${output%%$'\t'*}
  [[ $address == p2p1* ]]
  [ "$(stat -c %a alice.key)" = 600 ]
  [ "$(p2p-chain key show alice.key | cut -f1)" = "$address" ]
  run -2 p2p-chain key new alice.key
  chmod 644 alice.key
  run -2 p2p-chain key show alice.key
  run -2 p2p-chain key show nosuch.key
}

@test "mining, paying, anchoring; the books balance" {
  init a
  p2p-chain key new alice.key
  p2p-chain key new bob.key
  alice=$(p2p-chain key show alice.key | cut -f1)
  bob=$(p2p-chain key show bob.key | cut -f1)
  [ "$(p2p-chain --dir a mine --reward-key alice.key 2 | wc -l)" = 2 ]
  p2p-chain --dir a submit --key alice.key --to "$bob" --amount 300 --fee 7
  p2p-chain --dir a submit --key alice.key --to "$bob" --amount 200
  tx=$(p2p-chain --dir a submit --key bob.key --data "note to all" | cut -f1)
  # Waiting transactions are shown, and have no block.
  [ "$(p2p-chain --dir a show "$tx" --json | jq -r '.block')" = null ]
  p2p-chain --dir a mine --to "$bob" 1
  [ "$(p2p-chain --dir a show "$tx" --json | jq -r '.height')" = 3 ]
  [ "$(p2p-chain --dir a show "$tx" --json | jq -r '.data_b64' | base64 -d)" = "note to all" ]
  [ "$(p2p-chain --dir a balance "$alice" | cut -f2,3)" = $'9999999493\t2' ]
  [ "$(p2p-chain --dir a balance --key bob.key | cut -f2,3)" = $'5000000507\t1' ]
  [ "$(p2p-chain --dir a balance | wc -l)" = 2 ]
  p2p-chain --dir a verify
}

@test "without a word about it, the reward goes to a key that is kept in the directory" {
  init a
  p2p-chain --dir a mine 1
  p2p-chain --dir a mine 2
  [ "$(stat -c %a a/reward.key)" = 600 ]
  [ "$(p2p-chain --dir a balance)" = "$(p2p-chain key show a/reward.key | cut -f1)	15000000000	0" ]
}

@test "payments that cannot be are refused with status 1, and usage with 2" {
  init a
  p2p-chain key new alice.key
  alice=$(p2p-chain key show alice.key | cut -f1)
  run -1 p2p-chain --dir a submit --key alice.key --to "$alice" --amount 1
  [[ $output == *low-balance* ]]
  mistyped=${alice%?}q
  [[ $alice != *q ]] || mistyped=${alice%?}p
  run -2 p2p-chain --dir a submit --key alice.key --to "$mistyped" --amount 1
  run -2 p2p-chain --dir a submit --key alice.key --to "$alice"
  run -2 p2p-chain --dir a submit --key alice.key --to "$alice" --amount 0
  run -2 p2p-chain --dir a submit --key alice.key --to "$alice" --amount 1 --data x
  run -2 p2p-chain --dir a submit --to "$alice" --amount 1
  run -2 p2p-chain --dir a submit --key alice.key --data "$(printf 'x%.0s' {1..1025})"
  p2p-chain --dir a submit --key alice.key --data "$(printf 'x%.0s' {1..1024})"
  run -2 p2p-chain --dir a mine 0
  run -2 p2p-chain --dir a mine x
  run -2 timeout 20 p2p-chain --dir a mine 1000001
}

@test "anchors from standard input: what p2p-hash prints, records, lines, raw bytes" {
  init a
  p2p-chain key new k
  echo photo >photo.jpg
  cid=$(p2p-hash --cid photo.jpg | cut -d' ' -f1)
  for format in text json cbor; do
    p2p-hash --cid --format $format photo.jpg | p2p-chain --dir a submit --key k --data - --json >out
    [ "$(jq -r .data_b64 out | base64 -d)" = "$cid" ]
  done
  [ "$(printf 'one\ntwo\tmore\n' | p2p-chain --dir a submit --key k --data - | cut -f8)" = $'one\ntwo' ]
  printf 'a\0b\n' | p2p-chain --dir a submit --key k --data - --raw --json >out
  same "$(jq -r .data_b64 out)" "$(printf 'a\0b\n' | base64)"
  run -2 p2p-chain --dir a submit --key k --data - </dev/null
  head -c 1025 /dev/zero >big
  run -2 p2p-chain --dir a submit --key k --data - --raw <big
  # Endless input is refused before anything of it is submitted.
  run -2 p2p-chain --dir a submit --key k --data - < <(yes)
  [[ $output == *"in one go"* ]]
  p2p-chain --dir a mine 1
  [ "$(p2p-chain --dir a show tip --json | jq -s '[.[] | select(.kind == "anchor")] | length')" = 6 ]
}

@test "what show --raw writes has the CIDs that the chain shows" {
  init a
  p2p-chain key new k
  p2p-chain --dir a submit --key k --data hello
  p2p-chain --dir a mine 1
  p2p-chain --dir a show tip --json >tip.json
  cid=$(jq -r 'select(.type == "block") | .cid' tip.json)
  whole=$(jq -r 'select(.type == "block") | .block_cid' tip.json)
  for name in tip 1 "$(p2p-chain --dir a tip | cut -f1)" "$cid"; do
    [ "$(p2p-chain --dir a show "$name" --raw | p2p-hash --cid --codec bitcoin-block)" = "$cid  -" ]
  done
  [ "$(p2p-chain --dir a show "$whole" --raw | p2p-hash --cid --codec dag-cbor)" = "$whole  -" ]
  [ "$(jq -s 'map(select(.type == "tx")) | length' tip.json)" = 2 ]
  for tx in $(jq -r 'select(.type == "tx") | .cid' tip.json); do
    [ "$(p2p-chain --dir a show "$tx" --raw | p2p-hash --cid --codec dag-cbor)" = "$tx  -" ]
  done
  # The id is Bitcoin's: double SHA-256 of the header, reversed.
  double=$(p2p-chain --dir a show tip --raw | sha256sum | cut -d' ' -f1 | xxd -r -p | sha256sum |
    cut -d' ' -f1 | fold -w2 | tac | tr -d '\n')
  [ "$double" = "$(p2p-chain --dir a tip | cut -f1)" ]
}

@test "show says no to what is not there" {
  init a
  for name in 1 nosuch bafyreidtpwtzm7lm45c2p5ehlabouxxkp37jth35wb4fow323usyat2v4e \
    00000000000000000000000000000000000000000000000000000000000000ff -1; do
    run -1 p2p-chain --dir a show -- "$name"
    [[ $output == *"no such block or transaction"* ]]
  done
}

@test "tip and log, in text and JSON" {
  init a
  p2p-chain --dir a mine 3
  [ "$(p2p-chain --dir a log | wc -l)" = 4 ]
  same "$(p2p-chain --dir a log | head -1 | cut -f1)" "$(p2p-chain --dir a tip | cut -f1)"
  [ "$(p2p-chain --dir a log --json | jq -r .height | tr '\n' ' ')" = "3 2 1 0 " ]
  [ "$(p2p-chain --dir a log --count 2 | wc -l)" = 2 ]
  [ "$(p2p-chain --dir a tip --json | jq -r '.height, .chain' | tr '\n' ' ')" = "3 test " ]
}

@test "every record is of its schema" {
  init a --json >records
  p2p-chain key new k --json >>records
  p2p-chain --dir a mine 1 --reward-key k --json >>records
  p2p-chain --dir a submit --key k --data x --json >>records
  p2p-chain --dir a submit --key k --to "$(p2p-chain key show k | cut -f1)" --amount 1 --json >>records
  p2p-chain --dir a tip --json >>records
  p2p-chain --dir a log --graph --json >>records
  p2p-chain --dir a show 0 --json >>records
  p2p-chain --dir a show tip --json >>records
  p2p-chain --dir a balance --json >>records
  p2p-chain --dir a verify --json >>records
  p2p-chain --dir a export | p2p-chain --dir b apply --json >>records
  [ "$(jq -r .type records | sort -u | tr '\n' ' ')" = "balance block key tip tx verdict " ]
  run -1 --separate-stderr p2p-chain --dir a show nosuch --json
  echo "$output" >>records
  p2p-check-records <records
}

@test "a chain's directory is its owner's alone" {
  init deep/er/a
  [ "$(stat -c %a deep/er/a)" = 700 ]
  p2p-chain --dir deep/er/a export | p2p-chain --dir b apply
  [ "$(stat -c %a b)" = 700 ]
  mkdir -m 755 c
  init c
  [ "$(stat -c %a c)" = 755 ]
}
