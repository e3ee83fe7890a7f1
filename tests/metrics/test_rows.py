"""Rows that are collected batch by batch are the same whether they stay in memory or go to a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sweeper.errors import PartError
from sweeper.metrics import ExpectedCalibrationError, SklearnMetric, rows, sklearn_metric
from sweeper.metrics.rows import Rows

BATCHES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(width)), elements=st.floats(0, 1, width=32)),
        min_size=1,
        max_size=8,
    )
)


@given(BATCHES, st.integers(0, 200))
def test_rows_are_those_of_the_batches_in_their_order(batches: list[Any], in_memory: int):
    collected = Rows(in_memory)
    for batch in batches:
        collected.add(batch)
    whole = np.concatenate(batches)
    assert len(collected) == len(whole)
    np.testing.assert_array_equal(collected.whole(), whole)
    assert collected.whole().dtype == whole.dtype
    assert isinstance(collected.whole(), np.memmap) is (whole.nbytes > in_memory)


def test_single_values_too():
    collected = Rows(0)
    collected.add(np.array([3, 1]))
    collected.add(np.array([2]))
    assert collected.whole().tolist() == [3, 1, 2]


def test_a_file_of_rows_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    collected = Rows(0)
    collected.add(np.ones((10, 2)))
    assert not any(tmp_path.iterdir())
    assert collected.whole().sum() == 20


def scored(metric: Any, predictions: Any, targets: Any) -> float:
    metric.reset()
    for start in range(0, len(targets), 7):
        part = slice(start, start + 7)
        metric.update(predictions[part], targets[part], [{"id": i} for i in range(len(targets))[part]])
    (value,) = metric.compute().values()
    return value


def data(classes: int = 5, n: int = 60) -> tuple[Any, Any]:
    random = np.random.default_rng(classes)
    raw = random.random((n, classes)) + 0.01
    return raw / raw.sum(axis=1, keepdims=True), np.eye(classes)[random.integers(0, classes, n)]


@pytest.mark.parametrize("function", ["roc_auc_score", "brier_score_loss", "log_loss"])
@pytest.mark.parametrize("classes", [2, 5])
def test_values_from_a_file_are_those_from_memory(monkeypatch: pytest.MonkeyPatch, function: str, classes: int):
    kwargs = {"multi_class": "ovr"} if function == "roc_auc_score" else {}
    metric = SklearnMetric(f"sklearn.metrics.{function}", takes="probabilities", kwargs=kwargs)
    in_memory = scored(metric, *data(classes))
    monkeypatch.setattr(rows.Rows, "__init__", lambda self, init=rows.Rows.__init__: init(self, 0))
    assert scored(metric, *data(classes)) == in_memory


@pytest.mark.parametrize("classes", [2, 5])
def test_log_loss_from_the_right_classes_alone_is_that_of_scikit_learn(classes: int):
    probabilities, targets = data(classes)
    metric = SklearnMetric("sklearn.metrics.log_loss", takes="probabilities")
    expected = reference.log_loss(targets.argmax(axis=1), probabilities, labels=np.arange(classes))
    assert scored(metric, probabilities, targets) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    "metric",
    [
        SklearnMetric("sklearn.metrics.f1_score", kwargs={"average": "macro"}),
        SklearnMetric("sklearn.metrics.log_loss", takes="probabilities"),
        ExpectedCalibrationError(),
    ],
)
def test_what_is_kept_of_each_datum_does_not_grow_with_the_classes(metric: Any):
    predictions, targets = data(classes=500)
    scored(metric, predictions, targets)
    assert metric._needed.whole().nbytes <= 16 * len(targets)


def test_predictions_that_a_function_cannot_read_at_once_are_refused_with_what_they_need(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sklearn_metric, "available_bytes", lambda: 1000)
    metric = SklearnMetric("sklearn.metrics.roc_auc_score", takes="probabilities", kwargs={"multi_class": "ovr"})
    with pytest.raises(PartError, match=r"60 data with 5 classes need about 0\.0 GiB, and 0\.0 GiB are free"):
        scored(metric, *data())
    labels = SklearnMetric("sklearn.metrics.accuracy_score")
    assert 0 <= scored(labels, *data()) <= 1


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="only Linux says how much memory is left")
def test_this_machine_says_how_much_memory_is_left():
    from sweeper.common.memory import available_bytes

    left = available_bytes()
    assert left is not None
    assert 0 < left < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
