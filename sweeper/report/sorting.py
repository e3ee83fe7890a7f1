"""The order in which names are shown: numbers inside them count as numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.store.compute import pc

if TYPE_CHECKING:
    from sweeper.store import Column, Table

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")


def natural_key(name: str) -> list[str | float]:
    """A key to sort by: `svm[C=2]` comes before `svm[C=10]`."""
    return [float(part) if index % 2 else part for index, part in enumerate(_NUMBER.split(name))]


def sort_rows(rows: Table, columns: Sequence[str]) -> Table:
    """Rows sorted by these columns, the first one first; what has a model comes before what has none."""
    keys = [_ranks(rows[name]) for name in reversed(columns)]
    without_model = pc.equal(rows["model"], "").to_numpy(zero_copy_only=False)
    return rows.take(np.lexsort([*keys, without_model]))


def _ranks(column: Column) -> np.ndarray:
    """The place of each value among all that there are; sorts every name once, however often it occurs."""
    encoded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    places = np.empty(len(names), dtype=np.int64)
    places[sorted(range(len(names)), key=lambda index: natural_key(names[index]))] = np.arange(len(names))
    return places[encoded.indices.to_numpy(zero_copy_only=False)]
