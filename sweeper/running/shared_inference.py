"""One inference per (model, dataset) pair: which combinations share predictions, and how long those are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sweeper.jobs.protocol import InferenceJob, JobStatus, RunnerBackend
from sweeper.planning.combinations import Planned
from sweeper.planning.limits import Limits
from sweeper.running.queue import QueuedAttempt
from sweeper.running.request_builder import RequestBuilder
from sweeper.vocabulary import Choice, Combination

InferenceKey = tuple[str, ...]
ROOM = 0.5
"""The share of a node's object store that predictions of pairs in flight may fill, before it would have to spill."""


def inference_key(combination: Combination) -> InferenceKey | None:
    """What the predictions of a combination depend on, or `None` where it reads none.

    These are its model, its dataset and what `_sweep_.predictions_depend_on` lists of its capability, so that metrics,
    and capabilities that agree on those keys, share. A capability that lists nothing shares among its metrics only.
    """
    capability, datasets, models, _ = combination
    if not capability.runtime.reads_predictions or len(datasets) != 1 or len(models) != 1:
        return None
    keys = capability.runtime.predictions_depend_on
    depends = (capability.digest,) if keys is None else [f"{key}={capability.spec.get(key)!r}" for key in sorted(keys)]
    return (models[0].digest, datasets[0].digest, *depends)


def _may_be_shared(choices: Sequence[Choice]) -> bool:
    """Whether several workers may make one inference: no part is against it, nor limited in number."""
    return all(choice.runtime.shards is not False and choice.runtime.max_in_flight is None for choice in choices)


class SharedInference:
    """Submits the inference of a pair when its first reader is submitted, and lets go of it after the last."""

    def __init__(self, backend: RunnerBackend, builder: RequestBuilder) -> None:
        self._backend, self._builder = backend, builder
        self._shares = backend.shares_predictions
        self._readers: Counter[InferenceKey] = Counter()
        self._handles: dict[InferenceKey, InferenceJob] = {}
        self._under_way: dict[InferenceJob, Mapping[str, float]] = {}
        self._room = ROOM * backend.cluster_resources().get("object_store_memory", float("inf"))
        self._largest = 0
        self._said = {""}
        """Notes that the user has been told."""

    def expect(self, items: Iterable[Planned]) -> None:
        """Count who will read which predictions."""
        self._readers.update(key for item in items if (key := self._key(item)))

    @property
    def most_readers(self) -> int:
        """How many combinations share one inference, at most."""
        return max(self._readers.values(), default=1)

    def has_room(self, item: Planned) -> bool:
        """Whether the predictions that a combination reads fit beside those that are kept, as large as any so far."""
        key = self._key(item)
        if key is None or key in self._handles or not self._handles:
            return True
        return (len(self._handles) + 1) * self._largest <= self._room

    def take(self, attempt: QueuedAttempt, limits: Limits) -> InferenceJob | None:
        """The predictions that a combination reads, submitted now if nobody asked for them before.

        They are made anew for one that is tried again because they failed, and where the limit of others ended them.
        """
        key = self._key(attempt.item)
        if key is None:
            return None
        made = self._handles.get(key)
        if made is None or (attempt.number > 1 and made.failed) or made.status is JobStatus.CANCELLED:
            self._handles[key] = self._infer(key, attempt.item.combination, limits)
        return self._handles[key]

    def _key(self, item: Planned) -> InferenceKey | None:
        """What a combination shares its predictions by, if it can."""
        return inference_key(item.combination) if self._shares else None

    def _infer(self, key: InferenceKey, combination: Combination, limits: Limits) -> InferenceJob:
        spec: Any = self._builder.spec
        shards = _may_be_shared(combination.choices)
        handle = self._backend.predict(
            model=spec(combination.models[0]),
            dataset=spec(combination.datasets[0]),
            capability=self._builder.inference(combination.capability),
            resources=limits.resources,
            cache_entry=self._builder.cache_entry(key, combination),
            report_start=limits.timeout_s is not None,
            of_sweep=True,
            log=self._builder.inference_log(key),
            shards=shards,
            outcomes=self._builder.outcomes,
            read_ahead=combination.datasets[0].runtime.read_ahead,
        )
        if shards:
            self._under_way[handle] = limits.resources
        return handle

    def under_way(self) -> Mapping[InferenceJob, Mapping[str, float]]:
        """The inferences that several workers may make and that have not ended, and what each asks for."""
        self._under_way = {job: asks for job, asks in self._under_way.items() if not job.status.is_terminal}
        return self._under_way

    def make_anew(self, item: Planned) -> None:
        """The predictions that a combination reads are gone: whoever reads them next has them made once more."""
        handle = self._handles.pop(self._key(item) or (), None)
        self._largest = max(self._largest, handle.nbytes if handle is not None else 0)

    def give_back(self, item: Planned) -> str:
        """A reader has ended; the predictions are freed after the last, and if none ran, taken back from the queue.

        Returns what the user is to be told of them.
        """
        key = self._key(item)
        if key is None:
            return ""
        handle = self._handles.get(key)
        self._largest = max(self._largest, handle.nbytes if handle is not None else 0)
        self._readers[key] -= 1
        if not self._readers[key]:
            if (last := self._handles.pop(key, None)) is not None:
                last.cancel()
                self._under_way.pop(last, None)
            del self._readers[key]
        return self._not_said_yet(handle.note if handle is not None else "")

    def _not_said_yet(self, note: str) -> str:
        if note in self._said:
            return ""
        self._said.add(note)
        return note
