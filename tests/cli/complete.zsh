# zsh -f complete.zsh bash|zsh FOLDER LINE: what that shell, with the completions in FOLDER, offers for the
# last word of LINE, one a line, sorted. A shell on a terminal of its own gets LINE and a TAB, as from a
# user, once its editor has the terminal; complete_inside.* tells it to write down what it offers, and end.
emulate -L zsh
zmodload zsh/zpty || exit 2
offers=${TMPDIR:-/tmp}/offers.$$
: >$offers
case $1 in
  bash) zpty shell bash --norc --noprofile -i ;;
  zsh) zpty shell zsh -f -i ;;
esac
zpty -w shell "source ${(q)0:A:h}/complete_inside.$1 ${(q)offers} ${(q)2:A} ${3%% *}"
zpty -r -m shell output '*ready for input*' || exit 2
zpty -w -n shell "$3"$'\t'
while zpty -r shell output; do :; done
sort -u $offers | sed '/^$/d'
rm -f $offers
