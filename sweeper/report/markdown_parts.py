"""Pieces of Markdown in which a name is a name, whatever is in it: no HTML, link, mention or formula. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_MARKED = re.compile(r"([\\`*_{}\[\]()~|$^!])")
"""What begins or ends markup, in GitHub's dialect too; a `|` also ends a cell."""
_APART = "&#8203;"
"""A space of no width: behind an `@` or `#` nothing is a mention or a reference any more."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""What would end a line, or turn the order of what follows."""


def inline(text: str) -> str:
    """A text as it is, in one line."""
    plain = _UNSEEN.sub(" ", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[@#](?!8203;)", lambda found: found[0] + _APART, _MARKED.sub(r"\\\1", plain)).replace(
        "://", f":{_APART}//"
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Collection[int]) -> str:
    """A table; the columns at the places `numbers` are aligned to the right."""
    rules = ("---:" if place in numbers else "---" for place in range(len(heads)))
    lines = [" | ".join(map(inline, heads)), " | ".join(rules), *(" | ".join(map(inline, row)) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def code(text: str) -> str:
    """A block in which nothing is markup."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}bash\n{text}\n{fence}"
