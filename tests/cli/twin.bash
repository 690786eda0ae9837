# shellcheck source=checks.bash
source "${BASH_SOURCE%/*}/checks.bash"

# twin ARG...: p2p-hash and coreutils' sha256sum with the same arguments give the same bytes on both
# streams (but for the program's name) and the same status. Standard input is the file ../stdin, if
# there is one. Call it from a folder of the test's own; it writes beside it.
twin() {
  local input=/dev/null ours=0 theirs=0
  [ ! -e ../stdin ] || input=../stdin
  sha256sum "$@" <"$input" >../theirs.out 2>../theirs.err || theirs=$?
  p2p-hash "$@" <"$input" >../ours.out 2>../ours.err || ours=$?
  sed -i 's/^sha256sum: /p2p-hash: /' ../theirs.err
  cmp ../theirs.out ../ours.out || {
    diff ../theirs.out ../ours.out | cat -A
    return 1
  }
  diff ../theirs.err ../ours.err || return 1
  [ "$ours" -eq "$theirs" ] || {
    echo "p2p-hash $*: status $ours, sha256sum's $theirs"
    return 1
  }
}
