"""`python -m sweeper` and the console script `sweeper`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from errno import EBADF, EDQUOT, EFBIG, EIO, ENOSPC
from functools import partial
from importlib import import_module
from io import TextIOWrapper
from typing import Any, TextIO, cast

from sweeper.cli.arguments import may_run
from sweeper.cli.commands import USAGE_ERROR, Asked, read, run_command
from sweeper.cli.head_start import in_child

_NO_ROOM = (EBADF, EDQUOT, EFBIG, EIO, ENOSPC)
READER_GONE = 128 + 13
"""What a shell tells of a tool that SIGPIPE ended, as it does most of them."""


def main() -> None:
    """Run the command line and leave with its exit status."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        _escape_what_it_cannot_say(stream)
    sys.stderr = cast(TextIO, Lenient(sys.stderr))
    try:
        status = run_command(sys.argv[1:], sys.stdout, sys.stderr, read=_read_beside_ray)
        sys.stdout.flush()
    except BrokenPipeError:
        status = READER_GONE  # who read the output (`| head`) has enough
        _discard_output()
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        sys.stderr.write(f"sweeper: stdout cannot be written: {error.strerror}; what was to be shown is lost\n")
        status = USAGE_ERROR
        _discard_output()
    sys.exit(status)


def _open_what_is_closed() -> None:
    """Give a process that was started with its input, output or errors closed (`>&-`) places that nobody reads.

    Otherwise the next file that is opened takes the number of what is closed, and gets what is printed.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _discard_output() -> None:
    """Python flushes once more at its end, which must not fail too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Lenient:
    """A stream on which a failed write passes: a message that is lost must not end a sweep."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _escape_what_it_cannot_say(stream: TextIO | None) -> None:
    """A terminal or a file that is not in UTF-8 gets `\\xb7` for a dot, and no stream fails on a file's odd name."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _read_beside_ray(argv: Sequence[str]) -> Asked:
    """Read what is asked for; where something may run, Ray is imported meanwhile, which takes about as long."""
    if not may_run(argv) or not hasattr(os, "fork"):
        return read(argv)
    return in_child(partial(read, argv), meanwhile=partial(import_module, "sweeper.jobs.ray_simple.backend"))


if __name__ == "__main__":
    main()
