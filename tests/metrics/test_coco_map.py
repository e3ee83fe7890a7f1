"""COCO's mAP as a metric: equal to pycocotools on made sets, and known answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from coco_reference import coco_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import scene, target

from sweeper.common.detections import DetectionTarget
from sweeper.errors import PartError
from sweeper.metrics import CocoMap, coco_library
from sweeper.statistics.average_precision import KEYS

Images = Sequence[DetectionTarget]


def scored(detections: Sequence[Any], truth: Sequence[Any], batch: int = 3, **settings: Any) -> CocoMap:
    """A metric that has seen these images in batches."""
    metric = CocoMap(**settings)
    for first in range(0, len(truth), batch):
        part = slice(first, first + batch)
        metric.update(detections[part], truth[part], [{"id": str(number)} for number in range(len(truth))[part]])
    return metric


def made(seed: int, images: int, **settings: Any) -> tuple[Images, Images]:
    random = np.random.default_rng(seed)
    pairs = [scene(random, **settings) for _ in range(images)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def reference(detections: Images, truth: Images) -> list[float]:
    return [float(value) if value > -1 else math.nan for value in coco_eval(detections, truth).stats]


def with_crowds() -> tuple[Images, Images]:
    return made(1, 40, crowds=0.3, objects=10)


def with_empty_images() -> tuple[Images, Images]:
    """Some images have no objects, some no detections, some neither."""
    detections, truth = made(2, 40)
    nothing = target([])
    return (
        [nothing if number % 3 == 0 else each for number, each in enumerate(detections)],
        [nothing if number % 4 == 0 else each for number, each in enumerate(truth)],
    )


def with_many_classes() -> tuple[Images, Images]:
    return made(3, 60, classes=80, objects=12, false=120)


@pytest.mark.parametrize("made_set", [with_crowds, with_empty_images, with_many_classes])
def test_values_are_those_of_pycocotools(made_set: Any):
    detections, truth = made_set()
    values = scored(detections, truth).compute()
    assert [*values] == list(KEYS)
    np.testing.assert_allclose([*values.values()], reference(detections, truth), atol=1e-6)


@pytest.mark.parametrize("made_set", [with_crowds, with_empty_images, with_many_classes])
def test_what_resamples_are_scored_by_gives_the_same_values(made_set: Any):
    metric = scored(*made_set(), classwise=True)
    once = metric.resampler()(np.ones((1, len(made_set()[1])), np.uint8))
    values = metric.compute()
    assert [*once] == [*values]
    np.testing.assert_allclose([each[0] for each in once.values()], [*values.values()], atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    images=st.integers(1, 8),
    classes=st.integers(1, 5),
    crowds=st.sampled_from([0.0, 0.3]),
    batch=st.integers(1, 4),
)
def test_random_sets_have_the_values_of_pycocotools(seed: int, images: int, classes: int, crowds: float, batch: int):
    detections, truth = made(seed, images, classes=classes, crowds=crowds)
    values = scored(detections, truth, batch).compute()
    np.testing.assert_allclose([*values.values()], reference(detections, truth), atol=1e-6)


def test_areas_of_outlines_decide_about_the_size():
    boxes = [[0, 0, 50, 50], [100, 100, 150, 150]]
    truth = [target(boxes, area=[500, 2000])]
    detections = [target(boxes[:1])]
    values = scored(detections, truth).compute()
    assert (values["mar_small"], values["mar_medium"]) == (1, 0)
    np.testing.assert_allclose([*values.values()], reference(detections, truth), atol=1e-6)


def test_a_class_at_a_time_gives_the_same_values(monkeypatch: pytest.MonkeyPatch):
    detections, truth = with_many_classes()
    whole = scored(detections, truth).compute()
    monkeypatch.setattr(coco_library, "BOXES_AT_ONCE", 1)
    assert scored(detections, truth).compute() == pytest.approx(whole, nan_ok=True)


# Known answers


def test_all_found_is_one():
    truth = [target([[0, 0, 20, 20], [50, 50, 110, 110]], [0, 1]), target([[5, 5, 300, 300]], [1])]
    assert set(scored(truth, truth).compute().values()) == {1.0}


def test_half_of_two_objects_found_is_half_of_the_recalls():
    values = scored([target([[0, 0, 10, 10]])], [target([[0, 0, 10, 10], [50, 50, 60, 60]])]).compute()
    assert values["map"] == pytest.approx(51 / 101)
    assert values["mar_100"] == 0.5


def test_an_overlap_of_0_6_counts_at_three_of_ten_thresholds():
    values = scored([target([[0, 0, 60, 100]])], [target([[0, 0, 100, 100]])]).compute()
    assert (values["map"], values["map_50"], values["map_75"]) == pytest.approx((0.3, 1, 0))


def test_a_wrong_detection_before_the_right_one_halves_the_precision():
    detections = [target([[50, 50, 60, 60], [0, 0, 10, 10]], scores=[0.9, 0.8])]
    assert scored(detections, [target([[0, 0, 10, 10]])]).compute()["map"] == pytest.approx(0.5)


def test_a_detection_in_an_image_without_objects_is_wrong():
    square = target([[0, 0, 10, 10]], scores=[0.8])
    truth = [target([[0, 0, 10, 10]]), target([])]
    assert scored([square, target([])], truth).compute()["map"] == 1
    assert scored([square, target([[0, 0, 10, 10]], scores=[0.9])], truth).compute()["map"] == pytest.approx(0.5)


def test_what_finds_a_crowd_is_neither_right_nor_wrong():
    truth = [target([[0, 0, 10, 10], [100, 100, 200, 200]], crowd=[False, True])]
    detections = [target([[110, 110, 120, 120], [0, 0, 10, 10]], scores=[0.9, 0.8])]
    assert scored(detections, truth).compute()["map"] == 1


def test_sizes_without_objects_have_no_value_and_a_reason():
    metric = scored([target([[0, 0, 10, 10]])], [target([[0, 0, 10, 10]])])
    values = metric.compute()
    undefined = {key for key, value in values.items() if math.isnan(value)}
    assert undefined == {"map_medium", "map_large", "mar_medium", "mar_large"}
    assert metric.undefined() == {key: f"no {key[4:]} object counts" for key in undefined}


def test_without_any_object_nothing_has_a_value():
    metric = scored([target([[0, 0, 10, 10]])], [target([])])
    assert all(map(math.isnan, metric.compute().values()))
    assert metric.undefined()["map"] == "no object counts"


def test_each_class_has_values_if_asked_for():
    truth = [target([[0, 0, 10, 10], [50, 50, 60, 60]], [0, 7])]
    metric = scored([target([[0, 0, 10, 10]], [0])], truth, classwise=True)
    values = metric.compute()
    assert (values["map_class_0"], values["map_class_7"], values["mar_100_class_0"]) == (1, 0, 1)
    assert (metric.class_of("map_class_7"), metric.class_of("map"), metric.class_of("mar_100")) == (7, None, None)
    assert metric.metadata["id"] == "coco_map[classwise=True]"


# What is given


def test_targets_of_other_libraries_are_read():
    box = SimpleNamespace(boxes=[[0, 0, 10, 10]], labels=[1], scores=[0.9])
    scores = {"boxes": np.array([[0, 0, 10, 10]]), "labels": np.array([1]), "scores": np.array([[0.2, 0.9]])}
    assert scored([box, scores], [box, box]).compute()["map"] == 1


def test_what_is_no_detection_is_refused_with_the_datum():
    with pytest.raises(PartError, match=r"Metric coco_map: the prediction of datum 'a' has a ndarray without numbers"):
        CocoMap().update([np.zeros(3)], [target([])], [{"id": "a"}])  # type: ignore[list-item]
    with pytest.raises(PartError, match=r"target of datum 'a' has boxes of shape \(1, 3\)"):
        CocoMap().update([target([])], [SimpleNamespace(boxes=[[1, 2, 3]], labels=[1], scores=[1.0])], [{"id": "a"}])
    with pytest.raises(PartError, match="1 predictions for 2 targets"):
        CocoMap().update([target([])], [target([])] * 2, [{"id": "a"}] * 2)


def test_nothing_to_score_is_an_error_and_reset_forgets():
    metric = scored([target([[0, 0, 10, 10]])], [target([])])
    metric.reset()
    with pytest.raises(PartError, match="nothing to score"):
        metric.compute()
    metric.update([target([[0, 0, 10, 10]])], [target([[0, 0, 10, 10]])], [{"id": "b"}])
    assert metric.compute()["map"] == 1
