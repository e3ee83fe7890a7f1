"""The command `report`: which form it has, what it is compared with, and where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, TextIO

from sweeper.cli.arguments import Arguments
from sweeper.cli.output import write_text

if TYPE_CHECKING:
    from sweeper.comparison.sides import Side
    from sweeper.messages.requests import StoreLocation
    from sweeper.store import Store

PAGE = "report.html"
HTML, MARKDOWN = "html", "md"
_ENDINGS = {".md": MARKDOWN, ".markdown": MARKDOWN}


def report(args: Arguments, location: StoreLocation, repeats: Sequence[str], store: Store, out: TextIO) -> int:
    """Write the report on `store`, which is at `location`; Markdown goes to `out` where no file is named.

    Raises
    ------
    ConfigError
        An option cannot be used, or there is nothing to report.
    """
    import sweeper.report

    path = args.value("--output")
    form = args.value("--format") or form_of(path)
    make = sweeper.report.markdown if form == MARKDOWN else sweeper.report.html
    text = make(store, args.value("--sweep"), repeats=repeats, against=_baseline(args, location, store, repeats))
    if form == MARKDOWN and path is None:
        out.write(text)
        return 0
    write_text(text, path or PAGE)
    out.write(f"report: {path or PAGE}\n")
    return 0


def form_of(path: str | None) -> str:
    """The form that a file's name asks for."""
    return _ENDINGS.get(PurePath(path).suffix.lower(), HTML) if path else HTML


def _baseline(args: Arguments, location: StoreLocation, store: Store, repeats: Sequence[str]) -> Side | None:
    from sweeper.comparison.opened import StoreOpener
    from sweeper.comparison.sides import Sides

    word = args.value("--against")
    return None if word is None else Sides(store, StoreOpener(location), repeats).named(word)
