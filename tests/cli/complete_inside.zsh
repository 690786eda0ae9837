# complete_inside.zsh OFFERS FOLDER TOOL: see complete.zsh.
offers_file=$1
fpath=($2 $fpath)
PROMPT=
autoload -Uz compinit && compinit -u -d ${offers_file:h}/zcompdump
bindkey '^I' complete-word
# A call with -O, -A or -D offers nothing, it only asks.
compadd() {
  local -a hits
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
  else
    builtin compadd -A hits "$@"
    print -rl -- $hits >>$offers_file
    builtin compadd "$@"
  fi
}
finish() { exit }
comppostfuncs=(finish)
zle-line-init() { print "ready for input" }
zle -N zle-line-init
