"""A sweep in a process of its own, with a Ray of its own, so that both can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from command_line import write_configs
from places import HELPERS, ROOT

LIMIT_S = 240.0
"""Far more than anything here needs, also on a slow machine."""


class SweepProcess:
    """`python -m sweeper` in a folder, with configs that say what its one capability does.

    What it says is in two files of the folder whose names begin with its own.
    """

    def __init__(self, folder: Path, *overrides: str, capability: str = "", name: str = "") -> None:
        self.folder = folder
        self._out, self._err = folder / f"{name}out.txt", folder / f"{name}err.txt"
        if capability:
            write_configs(folder / "conf", {"capability/tiny": capability})
        command = [sys.executable, "-m", "sweeper", "--config-dir", "conf", *overrides]
        self._files = [open(path, "a") for path in (self._out, self._err)]  # noqa: SIM115
        path = os.pathsep.join([str(ROOT), str(HELPERS)])
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            stdout=self._files[0],
            stderr=self._files[1],
            start_new_session=True,
        )

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the driver alone."""
        os.kill(self.process.pid, number)

    def wait(self) -> int:
        """The exit status, once it has ended."""
        try:
            return self.process.wait(LIMIT_S)
        finally:
            self.end()

    def end(self) -> None:
        """Kill the driver, and what its Ray has left, if anything."""
        left = self.offspring()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in left:
            kill(pid)
        for file in self._files:
            file.close()

    def offspring(self, name: str = "") -> list[int]:
        """Ids of the processes that descend from the driver and have `name` in their command line."""
        return [pid for pid in descendants(self.process.pid) if name in command_of(pid)]


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def until(condition: Callable[[], object], what: str = "it") -> None:
    """Wait for something that must come to pass."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    """Ids of all processes below one."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found, below = list[int](), [pid]
    while below:
        below = [child for parent in below for child in children.get(parent, [])]
        found += below
    return found


def alive(pid: int) -> bool:
    """Whether a process is there and runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def command_of(pid: int) -> str:
    """The command line of a process; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                yield int(path.name), int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
