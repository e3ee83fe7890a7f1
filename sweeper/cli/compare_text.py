"""A comparison as text for people. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.cli.tables.cells import Cell, Line, Span, Tone, shown
from sweeper.cli.tables.fit import fitted
from sweeper.cli.tables.grid import Align, Column, Grid
from sweeper.cli.tables.prose import broken
from sweeper.cli.tables.screen import PLAIN, Screen
from sweeper.comparison.differences import BETTER, HIGHER, LOWER, SAME, UNDECIDED, WORSE, Difference
from sweeper.report.leaderboard import direction

if TYPE_CHECKING:
    from sweeper.comparison.measured import Measured
    from sweeper.comparison.sides import Side
    from sweeper.comparison.specs import SpecDifference
    from sweeper.statistics.bounds import Interval, Level

LINES = 20
"""So many differences of specs, and values past the tolerance, are listed."""
_WITHOUT = "no interval"
_TONES = {BETTER: Tone.GOOD, WORSE: Tone.BAD, UNDECIDED: Tone.DOUBT}


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


def comparison_text(compared: Compared, screen: Screen = PLAIN) -> str:
    """The sides, a table for each metric, what may be said, and in what the specs differ."""
    parts = [f"A: {compared.first.label}\nB: {compared.second.label}"]
    for title, group in _groups(compared.found).items():
        parts.append(screen.text(_table(title, group, compared, screen.width)))
    notes = [*_counts(compared.found), *_reasons(compared.found), *_caveats(compared.found)]
    parts.append("\n".join(line for note in notes for line in broken(shown(note), screen.width, 2)))
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


def _table(title: str, group: Sequence[Difference], compared: Compared, width: int | None) -> list[Line]:
    with_models = compared.first.kind != "model" and len({one.either.model for one in compared.found}) > 1
    names = ("dataset", *(("model",) if with_models else ()))
    keys = [Column(name, tuple(Cell(shown(getattr(one.either, name))) for one in group)) for name in names]
    confidence = f"{compared.level.confidence * 100:g} % interval"
    columns = [
        Column("A", tuple(Cell(_number(one.first)) for one in group), Align.NUMBER),
        Column("B", tuple(Cell(_number(one.second)) for one in group), Align.NUMBER),
        Column("B - A", tuple(Cell(_signed(one.change)) for one in group), Align.NUMBER),
        Column(confidence, tuple(Cell(_bounds(one.interval)) for one in group), Align.RIGHT),
        Column("disagree", tuple(Cell(_disagree(one)) for one in group), Align.RIGHT),
        Column("B is", tuple(Cell(one.verdict, _TONES.get(one.verdict, Tone.PLAIN)) for one in group)),
    ]
    lines = [(Span(line, Tone.TITLE),) for line in broken(shown(title), width, 2)]
    return [*lines, *fitted(Grid((*keys, *columns), keys=len(keys)), width)]


def _bounds(interval: Interval | None) -> str:
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return f"{interval.low:+.3g} to {interval.high:+.3g}"


def _disagree(one: Difference) -> str:
    if one.disagree is None:
        return ""
    return f"{one.disagree}{f' of {one.interval.n}' if one.interval else ''}"


def _signed(change: float | None) -> str:
    return "" if change is None else f"{change:+.3g}"


def _number(side: Measured | None) -> str:
    value = side.value if side else None
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
    """What must be known of the values of either side, each text once, with where it holds."""
    places: dict[str, dict[str, None]] = {}
    sides = ((which, value) for one in found for which, value in (("A", one.first), ("B", one.second)))
    for which, value in ((which, value) for which, value in sides if value is not None):
        for text in filter(None, (value.caveat, *(value.warning or "").splitlines())):
            places.setdefault(text, {})[f"{which}, {_names(value)}"] = None
    for text, where in places.items():
        yield f"note: {'; '.join(_some([*where], 4))}: {text}"


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
