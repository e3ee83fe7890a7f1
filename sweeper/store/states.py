"""What is known of each combination that was ever attempted: what a plan asks the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from sweeper.garbage import no_collection
from sweeper.store import catalog, journal, names
from sweeper.store.cells import TIME, column, texts
from sweeper.store.compute import numbers, pc, places
from sweeper.store.counting import COMPLETED, one_each
from sweeper.store.files import Files
from sweeper.store.parquet import VanishedError, union, warn_of_damage
from sweeper.store.schema import ATTEMPTS

_TEXTS = ("code_revision", "data_revision", "libraries_revision", "working_folder")
_STATES = pa.schema(
    [
        *((name, pa.string()) for name in ("fingerprint", "status")),
        ("finished_at", TIME),
        *((name, pa.string()) for name in _TEXTS),
        *((name, pa.float64()) for name in ("duration_s", "inference_s")),
    ]
)
"""What is read of `attempts` to tell the state of a combination."""


class AttemptState(NamedTuple):
    """The newest completed attempt of a fingerprint, or where there is none its newest attempt."""

    completed: bool
    status: str
    code_revision: str | None = None
    data_revision: str | None = None
    libraries_revision: str | None = None
    working_folder: str | None = None
    duration_s: float | None = None
    inference_s: float | None = None


def states(files: Files, wanted: Sequence[str], *, details: Collection[str]) -> dict[str, AttemptState]:
    """See `Store.attempt_states`: names tell of single attempts, only files of many rows are opened."""
    with no_collection():
        return catalog.steadily(lambda: _states(files, wanted, details))


class _Single(NamedTuple):
    """What the name of a file says of the one attempt in it; the greater counts."""

    completed: bool
    milliseconds: int
    status: str
    name: str


def _states(files: Files, wanted: Sequence[str], details: Collection[str]) -> dict[str, AttemptState]:
    waiting = journal.waiting(files)
    singles, opened = _singles(files, catalog.live(files, ATTEMPTS, waiting), wanted)
    for key in [key for key in singles if key in details] if details else ():
        opened.append(singles.pop(key).name)
    rows = catalog.read_chosen(files, ATTEMPTS, opened, waiting, _STATES.names)
    parts = [*([_told(singles)] if singles else []), *([] if rows is None else [rows])]
    return _read_states(union(ATTEMPTS, [pa.Table.from_batches([], _STATES), *parts]), wanted) if parts else {}


def _singles(files: Files, live: Sequence[str], wanted: Sequence[str]) -> tuple[dict[str, _Single], list[str]]:
    """The attempt that counts of each fingerprint by the names of files, and the files whose names do not say."""
    parsed = {name: names.parse(name) for name in live}
    others = [name for name, said in parsed.items() if said is None]
    if len(others) == len(live):
        return {}, others
    singles: dict[str, _Single] = {}
    chosen, sizes = set(wanted), files.sizes(ATTEMPTS)
    for name, said in parsed.items():
        if said is not None and said.fingerprint in chosen and _is_whole(files, name, said.size, sizes):
            single = _Single(said.status == COMPLETED, said.milliseconds, said.status, name)
            known = singles.get(said.fingerprint)
            if known is None or single[:2] >= known[:2]:
                singles[said.fingerprint] = single
    return singles, others


def _is_whole(files: Files, name: str, size: int, sizes: Mapping[str, int]) -> bool:
    if name not in sizes:
        raise VanishedError(f"{files.uri}/{ATTEMPTS}/{name} is gone since it was listed.")
    if sizes[name] != size:
        warn_of_damage(files, ATTEMPTS, name, f"it has {sizes[name]} bytes and was written with {size}.")
    return sizes[name] == size


def _told(singles: Mapping[str, _Single]) -> pa.Table:
    """What the names of files say, as rows of `attempts`: first of all rows, so that at equal times others count."""
    status = column([single.status for single in singles.values()], pa.string())
    ended = column([single.milliseconds * 1000 for single in singles.values()], TIME)
    return pa.table({"fingerprint": column(list(singles), pa.string()), "status": status, "finished_at": ended})


def _read_states(table: pa.Table, wanted: Sequence[str]) -> dict[str, AttemptState]:
    """State by fingerprint, column by column and with the keys that were asked for: there may be a million."""
    place = places(table["fingerprint"].combine_chunks(), texts(wanted))
    table = table.drop_columns("fingerprint").filter(pc.is_valid(place))
    table, keys = one_each(table, numbers(place.drop_null()))
    status, *revisions = (_shared(table[name]) for name in ("status", *_TEXTS))
    completed = (text == COMPLETED for text in status)
    seconds = (table[name].to_pylist() for name in ("duration_s", "inference_s"))
    rows = zip(completed, status, *revisions, *seconds, strict=True)
    states = map(AttemptState._make, rows)
    return dict(zip(map(wanted.__getitem__, keys.tolist()), states, strict=True))


def _shared(column: pa.ChunkedArray) -> list[str | None]:
    """Text of which most is the same, each once in memory."""
    encoded = column.combine_chunks().dictionary_encode()
    values: dict[int | None, str | None] = {None: None, **dict(enumerate(encoded.dictionary.to_pylist()))}
    return [values[code] for code in encoded.indices.to_pylist()]
