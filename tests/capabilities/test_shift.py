"""Shifts are found where they were made, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from capability_parts import DIGITS, dataset

from sweeper.augmentations import LowLight, Rotation, SensorNoise
from sweeper.capabilities import Shift
from sweeper.capabilities.pixel_features import pixel_names
from sweeper.capabilities.two_samples import feature_tests
from sweeper.datasets import Augmented, Digits
from sweeper.errors import PartError


def gaussian(seed, n=60, mean=0.5, deviation=0.1):
    images = np.random.default_rng(seed).normal(mean, deviation, (n, 1, 4, 4))
    return dataset(images, np.zeros(n, dtype=int), id=f"gaussian{seed}")


@pytest.mark.parametrize(
    "condition", [LowLight(0.3), SensorNoise(0.1), Rotation(10)], ids=lambda condition: condition.name
)
def test_digits_under_a_condition_are_shifted(condition):
    run = Shift().run(datasets=[Digits("train"), Augmented(DIGITS, condition)])
    assert run.shifted
    assert run.classifier.auc > 0.9
    assert run.extract()[0].shifted is True


def test_two_halves_of_the_digits_are_not_shifted():
    run = Shift().run(datasets=[Digits("train"), DIGITS])
    assert not run.shifted
    assert run.classifier.auc == pytest.approx(0.5, abs=0.06)
    assert "does not differ" in run.collect_md_report(0)


def test_a_shift_in_one_pixel_is_found_there():
    reference, candidate = gaussian(0, 200), gaussian(1, 200)
    candidate.images[:, 0, 2, 3] += 0.15
    run = Shift().run(datasets=[reference, candidate])
    assert run.shifted
    assert run.shifted_features[0].feature == "c0_y2_x3"
    assert {test.feature for test in run.shifted_features} <= {"c0_y2_x3", "brightness", "contrast"}


def test_the_classifier_finds_what_no_single_pixel_shows():
    rng = np.random.default_rng(0)
    pixels = rng.random((300, 1, 1, 2))
    alike, opposite = pixels.copy(), rng.random((300, 1, 1, 2))
    alike[..., 1], opposite[..., 1] = alike[..., 0], 1 - opposite[..., 0]
    run = Shift().run(datasets=[dataset(alike, np.zeros(300, int)), dataset(opposite, np.zeros(300, int))])
    assert run.classifier.shifted
    assert not {"c0_y0_x0", "c0_y0_x1"} & {test.feature for test in run.shifted_features}


def test_feature_tests_keep_their_level_without_a_shift():
    """200 comparisons at level 0.05: more than 20 alarms have a probability below 0.001 where the level holds."""
    rng = np.random.default_rng(0)
    features = rng.random((200, 2, 50, 20), dtype=np.float32)
    alarms = sum(any(t.shifted for t in feature_tests(["f"] * 20, a, b, 0.05)) for a, b in features)
    assert alarms <= 20


@pytest.mark.slow
def test_the_verdict_keeps_its_level_without_a_shift():
    """100 comparisons at alpha 0.05: more than 13 alarms have a probability below 0.001 where the level holds."""
    alarms = sum(Shift().run(datasets=[gaussian(2 * i), gaussian(2 * i + 1)]).shifted for i in range(100))
    assert alarms <= 13


def test_shift_rows():
    run = Shift().run(datasets=[gaussian(0), gaussian(1, mean=0.6)])
    rows = run.extract()
    assert [row.output_key for row in rows[:4]] == [
        "shifted", "classifier.auc", "ks.shifted_share", "ks.max_statistic"
    ]  # fmt: skip
    assert {(row.reference_id, row.candidate_id) for row in rows} == {("gaussian0", "gaussian1")}
    features = [row for row in rows if row.scope == "feature"]
    assert [row.feature for row in features] == [*pixel_names((1, 4, 4)), "brightness", "contrast"]
    assert all(row.p_value <= row.adjusted_p_value for row in features)
    assert rows[2].output_value == pytest.approx(sum(row.shifted for row in features) / 18)


def test_shift_refuses_images_of_another_shape_and_too_few():
    with pytest.raises(PartError, match=r"\(1, 8, 8\) and \(1, 4, 4\)"):
        Shift().run(datasets=[DIGITS, gaussian(0)])
    with pytest.raises(PartError, match="needs 5 images"):
        Shift().run(datasets=[DIGITS, dataset(DIGITS.images[:4], DIGITS.labels[:4])])


@pytest.mark.parametrize("wrong", [{"alpha": 0}, {"alpha": 1}, {"side": 0}, {"folds": 1}])
def test_shift_refuses_what_is_not_allowed(wrong):
    with pytest.raises(PartError, match=next(iter(wrong))):
        Shift(**wrong)
