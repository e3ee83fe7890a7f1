"""Every error that sweeper raises on purpose, in one family.

A message says what is wrong, what was got, what is allowed and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SweeperError(Exception):
    """Root of the family."""


class ConfigError(SweeperError):
    """The config or the command line is wrong: exit status 2, nothing was run."""


class MissingExtraError(ConfigError):
    """An optional package is needed and not installed; the message carries the pip command."""


class BackendError(SweeperError):
    """The job backend cannot be started or reached: nothing was run."""


class VersionError(BackendError):
    """A worker has another version of sweeper than the driver: it refused its task and wrote nothing."""


class StoreError(SweeperError):
    """The analytics store cannot be reached, read or written as asked."""


class SchemaError(StoreError, TypeError):
    """A record class or a stored column does not have the form that its table needs."""


class DamagedFileWarning(UserWarning):
    """A file of the store cannot be read, or does not belong to its table; its rows are left out."""


class PartError(SweeperError, ValueError):
    """A dataset, model, metric, augmentation or capability was given something that it cannot work with."""


class JobError(SweeperError):
    """Something about one submitted job; carries its id."""

    def __init__(self, job_id: str, message: str) -> None:
        super().__init__(f"Job {job_id}: {message}")
        self.job_id = job_id


class JobFailedError(JobError):
    """The job ended with an exception, which is the `__cause__`."""


class JobCancelledError(JobError):
    """The job was cancelled."""


class JobTimeoutError(JobError, TimeoutError):
    """Waiting took longer than asked; the job itself goes on."""


def near_match(got: str, allowed: Iterable[str]) -> str:
    """`" Did you mean 'svm'?"` when an allowed name is close to what was got, else nothing."""
    close = difflib.get_close_matches(got, list(allowed), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
