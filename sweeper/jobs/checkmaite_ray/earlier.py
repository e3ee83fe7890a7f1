"""The jobs of the sweep that is resumed: what became of each while no driver looked, and whether its rows are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sweeper.jobs.protocol import JobStatus
from sweeper.messages.outcome import Status
from sweeper.store import Store
from sweeper.store.job_files import KeptJob


class LostAttempt(NamedTuple):
    """An attempt of an earlier driver that left no row, and never will."""

    attempt_id: str
    why: str


@dataclass(frozen=True)
class StoredAttempts:
    """What the store says of attempts, read after the registry was asked: what had completed there has rows here."""

    ids: frozenset[str] = frozenset()
    completed: frozenset[tuple[str, str]] = frozenset()
    """Fingerprint and `run_uid` of each run that completed."""

    @classmethod
    def of(cls, store: Store) -> StoredAttempts:
        rows: list[dict[str, Any]] = store.attempts(
            ("attempt_id", "fingerprint", "status", "result_run_uid")
        ).to_pylist()
        done = ((row["fingerprint"], row["result_run_uid"]) for row in rows if row["status"] == Status.COMPLETED.value)
        return cls(frozenset(row["attempt_id"] for row in rows), frozenset(done))


@dataclass
class EarlierJobs:
    """Compares what the registry knows of the jobs of earlier drivers with what the store has. Reads nothing."""

    kept: Mapping[str, KeptJob] = field(default_factory=dict[str, KeptJob])
    """Those that the sweep wrote down, by their ids; a driver that dies has not written its last ones."""
    statuses: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of all that the registry knows, by their ids."""
    stored: StoredAttempts = StoredAttempts()
    _lost: dict[str, list[LostAttempt]] = field(default_factory=dict[str, list[LostAttempt]], init=False)

    def __post_init__(self) -> None:
        for job_id, job in self.kept.items():
            if (why := _why_lost(self.statuses.get(job_id))) and self._has_no_row(job):
                self._lost.setdefault(job.fingerprint, []).append(LostAttempt(job.attempt_id, why))

    def is_known(self, job_id: str) -> bool:
        """Whether the registry knew a job before this driver submitted any."""
        return job_id in self.statuses

    def is_rowless(self, job_id: str, fingerprint: str, run_uid: str) -> bool:
        """Whether a job that had completed when the registry was asked has no rows in the store."""
        was = self.statuses.get(job_id)
        return was == JobStatus.COMPLETED.value and (fingerprint, run_uid) not in self.stored.completed

    def lost_since(self, job_id: str, why: str) -> list[LostAttempt]:
        """The attempt of a job that was found running, and was lost then."""
        job = self.kept.get(job_id)
        return [LostAttempt(job.attempt_id, why)] if job is not None and self._has_no_row(job) else []

    def take_lost(self, fingerprint: str) -> list[LostAttempt]:
        """The attempts of a combination that were lost before this driver began, each told once."""
        return self._lost.pop(fingerprint, [])

    def _has_no_row(self, job: KeptJob) -> bool:
        return bool(job.attempt_id) and job.attempt_id not in self.stored.ids


def _why_lost(status: str | None) -> str:
    """Why nothing more is to be expected of a job; empty where it goes on."""
    if status is None:
        return "the registry of jobs no longer knows it"
    if not JobStatus(status).is_terminal:
        return ""
    if status == JobStatus.COMPLETED.value:
        return "it completed, and its rows are no longer in the store"
    return f"it ended as {status} while no driver looked, and left no row in the store"
