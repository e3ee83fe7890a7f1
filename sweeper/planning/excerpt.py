"""The part of a large plan whose values fit on a terminal. Pure."""

from __future__ import annotations

from collections import Counter

from sweeper.planning.combinations import PlannedItems

MOST = 2_000
"""Combinations of which the values are shown: twenty tables of ten models on ten datasets, say."""


def excerpt(items: PlannedItems, most: int = MOST) -> PlannedItems:
    """All of at most `most` combinations; of more, the first tables that fit.

    A table is of one capability and metric. The last one may have only the first of its datasets, each with all of its
    models, so that the best model of each dataset is among those that are shown.
    """
    if len(items) <= most:
        return items
    capability, dataset, _, metric = (column.codes for column in items.identified.combinations.axes)
    sizes = Counter(zip(capability, metric, dataset, strict=True))
    tables = {table: place for place, table in enumerate(dict.fromkeys(unit[:2] for unit in sizes))}
    taken: set[tuple[int, int, int]] = set()
    for unit in sorted(sizes, key=lambda unit: tables[unit[:2]]):
        most -= sizes[unit]
        if most < 0:
            break
        taken.add(unit)
    return items.where(map(taken.__contains__, zip(capability, metric, dataset, strict=True)))
