"""One thing that is wrong with a choice."""

from __future__ import annotations

from typing import NamedTuple

from sweeper.errors import ConfigError


class Problem(NamedTuple):
    """A sentence that names the choice and what is wrong with it."""

    text: str
    kind: type[ConfigError] = ConfigError
