"""The report of an error analysis, in Markdown: what is weakest first, and small pictures of the worst data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sweeper.capabilities.markdown import SHOWN, literal, more, number, plain_table, section, table
from sweeper.capabilities.uncertainty import interval_text, verdict
from sweeper.statistics.by_class import ClassValues, Confusion, Estimate

if TYPE_CHECKING:
    from sweeper.capabilities.error_counts import Analysis
    from sweeper.capabilities.worst_data import Reason, WorstDatum

_TITLES: dict[Reason, str] = {"confidently_wrong": "Confidently wrong", "most_uncertain": "Most uncertain"}


def text(title: str, found: Analysis, warnings: Sequence[str], threshold: float) -> str:
    """The whole report.

    Parameters
    ----------
    title
        Which model was analysed on which dataset.
    warnings
        What a reader must know of the values.
    threshold
        The smallest acceptable accuracy of a slice and recall of a class.
    """
    sections = (
        _slices(found, threshold),
        _classes(found, threshold),
        _confusions(found),
        _calibration(found),
        _worst(found),
    )
    return "\n".join((_head(title, found, warnings), *(part for section in sections for part in section)))


def _head(title: str, found: Analysis, warnings: Sequence[str]) -> str:
    wrong = sum(one.n for one in found.errors.confusions if one.label != one.prediction)
    notes = "".join(f"\nNote: {literal(line)}\n" for line in warnings)
    return (
        f"# Error analysis\n\n{wrong} of {found.errors.n} items are classified wrongly: {literal(title)}. "
        f"Intervals are of {100 * found.level.confidence:g} %.\n{notes}"
    )


def _slices(found: Analysis, threshold: float) -> Iterator[str]:
    if not found.slices:
        return
    rows = [
        (
            literal(one.name),
            str(one.errors.n),
            *_estimate(one.accuracy.accuracy),
            number(one.accuracy.rest),
            number(one.accuracy.adjusted_p_value, ".2g"),
            verdict(one.accuracy.accuracy.interval, threshold),
        )
        for one in found.slices
    ]
    headers = ("slice", "items", "accuracy", "interval", "elsewhere", "adjusted p", f"threshold {threshold:g}")
    yield from section("Slices, the weakest first", headers, rows)
    yield "Intervals and p-values allow for having looked at all of these slices.\n"


def _classes(found: Analysis, threshold: float) -> Iterator[str]:
    def weakness(values: ClassValues) -> tuple[bool, float]:
        return values.recall.value is None, values.recall.value or 0.0

    rows = [
        (
            literal(found.names[one.index]),
            str(one.support),
            *_estimate(one.recall),
            *_estimate(one.precision),
            number(one.f1.value),
            verdict(one.recall.interval, threshold),
        )
        for one in sorted(found.errors.classes, key=weakness)
    ]
    headers = (
        "class",
        "items",
        "recall",
        "interval",
        "precision",
        "interval",
        "F1",
        f"recall, threshold {threshold:g}",
    )
    yield from section("Classes, the lowest recall first", headers, rows)


def _confusions(found: Analysis) -> Iterator[str]:
    def share(one: Confusion) -> str:
        return f"{one.n / support[one.label]:.2%}"

    support = {one.index: one.support for one in found.errors.classes}
    wrong = sorted((one for one in found.errors.confusions if one.label != one.prediction), key=lambda one: -one.n)
    rows = [
        (literal(found.names[one.label]), literal(found.names[one.prediction]), str(one.n), share(one)) for one in wrong
    ]
    if rows:
        yield from section("Most frequent confusions", ("class", "predicted as", "items", "of the class"), rows)


def _calibration(found: Analysis) -> Iterator[str]:
    rows = [
        (
            f"{one.low:.3g} to {one.high:.3g}",
            str(one.n),
            number(one.confidence),
            *_estimate(one.accuracy),
            number(one.gap, "+.4f"),
        )
        for one in found.errors.bins
        if one.n
    ]
    if rows:
        headers = ("confidence", "items", "mean confidence", "accuracy", "interval", "accuracy - confidence")
        yield f"## Calibration\n\n{table(headers, rows)}"


def _worst(found: Analysis) -> Iterator[str]:
    for reason, title in _TITLES.items():
        rows = [_datum(found, one) for one in found.worst if one.reason == reason]
        if rows:
            # Not by `table`: it would pad every cell to the length of the longest picture.
            yield f"## {title}\n\n" + plain_table(("", "item", "class", "predicted as", "confidence"), rows[:SHOWN])
            yield from more(rows)


def _datum(found: Analysis, one: WorstDatum) -> tuple[str, ...]:
    picture = f"![]({one.picture})" if one.picture else ""
    names = (literal(name) for name in (one.datum_id, found.names[one.label], found.names[one.prediction]))
    return picture, *names, number(one.confidence)


def _estimate(estimate: Estimate) -> tuple[str, str]:
    return number(estimate.value), interval_text(estimate.interval)
