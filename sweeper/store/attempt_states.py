"""The state of each combination that was ever attempted, which a plan asks the store for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sweeper.common.gc_pause import gc_paused
from sweeper.messages.outcome import FAILING
from sweeper.revision.acceptance import Acceptance
from sweeper.store import accepted_files, attempt_names, journal, last_status, live_files
from sweeper.store.arrow_columns import TIME, column, texts
from sweeper.store.compute import Integers, numbers, of_numbers, pc
from sweeper.store.files import Files
from sweeper.store.newest_attempts import COMPLETED, microseconds, newest_each
from sweeper.store.parquet import VanishedError, union, warn_of_damage
from sweeper.store.schema import ATTEMPTS

_TEXTS = ("code_revision", "data_revision", "libraries_revision", "working_folder", "sweeper_version")
_STATES = pa.schema(
    [
        *((name, pa.string()) for name in ("fingerprint", "status")),
        *((name, TIME) for name in ("submitted_at", "finished_at")),
        *((name, pa.string()) for name in _TEXTS),
        *((name, pa.float64()) for name in ("duration_s", "inference_s")),
    ]
)
"""The columns of `attempts` that tell the state of a combination."""
_Reader = Callable[[Iterable[str]], "pa.Table | None"]
"""Reads the columns `last_status.NEEDED` of all attempts of some fingerprints; others may be among them."""


Wanted = Callable[[], Collection[str]]
"""Gives fingerprints, called only where they are needed: there may be a million."""


class AttemptState(NamedTuple):
    """The newest completed attempt of a fingerprint, or its newest attempt where none completed."""

    completed: bool
    status: str
    code_revision: str | None = None
    data_revision: str | None = None
    libraries_revision: str | None = None
    working_folder: str | None = None
    sweeper_version: str | None = None
    duration_s: float | None = None
    inference_s: float | None = None
    failed_since: str | None = None
    """`failed` or `timeout` where another attempt ended so and none completed after it."""
    ended_us: int = 0
    """By when the newest of its attempts had ended, in microseconds since 1970; 0 where that is not known.

    The end of its millisecond, since names of files tell no more.
    """
    accepted: tuple[Acceptance, ...] = ()
    """What was accepted of its combination, the oldest first; looked up where revisions are."""

    @property
    def newest_status(self) -> str | None:
        """How the newest attempt that completed, failed or timed out ended; `None` where none did."""
        return self.failed_since or (self.status if self.completed or self.status in FAILING else None)


def read_states(
    files: Files, wanted: Sequence[str], *, details: Set[str], versions: Wanted = lambda: ()
) -> dict[str, AttemptState]:
    """See `Store.attempt_states`. Names of files tell about single attempts; only files with many rows are opened."""
    with gc_paused():
        found = live_files.retry_while_files_vanish(lambda: _states(files, wanted, details, versions))
        for key, known in (accepted_files.of(files, details & found.keys()) if details else {}).items():
            found[key] = found[key]._replace(accepted=known)
        return found


class _Single(NamedTuple):
    """What the name of a file tells about the one attempt in it. The greatest one of a fingerprint counts."""

    completed: bool
    milliseconds: int
    status: str
    name: str
    fingerprint: str
    version: str | None


def _states(files: Files, wanted: Sequence[str], details: Collection[str], versions: Wanted) -> dict[str, AttemptState]:
    waiting = journal.waiting(files)
    named, opened = _named(files, live_files.live(files, ATTEMPTS, waiting), wanted)
    told, to_open = named.split(details, versions)
    read = partial(live_files.read_chosen, files, ATTEMPTS, waiting=waiting)
    rows = read([*opened, *(single.name for single in to_open)], wanted=_STATES.names)
    parts = [*([_as_rows(told)] if told else []), *([] if rows is None else [rows])]
    if not parts:
        return {}
    known = union(ATTEMPTS, [pa.Table.from_batches([], _STATES), *parts])
    return _read_states(known, wanted, lambda some: read([*opened, *named.names(some)], wanted=last_status.NEEDED))


@dataclass(frozen=True)
class _Named:
    """What the names of files tell about these fingerprints."""

    best: dict[str, _Single] = field(default_factory=dict[str, _Single])
    """The attempt that counts, for each fingerprint."""
    several: dict[str, list[_Single]] = field(default_factory=dict[str, list[_Single]])
    """All attempts, for each fingerprint with several."""

    def add(self, single: _Single) -> None:
        known = self.best.setdefault(single.fingerprint, single)
        if known is not single:
            self.several.setdefault(single.fingerprint, [known]).append(single)
            if single[:2] >= known[:2]:
                self.best[single.fingerprint] = single

    def split(self, details: Collection[str], versions: Wanted) -> tuple[list[_Single], list[_Single]]:
        """The attempts that count, and of each fingerprint the newest one that failed or timed out, in two lists.

        The first are those whose names tell enough; the files of the second must be opened.
        """
        failing = ([single for single in some if single.status in FAILING] for some in self.several.values())
        newest = (max(some, key=lambda single: single.milliseconds) for some in failing if some)
        every = [*self.best.values(), *(single for single in newest if single is not self.best[single.fingerprint])]
        unversioned = [single for single in every if single.version is None]
        versions_of = (set(versions()) if unversioned else set[str]()).difference(details)
        to_open = [single for single in every if single.fingerprint in details] if details else []
        to_open += [single for single in unversioned if single.fingerprint in versions_of]
        if not to_open:
            return every, []
        names = {single.name for single in to_open}
        return [single for single in every if single.name not in names], to_open

    def names(self, fingerprints: Iterable[str]) -> list[str]:
        """The files of all attempts of some of these fingerprints."""
        attempts = (self.several.get(key) or [self.best[key]] for key in fingerprints if key in self.best)
        return [single.name for some in attempts for single in some]


def _named(files: Files, live: Sequence[str], wanted: Sequence[str]) -> tuple[_Named, list[str]]:
    """What the names of files tell, and the files whose names tell nothing."""
    parsed = {name: attempt_names.parse(name) for name in live}
    others = [name for name, known in parsed.items() if known is None]
    named = _Named()
    if len(others) == len(live):
        return named, others
    chosen = {known.fingerprint for known in parsed.values() if known is not None}.intersection(wanted)
    sizes = files.sizes(ATTEMPTS)
    for name, known in parsed.items():
        if known is not None and known.fingerprint in chosen and _is_whole(files, name, known.size, sizes):
            completed = known.status == COMPLETED
            named.add(_Single(completed, known.milliseconds, known.status, name, known.fingerprint, known.version))
    return named, others


def _is_whole(files: Files, name: str, size: int, sizes: Mapping[str, int]) -> bool:
    if name not in sizes:
        raise VanishedError(f"{files.uri}/{ATTEMPTS}/{name} is gone since it was listed.")
    if sizes[name] != size:
        warn_of_damage(files, ATTEMPTS, name, f"it has {sizes[name]} bytes and was written with {size}.")
    return sizes[name] == size


def _as_rows(singles: Sequence[_Single]) -> pa.Table:
    """What the names of files tell, as rows of `attempts`. They come first, so that at equal times the others count.

    A name tells the millisecond only. What failed is taken for the last of its own, so that its file is looked at.
    """
    keys = column([single.fingerprint for single in singles], pa.string())
    status = column([single.status for single in singles], pa.string())
    ended = column([single.milliseconds * 1000 + 999 * (single.status in FAILING) for single in singles], TIME)
    version = column([single.version for single in singles], pa.string())
    return pa.table({"fingerprint": keys, "status": status, "finished_at": ended, "sweeper_version": version})


def _read_states(table: pa.Table, wanted: Sequence[str], look_closely: _Reader) -> dict[str, AttemptState]:
    """State by fingerprint, made column by column: there may be a million."""
    names = texts(wanted)
    table, every = _wanted_rows(table, names)
    best, keys = newest_each(table, every)
    ended = np.zeros(len(wanted), np.int64)
    np.maximum.at(ended, every, microseconds(table))
    ended = np.where(ended > 0, ended // 1000 * 1000 + 999, 0)
    failing = last_status.failing_keys(table, every) if best is not table else {}
    status, *revisions = (_shared(best[name]) for name in ("status", *_TEXTS))
    completed = (text == COMPLETED for text in status)
    seconds = (best[name].to_pylist() for name in ("duration_s", "inference_s"))
    rest = [None] * len(best), ended[keys].tolist(), [()] * len(best)
    rows = zip(completed, status, *revisions, *seconds, *rest, strict=True)
    states = map(AttemptState._make, rows)
    found = dict(zip(names.take(of_numbers(keys)).to_pylist(), states, strict=True))
    return {**found, **_with_failures(found, {wanted[key]: end for key, end in failing.items()}, look_closely)}


def _wanted_rows(table: pa.Table, wanted: pa.Array) -> tuple[pa.Table, Integers]:
    """The rows of these fingerprints, and of each its place in `wanted`.

    There may be many more of the wanted than of the known: it is the known that are put into a table to look up.
    """
    known = table["fingerprint"].combine_chunks().dictionary_encode()
    number = pc.index_in(wanted, known.dictionary)
    places = np.full(len(known.dictionary), -1)
    places[numbers(number.drop_null())] = numbers(pc.indices_nonzero(pc.is_valid(number)))
    every = places[numbers(known.indices)]
    rows = np.flatnonzero(every >= 0)
    return table.drop_columns("fingerprint").take(of_numbers(rows)), every[rows]


def _with_failures(
    found: Mapping[str, AttemptState], failing: Mapping[str, str], look_closely: _Reader
) -> dict[str, AttemptState]:
    """The states of fingerprints whose newest attempt failed, though another attempt counts.

    Where that completed, both rows may belong to one attempt. Only the files tell to which attempt a row belongs, and
    by which clock its times are.
    """
    doubtful = {key for key in failing if found[key].completed}
    if doubtful:
        rows = look_closely(doubtful)
        mine = None if rows is None else rows.filter(pc.is_in(rows["fingerprint"], pa.array(list(doubtful))))
        sure = {} if mine is None else last_status.failed_last(mine)
        failing = {key: end for key, end in {**failing, **sure}.items() if key in sure or key not in doubtful}
    return {key: found[key]._replace(failed_since=end) for key, end in failing.items() if end != found[key].status}


def _shared(column: pa.ChunkedArray) -> list[str | None]:
    """A text column as a list in which equal texts are one object, for columns with few different values."""
    encoded = column.combine_chunks().dictionary_encode()
    values: dict[int | None, str | None] = {None: None, **dict(enumerate(encoded.dictionary.to_pylist()))}
    return [values[code] for code in encoded.indices.to_pylist()]
