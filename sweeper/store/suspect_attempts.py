"""Finds the stored attempts that an older version of sweeper may have measured wrongly."""

from __future__ import annotations

import pyarrow as pa

from sweeper.store.compute import pc
from sweeper.store.tables import Tables
from sweeper.store.version_defects import DEFECTS, is_older, of_spec

COLUMN = "suspect"


def marked(tables: Tables, attempts: pa.Table) -> pa.Table:
    """Attempts with a column that says why each is suspect; null where it is not.

    Specs, which are most of the bytes of attempts, are read only where some attempts are of an older version.
    """
    versions = attempts["sweeper_version"].combine_chunks()
    specs = _specs(tables, attempts["fingerprint"].filter(_is_old(versions)))
    if not specs:
        return attempts.append_column(COLUMN, pa.nulls(len(attempts), pa.string()))
    rows = zip(attempts["fingerprint"].to_pylist(), versions.to_pylist(), strict=True)
    reasons = [of_spec(specs[key], version) if key in specs else None for key, version in rows]
    return attempts.append_column(COLUMN, pa.array(reasons, pa.string()))


def reason(attempts: pa.Table) -> pa.ChunkedArray:
    """The reasons that `marked` added."""
    return attempts[COLUMN]


def _is_old(versions: pa.Array) -> pa.Array:
    distinct = pc.unique(versions).drop_null().to_pylist()
    old = [version for version in distinct if any(is_older(version, defect.before) for defect in DEFECTS)]
    return pc.is_in(versions, pa.array(old, pa.string()))


def _specs(tables: Tables, fingerprints: pa.ChunkedArray) -> dict[str, str]:
    """The spec behind each of these fingerprints: every attempt of one has the same."""
    if not len(fingerprints):
        return {}
    stored = tables.attempts(["fingerprint", "spec"])
    stored = stored.filter(pc.is_in(stored["fingerprint"], fingerprints.combine_chunks()))
    pairs = zip(stored["fingerprint"].to_pylist(), stored["spec"].to_pylist(), strict=True)
    return {key: spec for key, spec in pairs if spec}
