"""`python -m sweeper` and the console script `sweeper`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from io import TextIOWrapper
from typing import TextIO

from sweeper.arguments import may_run
from sweeper.cli import Asked, read, run_command
from sweeper.head_start import in_child

READER_GONE = 128 + 13
"""What a shell tells of a tool that SIGPIPE ended, as it does most of them."""


def main() -> None:
    """Run the command line and leave with its exit status."""
    for stream in (sys.stdout, sys.stderr):
        _escape_what_it_cannot_say(stream)
    try:
        status = run_command(sys.argv[1:], sys.stdout, sys.stderr, read=_read_beside_ray)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output (`| head`) has enough. Python flushes once more at its end, which must not fail too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = READER_GONE
    sys.exit(status)


def _escape_what_it_cannot_say(stream: TextIO | None) -> None:
    """A terminal or a file that is not in UTF-8 gets `\\xb7` for a dot, and no stream fails on a file's odd name."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _read_beside_ray(argv: Sequence[str]) -> Asked:
    """Read what is asked for; where something may run, Ray is imported meanwhile, which takes about as long."""
    if not may_run(argv) or not hasattr(os, "fork"):
        return read(argv)
    return in_child(partial(read, argv), meanwhile=partial(import_module, "sweeper.jobs.ray_simple"))


if __name__ == "__main__":
    main()
