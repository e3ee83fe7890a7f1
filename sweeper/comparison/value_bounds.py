"""The bounds of a stored value, and of the difference of two, at any level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.comparison.by_datum import AnyData, unlike
from sweeper.comparison.measured import NOT_KNOWN, Measured
from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.compared import difference
from sweeper.statistics.shares import share_bounds

if TYPE_CHECKING:
    from sweeper.statistics.requirements import Bounds

NO_INTERVAL = "no interval was measured (an older version, or a capability that measures none)"


def bounds_of(value: Measured, data: AnyData | str) -> Bounds:
    """The bounds of one value.

    They are computed from what became of each datum. Where that is not there, those of a share follow from its value
    and the number of data. Otherwise the stored interval is taken, if it is as sure as the level or surer.

    Parameters
    ----------
    value
        A number.
    data
        What it was computed from; else why that is not known.
    """

    def bounds(level: Level) -> Interval:
        exact = None if isinstance(data, str) else data.interval(level)
        return exact if exact is not None else _stored(value, level, data if isinstance(data, str) else NOT_KNOWN)

    return bounds


def _stored(value: Measured, level: Level, reason: str) -> Interval:
    stored, evidence = value.interval, value.evidence
    if stored is None:
        return Interval.none(0, NO_INTERVAL)
    if not stored.is_known:
        return stored
    if evidence is not None and evidence.kind == "share" and evidence.cluster_by is None:
        low, high = share_bounds(value.value or 0.0, stored.n, level)
        return Interval(stored.n, stored.stderr, low, high, "clopper_pearson" if level.exact else stored.method)
    if _is_sure(value.confidence, level):
        return stored
    known = "its interval does not say how sure it is" if value.confidence is None else _too_unsure(value.confidence)
    return Interval.none(stored.n, f"{known}, and a surer one cannot be computed: {reason}")


def _too_unsure(confidence: float) -> str:
    return f"its interval of {confidence * 100:g} % is not sure enough"


def _is_sure(confidence: float | None, level: Level) -> bool:
    """Whether an interval with both bounds has bounds that are as sure as the level asks of each."""
    return confidence is not None and (1 - confidence) / 2 <= level.tail + 1e-9


def bounds_of_difference(first: AnyData | str, second: AnyData | str) -> Bounds:
    """The bounds of the first value less the second one, datum by datum.

    They are known for values of one kind that were measured on the same data and are sums over these.
    """
    if isinstance(first, str) or isinstance(second, str):
        return _none(0, first if isinstance(first, str) else str(second))
    size = first.size
    if (reason := unlike(first, second)) is not None:
        return _none(size, reason)
    mine, yours = first.contributions(), second.contributions()
    if mine is None or yours is None:
        return _none(size, NOT_KNOWN)
    return lambda level: difference(mine, yours, level, first.clusters)


def _none(size: int, reason: str) -> Bounds:
    return lambda _: Interval.none(size, reason)
