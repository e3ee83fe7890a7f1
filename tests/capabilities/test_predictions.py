"""Predictions are those of MAITE, travel between processes as they are, and are refused where they cannot be made."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
from capability_parts import DIGITS, Detections, dataset
from maite import tasks

from sweeper.augmentations import LowLight
from sweeper.capabilities import Evaluate, Robustness, predict
from sweeper.capabilities.batches import MetadataBatch
from sweeper.errors import PartError
from sweeper.metrics import SklearnMetric


def test_predictions_are_those_of_maite(model):
    made = predict(model, DIGITS, LowLight(0.5), batch_size=100)
    answers, data = tasks.predict(
        model=model, dataset=DIGITS, augmentation=LowLight(0.5), batch_size=100, return_augmented_data=True
    )
    assert len(made) == 540
    assert [len(batch) for batch in made.prediction_batches] == [100] * 5 + [40]
    for mine, theirs in zip(made.prediction_batches, answers, strict=True):
        np.testing.assert_array_equal(mine, np.stack(theirs))
    for mine, (_, theirs, _) in zip(made.target_batches, data, strict=True):
        np.testing.assert_array_equal(mine, np.stack(theirs))
    assert [list(batch) for batch in made.metadata_batches] == [list(metadata) for _, _, metadata in data]


def test_metadata_travel_closed_and_are_the_same_when_they_are_opened():
    metadata = [{"id": "a", "place": {"x": 1}}, {"id": "b"}]
    sent = pickle.dumps(MetadataBatch(metadata), protocol=5)
    for _ in range(2):  # also when nobody looked before it is sent on
        arrived = pickle.loads(sent)
        assert len(arrived) == 2
        sent = pickle.dumps(arrived, protocol=5)
    assert b"place" in sent
    assert (arrived[1], arrived[-2:], list(arrived)) == (metadata[1], metadata, metadata)
    assert list(pickle.loads(pickle.dumps(arrived))) == metadata
    assert list(pickle.loads(pickle.dumps(MetadataBatch([])))) == []


def test_metadata_that_only_ray_can_pickle_travel_as_they_are():
    from ray import cloudpickle

    class Place:
        name = "here"

    (arrived,) = pickle.loads(cloudpickle.dumps(MetadataBatch([Place()])))
    assert arrived.name == "here"


def test_prediction_is_silent_and_lets_the_model_speak(model, capfd):
    class Speaking:
        metadata = {"id": "speaking"}  # noqa: RUF012 - a user's own class

        def __call__(self, batch):
            print("a word from the model", file=sys.stderr)
            return model(batch)

    stderr = sys.stderr
    predict(Speaking(), DIGITS, batch_size=300)
    assert sys.stderr is stderr
    assert capfd.readouterr().err == "a word from the model\n" * 2


def test_a_failing_model_leaves_stderr_as_it_was(model):
    stderr = sys.stderr
    with pytest.raises(PartError, match="takes images of shape"):
        predict(model, dataset(np.zeros((1, 1, 4, 4)), [0]))
    assert sys.stderr is stderr


def test_regular_batches_are_arrays_that_pickle_out_of_band(model):
    made = predict(model, DIGITS)
    assert {type(batch) for batch in (*made.prediction_batches, *made.target_batches)} == {np.ndarray}
    buffers: list[pickle.PickleBuffer] = []
    rest = pickle.dumps(made, protocol=5, buffer_callback=buffers.append)
    assert sum(buffer.raw().nbytes for buffer in buffers) == 2 * 540 * 10 * 4
    assert len(rest) < 10_000


def test_detection_targets_stay_as_they_are_and_only_numbers_count():
    run = Evaluate(batch_size=2).run([Detections()], [Detections()], [Detections()])
    assert run.values == {"boxes": 6.0}
    assert run.extract()[0].higher_is_better is None


def test_ragged_arrays_stay_lists():
    class Ragged(Detections):
        def __getitem__(self, index):
            image, target, metadata = super().__getitem__(index)
            return image, target.scores, metadata

    (batch,) = predict(Ragged(), Ragged()).target_batches
    assert [len(scores) for scores in batch] == [1, 2, 3]


@pytest.mark.parametrize(
    ("targets", "stacked"),
    [
        ([np.ones((2, 3)), np.zeros((2, 3))], True),
        ([np.array(1.0), np.array(2.0)], True),
        ([np.ones((0, 4)), np.ones((0, 4))], True),
        ([np.ones(2, np.float32), np.ones(2, np.float64)], False),
        ([np.ones(2), np.ma.masked_array([1.0, 2.0], [True, False])], False),
        ([np.array([{}]), np.array([{}])], False),
        ([np.ones(2), [1.0, 1.0]], False),
    ],
    ids=["arrays", "numbers", "empty", "dtypes", "masked", "objects", "mixed"],
)
def test_arrays_of_one_kind_travel_as_one(targets: list[np.ndarray], stacked: bool):
    class Targets(Detections):
        def __len__(self):
            return len(targets)

        def __getitem__(self, index):
            return np.zeros((3, 4, 4)), targets[index], {"id": index}

    (batch,) = predict(Targets(), Targets()).target_batches
    assert isinstance(batch, np.ndarray) == stacked
    if stacked:
        np.testing.assert_array_equal(batch, np.stack(targets))
    else:
        for arrived, sent in zip(batch, targets, strict=True):
            assert type(arrived) is type(sent)
            assert getattr(arrived, "dtype", None) == getattr(sent, "dtype", None)
            assert repr(arrived) == repr(sent)


def test_capabilities_say_how_their_predictions_are_made():
    """Whoever predicts in their stead asks for `augmentations()` and `batch_size`."""
    assert (Evaluate(batch_size=7).batch_size, Evaluate().augmentations()) == (7, {"": None})
    assert Robustness(LowLight, [0.5], batch_size=7).batch_size == 7


@pytest.mark.parametrize(
    ("data", "batch_size", "message"),
    [(DIGITS, 0, "at least 1"), (dataset(np.zeros((0, 1, 8, 8)), []), 64, "is empty")],
)
def test_prediction_refuses_what_it_cannot_do(model, data, batch_size, message):
    with pytest.raises(PartError, match=message):
        predict(model, data, batch_size=batch_size)


def test_a_model_that_loses_predictions_is_refused():
    class Losing:
        metadata = {"id": "losing"}  # noqa: RUF012 - a user's own class

        def __call__(self, batch):
            return [np.ones(10)]

    with pytest.raises(PartError, match="losing gave 1 predictions for 64 data"):
        predict(Losing(), DIGITS)


def test_a_metric_without_a_number_is_refused(model):
    class Wordy(SklearnMetric):
        def compute(self):
            return {"verdict": "good"}

    with pytest.raises(PartError, match=r"no number; its keys: \['verdict'\]"):
        predict(model, DIGITS).score(Wordy("sklearn.metrics.accuracy_score"))
