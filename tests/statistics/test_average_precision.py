"""COCO's average precision and recall, beside the reference implementation and known answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from coco_reference import coco_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import scene, target

from sweeper.common.detections import DetectionTarget
from sweeper.statistics.average_precision import KEYS, of_all_images, resampled_values
from sweeper.statistics.coco_matches import class_matches

Images = Sequence[DetectionTarget]


def made(seed: int, images: int, **settings: float) -> tuple[Images, Images]:
    random = np.random.default_rng(seed)
    pairs = [scene(random, **settings) for _ in range(images)]  # type: ignore[arg-type]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def reference(detections: Images, truth: Images) -> list[float]:
    """The twelve numbers; NaN where the reference has -1."""
    return [float(value) if value > -1 else float("nan") for value in coco_eval(detections, truth).stats]


def ours(detections: Images, truth: Images) -> list[float]:
    values = of_all_images(class_matches(detections, truth), len(truth))
    return [values[key] for key in KEYS]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    images=st.integers(1, 6),
    classes=st.integers(1, 4),
    crowds=st.sampled_from([0.0, 0.3]),
)
def test_values_are_those_of_the_reference(seed: int, images: int, classes: int, crowds: float):
    pair = made(seed, images, classes=classes, crowds=crowds)
    np.testing.assert_allclose(ours(*pair), reference(*pair), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), crowds=st.sampled_from([0.0, 0.3]))
def test_a_resample_is_a_dataset_with_repeated_images(seed: int, crowds: float):
    detections, truth = made(seed, 8, crowds=crowds)
    random = np.random.default_rng(seed)
    distinct = [
        target(each.boxes.tolist(), each.labels.tolist(), random.random(len(each.labels)).tolist())
        for each in detections
    ]
    drawn = random.integers(0, 8, (4, 8))
    weights = np.stack([np.bincount(row, minlength=8) for row in drawn]).astype(np.uint8)
    found = resampled_values(class_matches(distinct, truth), weights)
    for number, row in enumerate(weights):
        places = np.repeat(np.arange(8), row)
        expected = reference([distinct[place] for place in places], [truth[place] for place in places])
        np.testing.assert_allclose([found[key][number] for key in KEYS], expected, atol=1e-9)


def test_many_detections_of_one_image_are_cut_to_a_hundred():
    truth = target([[0, 0, 10, 10]])
    boxes = [[20, 20, 30, 30]] * 100 + [[0, 0, 10, 10]]
    late = target(boxes, scores=[0.9] * 100 + [0.1])
    assert ours([late], [truth])[KEYS.index("map")] == 0
    np.testing.assert_allclose(ours([late], [truth]), reference([late], [truth]))


def test_one_of_two_objects_found_is_half_of_the_recalls():
    truth = target([[0, 0, 10, 10], [50, 50, 60, 60]])
    values = of_all_images(class_matches([target([[0, 0, 10, 10]])], [truth]), 1)
    assert values["map"] == pytest.approx(51 / 101)  # recalls of 0 to 0.5 are reached, with precision 1
    assert values["mar_100"] == 0.5
    assert np.isnan(values["map_large"])


def test_without_objects_nothing_has_a_value():
    assert np.isnan(ours([target([[0, 0, 10, 10]])], [target([])])).all()
    assert np.isnan(ours([target([])], [target([])])).all()


def test_parts_of_the_resamples_give_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch):
    detections, truth = made(5, 10)
    weights = np.random.default_rng(0).integers(0, 3, (20, 10)).astype(np.uint8)
    matches = class_matches(detections, truth)
    whole = resampled_values(matches, weights)
    monkeypatch.setattr("sweeper.statistics.average_precision.CELLS", 40)
    for key, values in resampled_values(matches, weights).items():
        np.testing.assert_array_equal(values, whole[key])
