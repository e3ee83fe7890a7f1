"""What this process is doing for its job, kept for whoever reports it to the driver.

A job costs a few microseconds here, whether or not anybody asks. One thread of a process works on one job at a time.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sweeper.messages.doing import Doing, Phase


@dataclass
class Current:
    """The job that goes on, and what is done for it."""

    job_id: str
    doing: Doing
    began: float = field(default_factory=time.monotonic)

    def told(self) -> Doing:
        """What is being done now, with how long the job has been going on."""
        return replace(self.doing, seconds=time.monotonic() - self.began)


_current: Current | None = None


def current() -> Current | None:
    """The job that goes on in this process, if one does."""
    return _current


@contextmanager
def working_on(job_id: str, helps: str = "") -> Generator[None]:
    """A job goes on inside; `helps` is the job of the inference that it helps with."""
    global _current
    before, _current = _current, Current(job_id, Doing(helps=helps))
    try:
        yield
    finally:
        _current = before


@contextmanager
def loading(name: str) -> Generator[None]:
    """A part is built inside. What is done afterwards is what was done before."""
    now = _current
    if now is None or not name:
        yield
        return
    before, now.doing = now.doing, replace(now.doing, phase=Phase.LOADING, name=name)
    try:
        yield
    finally:
        now.doing = before


def predicting(total: int) -> None:
    """From now on predictions are made, for so many data in all."""
    if (now := _current) is not None:
        now.doing = replace(now.doing, phase=Phase.PREDICTING, total=total)


def made(data: int) -> None:
    """Predictions for so many more data are there."""
    if (now := _current) is not None:
        now.doing = replace(now.doing, made=now.doing.made + data)
