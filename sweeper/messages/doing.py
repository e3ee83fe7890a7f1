"""What workers are doing now, as they report it, and what of the cluster is in use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

NAMESPACE = b"sweeper-doing"
"""Of the keys under which Ray workers report."""


def key_of(ray_job: str, job_id: str) -> bytes:
    """The key for a job of this backend, below the id that Ray gave its driver."""
    return f"{ray_job}/{job_id}".encode()


class Phase(StrEnum):
    """What a worker is at."""

    RUNNING = "running"
    LOADING = "loading"
    """Builds a model, a dataset or another part from its spec."""
    PREDICTING = "predicting"
    """Makes predictions of a model on a dataset."""


@dataclass(frozen=True)
class Doing:
    """What one worker is doing for one job."""

    phase: Phase = Phase.RUNNING
    name: str = ""
    """Of what it loads."""
    made: int = 0
    """For how many data this worker has made predictions."""
    total: int = 0
    """For how many data there will be some, those of other workers included; each condition counts."""
    helps: str = ""
    """The job of the inference that it helps with; empty where the job is its own."""
    seconds: float = 0.0
    """How long the job has been going on."""

    def to_json(self) -> bytes:
        """As it travels."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def of_json(cls, text: bytes) -> Doing:
        """From what `to_json` made."""
        plain: dict[str, Any] = json.loads(text)
        plain["phase"] = Phase(plain["phase"])
        return cls(**plain)


class Use(NamedTuple):
    """How much of one resource of a cluster is taken."""

    name: str
    """Ray's: `CPU`, `GPU`."""
    taken: float
    there: float


@dataclass(frozen=True)
class Activity:
    """What a job backend knows of its workers; nothing in it is guessed."""

    doing: Mapping[str, Doing]
    """By job id: what has been going on for a second or longer, or as the backend knows it itself."""
    nodes: int = 1
    uses: tuple[Use, ...] = ()
    """Of a cluster of several nodes; empty where that is not known now."""
