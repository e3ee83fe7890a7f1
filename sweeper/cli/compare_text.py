"""A comparison as text for people. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.comparison.differences import BETTER, HIGHER, LOWER, SAME, UNDECIDED, WORSE, Difference
from sweeper.report.leaderboard import direction

if TYPE_CHECKING:
    from sweeper.comparison.measured import Measured
    from sweeper.comparison.sides import Side
    from sweeper.comparison.specs import SpecDifference
    from sweeper.statistics.bounds import Level

LINES = 20
"""So many differences of specs, and values past the tolerance, are listed."""
_WITHOUT = "no interval"


@dataclass(frozen=True)
class Compared:
    """Two sides, what was found, and what of it is past the tolerance."""

    first: Side
    second: Side
    found: Sequence[Difference]
    specs: Sequence[SpecDifference]
    level: Level
    tolerance: float | None
    past: Sequence[Difference]


def comparison_text(compared: Compared) -> str:
    """The sides, a table for each metric, what may be said, and in what the specs differ."""
    parts = [f"A: {compared.first.label}\nB: {compared.second.label}"]
    for title, group in _groups(compared.found).items():
        parts.append(_table(title, group, compared))
    parts.append("\n".join([*_counts(compared.found), *_reasons(compared.found), *_caveats(compared.found)]))
    if compared.specs:
        lines = _some([one.text for one in compared.specs])
        parts.append("\n".join(["specs that differ (A -> B):", *(f"  {line}" for line in lines)]))
    if compared.tolerance is not None:
        parts.append("\n".join(_tolerance(compared, compared.tolerance)))
    return "\n\n".join(parts) + "\n"


def _groups(found: Sequence[Difference]) -> dict[str, list[Difference]]:
    groups: dict[str, list[Difference]] = {}
    for one in found:
        value = one.either
        named = value.key if value.key.startswith(value.metric) else f"{value.metric} {value.key}"
        better = direction(value.higher_is_better)
        groups.setdefault(f"{value.capability}: {named}{f' ({better})' if better else ''}", []).append(one)
    return groups


def _table(title: str, group: Sequence[Difference], compared: Compared) -> str:
    from tabulate import tabulate

    with_models = compared.first.kind != "model" and len({one.either.model for one in compared.found}) > 1
    names = ["dataset", *(["model"] if with_models else [])]
    header = [*names, "A", "B", "B - A", f"{compared.level.confidence * 100:g} % interval", "disagree", "B is"]
    rows = [[*(getattr(one.either, name) for name in names), *_cells(one)] for one in group]
    align = ["left"] * len(names) + ["right"] * 5 + ["left"]
    return f"{title}\n{tabulate(rows, header, disable_numparse=True, colalign=align)}"


def _cells(one: Difference) -> list[str]:
    interval = one.interval
    bounds = ""
    if interval is not None and interval.low is not None and interval.high is not None:
        bounds = f"{interval.low:+.3g} to {interval.high:+.3g}"
    disagree = "" if one.disagree is None else f"{one.disagree}{f' of {interval.n}' if interval else ''}"
    values = [_number(side.value if side else None) for side in (one.first, one.second)]
    return [*values, "" if one.change is None else f"{one.change:+.3g}", bounds, disagree, one.verdict]


def _number(value: float | None) -> str:
    return "" if value is None else "NaN" if math.isnan(value) else f"{value:.4g}"


def _counts(found: Sequence[Difference]) -> Iterator[str]:
    counts = Counter(one.verdict or _WITHOUT for one in found)
    words = [BETTER, WORSE, HIGHER, LOWER, SAME, UNDECIDED]
    said = [f"{counts.pop(word)} {word}" for word in words if counts[word]]
    said += [f"{number} {word}" for word, number in counts.items() if number]
    yield f"{len(found)} values: {', '.join(said)}"
    if any(one.verdict == UNDECIDED for one in found):
        yield f"{UNDECIDED}: the interval contains 0, so the two cannot be told apart on these data"


def _reasons(found: Sequence[Difference]) -> Iterator[str]:
    reasons: dict[str, dict[str, None]] = {}
    for one in found:
        if one.reason:
            reasons.setdefault(one.reason, {})[f"{one.either.capability}: {one.either.key}"] = None
    for reason, places in reasons.items():
        yield f"note: no interval: {', '.join(_some([*places], 4))}: {reason}"


def _caveats(found: Sequence[Difference]) -> Iterator[str]:
    places: dict[str, dict[str, None]] = {}
    for one in found:
        for which, value in (("A", one.first), ("B", one.second)):
            if value is not None and value.caveat is not None:
                places.setdefault(value.caveat, {})[f"{which}, {_names(value)}"] = None
    for caveat, where in places.items():
        yield f"note: {'; '.join(_some([*where], 4))}: {caveat}"


def _tolerance(compared: Compared, tolerance: float) -> Iterator[str]:
    if not compared.past:
        yield f"nothing is past the tolerance of {tolerance:g}"
        return
    yield f"{len(compared.past)} past the tolerance of {tolerance:g}:"
    lines = [f"{one.either.capability}, {_names(one.either)}: {_change(one)}" for one in compared.past]
    yield from (f"  {line}" for line in _some(lines))


def _names(value: Measured) -> str:
    return ", ".join(name for name in (value.dataset, value.model, value.key) if name)


def _change(one: Difference) -> str:
    return f"B has no number ({one.verdict})" if one.change is None else f"{one.change:+.4g}"


def _some(lines: Sequence[str], most: int = LINES) -> list[str]:
    return [*lines] if len(lines) <= most else [*lines[:most], f"and {len(lines) - most} more"]
