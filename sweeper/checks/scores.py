"""Scores must be finite: NaN compares as smaller and larger than nothing, and still gives every metric a number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sweeper.checks.numbers import arrays_in, datum_name, numeric


def not_finite(batches: Iterable[Any], metadata: Iterable[Any]) -> str | None:
    """Which datum is the first with a score, box or label that is NaN or infinite, and how many are; `None` if none.

    Parameters
    ----------
    batches
        Of predictions: arrays, tensors, nested lists, or objects and mappings that hold such.
    metadata
        The metadata of each batch.
    """
    first, count, position = "", 0, 0
    for batch, data in zip(batches, metadata, strict=True):
        rows = rows_not_finite(batch)
        if len(rows) and not count:
            first = datum_name(data, int(rows[0]), position)
        count += len(rows)
        position += len(batch)
    if not count:
        return None
    return f"datum {first}" + (f" and {count - 1} more" if count > 1 else "")


def rows_not_finite(batch: Any) -> list[int]:
    """Positions in a batch of the predictions that are not finite."""
    whole = numeric(batch)
    if whole is not None:
        return _rows(whole)
    return [index for index, item in enumerate(batch) if not all(np.isfinite(a).all() for a in arrays_in(item))]


def _rows(whole: Any) -> list[int]:
    if whole.dtype.kind not in "fc" or np.isfinite(whole).all():
        return []
    return np.flatnonzero(~np.isfinite(whole.reshape(len(whole), -1)).all(axis=1)).tolist()
