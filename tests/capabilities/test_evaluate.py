"""Evaluation agrees with MAITE, and its rows with the columns of checkmaite."""

from __future__ import annotations

import pickle

import pytest
from capability_parts import DIGITS
from maite import tasks

from sweeper.capabilities import Evaluate, predict
from sweeper.metrics import ExpectedCalibrationError, SklearnMetric
from sweeper.records import columns


def test_evaluation_is_that_of_maite(model, accuracy):
    run = Evaluate().run([model], [DIGITS], [accuracy])
    expected, _, _ = tasks.evaluate(model=model, dataset=DIGITS, metric=accuracy, batch_size=64)
    assert run.values == dict(expected)
    assert run.n_items == 540


def test_the_row_has_the_columns_of_checkmaite_and_then_our_own(model):
    (row,) = Evaluate().run([model], [DIGITS], [ExpectedCalibrationError()]).extract()
    theirs = ["dataset_id", "model_id", "metric_id", "output_key", "output_value", "scope", "class_name"]
    ours = ["higher_is_better", "n_items", "n", "stderr", "ci_low", "ci_high", "ci_method", "evidence"]
    assert list(columns(type(row))) == ["run_uid", "created_at", *theirs, *ours]
    assert type(row).table_name == "maite_evaluation"
    assert (row.dataset_id, row.metric_id) == ("digits[test]", "expected_calibration_error")
    assert (row.output_key, row.scope, row.class_name, row.higher_is_better) == ("ece", "overall", None, False)


def test_predictions_made_before_are_used(model, accuracy):
    class Unwilling:
        metadata = model.metadata

        def __call__(self, batch):
            raise AssertionError("predicted twice")

    made = pickle.loads(pickle.dumps(predict(model, DIGITS)))
    run = Evaluate().run([Unwilling()], [DIGITS], [accuracy], predictions={"": made})
    assert run.values == Evaluate().run([model], [DIGITS], [accuracy]).values


@pytest.mark.parametrize(("higher", "verdict"), [(True, "met"), (False, "not met")])
def test_the_report_holds_values_against_the_threshold(model, higher, verdict):
    metric = SklearnMetric("sklearn.metrics.accuracy_score", higher_is_better=higher)
    assert f" {verdict} " in Evaluate().run([model], [DIGITS], [metric]).collect_md_report(0.9)
