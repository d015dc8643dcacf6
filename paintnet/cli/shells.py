"""Completion in bash and zsh, beyond what click's own scripts do.

There is more to it in three places: files of some extensions alone, words with
a colon, which bash breaks in three, and a zsh in which nobody called compinit.
"""

from collections.abc import Iterable
from typing import Any

from click.shell_completion import BashComplete, CompletionItem, ZshComplete, add_completion_class

# `compopt -o filenames` lets readline put the slash behind a folder and quote what is odd. A tilde
# stays in the word, and has to go before the file is looked at.
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' response line type value path
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete $1)
    for line in $response; do
        type=${line%%%%,*}
        value=${line#*,}
        if [[ $type == dir ]]; then
            compopt -o dirnames
        elif [[ $type == file ]]; then
            compopt -o default
        elif [[ $type == files ]]; then
            compopt -o filenames
            while read -r path; do
                if [[ -d ${path/#\\~/$HOME} || ${path,,} =~ \\.($value)$ ]]; then
                    COMPREPLY+=("$path")
                fi
            done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
        else
            COMPREPLY+=("$value")
        fi
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

# compdef is there only after compinit, which a fresh zsh has not called. -i: what it holds for
# insecure is left out instead of asked about.
_ZSH = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local -a completions described response
    local type key text
    (( ! $+commands[%(prog_name)s] )) && return 1
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \
%(complete_var)s=zsh_complete %(prog_name)s)}")
    for type key text in ${response}; do
        if [[ $type == dir ]]; then
            _path_files -/
        elif [[ $type == file ]]; then
            _path_files -f
        elif [[ $type == files ]]; then
            _files -g "*.(#i)($key)(-.)"
        elif [[ $text == _ ]]; then
            completions+=("$key")
        else
            described+=("$key":"$text")
        fi
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#completions )) && compadd -U -V unsorted -a completions
    (( compstate[nmatches] ))
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
    compdef %(complete_func)s %(prog_name)s
fi
"""


class Bash(BashComplete):
    """Completion for bash."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Put words together again that bash has broken at their colons."""
        args, incomplete = super().get_completion_args()
        *args, incomplete = joined_at_colons([*args, incomplete])
        # Bash replaces what stands behind the last colon only.
        self.before = incomplete.rpartition(":")[0] + ":" if ":" in incomplete else ""
        return args, incomplete

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Write one line: what it is, a comma, and the value."""
        if item.extensions:
            return f"files,{'|'.join(item.extensions)}"
        return f"{item.type},{str(item.value).removeprefix(self.before)}"


class Zsh(ZshComplete):
    """Completion for zsh."""

    source_template = _ZSH

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Write three lines: what it is, the value, and its description."""
        if item.extensions:
            return f"files\n{'|'.join(item.extensions)}\n_"
        return super().format_completion(item)


def joined_at_colons(words: Iterable[str]) -> list[str]:
    """Undo what bash does to words with colons, which its readline breaks.

    Examples
    --------
    >>> joined_at_colons(["fit", "sample", ":", "bi"]), joined_at_colons(["fit", "sample", ":"])
    (['fit', 'sample:bi'], ['fit', 'sample:'])
    """
    joined: list[str] = []
    for word in words:
        if joined and (word.startswith(":") or joined[-1].endswith(":")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def complete_better() -> None:
    """Put these in the place of click's."""
    add_completion_class(Bash)
    add_completion_class(Zsh)
