"""What each sweep asked for: one Parquet file per sweep under `.sweeper/sweeps/`, written before anything of it runs.

A file has two row groups. The first has a row for each choice, with its spec. The second has a row for each
combination, which refers to its choices by their row numbers in the first. What exists once per sweep is JSON in the
metadata of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.common import small_json
from sweeper.common.columns import Column, Digests
from sweeper.common.small_json import Damaged
from sweeper.common.text import escaped, first_line
from sweeper.errors import StoreError
from sweeper.messages import requirements
from sweeper.messages.asked import AskedChoice, AskedSweep, SweepHeader
from sweeper.store import live_files, sealed
from sweeper.store.arrow_columns import TIME, column
from sweeper.store.compute import pc
from sweeper.store.files import PARQUET, PRIVATE, Files
from sweeper.store.newest_attempts import COMPLETED
from sweeper.store.parquet import warn_of_damage
from sweeper.store.schema import ATTEMPTS
from sweeper.vocabulary import AXES, NAME_SEPARATOR

FOLDER = f"{PRIVATE}/sweeps"
RUN, SKIP = "run", "skip"
ASKED = pa.schema(
    [
        *((name, pa.string()) for name in ("sweep_id", "sweep")),
        ("began", TIME),
        *((name, pa.string()) for name in ("fingerprint", *AXES, "decision", "reason")),
    ]
)
"""The table that people read: a row for each combination of each sweep."""
_ABOUT = b"sweeper"
_PLACES = pa.list_(pa.int32())
_CHOICES = ("axis", "name", "base", "spec", "runtime")
_FILE = pa.schema(
    [
        *((name, pa.string()) for name in (*_CHOICES, "fingerprint")),
        *((name, _PLACES) for name in AXES),
        ("run", pa.bool_()),
        ("reason", pa.string()),
    ]
)
_COMBINATIONS = _FILE.names[len(_CHOICES) :]
_DONE = ("fingerprint", *AXES)
OF_COMPLETED = (*_DONE, "status", "sweep_id", "submitted_at")
"""The columns of attempts that tell what has completed since a sweep began."""
_REPEATED: Any = ["axis", "reason", *(f"{axis}.list.element" for axis in AXES)]
"""Columns with few different values."""
_UNREADABLE = (*sealed.UNREADABLE, LookupError, TypeError)
"""What reading a file raises that is damaged, or that another program wrote."""


def write(files: Files, sweep: AskedSweep) -> str:
    """Write the file of a sweep; returns its URI."""
    return sealed.put(files, FOLDER, f"{sweep.header.sweep_id}{PARQUET}", _encoded(sweep))


def ids(files: Files) -> list[str]:
    """Ids of the sweeps that have a file, the newest last."""
    return [name.removesuffix(PARQUET) for name in files.names(FOLDER)]


def read(files: Files, sweep_id: str) -> AskedSweep:
    """What one sweep asked for.

    Raises
    ------
    StoreError
        Its file cannot be read.
    """
    name = f"{sweep_id}{PARQUET}"
    try:
        header, choices, rows = _decoded(files, name)
        columns = {axis: _column(rows[axis].combine_chunks()) for axis in AXES}
        fingerprints, run, reasons = (rows[name].to_pylist() for name in ("fingerprint", "run", "reason"))
        return AskedSweep(header, choices, Digests.of(fingerprints), columns, run, reasons)
    except _UNREADABLE as error:
        raise _unreadable(files, name, error) from error


def read_header(files: Files, sweep_id: str) -> SweepHeader:
    """What there is once in the file of a sweep; errors as for `read`."""
    name = f"{sweep_id}{PARQUET}"
    try:
        with sealed.opened(files, FOLDER, name) as file:
            return _about(file, sweep_id)
    except _UNREADABLE as error:
        raise _unreadable(files, name, error) from error


def read_choices(files: Files, sweep_id: str) -> list[AskedChoice]:
    """The choices of a sweep with their specs, without its combinations; none where its file cannot be read."""
    with suppress(*_UNREADABLE), sealed.opened(files, FOLDER, f"{sweep_id}{PARQUET}") as file:
        return _choices(file, _CHOICES)
    return []


def _unreadable(files: Files, name: str, error: Exception) -> StoreError:
    return StoreError(
        f"{files.uri}/{FOLDER}/{name} cannot be read: {first_line(error)}. So what is left of that sweep is not "
        "known; run the sweep again with rerun=missing (`sweeper check --repair` moves the file aside)."
    )


def table(files: Files, sweep_ids: Iterable[str]) -> pa.Table:
    """What these sweeps asked for, with the columns of `ASKED`; unreadable files are left out, with a warning."""
    tables = [ASKED.empty_table()]
    for sweep_id in sweep_ids:
        try:
            tables.append(_shown(*_decoded(files, f"{sweep_id}{PARQUET}", specs=False)))
        except _UNREADABLE as error:
            warn_of_damage(files, FOLDER, f"{sweep_id}{PARQUET}", first_line(error))
    return pa.concat_tables(tables)


def same_names(files: Files, sweep_ids: Iterable[str]) -> list[tuple[str, str, str]]:
    """An axis, a name that one of these sweeps dropped, and the name that stands for it, without damaged files."""
    names: dict[tuple[str, str, str], None] = {}
    for sweep_id in sweep_ids:
        with suppress(*_UNREADABLE), sealed.opened(files, FOLDER, f"{sweep_id}{PARQUET}") as file:
            names.update(dict.fromkeys(_about(file, sweep_id).same))
    return list(names)


def damaged(files: Files) -> dict[str, str]:
    """Names of the files that cannot be read, each with the reason."""
    reasons: dict[str, str] = {}
    for name in files.names(FOLDER, ""):
        try:
            _shown(*_decoded(files, name))
        except _UNREADABLE as error:
            reasons[name] = first_line(error)
    return reasons


def completed_since(files: Files, header: SweepHeader) -> set[tuple[str, ...]]:
    """As `completed_of`, of all attempts of the store."""
    rows = live_files.read_live(files, ATTEMPTS, OF_COMPLETED)
    return set() if rows is None else completed_of(rows, header)


def completed_of(attempts: pa.Table, header: SweepHeader) -> set[tuple[str, ...]]:
    """Fingerprint and the four names of each combination that this sweep, or one that began later, has completed.

    A later sweep is recognized by its id, which begins with the time, and by when it submitted. What this sweep resumed
    counts too: with a backend whose jobs go on without their driver, it may have completed more since. `attempts` have
    the columns `OF_COMPLETED`.
    """
    second = header.sweep_id.partition("-")[0]
    later = pc.and_(
        pc.greater_equal(attempts["sweep_id"], second),
        pc.greater_equal(attempts["submitted_at"], pa.scalar(header.began, TIME)),
    )
    own = pc.is_in(attempts["sweep_id"], pa.array([header.sweep_id, *header.resumes], pa.string()))
    counts = pc.and_(pc.equal(attempts["status"], COMPLETED), pc.or_(own, pc.fill_null(later, False)))
    return set(zip(*(attempts.filter(counts)[name].to_pylist() for name in _DONE), strict=True))


# Encoding


def _encoded(sweep: AskedSweep) -> pa.Buffer:
    header = {**asdict(sweep.header), "began": sweep.header.began.isoformat()}
    schema = _FILE.with_metadata({_ABOUT: json.dumps(header, default=str).encode()})
    groups = _choice_rows(sweep.choices, schema), _combination_rows(sweep, schema)
    return sealed.encoded(*groups, compression="zstd", use_dictionary=_REPEATED, write_statistics=False)


def _choice_rows(choices: Sequence[AskedChoice], schema: pa.Schema) -> pa.Table:
    known = {name: _text([getattr(choice, name) for choice in choices]) for name in _CHOICES}
    return _filled(known, len(choices), schema)


def _combination_rows(sweep: AskedSweep, schema: pa.Schema) -> pa.Table:
    reasons = Column.of(sweep.reasons)
    known = {
        "fingerprint": _text(sweep.fingerprints),
        "run": column(sweep.run, pa.bool_()),
        "reason": _text(reasons.values).take(_integers(reasons.codes)),
        **{axis: _lists(c.values).take(_integers(c.codes)) for axis, c in sweep.columns.items()},
    }
    return _filled(known, len(sweep.fingerprints), schema)


def _filled(known: Mapping[str, pa.Array], rows: int, schema: pa.Schema) -> pa.Table:
    """A table of these columns, the others null."""
    return pa.Table.from_arrays([known.get(f.name, pa.nulls(rows, f.type)) for f in schema], schema=schema)


def _text(values: Sequence[str]) -> pa.Array:
    """A column of text; text that is not Unicode (the name of a file in another encoding) is escaped."""
    try:
        return column(values, pa.string())
    except UnicodeEncodeError:
        return column([escaped(value) for value in values], pa.string())


def _integers(values: Sequence[int]) -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(np.array(values, np.int32))])


def _lists(values: Sequence[tuple[int, ...]]) -> pa.Array:
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum([len(value) for value in values], out=offsets[1:])
    flat = _integers([place for value in values for place in value])
    return pa.Array.from_buffers(_PLACES, len(values), [None, pa.py_buffer(offsets)], children=[flat])


# Decoding


def _decoded(files: Files, name: str, *, specs: bool = True) -> tuple[SweepHeader, list[AskedChoice], pa.Table]:
    """The sweep, its choices (their specs empty unless asked for) and the rows of its combinations."""
    with sealed.opened(files, FOLDER, name) as file:
        header = _about(file, name.removesuffix(PARQUET))
        choices = _choices(file, _CHOICES if specs else ("axis", "name"))
        return header, choices, sealed.row_group(file, 1, _COMBINATIONS)


def _choices(file: pq.ParquetFile, columns: Sequence[str]) -> list[AskedChoice]:
    rows = sealed.row_group(file, 0, list(columns)).to_pylist()
    return [AskedChoice(**{**dict.fromkeys(_CHOICES, ""), **row}) for row in rows]


def _about(file: pq.ParquetFile, sweep_id: str) -> SweepHeader:
    """What there is once in the file of a sweep."""
    header = small_json.parsed(file.schema_arrow.metadata[_ABOUT], _header)
    if isinstance(header, Damaged):
        raise ValueError(header.reason)
    if header.sweep_id != sweep_id:
        raise ValueError(f"it is the file of sweep {header.sweep_id}")
    return header


def _header(content: Any) -> SweepHeader:
    known = {f.name: content[f.name] for f in fields(SweepHeader) if f.name in content}
    known["began"] = datetime.fromisoformat(content["began"]).astimezone(UTC)
    known["overrides"] = tuple(content.get("overrides", ()))
    known["same"] = tuple((axis, name, kept) for axis, name, kept in content.get("same", ()))
    known["resumes"] = tuple(map(str, content.get("resumes", ())))
    known["requirements"] = requirements.from_plain(content.get("requirements", ()))
    return SweepHeader(**known)


def _column(array: pa.Array) -> Column[tuple[int, ...]]:
    return Column.of(map(tuple, array.to_pylist()))


def _shown(header: SweepHeader, choices: Sequence[AskedChoice], rows: pa.Table) -> pa.Table:
    """The rows of one sweep as people read them."""
    names = _text([choice.name for choice in choices])
    once = (*_text([header.sweep_id, header.name]), pa.scalar(header.began, TIME))
    once = [pa.repeat(value, len(rows)) for value in once]
    axes = [_joined(rows[axis].combine_chunks(), names) for axis in AXES]
    decision = pc.if_else(rows["run"], RUN, SKIP)
    return pa.table([*once, rows["fingerprint"], *axes, decision, rows["reason"]], schema=ASKED)


def _joined(places: pa.ListArray, names: pa.Array) -> pa.Array:
    """Names of the choices of one axis, joined as in `attempts`; empty where the axis is not crossed."""
    named = pa.ListArray.from_arrays(places.offsets, names.take(places.flatten()))
    return pc.binary_join(named, NAME_SEPARATOR)
