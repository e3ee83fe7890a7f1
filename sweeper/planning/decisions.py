"""Which combinations run, which are skipped, and why. Pure: it is told what the store holds."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from operator import eq
from typing import NamedTuple, Protocol

from sweeper.common.columns import Column
from sweeper.common.html_text import paragraph
from sweeper.errors import ConfigError
from sweeper.messages.outcome import FAILING
from sweeper.planning import plan_html
from sweeper.planning.combinations import Combinations, Identified, Planned, PlannedItems, Verdict
from sweeper.planning.fingerprint import fingerprints
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
    """Made one by one when they are asked for: see `PlannedItems`."""
    excluded: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many combinations the grid algebra left out, by the rule that did."""
    duplicates: int = 0
    """How many were dropped because another one of this sweep has the same fingerprint."""
    notes: tuple[str, ...] = ()
    """What to know beside the decisions, a line each."""
    same: tuple[SameNames, ...] = ()
    """The names of those that were dropped, where they differ from the names of what was kept."""

    def __repr__(self) -> str:
        return f"<Plan of {self._line}>"

    def _repr_html_(self) -> str:
        reasons = plan_html.reasons_html(self.reasons.most_common(), self.excluded)
        items = plan_html.items_html(self.items)
        return f"{paragraph(self._line)}{reasons}{items}{plan_html.notes_html(self.notes)}"

    @property
    def _line(self) -> str:
        return plan_html.plan_line(len(self.items), self.skipped, self.duplicates, self.excluded)

    @cached_property
    def columns(self) -> PlannedItems:
        """The items as they are held."""
        return PlannedItems.of(self.items)

    @cached_property
    def to_run(self) -> PlannedItems:
        return self.columns.where(self.columns.runs)

    @property
    def skipped(self) -> int:
        """How many combinations do not run."""
        return sum(count for (run, _), count in self.reasons.items() if not run)

    @cached_property
    def reasons(self) -> Counter[Verdict]:
        """How many combinations have each (run, reason)."""
        return self.columns.verdicts.counts()


class Identities(NamedTuple):
    """Combinations with their fingerprints, after equal ones were treated as the user wants it."""

    pairs: Identified
    """Those that remain."""
    dropped: int = 0
    same: tuple[SameNames, ...] = ()
    """Under which other names combinations were dropped, each pair of names once."""


def identify(combinations: Iterable[Combination], policy: str) -> Identities:
    """Pair each combination with its fingerprint, and treat equal ones as `duplicates` says.

    Raises
    ------
    ConfigError
        With `duplicates=error`, naming two combinations that are the same.
    """
    found = Combinations.of(combinations)
    pairs = Identified(found, fingerprints(found))
    if policy == "keep":
        return Identities(pairs)
    first = pairs.fingerprints.first_places()
    twins = [(place, kept) for place, kept in enumerate(first) if place != kept]
    if policy == "error" and twins:
        _refuse_twins(found[twins[0][1]], *pairs[twins[0][0]])
    remaining = pairs.where(map(eq, first, count())) if twins else pairs
    return Identities(remaining, len(twins), _same_names((found[place], found[kept]) for place, kept in twins))


def _refuse_twins(kept: Combination, combination: Combination, key: str) -> None:
    raise ConfigError(
        f"Two combinations are the same: {kept.label()!r} and {combination.label()!r} have the fingerprint "
        f"{key[:12]}. Remove one, or allow it with duplicates=drop (run once) or duplicates=keep (run both)."
    )


def _same_names(twins: Iterable[tuple[Combination, Combination]]) -> tuple[SameNames, ...]:
    found: dict[SameNames, None] = {}
    for dropped, kept in twins:
        names = zip(AXES, dropped.names, kept.names, strict=True)
        found.update((SameNames(axis, name, other), None) for axis, name, other in names if name != other)
    return tuple(found)


def decide(
    pairs: Iterable[tuple[Combination, str]],
    policy: Policy,
    states: Mapping[str, State],
    *,
    changed: Compare | None = None,
    suspect: Suspect | None = None,
) -> PlannedItems:
    """Decide on each combination; `states` may lack those that were never attempted.

    `changed` tells what differs from what a completed attempt was measured with, and `suspect` why it may have been
    measured wrongly; `None` where neither can be for any of them.
    """
    identified = Identified.of(pairs)
    stale = _staleness(policy.triggers, changed, suspect)
    rule = {"all": _rerun_all, "missing": _rerun_missing, "failed": _rerun_failed, "stale": _rerun_stale}[policy.rerun]
    verdicts, codes = {NEVER_ATTEMPTED[policy.rerun]: 0}, array("i", [0]) * len(identified)
    for place, combination, state in _attempted(identified, states):
        codes[place] = verdicts.setdefault(rule(combination, state, stale), len(verdicts))
    return PlannedItems(identified, Column(list(verdicts), codes))


def _attempted(pairs: Identified, states: Mapping[str, State]) -> Iterator[tuple[int, Combination, State]]:
    """Place, combination and state of those that the store knows; a combination is made for no others."""
    if not states:
        return iter(())
    found = list(map(states.get, pairs.fingerprints))
    places = [place for place, state in enumerate(found) if state is not None]
    known = pairs.combinations if len(places) == len(found) else pairs.combinations.take(places)
    return zip(places, known, (state for state in found if state is not None), strict=True)


Compare = Callable[[Combination, State], Changes]
Suspect = Callable[[Combination, State], str | None]


class Staleness(NamedTuple):
    """Why a completed result must be measured again, or what else differs from what it was measured with."""

    reason: str | None = None
    noted: str | None = None
    suspect: str | None = None
    """Why an older version may have measured it wrongly: it counts as missing."""
    accepted: str | None = None
    """When and why somebody said that it is valid though something has changed."""

    def beside(self, reason: str) -> str:
        """Why something is skipped, and what is to be known of it."""
        noted = self.reason or self.suspect or self.noted
        known = f"{reason}, {self.accepted}" if self.accepted else reason
        return f"{known}, but {noted}" if noted else known


Stale = Callable[[Combination, State], Staleness]


NEVER_ATTEMPTED: Mapping[str, Verdict] = {
    Rerun.ALL: (True, RUN_ALL),
    Rerun.MISSING: (True, NEVER),
    Rerun.FAILED: (False, NOT_FAILED),
    Rerun.STALE: (False, NOT_STALE),
}


_SKIPPED: Verdict = (False, COMPLETED)


def _rerun_all(combination: Combination, state: State, stale: Stale) -> Verdict:
    return NEVER_ATTEMPTED[Rerun.ALL]


def _rerun_missing(combination: Combination, state: State, stale: Stale) -> Verdict:
    if not state.completed:
        return True, NOT_COMPLETED.format(state.status)
    found = stale(combination, state)
    if found is CURRENT and state.newest_status not in FAILING:  # nearly always, and there may be a million
        return _SKIPPED
    reason = found.reason or found.suspect
    return (True, reason) if reason else (False, found.beside(_completed(state)))


def _completed(state: State) -> str:
    """Why what has completed is not missing; its value is older where it failed since."""
    end = state.newest_status
    return OLDER.format(FAILING[end]) if end in FAILING else COMPLETED


def _rerun_failed(combination: Combination, state: State, stale: Stale) -> Verdict:
    if state.newest_status in FAILING:
        return True, _completed(state) if state.completed else NOT_COMPLETED.format(state.status)
    return False, stale(combination, state).beside(COMPLETED) if state.completed else NEITHER.format(state.status)


def _rerun_stale(combination: Combination, state: State, stale: Stale) -> Verdict:
    found = stale(combination, state) if state.completed else Staleness()
    return (True, found.reason) if found.reason else (False, found.beside(NOT_STALE))


def _staleness(triggers: Sequence[str], changed: Compare | None, suspect: Suspect | None) -> Stale:
    if changed is None and suspect is None:
        return lambda combination, state: CURRENT

    def stale(combination: Combination, state: State) -> Staleness:
        found = NO_CHANGES if changed is None else changed(combination, state)
        weighed = CURRENT if found is NO_CHANGES else _weighed(found, triggers)
        reason = suspect(combination, state) if suspect is not None else None
        return weighed if reason is None else weighed._replace(suspect=reason)

    return stale


CURRENT = Staleness()


def _weighed(changed: Changes, triggers: Sequence[str]) -> Staleness:
    """Other data at a path that means another place count whatever the triggers; other changes where one says so."""
    accepted = changed.accepted
    if changed.data is not None and changed.is_moved:
        return Staleness(changed.data or DATA_CHANGED, accepted=accepted)
    changes = {"code": (CODE_CHANGED, changed.code), "libraries": (LIBRARIES_CHANGED, changed.libraries)}
    changes["data"] = (DATA_CHANGED, changed.data)
    for trigger, (reason, what) in changes.items():
        if what is not None and trigger in triggers:
            return Staleness(named(reason, what), accepted=accepted)
    noted = None if changed.data is None else named(DATA_CHANGED, changed.data)
    return Staleness(noted=noted, accepted=accepted)


def named(reason: str, what: str) -> str:
    """A reason with what it is about, where that is known."""
    return f"{reason}: {what}" if what else reason
