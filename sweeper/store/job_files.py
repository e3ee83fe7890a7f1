"""Jobs that outlive their driver: one small JSON file for each sweep under `.sweeper/jobs/`, replaced as a whole.

It says where the jobs of a sweep are known, so that a later driver finds those that still run. It is written at the
first submission and then now and then, never once for each job: a job that it lacks is found by where it is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from sweeper.common.small_json import Damaged
from sweeper.store import json_files
from sweeper.store.files import PRIVATE, Files

FOLDER = f"{PRIVATE}/jobs"
ENDING = ".json"


class KeptJob(NamedTuple):
    """What a job is for."""

    fingerprint: str
    """Of its combination."""
    attempt_id: str
    """Of the attempt that its worker writes; empty where a driver found the job, and did not submit it."""


@dataclass(frozen=True)
class SweepJobs:
    """The jobs of one sweep."""

    scope: str
    """Under which name a registry of jobs knows them; sweeps that resume one another share it."""
    session: str
    """Of Ray, which began with its head and ends with it."""
    jobs: Mapping[str, KeptJob] = field(default_factory=dict[str, KeptJob])
    """By the ids of the jobs."""


def write(files: Files, sweep_id: str, jobs: SweepJobs) -> None:
    """Replace the file of a sweep."""
    content = asdict(jobs)
    files.put(FOLDER, f"{sweep_id}{ENDING}", json.dumps({**content, "crc": json_files.crc(content)}).encode())


def read(files: Files, sweep_id: str) -> SweepJobs | Damaged | None:
    """The jobs of a sweep; `None` where it has no such file."""
    return json_files.read(files, FOLDER, f"{sweep_id}{ENDING}", shape)


def shape(content: Any) -> SweepJobs:
    """The shape of such a file."""
    kept = {job_id: KeptJob(*job) for job_id, job in content["jobs"].items()}
    jobs = SweepJobs(content["scope"], content["session"], kept)
    if content["crc"] != json_files.crc(asdict(jobs)):
        raise ValueError("it is no list of jobs, or not the one that was written")
    return jobs
