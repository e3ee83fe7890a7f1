"""What people accepted of a store, by `sweeper accept`: a Parquet file for each time, under `.sweeper/accepted/`.

A file has a row for each combination, and what is the same for all of them as JSON in its metadata. It is written once
and never changed. A merge of tables does not touch it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.common import small_json
from sweeper.common.small_json import Damaged
from sweeper.common.text import escaped, first_line
from sweeper.revision.acceptance import KINDS, Acceptance, AcceptanceHeader, Accepted, RevisionTexts
from sweeper.store import formats, sealed
from sweeper.store.arrow_columns import TIME, column, texts
from sweeper.store.compute import pc
from sweeper.store.files import PARQUET, PRIVATE, Files
from sweeper.store.parquet import warn_of_damage
from sweeper.vocabulary import AXES

FOLDER = f"{PRIVATE}/accepted"
_ABOUT = b"sweeper"
_SEPARATOR = ", "
_REVISIONS = (*(f"{kind}_revision" for kind in KINDS), "working_folder")
_BEFORE, _NOW = (tuple(f"{name}_{when}" for name in _REVISIONS) for when in ("before", "now"))
_ROWS = pa.schema([(name, pa.string()) for name in ("fingerprint", *AXES, "changed", *_BEFORE, *_NOW)])
ACCEPTED = pa.schema(
    [
        ("acceptance_id", pa.string()),
        ("accepted_at", TIME),
        *((name, pa.string()) for name in ("accepted_by", "host", "reason", "sweeper_version")),
        *_ROWS,
    ]
)
"""The view that people read: a row for each combination of each acceptance."""
_UNREADABLE = (*sealed.UNREADABLE, LookupError, TypeError)
"""What reading a file raises that is damaged, or that another program wrote."""


def write(files: Files, header: AcceptanceHeader, accepted: Sequence[Accepted]) -> str:
    """Write one acceptance, whole or not at all; returns the URI of its file.

    Raises
    ------
    StoreError
        A newer version wrote the store, or it cannot be reached.
    OSError
        The store cannot be written.
    """
    formats.announce(files)
    rows = [(one.fingerprint, *one.names, _SEPARATOR.join(one.changed), *one.before, *one.now) for one in accepted]
    columns = [_text(values) for values in zip(*rows, strict=True)]
    return _put(files, header, pa.Table.from_arrays(columns, schema=_ROWS))


def _put(files: Files, header: AcceptanceHeader, rows: pa.Table) -> str:
    about = {**asdict(header), "accepted_at": header.accepted_at.isoformat(), "combinations": len(rows)}
    rows = rows.replace_schema_metadata({_ABOUT: json.dumps(about).encode()})
    data = sealed.encoded(rows, compression="zstd", write_statistics=False)
    return sealed.put(files, FOLDER, f"{header.acceptance_id}{PARQUET}", data)


def _text(values: Sequence[str | None]) -> pa.Array:
    """A column of text; text that is not Unicode (the name of a file in another encoding) is escaped."""
    try:
        return column(values, pa.string())
    except UnicodeEncodeError:
        return column([None if value is None else escaped(value) for value in values], pa.string())


def headers(files: Files) -> list[AcceptanceHeader]:
    """Every acceptance, the oldest first, without its combinations; damaged files are left out, with a warning."""
    return [header for header, _ in _readable(files, rows=False)]


def of(files: Files, fingerprints: Collection[str]) -> dict[str, tuple[Acceptance, ...]]:
    """What was accepted of these combinations, by fingerprint, the oldest first; damaged files as in `headers`."""
    wanted = None if not fingerprints else texts(list(fingerprints))
    found: dict[str, list[Acceptance]] = {}
    for header, rows in _readable(files) if wanted is not None else ():
        mine = rows.filter(pc.is_in(rows["fingerprint"], wanted))
        for key, one in zip(mine["fingerprint"].to_pylist(), _acceptances(header, mine), strict=True):
            found.setdefault(key, []).append(one)
    return {key: tuple(several) for key, several in found.items()}


def _acceptances(header: AcceptanceHeader, rows: pa.Table) -> Iterator[Acceptance]:
    changed = (tuple(text.split(_SEPARATOR)) for text in rows["changed"].to_pylist())
    before, now = (
        map(RevisionTexts._make, zip(*(rows[name].to_pylist() for name in names), strict=True))
        for names in (_BEFORE, _NOW)
    )
    return (Acceptance(header, *one) for one in zip(changed, before, now, strict=True))


def table(files: Files) -> pa.Table:
    """The view `accepted`, the oldest first; damaged files as in `headers`."""
    return pa.concat_tables([ACCEPTED.empty_table(), *(_shown(header, rows) for header, rows in _readable(files))])


def _shown(header: AcceptanceHeader, rows: pa.Table) -> pa.Table:
    once: Mapping[str, Any] = asdict(header)
    repeated = [pa.repeat(pa.scalar(once[f.name], f.type), len(rows)) for f in ACCEPTED if f.name not in _ROWS.names]
    return pa.table([*repeated, *rows.columns], schema=ACCEPTED)


def copy(source: Files, target: Files, fingerprints: pa.Array) -> None:
    """Copy what was accepted of these combinations to another store."""
    for header, rows in _readable(source):
        mine = rows.filter(pc.is_in(rows["fingerprint"], fingerprints))
        if len(mine):
            _put(target, header, mine)


def damaged(files: Files) -> dict[str, str]:
    """Names of the files that cannot be read, each with the reason."""
    reasons: dict[str, str] = {}
    for name in files.names(FOLDER, ""):
        try:
            _read(files, name)
        except _UNREADABLE as error:
            reasons[name] = first_line(error)
    return reasons


def _readable(files: Files, *, rows: bool = True) -> Iterator[tuple[AcceptanceHeader, pa.Table]]:
    for name in files.names(FOLDER):
        try:
            yield _read(files, name, rows=rows)
        except _UNREADABLE as error:
            warn_of_damage(files, FOLDER, name, first_line(error))


def _read(files: Files, name: str, *, rows: bool = True) -> tuple[AcceptanceHeader, pa.Table]:
    """Header and rows of a file; no rows where they are not wanted."""
    with sealed.opened(files, FOLDER, name) as file:
        header = _about(file, name.removesuffix(PARQUET))
        return header, sealed.read(file).select(_ROWS.names) if rows else _ROWS.empty_table()


def _about(file: pq.ParquetFile, acceptance_id: str) -> AcceptanceHeader:
    header = small_json.parsed(file.schema_arrow.metadata[_ABOUT], _header)
    if isinstance(header, Damaged):
        raise ValueError(header.reason)
    if header.acceptance_id != acceptance_id:
        raise ValueError(f"it is the file of acceptance {header.acceptance_id}")
    return header


def _header(content: Any) -> AcceptanceHeader:
    known = {f.name: content[f.name] for f in fields(AcceptanceHeader) if f.name in content}
    known["accepted_at"] = datetime.fromisoformat(content["accepted_at"]).astimezone(UTC)
    known["changed"] = tuple(map(str, content.get("changed", ())))
    return AcceptanceHeader(**known)
