"""Metrics against values worked out by hand and against scikit-learn itself."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from maite.protocols import generic as gen

from sweeper.errors import PartError
from sweeper.metrics import ExpectedCalibrationError, SklearnMetric

TARGETS = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
PREDICTIONS = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.0, 0.1, 0.9]], dtype=np.float32)
METRICS = {
    "accuracy": SklearnMetric("sklearn.metrics.accuracy_score"),
    "f1": SklearnMetric("sklearn.metrics.f1_score", kwargs={"average": "macro"}),
    "log_loss": SklearnMetric("sklearn.metrics.log_loss", takes="probabilities", higher_is_better=False),
    "brier": SklearnMetric("sklearn.metrics.brier_score_loss", takes="probabilities", kwargs={"scale_by_half": False}),
    "ece": ExpectedCalibrationError(),
}
ALL = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def score(metric, predictions=PREDICTIONS, targets=TARGETS):
    metric.reset()
    metric.update(predictions, targets, [{"id": i} for i in range(len(targets))])
    (value,) = metric.compute().values()
    assert type(value) is float
    return value


@st.composite
def scored(draw):
    """Labels and probabilities of up to 30 items in 2 to 5 classes."""
    n, k = draw(st.integers(1, 30)), draw(st.integers(2, 5))
    raw = draw(hnp.arrays(np.float64, (n, k), elements=st.floats(0.01, 1)))
    labels = draw(hnp.arrays(np.int64, n, elements=st.integers(0, k - 1)))
    return np.eye(k)[labels], raw / raw.sum(axis=1, keepdims=True)


@ALL
def test_is_a_maite_metric(metric):
    assert isinstance(metric, gen.Metric)
    assert isinstance(metric.metadata["id"], str)
    assert isinstance(metric.higher_is_better, bool)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 3 / 4),
        ("f1", (1 + 2 / 3 + 2 / 3) / 3),
        ("log_loss", -(np.log(0.8) + np.log(0.6) + np.log(0.3) + np.log(0.9)) / 4),
        ("brier", (0.06 + 0.26 + 0.78 + 0.02) / 4),
        # Confidences 0.8, 0.6, 0.5 and 0.9 lie in four bins of 1/15; all but 0.5 are right.
        ("ece", (0.2 + 0.4 + 0.5 + 0.1) / 4),
    ],
)
def test_known_values(name, value):
    assert score(METRICS[name]) == pytest.approx(value, rel=1e-5)


@ALL
def test_batches_do_not_matter(metric):
    whole = score(metric)
    metric.reset()
    for rows in (slice(0, 1), slice(1, 1), slice(1, 4)):
        metric.update(PREDICTIONS[rows], TARGETS[rows], [{}] * 3)
    assert metric.compute() == {metric.key: pytest.approx(whole)}


@ALL
def test_reset_forgets(metric):
    score(metric)
    metric.reset()
    with pytest.raises(PartError, match="nothing to score"):
        metric.compute()


class Tensor:
    """What metrics need of a torch tensor on another device: `detach`, `cpu`, and then an array."""

    def __init__(self, values, where="gpu"):
        self._values, self._where = values, where

    def __len__(self):
        return len(self._values)

    def detach(self):
        return Tensor(self._values, "detached")

    def cpu(self):
        assert self._where == "detached"
        return Tensor(self._values, "cpu")

    def __array__(self, dtype=None, copy=None):
        assert self._where == "cpu"
        return np.asarray(self._values, dtype=dtype)


@ALL
@pytest.mark.parametrize(
    "form",
    [list, np.ndarray.tolist, Tensor, lambda a: [Tensor(row) for row in a], tuple],
    ids=["rows", "lists", "tensor", "tensors", "tuple"],
)
def test_takes_every_array_like(metric, form):
    assert score(metric, form(PREDICTIONS), form(TARGETS)) == pytest.approx(score(metric))


@ALL
def test_takes_real_torch_tensors(metric):
    torch = pytest.importorskip("torch")
    predictions = torch.tensor(PREDICTIONS, requires_grad=True)
    assert score(metric, predictions, list(torch.tensor(TARGETS))) == pytest.approx(score(metric))


@ALL
def test_takes_read_only_arrays(metric):
    frozen = PREDICTIONS.copy()
    frozen.flags.writeable = False
    assert score(metric, frozen) == pytest.approx(score(metric))


@given(scored())
def test_labels_metrics_are_those_of_scikit_learn(data):
    targets, probabilities = data
    labels, predicted = targets.argmax(axis=1), probabilities.argmax(axis=1)
    for average in ("macro", "micro"):
        metric = SklearnMetric("sklearn.metrics.f1_score", kwargs={"average": average, "zero_division": 0.0})
        expected = reference.f1_score(labels, predicted, average=average, zero_division=0.0)
        assert score(metric, probabilities, targets) == pytest.approx(expected)


@given(scored())
def test_log_loss_holds_where_classes_are_missing_from_the_targets(data):
    targets, probabilities = data
    expected = -np.log(probabilities[targets.astype(bool)]).mean()
    assert score(METRICS["log_loss"], probabilities, targets) == pytest.approx(expected)


@given(scored(), st.integers(1, 20))
def test_calibration_error_is_the_formula_bin_by_bin(data, bins):
    targets, probabilities = data
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets.argmax(axis=1)
    expected = 0.0
    for m in range(1, bins + 1):
        inside = (confidence > np.linspace(0, 1, bins + 1)[m - 1]) & (confidence <= np.linspace(0, 1, bins + 1)[m])
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert score(ExpectedCalibrationError(bins=bins), probabilities, targets) == pytest.approx(expected, abs=1e-9)


def test_calibration_error_of_sure_and_right_predictions_is_zero():
    assert score(METRICS["ece"], TARGETS, TARGETS) == 0


def test_calibration_error_of_sure_and_wrong_predictions_is_one():
    assert score(METRICS["ece"], TARGETS[:, ::-1][:2], np.eye(3)[[0, 2]][:, [0, 1, 2]][[0, 1]]) == 1


def test_calibration_errors_of_opposite_sign_cancel_inside_a_bin():
    predictions, targets = np.array([[0.75, 0.25]] * 4), np.eye(2)[[0, 0, 0, 1]]
    assert score(ExpectedCalibrationError(), predictions, targets) == pytest.approx(0)
    assert score(ExpectedCalibrationError(bins=1), predictions, targets) == pytest.approx(0)


@pytest.mark.parametrize("name", ["log_loss", "brier", "ece"])
@pytest.mark.parametrize("predictions", [PREDICTIONS * 5, PREDICTIONS - 0.5, PREDICTIONS * np.nan])
def test_logits_are_refused_where_probabilities_are_needed(name, predictions):
    with pytest.raises(PartError, match="softmax"):
        score(METRICS[name], predictions)


def test_logits_will_do_for_labels():
    assert score(METRICS["accuracy"], PREDICTIONS * 7 - 3) == 3 / 4


@pytest.mark.parametrize(("predictions", "targets"), [(PREDICTIONS[:, :2], TARGETS), (PREDICTIONS[:3], TARGETS)])
def test_shapes_that_differ_are_refused(predictions, targets):
    with pytest.raises(PartError, match="batch x classes"):
        score(METRICS["accuracy"], predictions, targets)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"function": "sklearn.metrics.f1_scores"}, "Did you mean 'f1_score'"),
        ({"function": "sklearn.metrix.f1_score"}, "Cannot import"),
        ({"function": "f1_score"}, "Cannot import"),
        ({"function": "sklearn.metrics.f1_score", "takes": "label"}, "Did you mean 'labels'"),
    ],
)
def test_sklearn_metric_refuses_what_is_not_allowed(arguments, message):
    with pytest.raises(PartError, match=message):
        SklearnMetric(**arguments)


def test_bins_start_at_one():
    with pytest.raises(PartError, match="at least 1"):
        ExpectedCalibrationError(bins=0)


def test_keys_and_ids():
    metric = SklearnMetric("sklearn.metrics.f1_score", kwargs={"average": "macro"}, key="f1_macro")
    assert (metric.key, metric.metadata["id"]) == ("f1_macro", "f1_score[average=macro]")
    assert ExpectedCalibrationError(bins=10).metadata["id"] == "expected_calibration_error[bins=10]"
    assert SklearnMetric("sklearn.metrics.f1_score", id="mine").metadata["id"] == "mine"
