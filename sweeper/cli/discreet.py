"""A stream that does not show what is secret, whoever writes it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TextIO, cast

from sweeper.common.secrets import hidden


class Discreet(io.TextIOBase):
    """Shows what is written to it on another stream, without the secrets of a config."""

    def __init__(self, stream: TextIO, secrets: Sequence[str]) -> None:
        self._stream, self._secrets = stream, secrets

    def write(self, text: str) -> int:
        self._stream.write(hidden(text, self._secrets))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - read-only here
        return self._stream.encoding


def as_text(stream: io.TextIOBase) -> TextIO:
    """The stream for who asks for a `TextIO`, which `io.TextIOBase` is in all but name."""
    return cast(TextIO, stream)
