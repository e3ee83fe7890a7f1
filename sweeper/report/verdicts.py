"""Verdicts as tables, for the terminal and for the page: which model meets a requirement, by which value. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.comparison.judged import JudgedModel, JudgedValue

LINES = 3
"""So many values of one model are shown, those that decide."""
MODELS = 50
"""So many models are shown; of more, those that meet the requirement first."""
_FIRST = ("met", "undecided", "not met")


@dataclass(frozen=True)
class VerdictLine:
    """One line of a table; `model` and `outcome` are empty where it goes on with the model above it."""

    model: str
    outcome: str
    place: str
    """Which value, where a model has several, or where its dataset is a variant."""
    value: str
    """With a tolerance also the one that it is compared with: `0.97 - 0.987`."""
    bound: str
    """What the true value is with the confidence that is asked for: `>= 0.9553`."""
    why: str
    """What would decide, or why nothing can."""

    @property
    def cells(self) -> tuple[str, ...]:
        """All of it, from left to right."""
        return self.model, self.outcome, self.place, self.value, self.bound, self.why


@dataclass(frozen=True)
class VerdictTable:
    """One requirement and the verdicts on all models."""

    name: str
    asks: str
    lines: tuple[VerdictLine, ...]
    more: str = ""
    """What the models came to that are not shown."""

    @property
    def title(self) -> str:
        """Its name and what it asks for."""
        return self.asks if self.asks.startswith(f"{self.name}, ") else f"{self.name}: {self.asks}"


def verdict_tables(verdicts: Iterable[JudgedModel]) -> list[VerdictTable]:
    """A table for each requirement, in the order of the verdicts."""
    return [_table(list(found)) for _, found in groupby(verdicts, key=lambda one: one.requirement)]


def _table(models: Sequence[JudgedModel]) -> VerdictTable:
    measures = {one.key or one.metric for model in models for one in model.values}
    ordered = models if len(models) <= MODELS else sorted(models, key=lambda model: _FIRST.index(model.outcome))
    lines = tuple(line for model in ordered[:MODELS] for line in _lines(model, one_measure=len(measures) == 1))
    return VerdictTable(models[0].requirement, models[0].asks, lines, _more(ordered[MODELS:]))


def _more(models: Sequence[JudgedModel]) -> str:
    counts = Counter(model.outcome for model in models)
    listed = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in _FIRST if counts[outcome])
    return f"and {len(models):,} more models: {listed} (--json has all)" if models else ""


def _lines(model: JudgedModel, *, one_measure: bool) -> Iterator[VerdictLine]:
    deciding = [one for one in model.values if one.outcome == model.outcome]
    if model.outcome == "met" and len(deciding) > 1:
        yield VerdictLine(model.model, model.outcome, f"each of {len(deciding)}", "", "", "")
        return
    for place, one in enumerate(deciding[:LINES]):
        more = len(deciding) - LINES if place == LINES - 1 else 0
        yield VerdictLine(
            "" if place else model.model,
            "" if place else model.outcome,
            ""
            if len(model.values) == 1 and not _is_variant(one.dataset)
            else one.dataset
            if one_measure
            else one.place,
            _value(one),
            _bound(one),
            "; ".join(filter(None, (_why(one), f"and {more} more" if more > 0 else ""))),
        )


def _is_variant(name: str) -> bool:
    """Whether it is not what a requirement calls it: `digits` covers `digits[limit=30]`, which is another dataset."""
    return "[" in name


def _value(one: JudgedValue) -> str:
    return " - ".join(f"{number:.4g}" for number in (one.value, one.other) if number is not None)


def _bound(one: JudgedValue) -> str:
    if one.bound is None or one.value is None:
        return ""
    return f"{'>=' if one.bound <= one.value - (one.other or 0.0) else '<='} {one.bound:.4g}"


def _why(one: JudgedValue) -> str:
    if one.further is not None:
        return f"about {_rounded(one.further):,} more data would decide"
    return one.reason


def _rounded(number: int) -> int:
    """A number to two digits: it is an estimate."""
    digits = max(0, math.floor(math.log10(number)) - 1)
    return round(number, -digits)
