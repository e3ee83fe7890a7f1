"""Values on resamples: how they are kept, how two of them are compared, and how often their intervals cover."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from sweeper.errors import PartError
from sweeper.statistics.best import among_the_best
from sweeper.statistics.bounds import STANDARD
from sweeper.statistics.compared import chance_if_not_better, difference
from sweeper.statistics.contributions import of_share
from sweeper.statistics.evidence import Evidence, parsed
from sweeper.statistics.resampled import Resampled, mean_value, weighted_value
from sweeper.statistics.resampling import Resamples
from sweeper.statistics.stored_values import StoredValues
from sweeper.statistics.weighted import means

SIZE, R = 200, 400
WEIGHTS = Resamples("d", SIZE).weights(0, R)


def mean_of(values: np.ndarray) -> Resampled:
    """The mean of N values, of which everything is known."""
    return Resampled(float(values.mean()), means(WEIGHTS, values), SIZE)


def drawn(seed: int, centre: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(centre, 1, SIZE)


@given(st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), min_size=1, max_size=50))
def test_values_are_kept_to_a_65534th_of_their_range(values: list[float]):
    given_values = np.array(values)
    text = Evidence("resampled", resamples=StoredValues("d", 5, given_values)).text()
    read = parsed(text)
    assert read is not None
    assert read.resamples is not None
    kept = read.resamples.values
    assert (np.isnan(kept) == np.isnan(given_values)).all()
    finite = given_values[~np.isnan(given_values)]
    most = (finite.max() - finite.min()) / 65_534 if len(finite) else 0
    assert (np.abs(kept - given_values)[~np.isnan(kept)] <= most / 2 + 1e-9).all()
    assert (read.resamples.data, read.resamples.size) == ("d", 5)


def test_a_thousand_values_take_few_bytes():
    assert len(Evidence("resampled", resamples=StoredValues("d", 5, drawn(0))).text()) < 3 * SIZE + 200


@pytest.mark.parametrize("change", [{"values": "?"}, {"values": None}, {"size": "many"}, {"low": None}])
def test_what_is_something_else_is_no_evidence(change: dict[str, object]):
    content = json.loads(Evidence("resampled", resamples=StoredValues("d", 5, drawn(0))).text())
    content["resamples"] |= change
    assert parsed(json.dumps(content)) is None
    assert parsed(Evidence("resampled").text()) is None, "without values nothing can be compared"


def test_a_difference_of_means_has_the_standard_error_of_its_differences():
    first, second = drawn(1, 0.5), drawn(2)
    second += first  # they go together, so what is particular to the data drops out
    found = difference(mean_of(second), mean_of(first))
    assert found.stderr == pytest.approx((second - first).std() / np.sqrt(SIZE), rel=0.15)
    assert found.low is not None
    assert found.high is not None
    assert found.low < float((second - first).mean()) < found.high


def test_a_p_value_is_about_that_of_a_normal_test_and_never_smaller_than_the_resamples_can_show():
    first, second = drawn(1, 0.1), drawn(2)
    z = float((first - second).mean() / ((first - second).std() / np.sqrt(SIZE)))
    assert chance_if_not_better(mean_of(first), mean_of(second)) == pytest.approx(norm.sf(z), abs=0.05)
    assert chance_if_not_better(mean_of(first + 9), mean_of(second)) == pytest.approx(1 / (R + 1))
    assert chance_if_not_better(mean_of(second), mean_of(first + 9)) == pytest.approx(1)
    assert chance_if_not_better(mean_of(first), mean_of(first)) == 1


def test_the_best_and_what_cannot_be_told_apart_from_it():
    base = drawn(3)
    models = [mean_of(base + shift + 0.3 * drawn(seed)) for seed, shift in ((4, 1.0), (5, 1.0), (6, 0.0))]
    assert among_the_best(models) == [True, True, False]


def test_sums_under_conditions_and_means_over_runs():
    one, other = mean_of(drawn(1)), mean_of(drawn(2))
    whole = weighted_value([(0.25, one), (0.75, other)])
    assert whole.value == pytest.approx(0.25 * one.value + 0.75 * other.value)
    np.testing.assert_allclose(whole.values, 0.25 * one.values + 0.75 * other.values)
    runs = [mean_of(drawn(1) + shift) for shift in (-0.5, 0.0, 0.5)]
    mean = mean_value(runs)
    assert (mean.runs, mean.between) == (3, pytest.approx(0.25 / 3))
    alone, together = difference(mean_of(drawn(2)), runs[1]), difference(mean_of(drawn(2)), mean)
    assert together.stderr is not None
    assert alone.stderr is not None
    assert together.stderr == pytest.approx(np.hypot(alone.stderr, np.sqrt(0.25 / 3)), rel=0.01)
    assert chance_if_not_better(mean, mean_of(drawn(2) - 9)) < 0.01


def test_a_value_by_datum_and_one_by_resample_are_not_compared():
    right = np.ones(SIZE, np.bool_)
    with pytest.raises(PartError, match="both by resample"):
        difference(of_share(right), mean_of(drawn(1)))
    with pytest.raises(PartError, match="both by resample"):
        chance_if_not_better(mean_of(drawn(1)), of_share(right))


def test_nothing_is_concluded_from_few_data_or_few_resamples():
    few = Resampled(1.0, np.ones(R) + drawn(0)[0], 20)
    assert chance_if_not_better(few, Resampled(0.0, np.zeros(R), 20)) == 1
    missing = np.where(np.arange(R) % 2, np.nan, 1.0 + WEIGHTS[:, 0])
    assert chance_if_not_better(Resampled(1.0, missing, SIZE), mean_of(drawn(1))) == 1
    assert not Resampled(1.0, missing, SIZE).interval(STANDARD).is_known
