"""Robustness is the evaluation at each severity."""

from __future__ import annotations

from functools import partial

import pytest
from capability_parts import DIGITS, Detections, Plain
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeper.augmentations import LowLight, Rotation, SensorNoise
from sweeper.capabilities import Evaluate, Predictions, Robustness, predict
from sweeper.datasets import Augmented
from sweeper.errors import PartError


def test_robustness_is_the_evaluation_at_each_severity(model, accuracy):
    run = Robustness(partial(SensorNoise, seed=3), [0.1, 0.4]).run([model], [DIGITS], [accuracy])
    data = [DIGITS, Augmented(DIGITS, SensorNoise(0.1, seed=3)), Augmented(DIGITS, SensorNoise(0.4, seed=3))]
    expected = [Evaluate().run([model], [d], [accuracy]).values["accuracy"] for d in data]
    assert run.curves["accuracy"].values == pytest.approx(expected)
    first, second, third = expected
    area = (0.1 * (first + second) / 2 + 0.3 * (second + third) / 2) / 0.4
    assert run.curves["accuracy"].area == pytest.approx(area)
    assert first > second > third


def test_robustness_rows(model, accuracy):
    rows = Robustness(Rotation, [10, 20]).run([model], [DIGITS], [accuracy]).extract()
    assert [row.output_key for row in rows] == ["accuracy@0", "accuracy@10", "accuracy@20", "accuracy.area"]
    assert [row.severity for row in rows] == [0, 10, 20, None]
    assert [row.severity_index for row in rows] == [0, 1, 2, None]
    assert [row.scope for row in rows] == ["severity"] * 3 + ["overall"]
    assert {(row.augmentation, row.parameter, row.metric_key, row.higher_is_better) for row in rows} == {
        ("Rotation", "severity", "accuracy", True)
    }


@given(st.floats(0, 1), st.lists(st.floats(0.01, 1), min_size=1, max_size=5, unique=True))
@settings(max_examples=20, deadline=None)
def test_a_curve_that_stays_has_its_value_as_area(value, severities):
    class Constant(Detections):
        def update(self, predictions, targets, metadata):
            assert len(predictions) == len(targets)

        def compute(self):
            return {"v": value}

    run = Robustness(LowLight, sorted(severities)).run([Detections()], [Plain()], [Constant()])
    assert run.curves["v"].area == pytest.approx(value, abs=1e-9)


def test_robustness_takes_any_factory_and_falling_parameters(model, accuracy):
    def lamp(brightness):
        return LowLight(1 - brightness)

    by_lamp = Robustness(lamp, [0.75, 0.5], parameter="brightness", baseline=1.0).run([model], [DIGITS], [accuracy])
    by_loss = Robustness(LowLight, [0.25, 0.5]).run([model], [DIGITS], [accuracy])
    assert by_lamp.curves == by_loss.curves
    assert by_lamp.severities == (1.0, 0.75, 0.5)


def test_robustness_uses_predictions_by_the_labels_of_its_augmentations(model, accuracy):
    capability = Robustness(LowLight, [0.5])
    made = {label: predict(model, DIGITS, a) for label, a in capability.augmentations().items()}
    assert list(made) == ["", "severity=0.5"]
    assert all(isinstance(p, Predictions) for p in made.values())
    run = capability.run([model], [DIGITS], [accuracy], predictions=made)
    assert run.curves == capability.run([model], [DIGITS], [accuracy]).curves


@pytest.mark.parametrize(
    ("augmentation", "arguments", "message"),
    [
        (LowLight(0.5), {"severities": [0.5]}, "_partial_: true"),
        ("LowLight", {"severities": [0.5]}, "_partial_: true"),
        (LowLight, {"severities": []}, "one or more"),
        (LowLight, {"severities": [0.5, 0.5]}, "further"),
        (LowLight, {"severities": [0.0, 0.5]}, "further|one side"),
        (LowLight, {"severities": [-0.5, 0.6]}, "one side"),
        (LowLight, {"severities": [0.5], "parameter": "strength"}, "strength=0.5"),
        (lambda severity: len, {"severities": [0.5]}, "not a MAITE Augmentation"),
        (LowLight, {"severities": [0.5, 1.5]}, "severity of low_light is 1.5"),
    ],
)
def test_robustness_refuses_what_is_not_allowed(augmentation, arguments, message):
    with pytest.raises(PartError, match=message):
        Robustness(augmentation, **arguments)
