"""Two models on the same data, and the best of several."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel
from simulated_data import Classified, compared

from sweeper.errors import PartError
from sweeper.statistics import Level
from sweeper.statistics.best import among_the_best
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.contributions import Contributions, of_labels, of_losses, of_share
from sweeper.statistics.paired import chance_if_not_better, difference, tango

KINDS: dict[str, Callable[[Classified], Contributions]] = {
    "accuracy": lambda data: of_share(data.labels == data.predictions),
    "f1": lambda data: of_labels("f1", data.labels, data.predictions),
    "log_loss": lambda data: of_losses(data.log_loss, data.labels == data.predictions),
}


def share(*right: int) -> Contributions:
    return of_share(np.array(right, bool))


# Two models


def test_the_score_interval_of_no_disagreement_is_known():
    """For 0 of n it is z^2 / (n + z^2) to each side, by the formula of Tango."""
    assert tango(0, 0, 50, 1.959964) == pytest.approx((-0.0713492, 0.0713492), abs=1e-5)


def test_at_its_bounds_the_score_is_the_quantile():
    """The null probability of the second kind of disagreement, found by maximising the likelihood on a grid."""
    better, worse, size = 16.0, 4.0, 85.0
    for bound in tango(better, worse, size, 1.959964):
        grid = np.linspace(max(0.0, -bound) + 1e-9, (1 - bound) / 2 - 1e-9, 400_001)
        likelihood = better * np.log(grid + bound) + worse * np.log(grid)
        likelihood += (size - better - worse) * np.log(1 - 2 * grid - bound)
        only_second = grid[likelihood.argmax()]
        score = (better - worse - size * bound) / np.sqrt(size * (2 * only_second + bound - bound**2))
        assert abs(score) == pytest.approx(1.96, abs=0.001)


def test_a_difference_of_losses_is_that_of_students_t():
    first, second = (KINDS["log_loss"](each) for each in compared(np.random.default_rng(0), 300, (0.8, 0.7)))
    expected = ttest_rel(first.by_datum, second.by_datum).confidence_interval(0.95)
    found = difference(first, second)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    p = ttest_rel(second.by_datum, first.by_datum, alternative="greater").pvalue
    assert chance_if_not_better(second, first) == pytest.approx(p)


def test_the_chance_is_that_of_the_sign_test():
    first, second = share(*[1] * 20, *[1] * 8, *[0] * 2, 0), share(*[1] * 20, *[0] * 8, *[1] * 2, 0)
    assert chance_if_not_better(first, second) == pytest.approx(binomtest(8, 10, alternative="greater").pvalue)
    assert chance_if_not_better(second, first) == pytest.approx(binomtest(2, 10, alternative="greater").pvalue)


def test_a_pair_is_surer_than_two_intervals():
    first, second = (KINDS["accuracy"](each) for each in compared(np.random.default_rng(1), 500, (0.9, 0.88)))
    found = difference(first, second)
    alone = np.sqrt(first.by_datum.var() / 500 + second.by_datum.var() / 500)
    assert found.stderr is not None
    assert found.stderr < 0.85 * alone


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_against_itself(kind: str):
    model = KINDS[kind](compared(np.random.default_rng(0), 200, (0.8,))[0])
    found = difference(model, model)
    if kind == "accuracy":
        assert found.low == pytest.approx(-found.high)  # type: ignore[operator]
    else:
        assert found.method == "none: the models disagree on 0 data; at least 10 are needed"
    assert chance_if_not_better(model, model) > 0.99


def test_other_data_cannot_be_compared():
    with pytest.raises(PartError, match="on the same data only; got 2 and 3"):
        difference(share(1, 0), share(1, 0, 1))


def _clusters(data: Classified, cluster_size: int) -> Clusters:
    return Clusters.by(data.clusters.tolist()) if cluster_size > 1 else INDEPENDENT


def covered(kind: str, size: int, accuracies: tuple[float, float], truth: float, samples: int, cluster_size: int = 1):
    hits = given = 0
    for seed in range(samples):
        models = compared(np.random.default_rng([7, seed]), size, accuracies, cluster_size=cluster_size)
        found = difference(*map(KINDS[kind], models), clusters=_clusters(models[0], cluster_size))
        if found.low is not None and found.high is not None:
            given += 1
            hits += found.low <= truth <= found.high
    return given / samples, hits / max(given, 1)


@pytest.mark.parametrize(("size", "accuracy"), [(50, 0.9), (200, 0.99)])
def test_intervals_of_differences_cover(size: int, accuracy: float):
    given, share_covered = covered("accuracy", size, (accuracy, accuracy - 0.05), 0.05, 300)
    assert given == 1
    assert share_covered >= 0.91  # 300 samples: three standard deviations below 0.95


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cluster_size", [1, 5])
@pytest.mark.parametrize(("size", "accuracy"), [(200, 0.6), (200, 0.9), (500, 0.95), (2000, 0.99)])
def test_intervals_of_no_difference_cover(kind: str, cluster_size: int, size: int, accuracy: float):
    given, share_covered = covered(kind, size, (accuracy, accuracy), 0.0, 2000, cluster_size)
    assert given < 0.5 or share_covered >= 0.93


# The best of several


def left_out(kind: str, size: int, accuracies: tuple[float, ...], samples: int, cluster_size: int = 1) -> float:
    """How often the first of the models, which is one of the truly best, is left out."""
    missed = 0
    for seed in range(samples):
        models = compared(np.random.default_rng([11, seed]), size, accuracies, cluster_size=cluster_size)
        found = [KINDS[kind](each) for each in models]
        clusters = _clusters(models[0], cluster_size)
        missed += not among_the_best(found, higher_is_better=kind != "log_loss", clusters=clusters)[0]
    return missed / samples


TIES = (0.9,) * 10
NEAR_TIES = (0.9, *(0.899,) * 9)
SPREAD = (0.95, *np.linspace(0.8, 0.95, 9).tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_of_ten_is_seldom_left_out(kind: str):
    assert left_out(kind, 200, TIES, 100) <= 0.11  # 100 samples: three standard deviations above 0.05


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("accuracies", [TIES, NEAR_TIES, SPREAD, (0.99,) * 10, (0.6,) * 10])
@pytest.mark.parametrize("size", [100, 500])
def test_the_best_of_ten_is_left_out_at_most_as_often_as_said(kind: str, accuracies: tuple[float, ...], size: int):
    assert left_out(kind, size, accuracies, 1000) <= 0.06  # 0.05, and two standard deviations of 1,000 samples


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("accuracy", [0.7, 0.95])
def test_it_is_with_clusters_too(kind: str, accuracy: float):
    assert left_out(kind, 300, (accuracy,) * 10, 1000, cluster_size=10) <= 0.06


def test_what_is_clearly_worse_is_left_out():
    models = compared(np.random.default_rng(0), 1000, (0.95, 0.95, 0.8, 0.6))
    for kind, of in KINDS.items():
        found = among_the_best([of(each) for each in models], higher_is_better=kind != "log_loss")
        assert found == [True, True, False, False], kind


def test_one_model_is_the_best():
    assert among_the_best([share(1, 0)]) == [True]
    assert among_the_best([]) == []


def test_four_images_of_540_are_no_difference():
    first = of_share(np.arange(540) >= 7)
    second = of_share(np.arange(540) >= 11)
    assert among_the_best([first, second]) == [True, True]
    found = difference(first, second, Level(0.95))
    assert found.low < 0 < found.high or found.low > 0  # type: ignore[operator]
