"""Which job a worker process runs, for whoever has to end it from outside.

Ray asks a worker through a thread of its own, and that waits for Python's lock: while C code holds the lock, the worker
hears nothing, not even that it is to be killed. So each worker keeps the name of its job where other processes of its
user can read it: in a file without a place on a disk, which is gone when the process is. There are such files on Linux.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

NAME = "sweeper-job"


def mark(job_id: str) -> None:
    """Let this process be found by what it runs."""
    if (descriptor := _own()) is not None:
        os.pwrite(descriptor, _text(os.getpid(), job_id), 0)


def end_marked(job_id: str) -> bool:
    """Kill the process on this machine that runs a job; whether there was one."""
    found = [pid for pid in _processes() if any(text == _text(pid, job_id) for text in _marks(pid))]
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(found)


def _text(pid: int, job_id: str) -> bytes:
    """With the process, since a child that was forked has the file too."""
    return f"{pid:>10} {job_id}".encode()


@cache
def _own() -> int | None:
    return os.memfd_create(NAME) if hasattr(os, "memfd_create") else None


def _processes() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").glob("[0-9]*"))


def _marks(pid: int) -> Iterator[bytes]:
    """What such files of a process say; nothing where it is another user's, or has ended."""
    with suppress(OSError):
        for path in Path(f"/proc/{pid}/fd").iterdir():
            if os.readlink(path).startswith(f"/memfd:{NAME}"):
                yield path.read_bytes()
