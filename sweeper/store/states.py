"""What is known of each combination that was ever attempted: what a plan asks the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from sweeper.common.gc_pause import gc_paused
from sweeper.messages.outcome import FAILING
from sweeper.store import catalog, journal, latest, names
from sweeper.store.cells import TIME, column, texts
from sweeper.store.compute import numbers, pc, places
from sweeper.store.counting import COMPLETED, one_each
from sweeper.store.files import Files
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
"""What is read of `attempts` to tell the state of a combination."""
_Reader = Callable[[Iterable[str]], "pa.Table | None"]
"""Reads the columns `latest.NEEDED` of all attempts of some fingerprints, and maybe of others."""


Wanted = Callable[[], Collection[str]]
"""Fingerprints that are asked for only where it matters: there may be a million."""


class AttemptState(NamedTuple):
    """The newest completed attempt of a fingerprint, or where there is none its newest attempt."""

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
    """`failed` or `timeout` where an attempt ended so and none completed after it, though this one did not end so."""

    @property
    def newest_status(self) -> str | None:
        """How its newest attempt ended, of those that completed, failed or timed out; `None` where none did."""
        return self.failed_since or (self.status if self.completed or self.status in FAILING else None)


def states(
    files: Files, wanted: Sequence[str], *, details: Collection[str], versions: Wanted = lambda: ()
) -> dict[str, AttemptState]:
    """See `Store.attempt_states`: names tell of single attempts, only files of many rows are opened."""
    with gc_paused():
        return catalog.steadily(lambda: _states(files, wanted, details, versions))


class _Single(NamedTuple):
    """What the name of a file says of the one attempt in it; the greater counts."""

    completed: bool
    milliseconds: int
    status: str
    name: str
    fingerprint: str
    version: str | None


def _states(files: Files, wanted: Sequence[str], details: Collection[str], versions: Wanted) -> dict[str, AttemptState]:
    waiting = journal.waiting(files)
    named, opened = _named(files, catalog.live(files, ATTEMPTS, waiting), wanted)
    told, sought = named.told(details, versions)
    read = partial(catalog.read_chosen, files, ATTEMPTS, waiting=waiting)
    rows = read([*opened, *(single.name for single in sought)], wanted=_STATES.names)
    parts = [*([_told(told)] if told else []), *([] if rows is None else [rows])]
    if not parts:
        return {}
    known = union(ATTEMPTS, [pa.Table.from_batches([], _STATES), *parts])
    return _read_states(known, wanted, lambda some: read([*opened, *named.names(some)], wanted=latest.NEEDED))


@dataclass(frozen=True)
class _Named:
    """What the names of files say of these fingerprints."""

    counting: dict[str, _Single] = field(default_factory=dict[str, _Single])
    """The attempt that counts of each."""
    several: dict[str, list[_Single]] = field(default_factory=dict[str, list[_Single]])
    """All attempts of those that have several."""

    def add(self, single: _Single) -> None:
        known = self.counting.setdefault(single.fingerprint, single)
        if known is not single:
            self.several.setdefault(single.fingerprint, [known]).append(single)
            if single[:2] >= known[:2]:
                self.counting[single.fingerprint] = single

    def told(self, details: Collection[str], versions: Wanted) -> tuple[list[_Single], list[_Single]]:
        """Those that count, and of each fingerprint the newest that failed or timed out.

        The names of the first say enough, those of the second, of which `details` or `versions` are wanted, do not.
        """
        failing = ([one for one in some if one.status in FAILING] for some in self.several.values())
        newest = (max(some, key=lambda one: one.milliseconds) for some in failing if some)
        every = [*self.counting.values(), *(one for one in newest if one is not self.counting[one.fingerprint])]
        unsaid = [one for one in every if one.version is None]
        versions_of = set(versions()) if unsaid else set[str]()
        sought = [one for one in every if one.fingerprint in details] if details else []
        sought += [one for one in unsaid if one.fingerprint in versions_of and one.fingerprint not in details]
        if not sought:
            return every, []
        names_sought = {one.name for one in sought}
        return [one for one in every if one.name not in names_sought], sought

    def names(self, fingerprints: Iterable[str]) -> list[str]:
        """The files of all attempts of some of them."""
        found = (self.several.get(key) or [self.counting[key]] for key in fingerprints if key in self.counting)
        return [single.name for some in found for single in some]


def _named(files: Files, live: Sequence[str], wanted: Sequence[str]) -> tuple[_Named, list[str]]:
    """What names say, and the files whose names say nothing."""
    parsed = {name: names.parse(name) for name in live}
    others = [name for name, said in parsed.items() if said is None]
    found = _Named()
    if len(others) == len(live):
        return found, others
    chosen, sizes = set(wanted), files.sizes(ATTEMPTS)
    for name, said in parsed.items():
        if said is not None and said.fingerprint in chosen and _is_whole(files, name, said.size, sizes):
            completed = said.status == COMPLETED
            found.add(_Single(completed, said.milliseconds, said.status, name, said.fingerprint, said.version))
    return found, others


def _is_whole(files: Files, name: str, size: int, sizes: Mapping[str, int]) -> bool:
    if name not in sizes:
        raise VanishedError(f"{files.uri}/{ATTEMPTS}/{name} is gone since it was listed.")
    if sizes[name] != size:
        warn_of_damage(files, ATTEMPTS, name, f"it has {sizes[name]} bytes and was written with {size}.")
    return sizes[name] == size


def _told(singles: Sequence[_Single]) -> pa.Table:
    """What the names of files say, as rows of `attempts`: first of all rows, so that at equal times others count."""
    keys = column([single.fingerprint for single in singles], pa.string())
    status = column([single.status for single in singles], pa.string())
    ended = column([single.milliseconds * 1000 for single in singles], TIME)
    version = column([single.version for single in singles], pa.string())
    return pa.table({"fingerprint": keys, "status": status, "finished_at": ended, "sweeper_version": version})


def _read_states(table: pa.Table, wanted: Sequence[str], look_closely: _Reader) -> dict[str, AttemptState]:
    """State by fingerprint, column by column and with the keys that were asked for: there may be a million."""
    place = places(table["fingerprint"].combine_chunks(), texts(wanted))
    table = table.drop_columns("fingerprint").filter(pc.is_valid(place))
    every = numbers(place.drop_null())
    counting, keys = one_each(table, every)
    failing = latest.failing_keys(table, every) if counting is not table else {}
    status, *revisions = (_shared(counting[name]) for name in ("status", *_TEXTS))
    completed = (text == COMPLETED for text in status)
    seconds = (counting[name].to_pylist() for name in ("duration_s", "inference_s"))
    rows = zip(completed, status, *revisions, *seconds, [None] * len(counting), strict=True)
    states = map(AttemptState._make, rows)
    found = dict(zip(map(wanted.__getitem__, keys.tolist()), states, strict=True))
    return {**found, **_with_failures(found, {wanted[key]: end for key, end in failing.items()}, look_closely)}


def _with_failures(
    found: Mapping[str, AttemptState], failing: Mapping[str, str], look_closely: _Reader
) -> dict[str, AttemptState]:
    """The states of what failed last though the attempt that counts did not.

    Where it completed, a row of the same attempt may say so: only files tell which attempt they are of, and by whose
    clock the times are.
    """
    doubtful = {key for key in failing if found[key].completed}
    if doubtful:
        rows = look_closely(doubtful)
        mine = None if rows is None else rows.filter(pc.is_in(rows["fingerprint"], pa.array(list(doubtful))))
        sure = {} if mine is None else latest.failed_last(mine)
        failing = {key: end for key, end in {**failing, **sure}.items() if key in sure or key not in doubtful}
    return {key: found[key]._replace(failed_since=end) for key, end in failing.items() if end != found[key].status}


def _shared(column: pa.ChunkedArray) -> list[str | None]:
    """Text of which most is the same, each once in memory."""
    encoded = column.combine_chunks().dictionary_encode()
    values: dict[int | None, str | None] = {None: None, **dict(enumerate(encoded.dictionary.to_pylist()))}
    return [values[code] for code in encoded.indices.to_pylist()]
