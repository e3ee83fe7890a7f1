"""The standard streams of the process: to stdout goes what a command shows and nothing else, whoever prints it."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from errno import EIO, EPIPE
from typing import TextIO

from sweeper.cli.commands import INTERRUPTED, USAGE_ERROR
from sweeper.cli.discreet import WrappedStream, as_text

READER_GONE = 128 + 13
"""What a shell tells of a tool that SIGPIPE ended, as it does most of them."""
_GONE = (EPIPE, EIO)
"""Errors of a stream that nobody will ever read again: a pipe without a reader, a terminal that was closed."""


class LastingStream(WrappedStream):
    """A stream on which a failed write passes and is remembered: what cannot be shown must not end a sweep."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.lost: OSError | None = None
        """The first error."""

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except (OSError, ValueError) as error:
            self._fail(error)
        return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._fail(error)

    def _fail(self, error: OSError | ValueError) -> None:
        """Note the error. Where nobody reads any more, whoever writes to the descriptor itself is let go on too."""
        failed = error if isinstance(error, OSError) else OSError(str(error))  # a ValueError: a part has closed it
        self.lost = self.lost or failed
        if failed.errno in _GONE:
            self.let_go()

    def let_go(self) -> None:
        """Lead what is still to be written, and all that is written later, to where nobody reads."""
        if self._stream.closed:
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno(), inheritable=True)
        os.close(nowhere)

    @property
    def buffer(self) -> object:
        """Where bytes are written, as `sys.stdout.buffer` is."""
        return self._stream.buffer


@dataclass(frozen=True)
class Streams:
    """Where a command shows its answer, and where it says all else."""

    out: LastingStream
    err: LastingStream

    def status(self, status: int) -> int:
        """The exit status of a command that returned `status`, once all that it showed has been written."""
        self.out.flush()
        ended = ending(status, self.out.lost)
        if ended == USAGE_ERROR and self.out.lost is not None:
            reason = self.out.lost.strerror or self.out.lost
            self.err.write(f"sweeper: stdout cannot be written: {reason}; what was to be shown is lost\n")
            self.out.let_go()  # from Python 3.13 on, a stream that is deleted complains of what it could not write
        self.err.flush()
        return ended


def ending(status: int, lost: OSError | None) -> int:
    """The exit status of a command, given how its output was lost, if it was."""
    if lost is None:
        return status
    if lost.errno == EPIPE:  # who read the output (`| head`) has enough
        return READER_GONE
    return INTERRUPTED if status == INTERRUPTED and lost.errno in _GONE else USAGE_ERROR


def take_streams() -> Streams:
    """Keep stdout for what is shown, and lead whatever else is printed to stderr, for as long as this process lives.

    Ray, libraries and the user's code print by `sys.stdout`, by the descriptor 1, in C, and in processes that they
    start. So the real stdout is kept under another descriptor, which no other program inherits, and 1 becomes a copy
    of 2. To be called once, by a process that is a command line and nothing else.
    """
    _open_what_is_closed()
    sys.stdout.flush()
    encoding = sys.stdout.encoding
    kept = os.fdopen(os.dup(1), "w", encoding=encoding, errors="backslashreplace")
    os.dup2(2, 1, inheritable=True)
    if isinstance(sys.stderr, io.TextIOWrapper):  # what a terminal cannot say is escaped: `\\xb7` for a dot
        sys.stderr.reconfigure(errors="backslashreplace")
    printed = open(1, "w", buffering=1, encoding=encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115 - open as long as the process
    streams = Streams(LastingStream(kept), LastingStream(sys.stderr))
    sys.stdout, sys.stderr = as_text(LastingStream(printed)), as_text(streams.err)
    return streams


def _open_what_is_closed() -> None:
    """Give a process that was started with its input, output or errors closed (`>&-`) places that nobody reads.

    Otherwise the next file that is opened takes the number of what is closed, and gets what is printed.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
