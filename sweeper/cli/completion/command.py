"""The command that prints the script for a shell, and answers what that script asks."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from sweeper.cli.arguments import Arguments
from sweeper.errors import ConfigError, near_match

SHELLS = ("bash", "zsh")
LINE = "--line"
_BETWEEN = "\x1f"
"""Between the fields of an answer: no word has it in it."""
_OPEN, _WHOLE = "+", "."


def completion(args: Arguments, out: TextIO) -> int:
    """Print the script for a shell, or what may end a line that is being typed there."""
    shell = args.operands[0]
    if shell not in SHELLS:
        raise ConfigError(
            f"There is no completion for {shell!r}.{near_match(shell, SHELLS)} Allowed: {', '.join(SHELLS)}."
        )
    line = args.value(LINE)
    out.write(script(shell) if line is None else _answer(shell, line))
    return 0


def script(shell: str) -> str:
    """What a shell has to read to complete command lines of sweeper."""
    return Path(__file__).with_name(f"sweeper.{shell}").read_text(encoding="utf-8")


def _answer(shell: str, text: str) -> str:
    """A line for each candidate: whether it ends the word, how a list shows it, what it is, what is left to type."""
    from sweeper.cli.completion.answers import answers  # here, so that the script itself needs no configs
    from sweeper.cli.completion.candidates import Candidate
    from sweeper.cli.completion.line import line_of

    line = line_of(text)
    found = answers(line)
    if shell == "bash" and line.quote and len(found) == 1 and not found[0].is_whole:
        # bash closes the quote behind a single candidate, whatever it is told, so there must be two of them
        found.append(Candidate(f"{found[0].text}...", is_whole=False))
    rows = (
        (_WHOLE if one.is_whole else _OPEN, one.shown or one.text, one.about, line.typed(one.text[len(line.current) :]))
        for one in found
    )
    return "".join(f"{_BETWEEN.join(row)}\n" for row in rows)
