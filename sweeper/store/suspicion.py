"""Which stored attempts an older version may have measured wrongly, by `sweeper.store.suspects`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sweeper.store.compute import pc
from sweeper.store.suspects import TABLE, is_older, of_spec
from sweeper.store.tables import Tables

COLUMN = "suspect"


def marked(tables: Tables, attempts: pa.Table) -> pa.Table:
    """Attempts, of which the version is known, with the reason why each is suspect, null where it is not.

    Specs, which are most of what is stored of attempts, are read only where some are of an older version.
    """
    versions = attempts["sweeper_version"].combine_chunks()
    told = _specs(tables, attempts["fingerprint"].filter(_is_old(versions)))
    if not told:
        return attempts.append_column(COLUMN, pa.nulls(len(attempts), pa.string()))
    rows = zip(attempts["fingerprint"].to_pylist(), versions.to_pylist(), strict=True)
    reasons = [of_spec(told[key], version) if key in told else None for key, version in rows]
    return attempts.append_column(COLUMN, pa.array(reasons, pa.string()))


def reason(attempts: pa.Table) -> Any:
    """What `marked` found."""
    return attempts[COLUMN]


def _is_old(versions: pa.Array) -> Any:
    distinct = pc.unique(versions).drop_null().to_pylist()
    old = [version for version in distinct if any(is_older(version, suspect.before) for suspect in TABLE)]
    return pc.is_in(versions, pa.array(old, pa.string()))


def _specs(tables: Tables, fingerprints: Any) -> dict[str, str]:
    """The spec behind each of these fingerprints: every attempt of one has the same."""
    if not len(fingerprints):
        return {}
    stored = tables.attempts(["fingerprint", "spec"])
    stored = stored.filter(pc.is_in(stored["fingerprint"], fingerprints.combine_chunks()))
    pairs = zip(stored["fingerprint"].to_pylist(), stored["spec"].to_pylist(), strict=True)
    return {key: spec for key, spec in pairs if spec}
