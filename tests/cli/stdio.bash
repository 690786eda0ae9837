# The hostile standard streams that every tool must survive, as functions for the tools' own suites:
#
#     load stdio
#     @test "p2p-x prints to a full disk" { stdio_full p2p-x …; }
#
# Each runs a command, fails the test with what it saw, and puts a bound on the time. A STATUS argument
# is a glob on the exit status: 0, "[01]", "*".

# shellcheck source=checks.bash
source "${BASH_SOURCE%/*}/checks.bash"

# Longer than anything these commands do; a hang is what it catches.
stdio_deadline=20

_stdio_bounded() { timeout -k 1 "$stdio_deadline" "$@"; }

_stdio_expect() {  # STATUS-GLOB STATUS CONTEXT
  # shellcheck disable=SC2053 # a glob is meant
  if [[ $2 != $1 ]]; then
    echo "$3: exit status $2, expected $1"
    return 1
  fi
}

_stdio_one_error_line() {  # TOOL FILE: the first line says what is wrong, in the house's form
  grep -q "^${1##*/}: error: " "$2" || { echo "no '${1##*/}: error:' line, but:"; cat "$2"; return 1; }
}

# stdio_full CMD...: standard output is a full disk.
stdio_full() {
  local status=0
  _stdio_bounded "$@" >/dev/full 2>"$BATS_TEST_TMPDIR/full.err" </dev/null || status=$?
  _stdio_expect 2 "$status" "$* >/dev/full" || return 1
  _stdio_one_error_line "$1" "$BATS_TEST_TMPDIR/full.err"
}

# stdio_closed_stdout CMD...: there is no standard output.
stdio_closed_stdout() {
  local status=0
  _stdio_bounded "$@" >&- 2>"$BATS_TEST_TMPDIR/closed.err" </dev/null || status=$?
  _stdio_expect 2 "$status" "$* >&-" || return 1
  _stdio_one_error_line "$1" "$BATS_TEST_TMPDIR/closed.err"
}

# stdio_closed_stderr STATUS CMD...: there is nobody to complain to.
stdio_closed_stderr() {
  local expected=$1 status=0
  shift
  _stdio_bounded "$@" 2>&- >/dev/null </dev/null || status=$?
  _stdio_expect "$expected" "$status" "$* 2>&-"
}

# stdio_head CMD...: the reader leaves after one line. The command may have ended before it noticed;
# else SIGPIPE ends it, and it says nothing about it.
stdio_head() {
  local -a statuses=(0)
  _stdio_bounded "$@" 2>"$BATS_TEST_TMPDIR/head.err" </dev/null |
    head -n 1 >"$BATS_TEST_TMPDIR/head.out" || statuses=("${PIPESTATUS[@]}")
  if [[ ${statuses[0]} != 0 && ${statuses[0]} != 141 ]]; then
    echo "$* | head -n 1: exit status ${statuses[0]}, expected 0 or 141"
    return 1
  fi
  [[ -s $BATS_TEST_TMPDIR/head.out ]] || { echo "$*: not one line"; return 1; }
  [[ ! -s $BATS_TEST_TMPDIR/head.err ]] || { cat "$BATS_TEST_TMPDIR/head.err"; return 1; }
}

# stdio_gone CMD...: the reader left before the first byte: SIGPIPE, and silence.
stdio_gone() {
  local status=0 pipe reader
  rm -f "$BATS_TEST_TMPDIR/gone"
  mkfifo "$BATS_TEST_TMPDIR/gone"
  # A writer that opens while a reader is there, and writes when it is not.
  exec {reader}<>"$BATS_TEST_TMPDIR/gone" {pipe}>"$BATS_TEST_TMPDIR/gone"
  exec {reader}>&-
  _stdio_bounded "$@" 1>&"$pipe" 2>"$BATS_TEST_TMPDIR/gone.err" </dev/null || status=$?
  exec {pipe}>&-
  _stdio_expect 141 "$status" "$* into a pipe without a reader" || return 1
  [[ ! -s $BATS_TEST_TMPDIR/gone.err ]] || { cat "$BATS_TEST_TMPDIR/gone.err"; return 1; }
}

# stdio_closed_stdin STATUS CMD...
stdio_closed_stdin() {
  local expected=$1 status=0
  shift
  _stdio_bounded "$@" <&- >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  _stdio_expect "$expected" "$status" "$* <&-"
}

# stdio_null_stdin STATUS CMD...
stdio_null_stdin() {
  local expected=$1 status=0
  shift
  _stdio_bounded "$@" </dev/null >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  _stdio_expect "$expected" "$status" "$* </dev/null"
}

# stdio_file_stdin STATUS FILE CMD...
stdio_file_stdin() {
  local expected=$1 file=$2 status=0
  shift 2
  _stdio_bounded "$@" <"$file" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  _stdio_expect "$expected" "$status" "$* <$file"
}

# stdio_tty STATUS CMD...: all three streams are a terminal, at whose keyboard somebody types ^D.
stdio_tty() {
  local expected=$1 status=0
  shift
  _stdio_bounded script -qec "$(printf '%q ' "$@")" /dev/null \
    </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 || status=$?
  _stdio_expect "$expected" "$status" "$* on a terminal"
}

# stdio_shared CMD...: pipes are left as they were found, for the next program in the shell group: no
# O_NONBLOCK, which belongs to the pipe and not to the program that set it.
stdio_shared() {
  local flags flag status
  # shellcheck disable=SC2002 # standard input must be a pipe
  flags=$(cat /dev/null | {
    status=0
    _stdio_bounded "$@" >&3 || status=$?
    echo "$status"
    sed -n 's/^flags:[[:space:]]*//p' /proc/self/fdinfo/0 /proc/self/fdinfo/3
  } 3> >(cat >/dev/null))
  read -r -d '' -a flags <<<"$flags" || [[ ${#flags[@]} -eq 3 ]] || return 1
  _stdio_expect 0 "${flags[0]}" "$* in a pipe" || return 1
  for flag in "${flags[@]:1}"; do
    if ((8#$flag & 8#4000)); then
      echo "$*: left O_NONBLOCK on a pipe that others share"
      return 1
    fi
  done
}

# stdio_bytewise FILE CMD...: input that comes one byte at a time gives the same output as the file. A
# pipe in packet mode (O_DIRECT) keeps the writes apart, so that each read gets one byte.
stdio_bytewise() {
  local file=$1
  shift
  _stdio_bounded "$@" <"$file" >"$BATS_TEST_TMPDIR/whole"
  _stdio_bounded python3 -c '
import os, subprocess, sys
reading, writing = os.pipe2(os.O_DIRECT)
tool = subprocess.Popen(sys.argv[2:], stdin=reading)
os.close(reading)
with open(sys.argv[1], "rb") as file:
    for byte in file.read():
        os.write(writing, bytes([byte]))
os.close(writing)
sys.exit(tool.wait())' "$file" "$@" >"$BATS_TEST_TMPDIR/bytewise"
  [[ -s $BATS_TEST_TMPDIR/whole ]] || { echo "$* <$file: no output"; return 1; }
  cmp "$BATS_TEST_TMPDIR/whole" "$BATS_TEST_TMPDIR/bytewise"
}

# stdio_cut_cbor FILE CMD...: a CBOR Sequence whose last item lacks its last byte is an error, 2.
stdio_cut_cbor() {
  local file=$1 status=0
  shift
  head -c -1 "$file" |
    _stdio_bounded "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
  _stdio_expect 2 "$status" "$* with a CBOR item cut short" || return 1
  _stdio_one_error_line "$1" "$BATS_TEST_TMPDIR/err"
}
