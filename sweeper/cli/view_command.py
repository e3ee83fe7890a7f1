"""The command `view`: the page of the report in a browser, which is kept fresh until it is interrupted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from threading import Event
from typing import TYPE_CHECKING, TextIO

from sweeper.cli.arguments import Arguments
from sweeper.errors import ConfigError

if TYPE_CHECKING:
    from sweeper.report.view.fresh_page import FreshPage
    from sweeper.store import Store

_LEADS_ON = """<!doctype html><html lang="en"><meta charset="utf-8"><title>sweeper view</title>
<meta http-equiv="refresh" content="0;url={0}"><p><a href="{0}">{0}</a></p></html>
"""


def view(args: Arguments, store: Store, repeats: Sequence[str], out: TextIO, err: TextIO) -> int:
    """Serve the page until the user interrupts it, which is how it is meant to end.

    Raises
    ------
    ConfigError
        There is nothing to show, or the port cannot be used.
    """
    from sweeper.report import require, served_html
    from sweeper.report.view.fresh_page import FreshPage
    from sweeper.store.change_mark import change_mark

    require("view")

    def warn(reason: str) -> None:
        err.write(f"sweeper view: the page stays as it is: {reason}\n")

    make = partial(served_html, store, sweep=args.value("--sweep"), repeats=repeats)
    page = FreshPage(lambda: change_mark(store.files), make, warn)
    with suppress(KeyboardInterrupt):
        _serve(page, args, out)
    return 0


def _serve(page: FreshPage, args: Arguments, out: TextIO) -> None:
    from sweeper.report.view.app import app_of
    from sweeper.report.view.server import serving

    token = token_urlsafe(24)
    with serving(app_of(page, token), _port(args.value("--port"))) as port:
        address = f"http://127.0.0.1:{port}/{token}/"
        with _leading_to(address) as file:
            if not args.has("--no-browser"):
                _open_browser(file)  # which takes as long to start as the page takes to be made
            page.newest()
            out.write(f"view: {address}\nIt is kept fresh while sweeps run. Ctrl-C ends it.\n")
            out.flush()
            Event().wait()


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise ConfigError(f"--port: got {text!r}, and takes a number from 0 (any free one) to 65535.")
    return int(text)


@contextmanager
def _leading_to(address: str) -> Generator[Path]:
    """A file for this user alone that leads to an address: others see the command line of a browser, not its files."""
    handle, name = tempfile.mkstemp(suffix=".html", prefix="sweeper-view-")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(_LEADS_ON.format(address))
        yield Path(name)
    finally:
        os.unlink(name)


def _open_browser(file: Path) -> None:
    """Open the file, where there is a browser and a screen to show it on."""
    import webbrowser

    with suppress(webbrowser.Error):
        webbrowser.get()
        webbrowser.open(file.as_uri())
