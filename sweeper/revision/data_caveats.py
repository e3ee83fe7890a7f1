"""Which stored values were measured on data that have changed since, or on other data than the values beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sweeper.common.clock import EPOCH
from sweeper.revision.acceptance import Acceptance, RevisionTexts
from sweeper.revision.changes import RecordedRevisions
from sweeper.revision.recorded_paths import Entry, KnownPaths, PathState, decode, is_same, is_whole, named
from sweeper.revision.revisions import Comparison, Revisions
from sweeper.vocabulary import Choice, Combination

CHANGED = "data changed since"
OTHER = "measured on other data than the newest value"


def caveats_of_combinations(
    planned: Iterable[tuple[Combination, str]],
    choices: Iterable[Choice],
    recorded: Callable[[Collection[str]], Mapping[str, RecordedRevisions]],
) -> dict[str, str]:
    """Caveats for the stored values of planned combinations, by fingerprint: their files differ from what is there now.

    Parameters
    ----------
    planned
        Combinations with their fingerprints.
    choices
        Every choice that takes part: where none of them names a file, no combination is looked at.
    recorded
        Looks attempts up. It is called for combinations that name files, and for no others.
    """
    revisions = Revisions()
    if not any(map(revisions.data.paths, choices)):
        return {}
    naming = {key: combination for combination, key in planned if revisions.data.naming(combination)}
    compare = Comparison(revisions, (), next(iter(naming.values())).choices).changes
    found = {key: compare(naming[key], state) for key, state in recorded(naming).items()}
    return {
        key: changed.data if changed.is_moved and changed.data else _with(CHANGED, changed.data)
        for key, changed in found.items()
        if changed.data is not None
    }


class Measured(NamedTuple):
    """A completed attempt, as far as its data matter."""

    fingerprint: str
    names: Mapping[str, str]
    """What its parts are called, by axis."""
    finished_at: datetime | None
    data_revision: str | None
    working_folder: str | None


Accepted = Callable[[Collection[str]], Mapping[str, Sequence[Acceptance]]]
"""Looks up what was accepted of combinations, by fingerprint."""


def caveats_of_attempts(attempts: Iterable[Measured], accepted: Accepted = lambda _: {}) -> dict[str, str]:
    """Caveats for the values of these attempts, by fingerprint, from what was recorded with each of them.

    Relative paths are relative to the folder that the attempt was measured in. On another machine the files cannot be
    compared. Then values of the same names must at least have been measured on the same data as the newest of them.
    A value whose data were accepted as they are now counts as measured on those; `accepted` is called only where there
    is something to be said against a value.
    """
    paths, every = KnownPaths(), list(attempts)
    caveats = _caveats(paths, every)
    known = accepted(caveats) if caveats else {}
    if not known:
        return caveats
    return _caveats(paths, [_as_accepted(paths, one, known.get(one.fingerprint, ())) for one in every])


def _as_accepted(paths: KnownPaths, attempt: Measured, every: Sequence[Acceptance]) -> Measured:
    """An attempt as if it had been measured on the data as they are now, where these were accepted for it."""
    before = RevisionTexts(data_revision=attempt.data_revision, working_folder=attempt.working_folder)
    places = [(entry.axis, entry.path) for entry in decode(attempt.data_revision)]
    for now in (one.now for one in reversed(every) if one.is_about("data", before)):
        if is_whole(paths, decode(now.data_revision), places, now.working_folder or ""):
            return attempt._replace(data_revision=now.data_revision, working_folder=now.working_folder)
    return attempt


def _caveats(paths: KnownPaths, attempts: Iterable[Measured]) -> dict[str, str]:
    listed = [(attempt, decode(attempt.data_revision)) for attempt in attempts if attempt.data_revision]
    caveats: dict[str, str] = {}
    for attempt, entries in listed:
        if text := _changed(paths, entries, attempt.working_folder):
            caveats[attempt.fingerprint] = text
    unchanged = [pair for pair in listed if pair[0].fingerprint not in caveats]
    return caveats | _mixed(sorted(unchanged, key=lambda pair: pair[0].finished_at or EPOCH, reverse=True))


def _changed(paths: KnownPaths, entries: Iterable[Entry], folder: str | None) -> str | None:
    now = {entry: paths.now(entry, folder) for entry in entries}
    other = named(entry.path for entry, what in now.items() if what is PathState.DIFFERENT)
    gone = named(entry.path for entry, what in now.items() if what is PathState.GONE)
    difference = "; ".join(filter(None, (other, gone and f"{gone} is gone")))
    return _with(CHANGED, difference) if difference else None


def _mixed(newest_first: Iterable[tuple[Measured, tuple[Entry, ...]]]) -> dict[str, str]:
    reference: dict[tuple[str, str, str], Entry] = {}
    caveats: dict[str, str] = {}
    for attempt, entries in newest_first:
        other = [e.path for e in entries if not is_same(reference.setdefault(_place(attempt, e), e), e)]
        if other:
            caveats[attempt.fingerprint] = _with(OTHER, named(other))
    return caveats


def _place(attempt: Measured, entry: Entry) -> tuple[str, str, str]:
    return entry.axis, attempt.names.get(entry.axis, ""), entry.path


def _with(text: str, details: str) -> str:
    return f"{text}: {details}" if details else text
