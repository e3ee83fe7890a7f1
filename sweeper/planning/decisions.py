"""Which combinations run, which are skipped, and why. Pure: it is told what the store holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

from sweeper.errors import ConfigError
from sweeper.messages.outcome import FAILING
from sweeper.planning.fingerprint import fingerprint
from sweeper.planning.policy import Duplicates, Rerun, Trigger
from sweeper.revision.changes import NO_CHANGES, Changes, RecordedRevisions
from sweeper.vocabulary import AXES, Combination

RUN_ALL = "rerun=all"
NEVER = "no attempt yet"
NOT_COMPLETED = "no completed attempt (last: {})"
CODE_CHANGED = "code changed since it completed"
DATA_CHANGED = "data changed since it completed"
LIBRARIES_CHANGED = "libraries changed since it completed"
COMPLETED = "completed"
OLDER = "completed, but its newest attempt {}"
NOT_STALE = "not stale"
NOT_FAILED = "not attempted, and rerun=failed"
NEITHER = "{}, which rerun=failed passes over; rerun=missing runs it"


class State(RecordedRevisions, Protocol):
    """What the store knows of one fingerprint: its newest completed attempt, else its newest attempt."""

    @property
    def completed(self) -> bool: ...
    @property
    def status(self) -> str: ...
    @property
    def newest_status(self) -> str | None:
        """How the newest attempt ended, those passed over that were lost or cancelled."""
        ...

    @property
    def sweeper_version(self) -> str | None: ...
    @property
    def duration_s(self) -> float | None: ...
    @property
    def inference_s(self) -> float | None: ...


@dataclass(frozen=True)
class Policy:
    """What the user chose for reruns and duplicates."""

    rerun: Rerun = Rerun.ALL
    triggers: tuple[Trigger, ...] = (Trigger.CONFIG,)
    duplicates: Duplicates = Duplicates.DROP

    def __post_init__(self) -> None:
        if self.rerun == Rerun.STALE and set(self.triggers) <= {Trigger.CONFIG}:
            raise ConfigError(
                "rerun=stale needs a trigger that can make a result stale, and rerun_triggers is [config]: a changed "
                "config is another combination. Add code, data or libraries, e.g. 'rerun_triggers=[config,code]'."
            )


class Planned(NamedTuple):
    """One combination with its fingerprint and the decision on it."""

    combination: Combination
    fingerprint: str
    run: bool
    reason: str


class SameNames(NamedTuple):
    """Two names of one spec: that of a combination which was dropped, and that of the one which was kept."""

    axis: str
    name: str
    kept: str

    def text(self) -> str:
        return f"{self.name} is the same as {self.kept}"


@dataclass(frozen=True)
class Plan:
    """Every combination that the sweep covers, decided."""

    items: Sequence[Planned]
    excluded: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many combinations the grid algebra left out, by the rule that did."""
    duplicates: int = 0
    """How many were dropped because another one of this sweep has the same fingerprint."""
    notes: tuple[str, ...] = ()
    """What to know beside the decisions, a line each."""
    same: tuple[SameNames, ...] = ()
    """The names of those that were dropped, where they differ from the names of what was kept."""

    @cached_property
    def to_run(self) -> list[Planned]:
        return [item for item in self.items if item.run]

    @property
    def reasons(self) -> Counter[tuple[bool, str]]:
        """How many combinations have each (run, reason)."""
        return Counter((item.run, item.reason) for item in self.items)


def identify(combinations: Iterable[Combination], policy: str) -> tuple[list[tuple[Combination, str]], int]:
    """Pair each combination with its fingerprint, and treat equal ones as `duplicates` says.

    Returns the pairs that remain and the number dropped.

    Raises
    ------
    ConfigError
        With `duplicates=error`, naming two combinations that are the same.
    """
    pairs = [(c, fingerprint(c)) for c in combinations]
    if policy == "keep":
        return pairs, 0
    first: dict[str, Combination] = {}
    for combination, key in pairs:
        kept = first.setdefault(key, combination)
        if policy == "error" and kept is not combination:
            raise ConfigError(
                f"Two combinations are the same: {kept.label()!r} and {combination.label()!r} have the fingerprint "
                f"{key[:12]}. Remove one, or allow it with duplicates=drop (run once) or duplicates=keep (run both)."
            )
    return [(c, key) for key, c in first.items()], len(pairs) - len(first)


def same_names(combinations: Iterable[Combination], kept: Iterable[Combination]) -> tuple[SameNames, ...]:
    """Under which other names combinations were dropped, each pair of names once."""
    first = {_digests(combination): combination for combination in reversed(list(kept))}
    found: dict[SameNames, None] = {}
    for dropped in combinations:
        twin = first.get(_digests(dropped), dropped)
        if twin is not dropped:
            names = zip(AXES, dropped.names, twin.names, strict=True)
            found.update((SameNames(axis, name, other), None) for axis, name, other in names if name != other)
    return tuple(found)


def _digests(combination: Combination) -> tuple[tuple[str, ...], ...]:
    capability, *axes = combination
    return (capability.digest,), *(tuple(part.digest for part in axis) for axis in axes)


def decide(
    pairs: Iterable[tuple[Combination, str]],
    policy: Policy,
    states: Mapping[str, State],
    *,
    changed: Compare = lambda _, __: NO_CHANGES,
    suspect: Suspect | None = None,
) -> list[Planned]:
    """Decide on each combination; `states` may lack those that were never attempted.

    `changed` tells what differs from what a completed attempt was measured with, and `suspect` why it may have been
    measured wrongly.
    """
    stale = _staleness(policy.triggers, changed, suspect)
    rule = {"all": _rerun_all, "missing": _rerun_missing, "failed": _rerun_failed, "stale": _rerun_stale}[policy.rerun]
    items: list[Planned] = []
    for combination, key in pairs:
        run, reason = rule(combination, states.get(key), stale)
        items.append(Planned(combination, key, run, reason))
    return items


Verdict = tuple[bool, str]
Compare = Callable[[Combination, State], Changes]
Suspect = Callable[[Combination, State], str | None]


class Staleness(NamedTuple):
    """Why a completed result must be measured again, or what else differs from what it was measured with."""

    reason: str | None = None
    noted: str | None = None
    suspect: str | None = None
    """Why an older version may have measured it wrongly: it counts as missing."""

    def beside(self, reason: str) -> str:
        """Why something is skipped, and what is to be known of it."""
        noted = self.reason or self.suspect or self.noted
        return f"{reason}, but {noted}" if noted else reason


Stale = Callable[[Combination, State], Staleness]


def _rerun_all(combination: Combination, state: State | None, stale: Stale) -> Verdict:
    return True, RUN_ALL


def _rerun_missing(combination: Combination, state: State | None, stale: Stale) -> Verdict:
    if state is None:
        return True, NEVER
    if not state.completed:
        return True, NOT_COMPLETED.format(state.status)
    found = stale(combination, state)
    reason = found.reason or found.suspect
    return (True, reason) if reason else (False, found.beside(_completed(state)))


def _completed(state: State) -> str:
    """Why what has completed is not missing; its value is older where it failed since."""
    end = state.newest_status
    return OLDER.format(FAILING[end]) if end in FAILING else COMPLETED


def _rerun_failed(combination: Combination, state: State | None, stale: Stale) -> Verdict:
    if state is None:
        return False, NOT_FAILED
    if state.newest_status in FAILING:
        return True, _completed(state) if state.completed else NOT_COMPLETED.format(state.status)
    return False, stale(combination, state).beside(COMPLETED) if state.completed else NEITHER.format(state.status)


def _rerun_stale(combination: Combination, state: State | None, stale: Stale) -> Verdict:
    found = stale(combination, state) if state is not None and state.completed else Staleness()
    return (True, found.reason) if found.reason else (False, found.beside(NOT_STALE))


def _staleness(triggers: Sequence[str], changed: Compare, suspect: Suspect | None) -> Stale:
    def stale(combination: Combination, state: State) -> Staleness:
        found = changed(combination, state)
        weighed = CURRENT if found is NO_CHANGES else _weighed(found, triggers)
        reason = suspect(combination, state) if suspect is not None else None
        return weighed if reason is None else weighed._replace(suspect=reason)

    return stale


CURRENT = Staleness()


def _weighed(changed: Changes, triggers: Sequence[str]) -> Staleness:
    """Other data at a path that means another place count whatever the triggers; other changes where one says so."""
    if changed.data is not None and changed.is_moved:
        return Staleness(changed.data or DATA_CHANGED)
    changes = {"code": (CODE_CHANGED, changed.code), "libraries": (LIBRARIES_CHANGED, changed.libraries)}
    changes["data"] = (DATA_CHANGED, changed.data)
    for trigger, (reason, what) in changes.items():
        if what is not None and trigger in triggers:
            return Staleness(named(reason, what))
    return Staleness(noted=None if changed.data is None else named(DATA_CHANGED, changed.data))


def named(reason: str, what: str) -> str:
    """A reason with what it is about, where that is known."""
    return f"{reason}: {what}" if what else reason
