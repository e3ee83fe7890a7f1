"""Waits for the end of a driver, then ends what is left of the Ray that it started; run as a script.

It imports the standard library alone, so that it starts in milliseconds and takes a few megabytes. Its arguments are
the id of the driver, the name of an environment variable, and its value, which that Ray's first process has.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from collections.abc import Iterator

PAUSE_S = 0.02
LOOK_S = 0.2
"""How often it looks for the first process of Ray until that is there; from then on it sleeps."""
GIVES_UP_S = 30.0
"""What cannot be ended in this time is stuck in the kernel."""
_SESSION = re.compile(rb"/session_[0-9_-]+/")


def main(driver: int, mark: bytes) -> None:
    """Wait, end them, and leave. The signals that a terminal or a supervisor sends to all are left to the driver."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_all(mark, wait_for(driver, mark), spared=driver)


def wait_for(driver: int, mark: bytes) -> bytes | None:
    """Return the session of Ray, if any, when a parent has ended or says on standard input that it needs it no more."""
    session: bytes | None = None
    try:
        handle = os.pidfd_open(driver)
    except ProcessLookupError:
        return session
    if os.getppid() != driver:  # it has ended before, and somebody else may have its id
        return session
    events = select.poll()
    events.register(handle, select.POLLIN)
    events.register(0, select.POLLIN)
    while not events.poll(LOOK_S * 1000 if session is None else None):
        session = session_below(driver, mark)
    return session


def session_below(driver: int, mark: bytes) -> bytes | None:
    """The folder name of the session of a Ray, once a process is there that was started with the mark."""
    for pid in _children(driver):
        found = _SESSION.search(_read(pid, "cmdline"))
        if found is not None and mark in _read(pid, "environ").split(b"\0"):
            return found.group()
    return None


def end_all(mark: bytes, session: bytes | None, spared: int = 0) -> None:
    """End all processes of a Ray, until there are none: some may just be starting another.

    `spared` is the driver, which has files of the session open too, and whose command line may look like one of Ray's.
    """
    gives_up = time.monotonic() + GIVES_UP_S

    def left() -> list[int]:
        return [pid for pid in _all() if pid != spared and is_of_ray(pid, mark, session)]

    while (found := left()) and time.monotonic() < gives_up:
        for pid in found:
            end(pid, mark, session)
        time.sleep(PAUSE_S)


def is_of_ray(pid: int, mark: bytes, session: bytes | None) -> bool:
    """Whether a process runs and is one of this Ray: has its mark, or a file of its session open.

    Ray's agents write their titles over their environment, and so over the mark. What a run starts by itself has the
    mark and such files too, but is none of Ray's.
    """
    words = _read(pid, "cmdline")
    if not words.startswith(b"ray::") and b"/ray/" not in words:
        return False
    return mark in _read(pid, "environ").split(b"\0") or (session is not None and _has_open(pid, session))


def end(pid: int, mark: bytes, session: bytes | None) -> None:
    """End one of them. It is looked at again by a handle, which never comes to mean another process, as an id may."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if is_of_ray(pid, mark, session):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:  # it has ended by itself
        pass
    finally:
        os.close(handle)


def _all() -> Iterator[int]:
    return map(int, filter(str.isdigit, os.listdir("/proc")))


def _children(driver: int) -> Iterator[int]:
    """Processes that a process has started; none, where the kernel does not tell."""
    for thread in _names(driver, "task"):
        yield from map(int, _read(driver, f"task/{thread}/children").split())


def _has_open(pid: int, folder: bytes) -> bool:
    for number in _names(pid, "fd"):
        try:
            if folder in os.readlink(os.fsencode(f"/proc/{pid}/fd/{number}")):
                return True
        except OSError:  # it was closed meanwhile
            continue
    return False


def _names(pid: int, folder: str) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/{folder}")
    except OSError:
        return []


def _read(pid: int, name: str) -> bytes:
    """A file of the kernel about a process; empty where it has ended, or is another user's."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except OSError:
        return b""


if __name__ == "__main__":
    main(int(sys.argv[1]), f"{sys.argv[2]}={sys.argv[3]}".encode())
