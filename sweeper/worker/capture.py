"""Write what a run prints and logs to a file of its own, which exists only if something was printed.

`sys.stdout`, `sys.stderr` and the log handlers that write to them are redirected by one object per stream and process,
which stays in place between runs: a handler that a library creates during one run writes to the file of the next run
during the next one. The output of C code and of child processes bypasses Python's streams and is not captured.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Generator
from typing import BinaryIO, TextIO

from sweeper.common.log_file import LogFile
from sweeper.messages import bounds


class _RedirectedStream(io.TextIOBase):
    """A stream that writes to the log of the current run, and between runs to the stream that it replaced."""

    def __init__(self, original: TextIO) -> None:
        self.original = original
        self.log: LogFile | None = None

    def write(self, text: str) -> int:
        return self.log.write(text) if self.log is not None else self.original.write(text)

    def flush(self) -> None:
        """Flush the original; Python does so too when this one is deleted, maybe after that one was closed."""
        if self.log is None and not self.original.closed:
            self.original.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self.original.fileno()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - read-only here
        return "utf-8"

    @property
    def buffer(self) -> BinaryIO:
        return self.original.buffer


@contextlib.contextmanager
def captured(path: str | None) -> Generator[LogFile | None]:
    """Write what is printed and logged inside to the file `path`; with `None` change nothing."""
    if path is None:
        yield None
        return
    allowed = bounds.current()
    log = LogFile(path, allowed.log_bytes, allowed.secrets)
    streams = _redirected("stdout"), _redirected("stderr")
    for stream in streams:
        stream.log = log
    try:
        yield log
    finally:
        for stream in streams:
            stream.log = None
        log.close()


def _redirected(name: str) -> _RedirectedStream:
    """The redirected stream of this process; put in place again if something else replaced it."""
    current = getattr(sys, name)
    if isinstance(current, _RedirectedStream):
        return current
    stream = _RedirectedStream(current)
    setattr(sys, name, stream)
    _redirect_handlers(current, stream)
    return stream


def _redirect_handlers(original: TextIO, stream: _RedirectedStream) -> None:
    """Existing handlers hold the original stream; give them the new one."""
    loggers = [
        logging.getLogger(),
        *(x for x in logging.Logger.manager.loggerDict.values() if isinstance(x, logging.Logger)),
    ]
    for handler in (handler for logger in loggers for handler in logger.handlers):
        if isinstance(handler, logging.StreamHandler) and handler.stream is original:
            handler.setStream(stream)
