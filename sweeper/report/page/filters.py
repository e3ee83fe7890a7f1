"""Filters of the page's template: times, durations, names and addresses as text."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import quote

_WORDS = re.compile(r"(?<=[/_.])(?=.)")


def when(moment: datetime | None) -> str:
    """A time to the minute."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def took(span: timedelta | None) -> str:
    """A duration in the two units that matter: `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if span is None:
        return ""
    seconds = span.total_seconds()
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def seconds(number: float | None) -> str:
    """A duration of a run: `12 ms`, else as `took`."""
    if number is None:
        return ""
    return f"{1000 * number:.3g} ms" if number < 0.9995 else took(timedelta(seconds=number))


def breakable(name: str) -> str:
    """A name that may go on in the next line behind what joins its words, rather than in the middle of one."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(escape(word) for word in _WORDS.split(name))


def href(uri: str) -> str:
    """Where a browser finds a URI: the address of a local file or a web page; nothing for an object store."""
    return f"file://{quote(uri)}" if uri.startswith("/") else web_address(uri)


def web_address(uri: str) -> str:
    """The same from a page that is served: no browser follows it to a local file."""
    return uri if uri.startswith(("https://", "http://")) else ""
