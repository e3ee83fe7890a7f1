"""What was accepted of stored attempts, as a warning beside the values that they measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from sweeper.revision.acceptance import Acceptance, RevisionTexts, warnings
from sweeper.store import accepted_files
from sweeper.store.arrow_columns import Row
from sweeper.store.compute import pc
from sweeper.store.newest_attempts import COMPLETED
from sweeper.store.tables import Tables

_REVISIONS = RevisionTexts._fields
_TEXTS = "warnings"


def with_warnings(tables: Tables, attempts: pa.Table, until: datetime | None = None) -> pa.Table:
    """Completed attempts whose `warnings` also tell what was accepted of them; `until` leaves out what was later.

    Revisions are read only where something was accepted.
    """
    accepted = accepted_files.of(tables.files, attempts["fingerprint"].to_pylist()) if len(attempts) else {}
    if until is not None:
        accepted = {key: tuple(a for a in known if a.header.accepted_at <= until) for key, known in accepted.items()}
    if not any(accepted.values()):
        return attempts
    measured = _revisions(tables, accepted)
    rows = attempts.select(["fingerprint", "attempt_id", _TEXTS]).to_pylist()
    texts = [_text(row, accepted.get(row["fingerprint"], ()), measured) for row in rows]
    return attempts.set_column(attempts.column_names.index(_TEXTS), _TEXTS, pa.array(texts, pa.string()))


def _revisions(tables: Tables, fingerprints: Collection[str]) -> dict[str, RevisionTexts]:
    """With what each completed attempt of these combinations was measured, by `attempt_id`."""
    every = tables.attempts(("attempt_id", "fingerprint", "status", *_REVISIONS))
    mine = every.filter(pc.is_in(every["fingerprint"], pa.array(list(fingerprints), pa.string())))
    done = mine.filter(pc.equal(mine["status"], COMPLETED))
    texts = zip(*(done[name].to_pylist() for name in _REVISIONS), strict=True)
    return dict(zip(done["attempt_id"].to_pylist(), map(RevisionTexts._make, texts), strict=True))


def _text(row: Row, accepted: Sequence[Acceptance], measured: Mapping[str, RevisionTexts]) -> str | None:
    known = measured.get(str(row["attempt_id"])) if accepted else None
    said = [] if known is None else warnings(accepted, known)
    return "\n".join([*([str(row[_TEXTS])] if row[_TEXTS] else []), *said]) or None
