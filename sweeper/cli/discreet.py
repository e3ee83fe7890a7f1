"""Streams around the standard streams: one that does not show what is secret, and what all of them have in common."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TextIO, cast

from sweeper.common.secrets import hidden


class WrappedStream(io.TextIOBase):
    """What a stream that writes on another one says of itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return not self._stream.closed and self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def flush(self) -> None:
        """Flush the other stream; Python does so too when this one is deleted, maybe after that one was closed."""
        if not self._stream.closed:
            self._stream.flush()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - read-only here
        return self._stream.encoding


class Discreet(WrappedStream):
    """Shows what is written to it on another stream, without the secrets of a config."""

    def __init__(self, stream: TextIO, secrets: Sequence[str]) -> None:
        super().__init__(stream)
        self._secrets = secrets

    def write(self, text: str) -> int:
        self._stream.write(hidden(text, self._secrets))
        return len(text)


def as_text(stream: io.TextIOBase) -> TextIO:
    """The stream for who asks for a `TextIO`, which `io.TextIOBase` is in all but name."""
    return cast(TextIO, stream)
