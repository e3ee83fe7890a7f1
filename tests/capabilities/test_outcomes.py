"""What became of each datum is what a classifier or a detector says of it, in the order of the dataset."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from capability_parts import Detections
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sweeper.capabilities import predict
from sweeper.capabilities.batches import MetadataBatch
from sweeper.capabilities.outcomes import ABSENT, outcomes_of
from sweeper.capabilities.predictions import Predictions

SCORES = arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(2, 5)), elements=st.floats(0, 1, width=32))


def predictions(*batches: tuple[Any, Any], metadata: list[dict[str, Any]] | None = None) -> Predictions:
    """Predictions of these batches of answers and targets; the ids count from 0."""
    answers, targets = zip(*batches, strict=True)
    ends = np.cumsum([len(batch) for batch in targets])
    data = metadata or [{"id": number} for number in range(ends[-1])]
    parts = [MetadataBatch(data[end - len(batch) : end]) for end, batch in zip(ends, targets, strict=True)]
    return Predictions(answers, targets, tuple(parts))


@given(SCORES, st.randoms(use_true_random=False))
def test_the_class_of_a_vector_is_that_of_its_largest_entry(scores, chance):
    size, classes = scores.shape
    labels = np.array([chance.randrange(classes) for _ in range(size)])
    cut = chance.randrange(size + 1)
    batches = [(scores[part], np.eye(classes)[labels[part]]) for part in (slice(cut), slice(cut, None))]
    found = outcomes_of(predictions(*[batch for batch in batches if len(batch[1])]))
    assert found is not None
    assert found.datum_id == [str(number) for number in range(size)]
    assert found.columns["label"].tolist() == labels.tolist()
    assert found.columns["prediction"].tolist() == scores.argmax(axis=1).tolist()
    np.testing.assert_array_equal(found.columns["confidence"], scores.max(axis=1).astype(np.float32))


@pytest.mark.parametrize(
    "answers",
    [np.array([[0.2, 0.8], [0.9, 0.1]]), [np.array([0.2, 0.8]), np.array([0.9, 0.1])], [[0.2, 0.8], [0.9, 0.1]]],
    ids=["array", "arrays", "lists"],
)
@pytest.mark.parametrize("targets", [np.array([1, 1]), [1, 1], [np.array([0, 1]), np.array([0, 1])]])
def test_any_form_of_scores_and_targets_is_read(answers: Any, targets: Any):
    found = outcomes_of(predictions((answers, targets)))
    assert found is not None
    assert found.columns["label"].tolist() == [1, 1]
    assert found.columns["prediction"].tolist() == [1, 0]


def test_tensors_are_read():
    torch = pytest.importorskip("torch")
    found = outcomes_of(predictions((torch.tensor([[0.2, 0.8]]), torch.tensor([[1.0, 0.0]]))))
    assert found is not None
    assert (found.columns["label"].tolist(), found.columns["prediction"].tolist()) == ([0], [1])


def test_scores_that_are_not_numbers_have_no_class():
    found = outcomes_of(predictions((np.array([[np.nan, 0.8], [0.9, 0.1]]), np.array([0, 0]))))
    assert found is not None
    assert found.columns["prediction"].tolist() == [ABSENT, 0]
    assert np.isnan(found.columns["confidence"][0])


def test_a_classifier_that_gives_classes_alone_has_no_confidence():
    found = outcomes_of(predictions((np.array([1, 0]), np.array([1, 1]))))
    assert found is not None
    assert found.columns["prediction"].tolist() == [1, 0]
    assert np.isnan(found.columns["confidence"]).all()


def test_a_detector_has_boxes():
    detections = Detections()
    found = outcomes_of(predict(detections, detections))
    assert found is not None
    assert found.columns.keys() == {"boxes", "boxes_found", "confidence"}
    assert found.columns["boxes"].tolist() == [1, 2, 3]
    none = SimpleNamespace(boxes=np.zeros((0, 4)), labels=np.zeros(0), scores=np.zeros(0))
    found = outcomes_of(predictions(([none], [{"boxes": [[0, 0, 1, 1]], "labels": [0], "scores": [1.0]}])))
    assert found is not None
    assert (found.columns["boxes"].tolist(), found.columns["boxes_found"].tolist()) == ([1], [0])
    assert np.isnan(found.columns["confidence"][0])


@pytest.mark.parametrize(
    ("answers", "targets"),
    [
        (["a cat", "a dog"], np.array([0, 1])),
        (np.array([[0.5], [0.2]]), np.array([0, 1])),
        (np.array([0.5, 0.2]), np.array([0, 1])),
        (np.array([[0.5, 0.5], [0.2, 0.8]]), ["cat", "dog"]),
        (np.zeros((2, 2, 2)), np.array([0, 1])),
    ],
    ids=["texts", "one score", "numbers", "named targets", "images"],
)
def test_other_answers_and_targets_have_no_outcomes(answers: Any, targets: Any):
    assert outcomes_of(predictions((answers, targets))) is None


def test_batches_of_unlike_kinds_have_no_outcomes():
    box = SimpleNamespace(boxes=np.zeros((1, 4)), labels=np.zeros(1), scores=np.ones(1))
    classes = (np.array([[0.2, 0.8]]), np.array([1]))
    assert outcomes_of(predictions(classes, ([box], [box]))) is None


def test_metadata_that_is_asked_for_is_kept_and_stays_pickled():
    metadata = [{"id": "a", "site": "north"}, {"id": "b"}]
    made = predictions((np.eye(2), np.eye(2)), metadata=metadata)
    found = outcomes_of(made, ("site", "weather"))
    assert found is not None
    assert found.metadata == {"site": ["north", None], "weather": [None, None]}
    (batch,) = made.metadata_batches
    assert len(pickle.dumps(batch)) < 500
    assert batch._pickled  # type: ignore[reportAttributeAccessIssue]  # Ray copies it as it is
