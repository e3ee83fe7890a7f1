# Completion of sweeper's command lines in bash: source <(sweeper completion bash)
# COMPREPLY gets what is typed already, as readline hands it over, and what sweeper says is left to type. So it does not
# matter where readline lets a word begin: at a quote, or at one of COMP_WORDBREAKS, such as `=` and `:`.
_sweeper() {
    local command="${1/#\~\//$HOME/}" typed="$2" ends shown about rest
    local -a run=("$command")
    COMPREPLY=()
    if [[ ${COMP_WORDS[1]} == -m && ${COMP_WORDS[2]} == sweeper ]]; then
        run+=(-m sweeper)
    elif [[ $command == *python* ]]; then
        return
    fi
    while IFS=$'\x1f' read -r ends shown about rest; do
        if [[ $COMP_TYPE == 63 ]]; then
            COMPREPLY+=("$shown") # readline lists the candidates and inserts nothing
        else
            COMPREPLY+=("$typed$rest")
        fi
        [[ $ends == . ]] || compopt -o nospace 2>/dev/null
    done < <("${run[@]}" completion bash --line="${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _sweeper sweeper
