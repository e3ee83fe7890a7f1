"""Precision, recall and F1 of detections, beside counting by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import scene, target

from sweeper.common.detections import DetectionTarget
from sweeper.errors import PartError
from sweeper.metrics import DetectionF1

Images = Sequence[DetectionTarget]
SQUARE, OTHER = [0, 0, 10, 10], [50, 50, 60, 60]


def values(detections: Images, truth: Images, **settings: float) -> dict[str, float]:
    return _metric(detections, truth, **settings).compute()


def _metric(detections: Images, truth: Images, **settings: float) -> DetectionF1:
    metric = DetectionF1(**settings)
    metric.update(detections, truth, [{"id": str(number)} for number in range(len(truth))])
    return metric


# Counting by hand: plain loops over boxes


def _overlap(one: Sequence[float], other: Sequence[float], *, crowd: bool) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    mine, theirs = (box[2] * box[3] - box[2] * box[1] - box[0] * box[3] + box[0] * box[1] for box in (one, other))
    return wide * high / (mine if crowd else mine + theirs - wide * high)


def _counts(found: DetectionTarget, truth: DetectionTarget, label: int, confidence: float, least: float) -> list[int]:
    """TP, FP and objects of one class in one image."""
    crowd = [False] * len(truth.labels) if truth.iscrowd is None else truth.iscrowd.tolist()
    objects = [place for place, each in enumerate(truth.labels.tolist()) if each == label]
    taken: set[int] = set()
    counts = [0, 0, sum(not crowd[place] for place in objects)]
    sure = [place for place, each in enumerate(found.labels.tolist()) if each == label]
    for place in sorted(sure, key=lambda number: -float(found.scores[number])):
        if found.scores[place] < np.float32(confidence):
            continue
        free = [
            (_overlap(found.boxes[place].tolist(), truth.boxes[each].tolist(), crowd=crowd[each]), each)
            for each in objects
            if each not in taken or crowd[each]
        ]
        near = [one for one in free if one[0] >= least]
        regular = [one for one in near if not crowd[one[1]]]
        if regular:
            taken.add(max(regular)[1])
            counts[0] += 1
        elif not near:
            counts[1] += 1
    return counts


def by_hand(detections: Images, truth: Images, confidence: float, overlap: float) -> dict[str, float]:
    labels = {int(label) for each in (*detections, *truth) for label in each.labels}
    of_class = {
        label: np.sum(
            [_counts(a, b, label, confidence, overlap) for a, b in zip(detections, truth, strict=True)], axis=0
        ).tolist()
        for label in labels
    }
    occurring = [counts for counts in of_class.values() if sum(counts)]
    whole = [sum(each) for each in zip(*occurring, strict=True)] or [0, 0, 0]
    means = [_ratios(*counts, empty=0.0) for counts in occurring]
    macro = [sum(each) / len(means) for each in zip(*means, strict=True)] or [math.nan] * 3
    names = ("f1", "precision", "recall", "f1_macro", "precision_macro", "recall_macro")
    return dict(zip(names, (*_ratios(*whole, empty=math.nan), *macro), strict=True))


def _ratios(right: int, wrong: int, objects: int, *, empty: float) -> list[float]:
    pairs = ((2 * right, right + wrong + objects), (right, right + wrong), (right, objects))
    return [above / below if below else empty for above, below in pairs]


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    images=st.integers(1, 5),
    crowds=st.sampled_from([0.0, 0.4]),
    confidence=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    overlap=st.sampled_from([0.3, 0.5, 0.75]),
)
def test_values_are_those_of_counting_by_hand(seed: int, images: int, crowds: float, confidence: float, overlap: float):
    random = np.random.default_rng(seed)
    pairs = [scene(random, crowds=crowds) for _ in range(images)]
    detections, truth = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = values(detections, truth, confidence=confidence, overlap=overlap)
    assert found == pytest.approx(by_hand(detections, truth, confidence, overlap), nan_ok=True)


def test_known_answers():
    truth = [target([SQUARE, OTHER], [0, 1])]
    found = values([target([SQUARE, SQUARE, OTHER], [0, 0, 1], [0.9, 0.8, 0.4])], truth)
    assert found == pytest.approx(
        {
            "f1": 0.5,  # one right, its double wrong, one of two objects found
            "precision": 0.5,
            "recall": 0.5,
            "f1_macro": 1 / 3,
            "precision_macro": 0.25,
            "recall_macro": 0.5,
        }
    )
    assert next(iter(found)) == "f1"


def test_a_score_of_the_confidence_is_enough():
    assert values([target([SQUARE], scores=[0.7])], [target([SQUARE])], confidence=0.7)["f1"] == 1


def test_a_class_that_is_only_detected_lowers_the_means():
    assert values([target([SQUARE, OTHER], [0, 1])], [target([SQUARE], [0])])["f1_macro"] == 0.5


def test_nothing_detected_and_no_objects_have_no_value_and_a_reason():
    nothing = _metric([target([])], [target([SQUARE])])
    assert math.isnan(nothing.compute()["precision"])
    assert nothing.compute()["f1"] == nothing.compute()["recall"] == nothing.compute()["precision_macro"] == 0
    assert nothing.undefined() == {"precision": "nothing was detected"}
    empty = _metric([target([])], [target([])])
    assert all(map(math.isnan, empty.compute().values()))
    assert empty.undefined()["f1"] == "there are no objects"


def test_a_resample_is_a_dataset_with_repeated_images():
    random = np.random.default_rng(7)
    pairs = [scene(random, crowds=0.2) for _ in range(10)]
    metric = _metric([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    drawn = random.integers(0, 10, (5, 10))
    weights = np.stack([np.bincount(row, minlength=10) for row in drawn]).astype(np.uint8)
    found = metric.resampler()(weights)
    for number, row in enumerate(drawn):
        again = values([pairs[place][0] for place in row], [pairs[place][1] for place in row])
        assert {key: each[number] for key, each in found.items()} == pytest.approx(again, nan_ok=True)


@pytest.mark.parametrize("settings", [{"confidence": 1.5}, {"confidence": -0.1}, {"overlap": 0}, {"overlap": 2}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]):
    with pytest.raises(PartError, match="both must be at most 1"):
        DetectionF1(**settings)


def test_ids_tell_settings_apart():
    assert DetectionF1().metadata["id"] == "detection_f1"
    assert DetectionF1(confidence=0.3).metadata["id"] == "detection_f1[confidence=0.3]"
