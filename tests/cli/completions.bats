#!/usr/bin/env bats
# What is committed for shells and manuals is what the tools themselves say of their options.

bats_require_minimum_version 1.5.0
load checks

setup() {
  cd "$P2P_SOURCE"
}

# complete_bash TOOL WORD...: what bash offers for the last word.
complete_bash() {
  local tool=$1 function
  shift
  # shellcheck disable=SC1090
  source "completions/bash/$tool"
  function=_${tool//-/_}
  COMP_WORDS=("$tool" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  compopt() { :; } # only a shell that is completing has it
  "$function"
  printf '%s\n' "${COMPREPLY[@]}"
}

@test "completions and the manuals' OPTIONS are what gen-completions makes of the tools" {
  scripts/gen-completions --check "$P2P_BIN"
}

@test "every shell takes them" {
  local file
  for file in completions/bash/*; do bash -n "$file"; done
  if command -v zsh >/dev/null; then
    for file in completions/zsh/*; do zsh -n "$file"; done
  fi
  if command -v fish >/dev/null; then
    for file in completions/fish/*; do fish --no-execute "$file"; done
  fi
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

@test "bash offers options, choices and files" {
  [ "$(complete_bash p2p-hash --mult)" = "--multihash" ]
  [ "$(complete_bash p2p-hash --alg)" = "--algorithm" ]
  [ "$(complete_bash p2p-hash --codec b)" = "bitcoin-block" ]
  [ "$(complete_bash p2p-hash --codec = dag-c)" = "dag-cbor" ]
  [ "$(complete_bash p2p-hash -a sha3-25)" = "sha3-256" ]
  [ "$(complete_bash p2p-hash CMakeL)" = "CMakeLists.txt" ]
}

@test "bash finds its way through subcommands" {
  [ "$(complete_bash p2p-chain key n)" = "new" ]
  [ "$(complete_bash p2p-chain --dir key key sh)" = "show" ]
  [ "$(complete_bash p2p-chain --dir = key ver)" = "verify" ]
  [ "$(complete_bash p2p-gossip pub topic --min)" = "--min-peers" ]
}

@test "fish finds its way through subcommands" {
  command -v fish >/dev/null || skip "fish is not installed"
  offered() { fish -c "set fish_complete_path $P2P_SOURCE/completions/fish; complete -C '$1'" | cut -f1; }
  [ "$(offered 'p2p-hash --codec b')" = "bitcoin-block" ]
  [ "$(offered 'p2p-discover mdns --fo' | tr '\n' ' ')" = "--for --force --format " ]
  [ "$(offered 'p2p-chain key ' | tr '\n' ' ')" = "new show " ]
}
