"""Has what Ray would leave behind ended by a small process that outlives this one for a moment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from sweeper.jobs.ray_simple import guard_process

MARK = "SWEEPER_RAY"
"""The environment variable by which processes of one Ray are known: they all inherit it, whoever starts them."""
ENDS_S = 5.0
"""How long the end of what is left may take."""


class Guard:
    """Ends what is left of the Ray that is started inside `marking`: by `end`, or however this process ends.

    The kernel ends only the first of Ray's processes with their driver; agents of its node then live for a minute.
    Where there are no handles of processes (macOS, Linux before 5.3), there is no guard, and they do.
    """

    def __init__(self) -> None:
        self._mark = uuid4().hex
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def marking(self) -> Generator[None]:
        """Start the guard; the processes of the Ray that is started inside carry the mark."""
        self._process = _started(self._mark)
        with setting(MARK, self._mark):
            yield

    def end(self) -> None:
        """End what is left now, and wait until that is done, or for a while."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError, subprocess.TimeoutExpired):
            process.communicate(b"\n", timeout=ENDS_S)


@contextmanager
def setting(name: str, value: str) -> Generator[None]:
    """Give an environment variable a value inside, for what is started there."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def _started(mark: str) -> subprocess.Popen[bytes] | None:
    """The guard, out of reach of what is sent to the terminal or to the group of this process."""
    if not sys.executable or not _has_handles():
        return None
    words = [sys.executable, "-I", "-S", str(Path(guard_process.__file__)), str(os.getpid()), MARK, mark]
    nowhere = subprocess.DEVNULL
    with suppress(OSError):
        return subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, cwd="/", env={}, start_new_session=True
        )
    return None


def _has_handles() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True
