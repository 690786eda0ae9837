# What the suites check with, where a bare [ ] or a pipe would let something pass:
#
#     load checks
#     same "$(one)" "$(other)"      eventually grep -q text file      left_out "no such thing here"

# A tool that fails on the left of a pipe fails the test.
set -o pipefail

# same TEXT TEXT: both are there, and equal. Two commands that both print nothing agree on nothing.
same() {
  [[ -n $1 && $1 == "$2" ]] || {
    echo "not the same, or nothing:"
    diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") || true
    return 1
  }
}

# eventually CMD...: CMD succeeds, within 20 seconds; the one place where the suites wait for something
# that nothing announces. With several words for the test of files: eventually [ -s file ].
eventually() {
  local ends=$((SECONDS + 20))
  until "$@"; do
    if ((SECONDS >= ends)); then
      echo "never: $*"
      return 1
    fi
    sleep 0.05
  done
}

# lasts MS CMD...: CMD succeeds, and takes no less time than that. There is no bound above: whatever
# else the machine does makes it longer.
lasts() {
  local least=$1 began ended
  shift
  read -r began _ </proc/uptime
  "$@" || return
  read -r ended _ </proc/uptime
  # That counts hundredths of a second.
  ((10 * (${ended/./} - ${began/./}) + 10 >= least)) || {
    echo "$*: began at $began s and ended at $ended s, which is less than $least ms"
    return 1
  }
}

# records_of STATUS TYPES CMD...: CMD ends with STATUS and prints records of all these types and no others.
records_of() {
  local expected=$1 types=$2 status=0 printed
  shift 2
  printed=$(mktemp "$BATS_TEST_TMPDIR/records.XXXXXX")
  "$@" >"$printed" || status=$?
  if [[ $status -ne $expected ]]; then
    echo "$*: exit status $status, expected $expected"
    return 1
  fi
  # shellcheck disable=SC2086 # several types
  p2p-check-records $types <"$printed" || { echo "that was: $*"; return 1; }
}

# left_out WHY: the test does not run here. Not from within `run`. Where P2P_TEST_ALL is set,
# the machine is one that has all that tests need, and this fails; scripts/test names them at its end.
left_out() {
  if [[ -n ${P2P_TEST_ALL-} ]]; then
    echo "P2P_TEST_ALL is set, but $1"
    return 1
  fi
  [[ -z ${P2P_LEFT_OUT-} ]] || echo "${BATS_TEST_FILENAME##*/}: $BATS_TEST_DESCRIPTION: $1" >>"$P2P_LEFT_OUT"
  skip "$1"
}
