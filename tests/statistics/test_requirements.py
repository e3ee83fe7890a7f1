"""Verdicts: what decides, how often they are wrong, and whether the further data do decide."""

from __future__ import annotations

import numpy as np
import pytest

from sweeper.errors import PartError
from sweeper.statistics import Level, loss_interval, share_interval
from sweeper.statistics.bounds import Interval
from sweeper.statistics.contributions import of_share
from sweeper.statistics.paired import difference
from sweeper.statistics.requirements import AT_LIMIT, NOT_MEASURED, OPEN, Limit, Verdict, together, verdict


def judged(hits: int, size: int, limit: Limit, datasets: int = 1) -> Verdict:
    right = np.arange(size) < hits
    return verdict(limit, hits / size, lambda level: share_interval(right, level), datasets)


AT_LEAST = Limit(minimum=0.9)
AT_MOST = Limit(maximum=0.9)


@pytest.mark.parametrize(
    ("hits", "outcome", "other"), [(990, "met", "not met"), (700, "not met", "met"), (905, "undecided", "undecided")]
)
def test_the_bound_decides(hits: int, outcome: str, other: str):
    assert judged(hits, 1000, AT_LEAST).outcome == outcome
    assert judged(hits, 1000, AT_MOST).outcome == other


def test_the_value_decides_where_that_is_asked_for():
    assert judged(905, 1000, Limit(minimum=0.9, judge="value")).outcome == "met"
    assert judged(895, 1000, Limit(minimum=0.9, judge="value")).outcome == "not met"


@pytest.mark.parametrize("value", [None, float("nan")])
def test_what_was_not_measured_is_undecided(value: float | None):
    assert verdict(AT_LEAST, value, None) == NOT_MEASURED
    assert NOT_MEASURED.outcome == "undecided"


def test_without_bounds_nothing_is_decided():
    found = verdict(AT_LEAST, 0.99, lambda level: Interval.none(8, "9 clusters; at least 10 are needed"))
    assert found == Verdict("undecided", None, "9 clusters; at least 10 are needed")
    assert verdict(AT_LEAST, 0.99, None).outcome == "undecided"


@pytest.mark.parametrize("limits", [{}, {"minimum": 0.5, "maximum": 0.6}])
def test_a_requirement_has_one_limit(limits: dict[str, float]):
    with pytest.raises(PartError, match="one of them"):
        Limit(**limits)


def test_over_several_datasets_each_is_needed():
    met, missed, open_one = (
        Verdict("met"),
        Verdict("not met"),
        Verdict("undecided", 40, OPEN),
    )
    assert together([met, met]).outcome == "met"
    assert together([met, missed, open_one]).outcome == "not met"
    assert together([met, open_one]) == open_one
    assert together([open_one, NOT_MEASURED]).further is None


def test_not_met_is_harder_with_many_datasets_and_met_is_not():
    bad = next(hits for hits in range(890, 800, -1) if judged(hits, 1000, AT_LEAST).outcome == "not met")
    assert judged(bad, 1000, AT_LEAST, datasets=20).outcome == "undecided"
    good = next(hits for hits in range(900, 1000) if judged(hits, 1000, AT_LEAST).outcome == "met")
    assert judged(good, 1000, AT_LEAST, datasets=20).outcome == "met"


def test_at_the_limit_no_number_of_data_decides():
    found = judged(900, 1000, AT_LEAST)
    assert (found.outcome, found.further, found.reason) == ("undecided", None, AT_LIMIT)


def test_so_close_to_the_limit_no_number_of_data_decides():
    found = judged(900, 1000, Limit(minimum=0.9 - 1e-7))
    assert (found.outcome, found.further, found.reason) == ("undecided", None, AT_LIMIT)


def ever_met(looks: int, confidence: float = 0.95, truth: float = 0.9, step: int = 500) -> float:
    """In which share of 4,000 simulated series a model at the limit has passed after so many looks, one each step."""
    limit = Limit(minimum=truth, confidence=confidence)
    sizes = step * np.arange(1, looks + 1)
    least = [next(h for h in range(int(n * truth), n) if judged(h, n, limit).outcome == "met") for n in sizes.tolist()]
    hits = np.random.default_rng(0).binomial(step, truth, (4000, looks)).cumsum(axis=1)
    return float((hits >= np.array(least)).any(axis=1).mean())


def test_who_looks_again_and_again_is_told_met_more_often_as_the_docs_say():
    assert ever_met(1) <= 0.05
    assert ever_met(5) == pytest.approx(0.13, abs=0.01)
    assert ever_met(20) == pytest.approx(0.21, abs=0.02)
    assert ever_met(5, confidence=0.99) <= 0.05


@pytest.mark.parametrize(("hits", "limit"), [(40, Limit(minimum=0.95)), (0, Limit(maximum=0.05))])
def test_the_further_data_are_known_too_where_all_are_right_or_wrong(hits: int, limit: Limit):
    """0.95 ** 59 is the first power below 0.05."""
    found = judged(hits, 40, limit)
    assert found.outcome == "undecided"
    assert found.further in (19, 20)
    assert judged(hits and 59, 59, limit).outcome == "met"


@pytest.mark.parametrize("truth", [0.9, 0.95])
@pytest.mark.parametrize("size", [100, 500])
def test_verdicts_are_wrong_at_most_as_often_as_they_say(truth: float, size: int):
    """The truth is at the limit, where both verdicts are wrong; each may be in 5 % of samples."""
    counts = np.random.default_rng(0).binomial(size, truth, 2000)
    outcomes = {hits: judged(int(hits), size, Limit(minimum=truth + 1e-9)).outcome for hits in set(counts)}
    assert np.mean([outcomes[hits] == "met" for hits in counts]) <= 0.05
    outcomes = {hits: judged(int(hits), size, Limit(minimum=truth - 1e-9)).outcome for hits in set(counts)}
    assert np.mean([outcomes[hits] == "not met" for hits in counts]) <= 0.05


def needed_in_simulation(truth: float, limit: float, first: int, loss: bool = False) -> float:
    """The number of data at which half of simulated series are decided, by doubling and bisection."""
    rng = np.random.default_rng(0)

    def decided(size: int) -> float:
        if not loss:
            hits = rng.binomial(size, truth, 300)
            outcomes = {n: judged(int(n), size, Limit(minimum=limit)).outcome for n in set(hits)}
            return float(np.mean([outcomes[n] != "undecided" for n in hits]))
        return float(np.mean([loss_verdict(rng, truth, limit, size).outcome != "undecided" for _ in range(100)]))

    low, high = first, 2 * first
    while decided(high) < 0.5:
        low, high = high, 2 * high
    while high / low > 1.03:
        middle = round((low * high) ** 0.5)
        low, high = (middle, high) if decided(middle) < 0.5 else (low, middle)
    return (low * high) ** 0.5


def loss_verdict(rng: np.random.Generator, mean: float, limit: float, size: int) -> Verdict:
    losses, right = rng.exponential(mean, size), rng.random(size) < 0.5
    return verdict(Limit(maximum=limit), losses.mean(), lambda level: loss_interval(losses, right, level))


@pytest.mark.parametrize(
    ("truth", "limit", "size"), [(0.96, 0.95, 300), (0.9, 0.92, 200), (0.99, 0.98, 200), (0.6, 0.55, 100)]
)
def test_the_further_data_do_decide(truth: float, limit: float, size: int):
    found = judged(round(truth * size), size, Limit(minimum=limit))
    assert found.outcome == "undecided"
    assert found.further is not None
    assert 1 / 1.5 <= (size + found.further) / needed_in_simulation(truth, limit, size) <= 1.5


def test_the_further_data_do_decide_of_a_loss():
    size = 200
    losses = np.random.default_rng(3).exponential(1, size)
    losses /= losses.mean()
    right = np.arange(size) % 2 == 0
    found = verdict(Limit(maximum=1.08), 1.0, lambda level: loss_interval(losses, right, level))
    assert found.further is not None
    assert 1 / 1.5 <= (size + found.further) / needed_in_simulation(1.0, 1.08, size, loss=True) <= 1.5


def test_a_tolerance_against_another_model_is_a_requirement_of_the_difference():
    rng = np.random.default_rng(0)
    first, second = of_share(rng.random(2000) < 0.9), of_share(rng.random(2000) < 0.9)
    value = first.value - second.value

    def bounds(level: Level) -> Interval:
        return difference(first, second, level)

    assert verdict(Limit(minimum=-0.05), value, bounds).outcome == "met"
    assert verdict(Limit(minimum=0.05), value, bounds).outcome == "not met"
    found = verdict(Limit(minimum=value - 0.01), value, bounds)
    assert found.outcome == "undecided"
    assert found.further is not None
