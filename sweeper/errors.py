"""Every error that sweeper raises on purpose, in one family.

A message says what is wrong, what was got, what is allowed and what to do next.
"""

from __future__ import annotations

import difflib
import os
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType


class SweeperError(Exception):
    """Root of the family."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message says what to do, and the frames above it are none of the user's."""
        return [f"{type(self).__name__}: {self}"]


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

    def __init__(self, job_id: str, error: BaseException | str) -> None:
        super().__init__(job_id, f"failed: {error}")

    def _render_traceback_(self) -> list[str]:
        """The traceback of what the job ran, which is the user's, before the message."""
        cause = self.__cause__
        frames = None if cause is None else _from_foreign_code(cause.__traceback__)
        lines = [] if cause is None else traceback.format_exception(type(cause), cause, frames)
        return [*"".join(lines).splitlines(), *super()._render_traceback_()]


class JobCancelledError(JobError):
    """The job was cancelled."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id, "cancelled, so it has no result; submit it again for one.")


class JobTimeoutError(JobError, TimeoutError):
    """Waiting took longer than asked; the job itself goes on."""

    def __init__(self, job_id: str, timeout: float) -> None:
        super().__init__(job_id, f"timed out after {timeout:.3f}s and goes on; wait longer, or cancel() it.")


class JobSubmissionError(SweeperError, RuntimeError):
    """A job could not be submitted, so there is no handle of it.

    Raised by no backend here. It is known so that code written for backends that do raise it can name it.
    """

    def __init__(self, phase: str, error: BaseException | str, job_id: str | None = None) -> None:
        self.phase, self.job_id, self.detail = phase, job_id, str(error)
        self.error_type = type(error).__name__ if isinstance(error, BaseException) else "RuntimeError"
        of_job = "" if job_id is None else f" for job {job_id}"
        super().__init__(f"Job submission failed during {phase}{of_job}: {self.detail}")


class BackpressureError(SweeperError, RuntimeError):
    """A backend takes no more for now. Raised by none here, and known for the same reason."""


class RunArtifactNotAvailableError(JobError):
    """What a run is said to have written is not there. Raised by no backend here, and known for the same reason."""


def _from_foreign_code(frames: TracebackType | None) -> TracebackType | None:
    """A traceback from its first frame outside this package on; whole where there is no such frame."""
    ours, found = f"{Path(__file__).parent}{os.sep}", frames
    while found is not None and found.tb_frame.f_code.co_filename.startswith(ours):
        found = found.tb_next
    return found or frames


def near_match(got: str, allowed: Iterable[str]) -> str:
    """`" Did you mean 'svm'?"` when an allowed name is close to what was got, whatever its case, else nothing."""
    names = list(allowed)
    close = difflib.get_close_matches(got, names, n=1) or [name for name in names if name.casefold() == got.casefold()]
    return f" Did you mean {close[0]!r}?" if close else ""
