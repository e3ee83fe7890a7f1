"""What classes and functions say of themselves and of their values, read from their source: nothing runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from sweeper.common.bindings import definition_of

VALUES = "Values"
"""The section of a docstring that defines values by their keys, in the form in which `Parameters` has parameters."""
_DOCUMENTED = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstring_of(target: str) -> str:
    """The docstring of what a dotted path names; empty where there is none, or where the source does not say it."""
    found = definition_of(target)
    if found is None or not isinstance(found.node, _DOCUMENTED):
        return ""
    return ast.get_docstring(found.node) or ""


def summary_of(docstring: str) -> str:
    """The first paragraph, as one line."""
    return " ".join(docstring.strip().partition("\n\n")[0].split())


def values_of(docstring: str) -> dict[str, str]:
    """The section `Values`: what each key means. Keys that share a line, with commas between them, share a meaning."""
    found: dict[str, str] = {}
    keys: list[str] = []
    for line in _section(docstring.splitlines()):
        if line[:1].strip():
            keys = [key.strip() for key in line.split(",")]
        else:
            found.update({key: f"{found.get(key, '')} {line.strip()}".strip() for key in keys})
    return {key: text for key, text in found.items() if text}


def _section(lines: Sequence[str]) -> Iterator[str]:
    """The lines of the section, up to the next one."""
    inside = False
    for line, below in pairwise([*lines, ""]):
        is_title = bool(line.strip()) and re.fullmatch(r"-{3,}", below) is not None
        if is_title:
            inside = line == VALUES
        elif inside and re.fullmatch(r"-{3,}", line) is None:
            yield line
