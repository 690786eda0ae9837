#!/usr/bin/env bats
# p2p-hash --cid with the flags of `ipfs add`: the CIDs are kubo 0.42's for the same flags, here as
# known answers; tests/interop/hash/test_kubo_cids.py asks kubo itself.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$BATS_TEST_TMPDIR"
}

cid() { p2p-hash --cid "$@" | cut -d' ' -f1; }

noise() {
  head -c "$1" /dev/zero |
    openssl enc -aes-128-ctr -K 00000000000000000000000000000000 \
      -iv 00000000000000000000000000000000
}

# A folder with a hidden file, a link, an empty folder, modes and times.
make_tree() {
  mkdir -p d/empty d/sub
  printf x >d/a.log
  printf y >d/keep.log
  printf z >d/sub/z
  printf h >d/.h
  ln -s a.log d/link
  chmod 755 d d/empty d/sub
  chmod 640 d/a.log
  chmod 644 d/keep.log d/sub/z d/.h
  touch -h -d @1700000000 d/a.log d/keep.log d/sub/z d/.h d/link d/empty d/sub d
  ln -s d dlink
}

# Stands for whatever else is looked at: FLAGS EXPECTED, of the file f.
is() {
  local expected=${*: -1}
  [ "$(cid "${@:1:$#-1}" f)" = "$expected" ]
}

@test "files are cut and their trees built as asked" {
  noise 1000000 >f
  is --chunker=buzhash QmbrZA6Xframpes8YZqCJsF4DEHN1SZTksf9P8sC8Aqm4h
  is --chunker=rabin QmZUm6JShwTFJ2WbFFjPjQ3qbJKUSMTaUFofXMq5dHU9Kv
  is -s rabin-1000 QmTpaK8j5vCuNG5Ckg76pd2NBtjXNKHt7eGe9wo7ArC8XM
  is -s rabin-16-32-64 QmWoxWtUDDZAvyPDt7jMGkvP118RPyAbFJCFhw2gkHfEpB
  is -s size-1000 QmZsnSBfsFXnitrs8fnxSCBXtsi3RaxnrFnQEWaN3RDYgr
  is -s size-1000 --trickle QmXQKgmxfEYwbynaymT1HURXAJAJixa8RPvspDBiErExPw
  is -s size-1000 --trickle --max-file-links 3 QmZFFCBtZnAJ5NPNxB2UsLksqXzZ2RyvWjsi4iYMJtMUz8
  is -s size-1000 --max-file-links 2 Qmb1XNeef825Vdns8pKZ7qsDSAxetBPW7j7o2QB1HPetDJ
  # Every way to read it gives the same: on one core, as a stream, through a pipe in drops.
  is -j1 -s buzhash QmbrZA6Xframpes8YZqCJsF4DEHN1SZTksf9P8sC8Aqm4h
  [ "$(cid -s buzhash <f)" = QmbrZA6Xframpes8YZqCJsF4DEHN1SZTksf9P8sC8Aqm4h ]
  [ "$(dd if=f bs=777 status=none | cid -s rabin-1000)" = \
    QmTpaK8j5vCuNG5Ckg76pd2NBtjXNKHt7eGe9wo7ArC8XM ]
}

@test "one choice implies another as with ipfs add" {
  noise 1000000 >f
  is --cid-version 1 bafybeie56llhlo235yumoc6vlvuxoacjachulrwvhfifburb32dwzd2a7u
  is --raw-leaves QmYyDV5pn8ERrZxCUnkirs3czp1nDUj6Zkg5k623b18hqe
  is --raw-leaves=true QmYyDV5pn8ERrZxCUnkirs3czp1nDUj6Zkg5k623b18hqe
  is --cid-version 1 --raw-leaves=false \
    bafybeif2rzppg34vcyggvlr4hdnlwrv25ni2sghu6hum7ortlgqowblqpa
  is -a blake3 bafyb4ibg2stu3d2t5b35dp2ep7oxbfq3mrepuwgfh6nxxi7ofkno63367a
  printf x >f
  is --inline bafyaacika4eaeeqbpamac
  is --inline --inline-limit 2 QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC
}

@test "entries are left out and links followed as asked" {
  make_tree
  [ "$(cid -r d)" = QmRe7iFnxFuGudMmLBS5fPhW4pRRKpwWpfSBghE2Hmwttg ]
  [ "$(cid -rH d)" = QmPVsNLLT7gA4dj8VER1HDnK9WkjmXjFAmWGCoA9KxhKJ3 ]
  [ "$(cid -r --ignore '*.log' d)" = QmZMrqHpRWk56QbTTW18ysHNLRBC66NCTduG9xp4EBFdJU ]
  [ "$(cid -r --ignore '*.log' --ignore '!keep.log' d)" = \
    QmXzzRY5mqKCEMVpotnrZbWRtyEXrAhfXV8RXpe2LvL1hf ]
  printf '# rules\r\n*.log\r\n!keep.log' >rules
  [ "$(cid -r --ignore-rules-path rules d)" = QmXzzRY5mqKCEMVpotnrZbWRtyEXrAhfXV8RXpe2LvL1hf ]
  [ "$(cid -r --empty-dirs=false d)" = QmSywK1QDkmsa4UrqeLS2MRSzXgEdHtXc9XBSNe9ELfSSh ]
  [ "$(cid -r --dereference-symlinks d)" = QmVA53QTamMxos3XeNrj82b23mf3REVVmeEvP5Cmb9GtXC ]
  # What is named is never left out; a link that is named is itself, unless it is followed.
  same "$(cid -r --ignore d d)" "$(cid -r d)"
  [ "$(cid -r dlink)" = QmUKMHFBrHzxU7nEgrvfnipCHPpL417aagdBY7gg4dSJgV ]
  [ "$(cid -r dlink/)" = QmUKMHFBrHzxU7nEgrvfnipCHPpL417aagdBY7gg4dSJgV ]
  [ "$(cid -r --dereference-args dlink)" = QmRe7iFnxFuGudMmLBS5fPhW4pRRKpwWpfSBghE2Hmwttg ]
}

@test "modes, times and the shape of directories are stored as asked" {
  make_tree
  [ "$(cid -r --preserve-mode d)" = QmTQdJR7zNS8YxrvPsJUVvn9P7LEUe831ga2Edxcna3n6b ]
  [ "$(cid -r --preserve-mtime d)" = Qme2x1pCTbZEPk6RXUehgSyT3Sdm74qRo7oY8XQtqFWGpw ]
  [ "$(cid -r --mode 0600 --mtime 5 --mtime-nsecs 6 d)" = \
    QmdJrnJ6vMEzWeDBTLqoJjCs21hVc8Q5gfRLQekg11kmfZ ]
  [ "$(cid -r --max-directory-links 2 d)" = QmXnt2fBjSrNPd6YSBCpfrjVjNp2ZZzNtfThb3S4xVFefq ]
  [ "$(cid -r --max-directory-links 2 --max-hamt-fanout 8 d)" = \
    QmWSW2aNXdQSFyks26oSTtdFNQSvPGAxsH2BixPjjogMez ]
}

@test "a directory around the files comes last, and has no name" {
  make_tree
  noise 1000000 >f
  run -0 p2p-hash --cid --wrap-with-directory d/a.log f
  [ "${#lines[@]}" -eq 3 ]
  [ "${lines[2]}" = 'QmThTgZgCfotKydHjXE1EajfnzWHJrG9hY62FgCY7ywMJt  ' ]
  # Input is named by its CID, or as asked.
  run -0 p2p-hash --cid --wrap-with-directory < <(printf hi)
  [ "${lines[1]}" = 'QmcTrTQ7YXFtvSZun2rJK4tKLVkbWaFD8j94DHkymfbW1Q  ' ]
  run -0 p2p-hash --cid --wrap-with-directory --stdin-name n < <(printf hi)
  [ "${lines[1]}" = 'QmY9kSH6hbgF4WfSNZepPqnmn7GFkug4fjnoTeqVw6c5nB  ' ]
  # One file twice is there once; two of one name are one too many, and . needs a name.
  [ "$(cid --wrap-with-directory f f | wc -l)" -eq 2 ]
  run -2 --separate-stderr p2p-hash --cid --wrap-with-directory f d/../f
  [[ "$stderr" == *"two of the files are named 'f'"* ]]
  run -2 p2p-hash --cid -r --wrap-with-directory ..
  # Without one of them there is none.
  run -1 --separate-stderr p2p-hash --cid --wrap-with-directory f nosuch
  [ "${#lines[@]}" -eq 1 ]
}

@test "choices that make no sense are refused, with what is wrong" {
  : >f
  refused() {
    run -2 --separate-stderr p2p-hash --cid "${@:2}" f
    [ -z "$output" ]
    [[ "$stderr" == *"$1"* ]]
  }
  refused "the size must not be 0" -s size-0
  refused "chunks may not be larger than 2096896" -s size-2096897
  refused "not a chunker" -s fastcdc
  refused "the average must be at least 48" -s rabin-47
  refused "no CID version 2" --cid-version 2
  refused "sha2-256 only" --profile unixfs-v0-2015 -a blake3
  refused "ipfs does not name blocks by crc32c" -a crc32c
  refused "--raw-leaves=false" --profile unixfs-v1-2025 --mode 0644
  refused "a power of two from 8 to 1024" --max-hamt-fanout 12
  refused "needs nodes of 2 links" --max-file-links 1
  refused "at most 128 bytes" --inline --inline-limit 129
  refused "begin it with 0, as in 0644" --mode 644
  refused "needs --mtime" --mtime-nsecs 5
  refused "neither true nor false" --raw-leaves=maybe
  refused "No such file" --ignore-rules-path nosuch
  refused "--codec does not go with --chunker" --codec raw --chunker buzhash
  run -2 --separate-stderr p2p-hash --chunker buzhash f
  [[ "$stderr" == *"meaningful only with --cid"* ]]
}

@test "a rule that ipfs would not heed is warned of" {
  make_tree
  run -0 --separate-stderr p2p-hash --cid -r --ignore 'a(' --ignore '*.log' d
  [ "$output" = "QmZMrqHpRWk56QbTTW18ysHNLRBC66NCTduG9xp4EBFdJU  d" ]
  [[ "$stderr" == *"warning: ignore rule 'a(' does not compile"* ]]
}

@test "unreadable files, special files and circles are told of, and the rest goes on" {
  make_tree
  mkfifo d/sub/fifo
  mkdir circle
  ln -s . circle/round
  noise 5000000 >large
  run -1 --separate-stderr p2p-hash --cid -r --dereference-symlinks d circle nosuch large
  [[ "$stderr" == *"p2p-hash: d/sub/fifo: Not a regular file"* ]]
  [[ "$stderr" == *"p2p-hash: circle/round: a symbolic link leads back"* ]]
  [[ "$stderr" == *"p2p-hash: nosuch: No such file or directory"* ]]
  [ "${#lines[@]}" -eq 1 ]
  [[ "${lines[0]}" == Qm*"  large" ]]
}

@test "memory stays small, however a file is cut and however many entries there are" {
  truncate -s 300M big
  truncate -s 40M small
  mkdir many
  (cd many && seq -f 'entry-%06.0f' 30000 | xargs touch)
  local flags
  stays_below() {
    run -0 --separate-stderr /usr/bin/time -f %M p2p-hash --cid "${@:2}"
    [[ $output == Qm* || $output == baf* ]]
    [ "$stderr" -lt "$1" ] || { echo "${*:2}: $stderr KiB"; return 1; }
  }
  for flags in '-s size-64 --max-file-links 30000 small' '-s rabin-64-128-256 small' \
    '-s buzhash big' '-s size-2096896 big'; do
    # shellcheck disable=SC2086 # several flags
    stays_below 65536 $flags
  done
  stays_below 65536 -s buzhash < <(head -c 100M big)
  # What is copied, too, and for many threads.
  mkdir files
  truncate -s 200K files/{1..500}
  for flags in '-j 2 --profile unixfs-v1-2025 --car /dev/null big' '-j 8 --profile v1 --car /dev/null big' \
    '-j 8 -s buzhash big' '-j 8 -r --car /dev/null files'; do
    # shellcheck disable=SC2086 # several flags
    stays_below 65536 $flags
  done
  stays_below 30000 -r many
}

@test "memory stays small on a path of large folders, each the last entry of the one above" {
  local options
  # Long names, so that fewer do.
  python3 - <<'PY'
import os
at = "deep"
for level in range(16):
    os.mkdir(at)
    for i in range(8000):
        os.close(os.open("%s/%0200d" % (at, i), os.O_CREAT | os.O_WRONLY))
    at += "/z"
PY
  for options in '-r deep' '--cid -r deep' '--cid -r --profile unixfs-v1-2025 deep' '--diff deep deep'; do
    # shellcheck disable=SC2086 # several words are meant
    run -0 --separate-stderr /usr/bin/time -f %M p2p-hash -q $options
    echo "$options: $stderr KiB"
    [ "$stderr" -lt 55000 ]
  done
}
