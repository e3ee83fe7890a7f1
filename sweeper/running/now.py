"""What a sweep is at: how many run, what goes on for longest, what of a cluster is in use. Pure.

Nothing here is guessed: what runs is what workers have reported, after a second. What is quicker is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sweeper.messages.doing import Activity, Doing, Phase, Use
from sweeper.running.pace import in_words

if TYPE_CHECKING:
    from sweeper.running.active import ActiveAttempt  # with Arrow, and a command's help shows nothing of a run


@dataclass(frozen=True)
class Now:
    """What is shown of what goes on now."""

    submitted: int = 0
    """How many combinations are submitted and have not ended."""
    running: int = 0
    """How many tasks are known to run: runs and inferences, and who helps with one."""
    longest: str = ""
    """What the one that has been going on for longest is at."""
    cluster: str = ""
    """How much of a cluster of several nodes is in use."""

    def counts(self) -> str:
        """How many run and how many are submitted; empty where nothing is."""
        counts = {"running": self.running, "submitted": self.submitted}
        return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


NOTHING = Now()


def now(active: Iterable[ActiveAttempt], activity: Activity | None) -> Now:
    """What goes on, of what was submitted and has not ended, by what the job backend knows of its workers."""
    submitted = [*active]
    if activity is None:
        return Now(len(submitted))
    cluster = in_use(activity.nodes, activity.uses)
    if not activity.doing:  # as in most sweeps of quick runs: then nobody needs to know which jobs there are
        return Now(len(submitted), cluster=cluster)
    works = _works(submitted)
    known = {job: one for job, one in activity.doing.items() if (one.helps or job) in works}
    own = [job for job, one in known.items() if not one.helps]
    oldest = max(own, key=lambda job: known[job].seconds, default=None)
    longest = "" if oldest is None else in_a_line(works[oldest], known[oldest])
    return Now(len(submitted), len(known), longest, cluster)


class Work(NamedTuple):
    """What a job is for, in words."""

    name: str
    predicts: str = ""
    """Of an inference: how it is called once it makes predictions."""


def _works(submitted: Iterable[ActiveAttempt]) -> dict[str, Work]:
    """What each job is for, by its id: of the runs, and of the inferences that they wait for."""
    works: dict[str, Work] = {}
    for active in submitted:
        works[active.job.job_id] = Work(active.item.combination.label())
        if active.predictions is not None and not active.predictions.ended:
            _, dataset, model, _ = active.item.combination.names
            pair = f"{model} on {dataset}"
            works[active.predictions.job_id] = Work(f"predictions of {pair}", f"predicting {pair}")
    return works


def in_a_line(work: Work, doing: Doing) -> str:
    """What a job is at, and for how long it has been going on."""
    said = work.name
    if doing.phase is Phase.LOADING:
        said = f"loading {doing.name}"
    elif doing.phase is Phase.PREDICTING:
        said = f"{work.predicts or work.name}, {doing.made:,} of {doing.total:,} data"
    return f"{said} ({in_words(doing.seconds)})"


def in_use(nodes: int, uses: Iterable[Use]) -> str:
    """How much of a cluster is taken: `3 nodes, 10 of 12 CPUs, 2 of 2 GPUs`; empty where nothing is known."""
    taken = [f"{use.taken:g} of {use.there:g} {use.name}{'s' * (use.there != 1)}" for use in uses]
    return ", ".join([f"{nodes} nodes", *taken]) if taken else ""
