"""Boxes, labels and scores of detections are checked before they count; what is wrong is told with part and datum."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from check_parts import Boxes, Gives
from detection_parts import Rectangles, Thresholds
from scenes import target

from sweeper.capabilities import Evaluate
from sweeper.checks import rules, run_checks
from sweeper.checks.detections import detection_of
from sweeper.errors import PartError
from sweeper.metrics import DetectionF1

BOX = r"the box \[9.0, 5.0, 3.0, 9.0\]; MAITE asks for finite x0, y0, x1, y1 in pixels, with x0 <= x1 and y0 <= y1"
REFUSED = {
    "reversed": BOX,
    "three": r"boxes of shape \(\d, 3\), labels of shape \(\d,\) \(int64\) and scores of shape \(\d,\); MAITE asks for",
    "shorter": r"boxes of shape \(\d, 4\), labels of shape \(\d,\)",
    "halves": r"labels of shape \(\d,\) \(float64\)",
}


def evaluated(model: Any, dataset: Any, metric: Any = None) -> Any:
    return Evaluate(batch_size=3).run([model], [dataset], [metric or DetectionF1()])


@pytest.mark.parametrize("wrong", REFUSED)
def test_wrong_answers_of_a_model_are_refused(wrong: str):
    with pytest.raises(PartError, match="Model 'thresholds' gave a wrong answer on dataset 'rectangles' for datum 'im"):
        evaluated(Thresholds(wrong=wrong), Rectangles())
    with pytest.raises(PartError, match=REFUSED[wrong]):
        evaluated(Thresholds(wrong=wrong), Rectangles())


@pytest.mark.parametrize("wrong", ["infinite", "nan"])
def test_what_is_not_finite_is_refused(wrong: str):
    with pytest.raises(PartError, match="scores that are NaN or infinite for datum 'image-"):
        evaluated(Thresholds(wrong=wrong), Rectangles())


def test_scores_out_of_range_are_refused_unless_a_metric_can_use_them():
    with pytest.raises(PartError, match=r"the score \d\d\.?\d*; MAITE asks for scores from 0 to 1"):
        evaluated(Thresholds(wrong="percent"), Rectangles())
    assert evaluated(Thresholds(wrong="percent"), Rectangles(), Gives(takes="scores")).values == {"gives": 0.25}


def test_labels_that_a_model_does_not_name_itself_are_refused():
    with pytest.raises(PartError, match="the label 7, which its own index2label does not have: it names 0 to 1"):
        evaluated(Thresholds(wrong="unknown"), Rectangles())
    evaluated(Thresholds(wrong="unknown", names=None), Rectangles(names=None))  # without names there is nothing to say


def test_scores_of_each_class_are_allowed():
    assert (
        evaluated(Thresholds(wrong="wide"), Rectangles()).values["f1"]
        == evaluated(Thresholds(), Rectangles()).values["f1"]
    )


@pytest.mark.parametrize("wrong", ["reversed", "infinite", "three", "shorter", "halves"])
def test_wrong_truth_is_refused(wrong: str):
    with pytest.raises(PartError, match="Dataset 'rectangles' has wrong truth for datum 'image-2': "):
        evaluated(Thresholds(), Rectangles(wrong=wrong, most=4, seed=3))


def test_other_names_for_what_occurs_are_refused():
    with pytest.raises(PartError, match="index 0 is 'flat' in the data and 'tall' to the model"):
        evaluated(Thresholds(names={0: "tall", 1: "flat"}), Rectangles())


def test_a_capability_that_calls_the_model_itself_has_the_same_checks():
    with run_checks.checking(rules.DEFAULTS) as checks:
        model = Thresholds()
        checks.answers(model, 1, [target([[0, 0, 5, 5]])])
        with pytest.raises(PartError, match=f"input number 1 of those it was asked for in this run: {BOX}"):
            checks.answers(model, 1, [target([[9, 5, 3, 9]])])
        with pytest.raises(PartError, match="input number 1"):
            checks.finish()
    with run_checks.checking(rules.DEFAULTS) as checks:
        checks.datum(Rectangles(), 0, (0, target([[9, 5, 3, 9]]), {"id": "x"}))
        checks.answers(model, 1, [target([[0, 0, 5, 5]])])
        with pytest.raises(PartError, match="Dataset 'rectangles' has wrong truth for datum 'x'"):
            checks.finish()


# Reading


def test_foreign_boxes_are_read_with_the_scores_of_their_labels():
    read = detection_of(SimpleNamespace(boxes=[[0, 0, 1, 1]], labels=np.array([1.0]), scores=[[0.2, 0.8]]))
    assert (read.boxes.dtype, read.labels.tolist(), read.scores.tolist()) == (np.float32, [1], pytest.approx([0.8]))
    assert read.iscrowd is None


def test_an_image_without_boxes_may_have_arrays_of_any_empty_shape():
    read = detection_of(Boxes(np.zeros(0), np.zeros(0), np.zeros(0)))
    assert read.boxes.shape == (0, 4)
    assert read.labels.dtype == np.int64


def test_what_has_no_boxes_is_refused():
    with pytest.raises(PartError, match="a SimpleNamespace without numbers as labels, scores"):
        detection_of(SimpleNamespace(boxes=[[0, 0, 1, 1]]))
    with pytest.raises(PartError, match="labels from 2 to 2 beside scores of 2 classes"):
        detection_of(Boxes(np.zeros((1, 4)), np.array([2]), np.zeros((1, 2))))
