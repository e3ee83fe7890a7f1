"""Scores must be finite: every comparison with NaN is false, and a metric still computes a number from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from sweeper.checks.numbers import Batch, Numbers, arrays_in, datum_name, numeric


def not_finite(batches: Iterable[Batch], metadata: Iterable[Sequence[object]]) -> str | None:
    """The first datum with a score, box or label that is NaN or infinite, and how many more there are; `None` if none.

    Parameters
    ----------
    batches
        Of predictions: arrays, tensors, nested lists, or objects and mappings that hold them.
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


def rows_not_finite(batch: Batch) -> list[int]:
    """Positions in a batch of the predictions that are not finite."""
    whole = numeric(batch)
    if whole is not None:
        return _rows(whole)
    return [index for index, item in enumerate(batch) if not all(np.isfinite(a).all() for a in arrays_in(item))]


def _rows(whole: Numbers) -> list[int]:
    if whole.dtype.kind not in "fc" or np.isfinite(whole).all():
        return []
    return np.flatnonzero(~np.isfinite(whole.reshape(len(whole), -1)).all(axis=1)).tolist()
