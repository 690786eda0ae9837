#!/usr/bin/env bats
# What is committed for shells and manuals is what the tools themselves say of their options.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$P2P_SOURCE"
}

# offered SHELL LINE: what SHELL offers for the last word of LINE, in one line, sorted; of a word with
# commas, some offer the whole and some what follows the last one, which is what is shown here.
offered() {
  case $1 in
    fish)
      # Of --option=value it says the whole.
      fish -c "set fish_complete_path $P2P_SOURCE/completions/fish; complete -C '$2'" |
        cut -f1 | sed 's/^--.*=//; s/.*,//' | sort -u | paste -sd' '
      ;;
    *)
      TMPDIR=$BATS_TEST_TMPDIR timeout 60 \
        zsh -f "$BATS_TEST_DIRNAME/complete.zsh" "$1" "$P2P_SOURCE/completions/$1" "$2" |
        sed 's/.*,//' | paste -sd' '
      ;;
  esac
}

# offers LINE EXPECTED: in the shell $shell.
offers() {
  local got
  got=$(LC_ALL=C offered "$shell" "$1")
  [ "$got" = "$2" ] || {
    echo "$shell: '$1' gave '$got', not '$2'"
    return 1
  }
}

everything_is_offered() {
  shell=$1
  offers 'p2p-hash --mult' --multihash
  offers 'p2p-hash --al' '--algorithm --align'
  offers 'p2p-hash --codec b' bitcoin-block
  offers 'p2p-hash --codec=dag-c' dag-cbor
  offers 'p2p-hash -a sha3-25' sha3-256
  offers 'p2p-hash --algorithm blake2s-2' 'blake2s-224 blake2s-256'
  offers 'p2p-hash -a sha2-256,blake2b-' 'blake2b-160 blake2b-256 blake2b-384 blake2b-512'
  offers 'p2p-hash -a sha2-256,blake3,dbl' dbl-sha2-256
  offers 'p2p-hash --algorithm=sha1,md' md5
  offers 'p2p-hash -a sha1,nosuch' ''
  offers 'p2p-hash CMakeL' CMakeLists.txt
  offers 'p2p-hash --nosuch' ''
  offers 'p2p-probe --exp' --expect
  offers 'p2p-discover mdns --fo' '--for --force --format'
  offers 'p2p-gossip ' 'join pub sub'
  offers 'p2p-gossip pub --min' --min-peers
  offers 'p2p-gossip pub topic --min' --min-peers
  offers 'p2p-chain ' 'apply balance export init key log mine node peer show submit tip verify'
  offers 'p2p-chain key ' 'new show'
  # A value that is called as a subcommand is none.
  offers 'p2p-chain --dir key key sh' show
  offers 'p2p-chain --dir=key ver' verify
}

@test "completions and the manuals' OPTIONS are what gen-completions makes of the tools" {
  scripts/gen-completions --check "$P2P_BIN"
}

@test "every shell takes them" {
  local file
  for file in completions/bash/*; do bash -n "$file"; done
  for file in completions/zsh/*; do zsh -n "$file"; done
  for file in completions/fish/*; do fish --no-execute "$file"; done
}

@test "manuals are well-formed" {
  local page
  for page in man/*.scd; do
    scdoc <"$page" >"$BATS_TEST_TMPDIR/page.1"
    mandoc -T lint -W error "$BATS_TEST_TMPDIR/page.1"
  done
}

@test "every tool has a manual, and all manuals have one shape" {
  # COMMANDS and FILES only where there are any.
  local tool sections
  for tool in tools/p2p-*/; do
    tool=$(basename "$tool")
    [ "$(head -n 1 "man/$tool.1.scd")" = "$tool(1)" ]
    sections=$(sed -n 's/^# //p' "man/$tool.1.scd" | grep -v -x -e COMMANDS -e FILES | tr '\n' ,)
    echo "$tool: $sections"
    [ "$sections" = "NAME,SYNOPSIS,DESCRIPTION,OPTIONS,OUTPUT,EXIT STATUS,ENVIRONMENT,EXAMPLES,NOTES,SEE ALSO," ]
  done
}

@test "bash offers options, values, files and subcommands at a TAB" { everything_is_offered bash; }

@test "zsh offers options, values, files and subcommands at a TAB" { everything_is_offered zsh; }

@test "fish offers options, values, files and subcommands at a TAB" { everything_is_offered fish; }
