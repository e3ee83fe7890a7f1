"""How many processors this process may use, which may be fewer than the machine has.

A batch system or `taskset` binds a process to some of them; a container or a service manager gives its control group a
share of their time. Whoever starts more workers than that has them wait for each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

Read = Callable[[str], str | None]
_MOUNT = "/sys/fs/cgroup"


def usable_processors(bound: Callable[[], int] | None = None, read: Read | None = None) -> int:
    """Processors that this process is bound to, or fewer where its control groups give it less time; at least 1.

    A share of 2.5 processors counts as 2.

    Parameters
    ----------
    bound
        How many processors the process is bound to; by default the operating system is asked.
    read
        The text of a file, or `None` where it cannot be read; by default from the disk.
    """
    count = (bound or _bound)()
    return max(1, int(min([count, *_quotas(read or _read)])))


def _bound() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def _quotas(read: Read) -> Iterator[float]:
    """Processors' worth of time of each control group that this process is in, and of those above it."""
    for line in (read("/proc/self/cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from _version_2(path, read)
        elif "cpu" in controllers.split(","):
            yield from _version_1(controllers, path, read)


def _version_2(path: str, read: Read) -> Iterator[float]:
    for group in _upwards(path):
        quota, _, period = (read(f"{_MOUNT}{group}/cpu.max") or "").strip().partition(" ")
        yield from _share(quota, period)


def _version_1(controllers: str, path: str, read: Read) -> Iterator[float]:
    for mount in dict.fromkeys((controllers, "cpu,cpuacct", "cpu")):
        for group in _upwards(path):
            folder = f"{_MOUNT}/{mount}{group}"
            yield from _share(read(f"{folder}/cpu.cfs_quota_us") or "", read(f"{folder}/cpu.cfs_period_us") or "")


def _upwards(path: str) -> Iterator[str]:
    """A group and those above it, as folders; in a container the root is its own group."""
    inside = PurePosixPath(path)
    for group in (inside, *inside.parents):
        yield "" if str(group) in ("/", ".") else str(group)


def _share(quota: str, period: str) -> Iterator[float]:
    """`200000` of `100000` microseconds are 2 processors; `max`, -1 and what is no number are no limit."""
    try:
        share = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return
    if share > 0:
        yield share
