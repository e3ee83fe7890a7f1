"""The text of a choice file. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from sweeper.cli.init.drafts import MISSING, Argument, Draft
from sweeper.config.catalogue import MARK_OF_INIT

_PLAIN = re.compile(r"(\.{0,2}/)*[A-Za-z_][\w./-]*", re.ASCII)
"""Text that YAML reads as text without quotes, but for the words below."""
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan"})


def choice_text(draft: Draft) -> str:
    """A choice file with what it takes from where, and what is to be filled in."""
    lines = [MARK_OF_INIT, f"# {draft.what}", f"{draft.name}:", *(f"  {line}" for line in _lines(draft))]
    return "\n".join(lines) + "\n"


def value_text(value: object) -> str:
    """A value as YAML that fits into a line; `${` stays as it is."""
    if value == MISSING or value is None or isinstance(value, bool | int | float):
        return MISSING if value == MISSING else json.dumps(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(value_text, value))}]"
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text.replace("${", "\\${"), ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)


def _lines(draft: Draft) -> Iterator[str]:
    yield f"_target_: {draft.target}"
    yield from map(_argument, draft.arguments)
    if draft.taken:
        yield "# Taken from the files, so that it need not stand here:"
        yield from (f"#   {line}" for line in draft.taken)
    yield f"_sweep_: {{task: {draft.task}}}"


def _argument(argument: Argument) -> str:
    comment = f"  # {argument.comment}" if argument.comment else ""
    return f"{argument.name}: {value_text(argument.value)}{comment}"
