"""Which of the measured values are at one strength of a condition: their keys say so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sweeper.report.leaderboard import bounds_of, measure
from sweeper.report.report_data import ValueAtStrength
from sweeper.store.compute import pc

if TYPE_CHECKING:
    from sweeper.store import Table

PANELS = 24
"""Of so many plots by strength the values are read."""
SEVERITY = "severity"
"""The scope of a value at one strength, where the key does not name the parameter."""
_NUMBER = r"-?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?"
_AT_STRENGTH = rf"^(?P<base>.*)(?:@| at (?P<parameter>[^=]+)=)(?P<strength>{_NUMBER})$"
"""`accuracy@0.5` as our own robustness writes its keys, `accuracy at factor=0.5` as the view names checkmaite's."""


def is_at_strength(title: str) -> bool:
    """Whether a leaderboard is of values at one strength, which are drawn by strength and not over datasets too."""
    return re.search(rf" at [^=]+={_NUMBER}$", title) is not None


def strengths_of(values: Table) -> tuple[tuple[ValueAtStrength, ...], int]:
    """Values at a strength, of the first panels only, and how many panels more there are."""
    parts = pc.extract_regex(values["key"], _AT_STRENGTH)
    base, parameter, strength = (pc.struct_field(parts, name) for name in ("base", "parameter", "strength"))
    names_strength = pc.or_(pc.greater(pc.utf8_length(parameter), 0), pc.equal(values["scope"], SEVERITY))
    table = values.append_column("base", base).append_column("parameter", parameter).append_column("at", strength)
    chosen = table.filter(pc.fill_null(pc.and_(names_strength, pc.greater(pc.utf8_length(table["model"]), 0)), False))
    panel = pc.binary_join_element_wise(*(chosen[name] for name in ("capability", "dataset", "metric", "base")), "\0")
    panels = pc.unique(panel)
    rows = chosen.filter(pc.is_in(panel, panels.slice(0, PANELS)))
    return tuple(_strength(row) for row in rows.to_pylist()), max(0, len(panels) - PANELS)


def _strength(row: Mapping[str, Any]) -> ValueAtStrength:
    return ValueAtStrength(
        capability=row["capability"],
        dataset=row["dataset"],
        model=row["model"],
        measure=measure({**row, "key": row["base"]}),
        parameter=row["parameter"] or SEVERITY,
        strength=float(row["at"]),
        value=row["value"],
        higher_is_better=row["higher_is_better"],
        metric=row["metric"] or "",
        bounds=bounds_of(row),
    )
