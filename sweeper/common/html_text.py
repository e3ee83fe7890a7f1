"""Small pieces of HTML for notebooks, in which all text is escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_NUMBER = "text-align: right; font-variant-numeric: tabular-nums"
_TEXT = "text-align: left"


def paragraph(text: str) -> str:
    """One paragraph, whose line ends are kept."""
    return f'<p style="white-space: pre-line">{escape(text)}</p>'


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A table with a caption; the columns at the places `numbers` are aligned to the right."""
    styles = [_NUMBER if place in numbers else _TEXT for place in range(len(heads))]
    head = "".join(f'<th scope="col" style="{s}">{escape(text)}</th>' for s, text in zip(styles, heads, strict=True))
    body = "".join(f"<tr>{_cells(row, styles)}</tr>" for row in rows)
    caption = f'<caption style="{_TEXT}">{escape(title)}</caption>' if title else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cells(row: Sequence[str], styles: Sequence[str]) -> str:
    return "".join(f'<td style="{style}">{escape(text)}</td>' for style, text in zip(styles, row, strict=True))
