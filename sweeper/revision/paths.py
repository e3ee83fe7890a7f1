"""Which texts of a spec are paths."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sweeper.vocabulary import Choice

AXES_WITH_DATA = ("dataset", "model")
"""Whose specs name files; a path in a capability or a metric is where something goes, or no path at all."""
_HAS_SUFFIX = re.compile(r"\S+\.[A-Za-z]\w{0,7}")


def strings(value: Any) -> Iterator[str]:
    """The text values of a spec at every depth, those that name what is built apart."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key != "_target_":
                yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)


def holds_more_than_data(path: str) -> bool:
    """Whether a path is the root of a disk, or the home or working folder or above one of them.

    A value like `/`, `./` or `../` is a delimiter as often as a folder. To walk such a folder may take hours, and what
    is in it (the store, for one) changes all the time.
    """
    real = Path(os.path.realpath(os.path.expanduser(path)))
    homes = (Path(os.path.realpath(place)) for place in (".", os.path.expanduser("~")))
    return real == real.parent or any(home.is_relative_to(real) for home in homes)


def looks_like_path(value: str) -> bool:
    """Whether a text would be a path if something were there: it has a separator or ends like the name of a file."""
    return ("/" in value or os.sep in value or _HAS_SUFFIX.fullmatch(value) is not None) and "://" not in value


def texts_of(choice: Choice) -> Iterator[str]:
    """The texts of a choice that may be paths: those of datasets and models."""
    return strings(choice.spec) if choice.axis in AXES_WITH_DATA else iter(())
