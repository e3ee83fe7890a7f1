"""In which order what runs goes out: what shares a model stays together, and the longest work starts first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heapify, heapreplace
from random import Random
from typing import NamedTuple

from sweeper.common.capacity import ROUNDING
from sweeper.planning.combinations import Planned
from sweeper.planning.decisions import State
from sweeper.vocabulary import Choice

Kind = tuple[Choice, ...]
"""A capability and the models that it runs on."""


MIXED = 16
"""So many groups, or two for each worker, are in an order of their own where several sweeps run."""


class Durations(NamedTuple):
    """Seconds of a run by itself, and of the inference that it reads."""

    run_s: float
    inference_s: float


class WorkGroup(NamedTuple):
    """Combinations with the same models and datasets, which may share one inference."""

    items: list[Planned]
    seconds: float
    """How long they are likely to take, one after another; a guess."""
    is_known: bool = False
    """Whether it is known of any combination how long it takes."""

    @property
    def models(self) -> tuple[Choice, ...]:
        return self.items[0].combination.models


def work_groups(items: Sequence[Planned], states: Mapping[str, State]) -> list[WorkGroup]:
    """Those of a plan's items that are to run, in groups, in the order of the plan.

    A combination is taken to last as long as the known ones of its capability and models, else as long as all known
    ones, on average; where nothing is known, all are taken to last equally long. A group has its inference once.
    """
    known = _known(items, states)
    guess = _guess(known)
    groups: dict[tuple[tuple[Choice, ...], tuple[Choice, ...]], list[Planned]] = {}
    for item in items:
        if item.run:
            groups.setdefault((item.combination.models, item.combination.datasets), []).append(item)
    return [_group(together, guess, is_known=bool(known)) for together in groups.values()]


def _group(items: list[Planned], guess: Callable[[Planned], Durations], *, is_known: bool) -> WorkGroup:
    runs, inferences = zip(*map(guess, items), strict=True)
    return WorkGroup(items, sum(runs) + max(inferences), is_known)


def likely_seconds(work: Sequence[WorkGroup], workers: int) -> float | None:
    """How long all is likely to take; `None` where it is known of no combination."""
    if not any(group.is_known for group in work):
        return None
    return sum(group.seconds for group in work) / max(workers, 1)


def without_duration(items: Sequence[Planned], states: Mapping[str, State]) -> list[str]:
    """Fingerprints that completed, one for each capability and models of which it is not known how long they take."""
    completed: dict[Kind, str] = {}
    known: set[Kind] = set()
    for item in items:
        state = states.get(item.fingerprint)
        if state is not None and state.completed:
            completed[kind := _kind(item)] = item.fingerprint
            if state.duration_s is not None:
                known.add(kind)
    return [fingerprint for kind, fingerprint in completed.items() if kind not in known]


def order(work: Sequence[WorkGroup], workers: int) -> list[Planned]:
    """The combinations in the order in which they go out, if `workers` of them run at once.

    Workers take what comes next when they are free. So the groups are dealt to the workers on paper, all groups with
    one model to the same worker while that keeps the workers even, and go out in the order in which they would start
    there. As long as the guesses hold roughly, a worker meets one model after another, and few models are loaded by
    several workers.
    """
    return [item for group in _by_start(work, max(1, min(workers, len(work)))) for item in group.items]


def order_beside(work: Sequence[WorkGroup], workers: int, place: int, seed: str) -> list[Planned]:
    """The same for a sweep that has this place, counted from 0, among those that run on one store at the same time.

    The first goes from the front and the second from the back, so that they meet once, where nothing is left. Those
    after them begin in between. Two may take the same place, as they began at once or another has ended; so each mixes
    what lies close together by its seed: then one soon comes upon what the other has done, and goes elsewhere.
    """
    groups = _by_start(work, max(1, min(workers, len(work))))
    step, sample = max(MIXED, 2 * workers), Random(seed).sample
    blocks = (groups[at : at + step] for at in range(0, len(groups), step))
    mixed = [group for block in blocks for group in sample(block, len(block))]
    start = int(len(groups) * _between(place // 2))
    mixed = [*mixed[start:], *mixed[:start]]
    return [item for group in (reversed(mixed) if place % 2 else mixed) for item in group.items]


def _between(number: int) -> float:
    """0, 1/2, 1/4, 3/4, 1/8, 5/8, ...: for each number from 0 on, a share as far as can be from those before it."""
    binary = f"{number:b}"
    return int(binary[::-1], 2) / 2 ** len(binary)


def _by_start(work: Sequence[WorkGroup], workers: int) -> list[WorkGroup]:
    share = sum(group.seconds for group in work) / workers
    pieces = sorted(_pieces(work, share), key=lambda piece: -sum(group.seconds for group in piece))
    free = [(0.0, worker) for worker in range(workers)]
    heapify(free)
    starts: list[tuple[float, WorkGroup]] = []
    for piece in pieces:
        starts_at, worker = free[0]
        for group in piece:
            starts.append((starts_at, group))
            starts_at += group.seconds
        heapreplace(free, (starts_at, worker))
    return [group for _, group in sorted(starts, key=lambda start: start[0])]


def _pieces(work: Sequence[WorkGroup], share: float) -> Iterator[list[WorkGroup]]:
    """Lists of groups with one model; where all of them last longer than one worker's share, they are cut."""
    for together in _by_models(work):
        piece: list[WorkGroup] = []
        seconds = 0.0
        for group in together:
            if piece and seconds + group.seconds > share * (1 + ROUNDING):
                yield piece
                piece, seconds = [], 0.0
            piece.append(group)
            seconds += group.seconds
        yield piece


def _by_models(work: Sequence[WorkGroup]) -> list[list[WorkGroup]]:
    """Those with the same models together, in the order in which they first come."""
    by_models: dict[tuple[Choice, ...], list[WorkGroup]] = {}
    for group in work:
        by_models.setdefault(group.models, []).append(group)
    return list(by_models.values())


def _known(items: Sequence[Planned], states: Mapping[str, State]) -> dict[Kind, list[Durations]]:
    known: dict[Kind, list[Durations]] = {}
    for item in items:
        state = states.get(item.fingerprint)
        if state is not None and state.completed and state.duration_s is not None:
            known.setdefault(_kind(item), []).append(Durations(state.duration_s, state.inference_s or 0.0))
    return known


def _guess(known: Mapping[Kind, Sequence[Durations]]) -> Callable[[Planned], Durations]:
    typical = _mean([durations for several in known.values() for durations in several] or [Durations(1.0, 0.0)])
    means = {kind: _mean(several) for kind, several in known.items()}
    return lambda item: means.get(_kind(item), typical)


def _mean(several: Sequence[Durations]) -> Durations:
    runs, inferences = zip(*several, strict=True)
    return Durations(sum(runs) / len(runs), sum(inferences) / len(inferences))


def _kind(item: Planned) -> Kind:
    return (item.combination.capability, *item.combination.models)
