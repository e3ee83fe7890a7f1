"""Globs over the names of choices, in which only * and ? are wild: brackets are part of the names of variants."""

from __future__ import annotations

import re
from functools import cache


def covers(glob: str, name: str) -> bool:
    """Whether a glob covers a name."""
    return bool(_compiled(glob).fullmatch(name))


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob), re.DOTALL)
