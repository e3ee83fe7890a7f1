"""evaluate and robustness on detection: values, intervals by resampling images or videos, and rows of classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from detection_parts import Rectangles, Thresholds

from sweeper.augmentations import LowLight, Rotation
from sweeper.capabilities import Evaluate, Robustness
from sweeper.capabilities.predictions import predict
from sweeper.metrics import CocoMap, DetectionF1
from sweeper.statistics.evidence import parsed
from sweeper.statistics.resampling import Resamples

SET = Rectangles(60)
WEAK: dict[str, Any] = {"miss": 0.2, "double": 0.1, "confuse": 0.05, "shift": 0.7, "false": 0.5}


def evaluated(metric: Any = None, model: Any = None, dataset: Any = SET, **settings: Any) -> Any:
    return Evaluate(batch_size=16, **settings).run([model or Thresholds(**WEAK)], [dataset], [metric or CocoMap()])


def rows(run: Any) -> dict[str, Any]:
    return {row.output_key: row for row in run.extract()}


def test_a_perfect_detector_finds_all():
    run = evaluated(model=Thresholds())
    assert run.values["map_50"] == run.values["mar_100"] == pytest.approx(1)
    assert next(iter(run.values)) == "map"
    assert rows(run)["map"].higher_is_better


def test_sizes_that_do_not_occur_have_no_value_and_say_why():
    large = rows(evaluated())["map_large"]
    assert math.isnan(large.output_value)
    assert large.ci_method == "none: no large object counts"


def test_without_resamples_there_is_no_interval_and_the_reason():
    row = rows(evaluated())["map"]
    assert row.ci_low is None
    assert row.ci_method.startswith("none: resamples: 1000 gives one, in seconds")
    assert row.evidence is None


@pytest.mark.parametrize("metric", [CocoMap, DetectionF1])
def test_resamples_give_intervals_around_the_values(metric: Any):
    found = rows(evaluated(metric(), resamples=200))
    for key in ("map", "map_50", "mar_100") if metric is CocoMap else ("f1", "recall", "f1_macro"):
        row = found[key]
        assert row.ci_low < row.output_value < row.ci_high
        assert row.n == 60
        of_envelope = key.startswith("map")
        assert row.ci_method == ("bootstrap_t, without bias" if of_envelope else "bootstrap_percentile")
        assert 0 < row.stderr < 0.1


def test_an_interval_is_that_of_scoring_resampled_images_anew():
    metric, model = CocoMap(), Thresholds(**WEAK)
    made = predict(model, SET)
    values = []
    for weights in Resamples("rectangles", 60).weights(0, 100):
        places = np.repeat(np.arange(60), weights)
        metric.reset()
        (given,), (wanted,) = made.prediction_batches, made.target_batches
        metric.update([given[i] for i in places], [wanted[i] for i in places], [{"id": str(i)} for i in places])
        values.append(metric.compute()["map"])
    row = rows(evaluated(resamples=100))["map"]
    assert row.stderr == pytest.approx(np.std(values, ddof=1), rel=1e-6)
    kept = parsed(row.evidence)
    assert kept is not None
    assert kept.resamples is not None
    np.testing.assert_allclose(kept.resamples.values, values, atol=1e-5)


def test_images_of_one_video_are_drawn_together():
    class Alike(Rectangles):
        """Each video is one image, shown many times."""

        def __getitem__(self, index: int) -> Any:
            image, truth, _ = super().__getitem__(index % self.videos)
            return image, truth, {"id": str(index), "video": f"v{index % self.videos}"}

    alike = Alike(240, videos=40)
    apart, together = (
        rows(evaluated(dataset=alike, resamples=200, cluster_by=key))["map_50"] for key in (None, "video")
    )
    assert together.stderr > 1.7 * apart.stderr
    assert together.n == 40


def test_each_class_has_a_row_with_its_name_that_does_not_sum_the_run_up():
    found = rows(evaluated(CocoMap(classwise=True), resamples=100))
    row = found["map_class_1"]
    assert (row.scope, row.class_name, found["map"].scope) == ("class", "tall", "overall")
    assert row.ci_low < row.output_value < row.ci_high
    assert found["map"].output_value == pytest.approx((row.output_value + found["map_class_0"].output_value) / 2)


def test_a_metric_of_ones_own_is_resampled_by_scoring_again():
    class Boxes:
        """How many boxes an image has on average."""

        metadata = {"id": "boxes"}  # noqa: RUF012 - a user's own class

        def reset(self) -> None:
            self.counts: list[int] = []

        def update(self, given: Any, wanted: Any, metadata: Any) -> None:
            self.counts += [len(each.labels) for each in given]

        def compute(self) -> Any:
            return {"boxes": float(np.mean(self.counts))}

    row = rows(evaluated(Boxes(), resamples=100))["boxes"]
    assert row.ci_low < row.output_value < row.ci_high
    kept = parsed(row.evidence)
    assert kept is not None
    assert kept.resamples is not None
    assert len(kept.resamples.values) == 100


def test_a_value_that_its_matches_do_not_give_has_no_interval():
    class Other(CocoMap):
        def values(self) -> dict[str, float]:
            return {**super().values(), "map": 0.5}

    found = rows(evaluated(Other(), resamples=100))
    assert found["map"].ci_method == "none: the value is another one than its matches give"
    assert found["map"].evidence is None
    assert found["map_50"].ci_low is not None


# Robustness


def test_robustness_gives_each_key_at_each_severity_and_its_area():
    capability = Robustness(LowLight, [0.1, 0.4], batch_size=16, resamples=100)
    run = capability.run([Thresholds()], [SET], [CocoMap()])
    found = {row.output_key: row for row in run.extract()}
    assert [found[f"map_50@{severity:g}"].output_value for severity in (0, 0.1, 0.4)] == sorted(
        (found[f"map_50@{severity:g}"].output_value for severity in (0, 0.1, 0.4)), reverse=True
    )
    assert found["map_50@0.4"].output_value < 0.9
    area = found["map.area"]
    assert area.ci_low < area.output_value < area.ci_high
    weights = (0.1 / 2, 0.4 / 2, 0.3 / 2)
    parts = [parsed(found[f"map@{severity:g}"].evidence) for severity in (0, 0.1, 0.4)]
    whole = parsed(area.evidence)
    assert whole is not None
    assert whole.conditions == pytest.approx({"": 0.125, "severity=0.1": 0.5, "severity=0.4": 0.375})
    expected = sum(
        weight / 0.4 * part.resamples.values
        for weight, part in zip(weights, parts, strict=True)
        if part and part.resamples
    )
    np.testing.assert_allclose(whole.resamples.values, expected, atol=1e-4)  # type: ignore[union-attr]


def test_what_moves_pixels_moves_the_boxes_of_robustness_too():
    run = Robustness(Rotation, [180.0], batch_size=16).run([Thresholds()], [SET], [DetectionF1(overlap=0.9)])
    turned = {row.output_key: row.output_value for row in run.extract()}
    assert turned["f1@180"] > 0.95
