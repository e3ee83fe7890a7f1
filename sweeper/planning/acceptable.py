"""Which stored results can be accepted: those that have completed, and were measured with something else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sweeper.planning.decisions import CODE_CHANGED, DATA_CHANGED, LIBRARIES_CHANGED, Compare, State, Suspect, named
from sweeper.revision.changes import NO_CHANGES, Changes
from sweeper.vocabulary import Combination

_WORDS = {"code": CODE_CHANGED, "data": DATA_CHANGED, "libraries": LIBRARIES_CHANGED}


class Acceptable(NamedTuple):
    """A result that was measured with something else than there is now."""

    combination: Combination
    fingerprint: str
    state: State
    changed: tuple[str, ...]
    """What has changed of what is to be accepted."""
    words: str
    """The same in words, as a plan gives the reason."""
    suspect: str | None = None
    """Why an older version may have measured it wrongly, which no acceptance changes."""
    other_data: bool = False
    """Whether its data have changed too, and are not to be accepted."""


class Review(NamedTuple):
    """What was found among the combinations of a config."""

    combinations: int
    completed: int
    """How many of them have a result."""
    found: tuple[Acceptable, ...]


def review(
    pairs: Sequence[tuple[Combination, str]],
    states: Mapping[str, State],
    kinds: Sequence[str],
    changed: Compare | None,
    suspect: Suspect | None = None,
) -> Review:
    """Which of these combinations have a result whose code, data or libraries (`kinds`) have changed since.

    `changed` and `suspect` are as for `decide`.
    """
    done = {key: (combination, states[key]) for combination, key in pairs if key in states and states[key].completed}
    found = _found(done, kinds, changed, suspect) if changed is not None else ()
    return Review(len(pairs), len(done), tuple(found))


def _found(
    done: Mapping[str, tuple[Combination, State]], kinds: Sequence[str], changed: Compare, suspect: Suspect | None
) -> Iterator[Acceptable]:
    for key, (combination, state) in done.items():
        differing = changed(combination, state)
        chosen = () if differing is NO_CHANGES else tuple(kind for kind in kinds if _of(differing, kind) is not None)
        if chosen:
            why = suspect(combination, state) if suspect is not None else None
            other_data = differing.data is not None and "data" not in kinds
            yield Acceptable(combination, key, state, chosen, _in_words(chosen, differing), why, other_data)


def _in_words(kinds: Iterable[str], changed: Changes) -> str:
    return "; ".join(_data(changed) if kind == "data" else _named(kind, changed) for kind in kinds)


def _data(changed: Changes) -> str:
    return changed.data if changed.is_moved and changed.data else _named("data", changed)


def _named(kind: str, changed: Changes) -> str:
    return named(_WORDS[kind], _of(changed, kind) or "")


def _of(changed: Changes, kind: str) -> str | None:
    return {"code": changed.code, "data": changed.data, "libraries": changed.libraries}[kind]
