"""What a run prints, in a file of its own that exists only if something was printed.

`sys.stdout`, `sys.stderr` and the log handlers that write to them are led through one switch per stream and process,
which stays: a handler that a library makes during one run then writes to the file of the next run during the next one.
Output of C code and of child processes bypasses Python's streams and goes where the worker's goes.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from collections.abc import Generator
from typing import Any

from sweeper.common.log_file import LogFile


class _Switch(io.TextIOBase):
    """A stream that writes to the log of the current run, and to the stream it replaced between runs."""

    def __init__(self, original: Any) -> None:
        self.original = original
        self.log: LogFile | None = None

    def write(self, text: str) -> int:
        return self.log.write(text) if self.log is not None else self.original.write(text)

    def flush(self) -> None:
        if self.log is None:
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
    def buffer(self) -> Any:
        return self.original.buffer


@contextlib.contextmanager
def captured(path: str | None) -> Generator[LogFile | None]:
    """Lead what is printed and logged meanwhile to `path`; with `None` change nothing."""
    if path is None:
        yield None
        return
    log = LogFile(path)
    switches = _installed()
    for switch in switches:
        switch.log = log
    try:
        yield log
    finally:
        for switch in switches:
            switch.log = None
        log.close()


def _installed() -> tuple[_Switch, _Switch]:
    """The switches of this process; put in place anew where something else replaced them."""
    return _switch("stdout"), _switch("stderr")


def _switch(name: str) -> _Switch:
    current = getattr(sys, name)
    if isinstance(current, _Switch):
        return current
    switch = _Switch(current)
    setattr(sys, name, switch)
    _redirect_handlers(current, switch)
    return switch


def _redirect_handlers(original: Any, switch: _Switch) -> None:
    """Handlers made before hold the stream that was there then."""
    loggers = [
        logging.getLogger(),
        *(x for x in logging.Logger.manager.loggerDict.values() if isinstance(x, logging.Logger)),
    ]
    for handler in (handler for logger in loggers for handler in logger.handlers):
        if isinstance(handler, logging.StreamHandler) and handler.stream is original:
            handler.setStream(switch)
