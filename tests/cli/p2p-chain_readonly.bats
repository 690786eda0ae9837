#!/usr/bin/env bats
# p2p-chain on a directory that cannot be written: what only reads works, or says exactly why not.

bats_require_minimum_version 1.5.0
load peers

setup() {
  cd "$BATS_TEST_TMPDIR"
  umask 022 # another user can read what is made here
  mkdir store
  p2p-chain --dir store/a init --name test --bits 1f0fffff --spacing 1s --window 100
  p2p-chain --dir store/a mine 3
}

teardown() {
  end_started
  [ -z "${place-}" ] || rm -rf "$place"
}

# read_only CMD...: runs CMD where store/ is mounted read-only, for root too.
read_only() {
  local how=-m
  unshare -m true 2>/dev/null || how=-rm
  unshare $how bash -c \
    'mount --bind store store && mount -o remount,bind,ro store && cd . && "$@"' read_only "$@"
}
need_mounts() {
  read_only true 2>/dev/null || left_out "mounts of its own are not allowed here"
}

# every_reader: what the commands that only read say of the chain in store/a.
every_reader() {
  local command
  for command in tip log "log --graph" "show tip" "show 1 --raw" balance verify export; do
    # shellcheck disable=SC2086
    p2p-chain --dir store/a $command || return
  done
}

@test "a chain on a read-only mount is read all the same" {
  need_mounts
  rm -f store/a/chain.db-*
  read_only bash -c "$(declare -f every_reader); every_reader" >there
  [ ! -e store/a/chain.db-wal ]
  every_reader >here
  [ -s here ]
  diff there here
}

@test "a chain whose owner may not write to its directory is read all the same" {
  # Not below a folder of bats, nor the program in that of the build, which another user cannot enter.
  place=$(mktemp -d)
  mv store/a "$place/"
  cp "$P2P_BIN/p2p-chain" "$place/"
  local as=()
  [ "$(id -u)" != 0 ] || { chown -R 65534 "$place" && as=(setpriv --reuid 65534 --clear-groups); }
  cd "$place"
  rm -f a/chain.db-*
  "${as[@]}" chmod 500 a
  "${as[@]}" ./p2p-chain --dir a log >there
  [ ! -e a/chain.db-wal ]
  "${as[@]}" chmod 700 a
  "${as[@]}" ./p2p-chain --dir a log >here
  [ "$(wc -l <there)" = 4 ]
  diff there here
}

@test "what a killed node left in the log is seen on a read-only mount, with and without its index" {
  need_mounts
  start_process node.addr p2p-chain --dir store/a node --mine --listen /ip4/127.0.0.1/tcp/0 \
    --write-addr node.addr
  grown() { [ "$(p2p-chain --dir store/a tip | cut -f2)" -gt 10 ]; }
  eventually grown
  # Beside a node, reading takes nothing but what the node made.
  [ "$(read_only p2p-chain --dir store/a tip | cut -f2)" -gt 10 ]
  kill -9 "${_started[0]}"
  wait "${_started[0]}" || [ $? = 137 ]
  [ -s store/a/chain.db-wal ]
  cp -r store/a copy
  read_only p2p-chain --dir store/a log >with_index
  rm store/a/chain.db-shm
  read_only p2p-chain --dir store/a log >without_index
  read_only p2p-chain --dir store/a verify
  [ "$(wc -l <with_index)" -gt 10 ]
  diff with_index without_index
  p2p-chain --dir copy log >here
  diff with_index here
}

@test "where nothing tells whether somebody writes, a read-only chain is refused with a hint" {
  [ "$(id -u)" = 0 ] || left_out "takes two users, so it takes root"
  place=$(mktemp -d)
  mv store/a "$place/"
  cp "$P2P_BIN/p2p-chain" "$place/"
  cd "$place"
  chmod 755 . a p2p-chain
  run -2 setpriv --reuid 65534 --clear-groups ./p2p-chain --dir a tip
  [[ $output == *"error: read a: neither the directory can be written nor its lock be read"* ]]
  [[ $output == *"hint: run this as the directory's owner, or on a copy"* ]]
  chmod 700 a
  run -2 setpriv --reuid 65534 --clear-groups ./p2p-chain --dir a tip
  [[ $output == *"error: open a/chain.db: Permission denied"* ]]
}

@test "what must write says that the file system is read-only" {
  need_mounts
  run -2 read_only p2p-chain --dir store/a mine 1
  [[ $output == *"error: lock store/a: Read-only file system"* ]]
  run -2 read_only p2p-chain --dir store/b init --name b
  [[ $output == *"error: make directory store/b: Read-only file system"* ]]
}
