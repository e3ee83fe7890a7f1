#compdef sweeper
# Completion of sweeper's command lines in zsh: source <(sweeper completion zsh), or a file _sweeper in a folder of $fpath
_sweeper() {
    local line row command="${words[1]/#\~\//$HOME/}"
    local -a run fields whole whole_shown open open_shown
    run=("$command")
    if [[ ${words[2]} == -m && ${words[3]} == sweeper ]]; then
        run+=(-m sweeper)
    elif [[ $command == *python* ]]; then
        _default
        return
    fi
    line="${(j: :)words[1,CURRENT-1]} $QIPREFIX$IPREFIX$PREFIX"
    for row in "${(@f)$("${run[@]}" completion zsh --line="$line" 2>/dev/null)}"; do
        fields=("${(@ps:\x1f:)row}")
        (( $#fields == 4 )) || continue
        if [[ $fields[1] == . ]]; then
            whole+=("$PREFIX$fields[4]")
            whole_shown+=("$fields[2]${fields[3]:+  -- $fields[3]}")
        else
            open+=("$PREFIX$fields[4]")
            open_shown+=("$fields[2]${fields[3]:+  -- $fields[3]}")
        fi
    done
    (( $#whole )) && compadd -Q -l -d whole_shown -a whole
    (( $#open )) && compadd -Q -l -S '' -d open_shown -a open
    (( $#whole + $#open ))
}
if [[ $funcstack[1] == _sweeper ]]; then
    _sweeper "$@" # called as a file of $fpath
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _sweeper sweeper
fi
