"""An error analysis says what scikit-learn says of classes and confusions, and the same of each slice of the data."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from capability_parts import DIGITS, Detections
from hypothesis import given
from hypothesis import strategies as st
from sliced_parts import Sliced, Told

from sweeper.capabilities import (
    CalibrationRecord,
    ConfusionRecord,
    ErrorAnalysis,
    ErrorAnalysisRecord,
    ErrorAnalysisRun,
    Evaluate,
    Predictions,
    SliceClassRecord,
    WorstDatumRecord,
    predict,
)
from sweeper.capabilities.batches import MadeBatch
from sweeper.capabilities.predictions import put_together
from sweeper.errors import PartError
from sweeper.metrics import ExpectedCalibrationError
from sweeper.statistics.labels import LEAST_SUPPORT

REFERENCE = Path(__file__).parents[1] / "helpers" / "sklearn_errors.py"


NAMES = ("cat", "dog", "owl", "fox", "elk")


def told(answers: Any, names: Any = None) -> Told:
    """A model of the classes that the answers have scores of."""
    values = np.asarray(answers)
    return Told(answers, names=NAMES[: values.shape[1] if values.ndim == 2 else 3] if names is None else names)


def run(model: Any, data: Any, **settings: Any) -> ErrorAnalysisRun:
    return ErrorAnalysis(**settings).run([model], [data], [])


def rows(found: ErrorAnalysisRun, kind: type, **columns: Any) -> list[Any]:
    every = [row for row in found.extract() if isinstance(row, kind)]
    return [row for row in every if all(getattr(row, name) == value for name, value in columns.items())]


def value(found: ErrorAnalysisRun, key: str) -> float | None:
    (row,) = rows(found, ErrorAnalysisRecord, output_key=key)
    return row.output_value


def scores(classes: Any, confidence: Any = 0.8, width: int = 3) -> np.ndarray:
    """Probabilities with this confidence in each of these classes, the rest spread evenly."""
    given, sure = np.asarray(classes), np.broadcast_to(confidence, np.shape(classes))
    rest = (1 - sure) / (width - 1)
    made = np.repeat(rest[:, None], width, axis=1)
    made[np.arange(len(given)), given] = sure
    return made


# Against scikit-learn


def reference(folder: Path, labels: Any, predictions: Any) -> dict[str, Any]:
    np.savez(folder / "data.npz", labels=labels, predictions=predictions)
    argv = [sys.executable, "-I", str(REFERENCE), str(folder / "data.npz")]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("seed", range(3))
def test_classes_and_confusions_are_those_of_scikit_learn(tmp_path: Path, seed: int):
    random = np.random.default_rng(seed)
    labels = random.choice(4, 300, p=[0.6, 0.3, 0.1, 0.0])  # the fourth class has no data
    predictions = np.where(random.random(300) < 0.7, labels, random.choice([0, 1, 3], 300))
    found = run(told(scores(predictions, width=5)), Sliced(labels, names=NAMES[:4]))
    expected = reference(tmp_path, labels, predictions)
    values = {(row.class_index, row.quantity): row for row in rows(found, ErrorAnalysisRecord)}
    assert sorted({index for index, _ in values}) == expected["classes"]
    for (index, quantity), row in values.items():
        of_class = expected["report"][str(index)]
        wanted = of_class["f1-score" if quantity == "f1" else quantity]
        assert row.support == of_class["support"]
        assert row.output_value == (None if np.isnan(wanted) else pytest.approx(wanted, abs=1e-15)), (index, quantity)
    cells = {(row.label_index, row.predicted_index): row.n for row in rows(found, ConfusionRecord)}
    matrix, classes = np.array(expected["matrix"]), expected["classes"]
    dense = [[cells.get((label, predicted), 0) for predicted in classes] for label in classes]
    assert dense == matrix.tolist()
    assert min(cells.values()) > 0


def test_the_bins_are_those_of_the_calibration_error(model: Any):
    predictions = {"": predict(model, DIGITS)}
    found = ErrorAnalysis().run([model], [DIGITS], [], predictions=predictions)
    metric = ExpectedCalibrationError()
    error = Evaluate().run([model], [DIGITS], [metric], predictions=predictions).values["ece"]
    bins = rows(found, CalibrationRecord)
    assert len(bins) == 15
    assert sum(row.n * abs(row.gap) for row in bins if row.n) / 540 == pytest.approx(error, abs=1e-12)
    assert [(row.low, row.high) for row in bins] == [
        (pytest.approx(k / 15), pytest.approx((k + 1) / 15)) for k in range(15)
    ]
    empty = [row for row in bins if not row.n]
    assert empty
    assert all((row.confidence, row.accuracy, row.gap) == (None, None, None) for row in empty)


# Laws

CLASSES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.sampled_from(["x", "y", "z"])), min_size=1)


@given(CLASSES, st.data())
def test_counts_add_up_and_slices_partition_the_data(cases: list[tuple[int, int, str]], data: st.DataObject):
    labels, predicted, sites = zip(*cases, strict=True)
    heights = data.draw(st.lists(st.floats(-9, 9), min_size=len(cases), max_size=len(cases)))
    found = run(
        told(scores(predicted, width=5)),
        Sliced(labels, {"site": sites, "height": heights}),
        by=["site", "height"],
        bins=data.draw(st.integers(2, 6)),
        pictures=False,
    )
    for key in (None, "site", "height"):
        cells = rows(found, ConfusionRecord, slice_key=key)
        assert sum(row.n for row in cells) == len(cases)
        counted = Counter[tuple[int, int]]()
        for row in cells:
            counted[row.label_index, row.predicted_index] += row.n
        assert counted == Counter(zip(labels, predicted, strict=True))
        recalls, precisions = (_of_classes(found, key, quantity) for quantity in ("recall", "precision"))
        assert sum(row.support for row in recalls) == len(cases)
        assert sum(row.n for row in precisions) == len(cases)
        assert sum(row.n for row in rows(found, CalibrationRecord, slice_key=key)) == len(cases)
    slices = rows(found, ErrorAnalysisRecord, scope="slice")
    for key in ("site", "height"):
        mine = [row for row in slices if row.slice_key == key]
        assert sum(row.support for row in mine) == len(cases)
        assert all(row.support > 0 for row in mine)
        right = sum(row.output_value * row.support for row in mine)
        assert right == pytest.approx(sum(label == given for label, given, _ in cases))
    assert [row.place for row in slices] == list(range(1, len(slices) + 1))
    known = [row.ci_high for row in slices if row.ci_high is not None]
    assert known == sorted(known)
    keys = [row.output_key for row in rows(found, ErrorAnalysisRecord)]
    assert len(set(keys)) == len(keys)


@given(CLASSES)
def test_a_slice_is_what_an_analysis_of_its_data_alone_says(cases: list[tuple[int, int, str]]):
    labels, predicted, sites = map(np.array, zip(*cases, strict=True))
    found = run(told(scores(predicted, width=5)), Sliced(labels, {"site": sites.tolist()}), by="site", pictures=False)
    for site in set(sites.tolist()):
        part = sites == site
        alone = run(told(scores(predicted[part], width=5)), Sliced(labels[part]), pictures=False)
        assert _plain(rows(found, SliceClassRecord, slice_value=site)) == _plain(rows(alone, ErrorAnalysisRecord))
        for kind in (ConfusionRecord, CalibrationRecord):
            assert _plain(rows(found, kind, slice_value=site)) == _plain(rows(alone, kind))


def _of_classes(found: ErrorAnalysisRun, key: str | None, quantity: str) -> list[Any]:
    if key is None:
        return rows(found, ErrorAnalysisRecord, scope="class", quantity=quantity)
    return rows(found, SliceClassRecord, slice_key=key, quantity=quantity)


def _plain(records: list[Any]) -> list[dict[str, Any]]:
    """What rows of all data and of a slice have in common."""
    names = ("class_index", "class_name", "quantity", "support", "label_index", "predicted_index", "bin", "low", "high")
    names += ("confidence", "accuracy", "gap", "n", "stderr", "ci_low", "ci_high", "ci_method")
    columns = [vars(row) | {"value": vars(row).get("value", vars(row).get("output_value"))} for row in records]
    return [{name: row[name] for name in (*names, "value") if name in row} for row in columns]


# Slices


def test_the_weakest_slice_comes_first_and_a_small_one_claims_nothing():
    sites = ["rome"] * 100 + ["oslo"] * 100 + ["lima"] * 4
    wrong = {*range(40), *range(100, 105), *range(200, 204)}
    labels = [0] * 204
    predicted = [int(number in wrong) for number in range(204)]
    found = run(told(scores(predicted)), Sliced(labels, {"site": sites}), by="site")
    rome, oslo, lima = rows(found, ErrorAnalysisRecord, scope="slice")
    assert [row.slice_value for row in (rome, oslo, lima)] == ["rome", "oslo", "lima"]
    assert (rome.output_value, rome.support, rome.rest_value) == (0.6, 100, pytest.approx(95 / 104))
    assert rome.adjusted_p_value < 1e-6
    assert oslo.adjusted_p_value == pytest.approx(1)
    assert rome.ci_method == "clopper_pearson, simultaneous over 2 slices"
    assert (lima.output_value, lima.ci_low, lima.p_value) == (0.0, None, None)
    assert lima.ci_method == f"none: 4 data are in this slice; at least {LEAST_SUPPORT} are needed"
    only_rome = run(told(scores(predicted[:100])), Sliced(labels[:100], {"site": sites[:100]}), by="site")
    (alone,) = rows(only_rome, ErrorAnalysisRecord, scope="slice")
    assert (alone.rest_value, alone.p_value) == (None, None)  # there is no rest to compare it with
    assert alone.ci_low > rome.ci_low  # nor another slice to allow for


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["x", ...], r"datum 1 has no such metadata; its keys: \['id'\]"),
        (["x", None], "datum 1 has no such metadata"),
        ([["x"], "x"], r"datum 0 has \['x'\] \(list\); allowed is a text, a finite number or a truth value"),
        ([{"a": 1}, "x"], r"datum 0 has \{'a': 1\} \(dict\)"),
        ([1.0, float("nan")], r"datum 1 has nan \(float\)"),
        ([1, 10**400], "datum 1 has 1000"),
        ([np.zeros(2), "x"], r"datum 0 has array"),
    ],
)
def test_a_datum_without_a_usable_value_is_one_clear_error(values: list[Any], message: str):
    with pytest.raises(PartError, match=f"by names 'site', and {message}"):
        run(told(scores([0, 0])), Sliced([0, 0], {"site": values}), by=["site"])


def test_a_key_that_tells_single_data_apart_is_refused():
    files = [f"{number}.png" for number in range(201)]
    with pytest.raises(PartError, match="by names 'file', of which the data have 201 different values; at most 200"):
        run(told(scores([0] * 201)), Sliced([0] * 201, {"file": files}), by=["file"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"by": [1]}, r"by=\[1\]"),
        ({"by": {"site": 1}}, "by="),
        ({"by": None}, "by=None"),
        ({"bins": 1}, "bins from 2"),
        ({"calibration_bins": 0}, "calibration_bins from 1"),
        ({"worst": -1}, "worst from 0"),
        ({"confidence": 1.0}, "confidence is 1.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str):
    with pytest.raises(PartError, match=message):
        ErrorAnalysis(**settings)


# Odd classes


def test_one_class_alone_has_its_recall_and_precision():
    found = run(told(scores([0] * 30)), Sliced([0] * 30))
    assert {row.class_name for row in rows(found, ErrorAnalysisRecord)} == {"cat"}
    assert [value(found, f"{name}[cat]") for name in ("recall", "precision", "f1")] == [1.0, 1.0, 1.0]
    assert [row.n for row in rows(found, ConfusionRecord)] == [30]
    assert rows(found, WorstDatumRecord, reason="confidently_wrong") == []


def test_a_class_that_only_the_model_knows_is_named_by_it():
    found = run(told(scores([0] * 9 + [3], width=4)), Sliced([0] * 10))
    (recall,) = rows(found, ErrorAnalysisRecord, output_key="recall[fox]")
    assert (recall.output_value, recall.support, recall.n) == (None, 0, 0)
    assert recall.ci_method == "none: 0 data are of this class; at least 5 are needed"
    assert value(found, "precision[fox]") == 0.0
    assert value(found, "f1[fox]") == 0.0


def test_classes_with_one_name_are_told_apart_by_their_index():
    found = run(told(scores([0, 1, 2]), ["cat", "cat", "owl"]), Sliced([0, 1, 2], names=["cat", "cat", "owl"]))
    keys = [row.output_key for row in rows(found, ErrorAnalysisRecord, quantity="recall")]
    assert keys == ["recall[cat (0)]", "recall[cat (1)]", "recall[owl]"]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ({"0": "cat", np.int64(1): "dog"}, {"cat", "dog"}),
        (["cat", "dog"], {"cat", "dog"}),
        ({"owl": "owl"}, {"0", "1"}),
        (None, {"0", "1"}),
    ],
)
def test_names_of_classes_are_read_as_checks_read_them(labels: Any, names: set[str]):
    data = Sliced([0, 1] * 5)
    data.metadata["index2label"] = labels
    answers = Predictions((scores([0, 1] * 5),), (np.eye(3)[[0, 1] * 5],), ([{"id": n} for n in range(10)],))
    found = ErrorAnalysis(pictures=False).run([Told([])], [data], [], predictions={"": answers})
    assert {row.class_name for row in rows(found, ErrorAnalysisRecord)} == names


# What a model says of how sure it is


@pytest.mark.parametrize(
    ("answers", "warning", "bins", "uncertain"),
    [
        (scores([0] * 20), None, 15, 10),
        (np.eye(3)[[0] * 20], "confidence of 1 for every datum", 15, 0),
        (9.0 * np.eye(3)[[0] * 20] - 4, "scores that are no probabilities", 0, 10),
        ([0] * 20, "classes without confidences", 0, 0),
    ],
    ids=["probabilities", "one-hot", "logits", "hard"],
)
def test_an_analysis_says_what_confidences_do_not_tell(answers: Any, warning: str | None, bins: int, uncertain: int):
    data = Sliced([0] * 15 + [1] * 5)
    found = run(told(answers), data)
    assert found.warnings == (() if warning is None else (f"Model 'told' gives {_only(found.warnings)}",))
    assert (warning or "") in "".join(found.warnings)
    assert len(rows(found, CalibrationRecord)) == bins
    assert len(rows(found, WorstDatumRecord, reason="most_uncertain")) == uncertain
    assert len(rows(found, WorstDatumRecord, reason="confidently_wrong")) == (0 if "without" in (warning or "") else 5)
    assert value(found, "recall[cat]") == 1.0
    assert "# Error analysis" in found.collect_md_report(0.5)


def _only(warnings: tuple[str, ...]) -> str:
    (line,) = warnings
    return line.removeprefix("Model 'told' gives ")


def test_scores_that_are_no_numbers_are_refused():
    answers = scores([0, 0])
    answers[1, 2] = np.nan
    with pytest.raises(PartError, match="NaN or infinite"):
        run(told(answers), Sliced([0, 0]))
    unchecked = Predictions((answers,), (np.eye(3)[[0, 0]],), ([{"id": 0}, {"id": 1}],))
    with pytest.raises(PartError, match="prediction of model 'told' has no class: datum number 1"):
        ErrorAnalysis().run([told(answers)], [Sliced([0, 0])], [], predictions={"": unchecked})


def test_detections_are_refused():
    with pytest.raises(PartError, match="An error analysis needs a classifier"):
        run(Detections(), Detections())


def test_an_empty_dataset_is_refused():
    with pytest.raises(PartError, match="empty"):
        run(told([]), Sliced([]))


# The worst data


def test_the_worst_data_are_the_surest_wrong_ones_and_the_least_sure():
    sure = np.array([0.9, 0.5, 0.8, 0.7, 0.6, 0.95])
    labels, predicted = [0, 1, 2, 0, 0, 1], [0, 0, 0, 1, 0, 0]
    found = run(told(scores(predicted, sure)), Sliced(labels, ids=[f"img{n}" for n in range(6)]), worst=3)
    wrong = rows(found, WorstDatumRecord, reason="confidently_wrong")
    assert [(row.place, row.datum_id, row.datum_number) for row in wrong] == [
        (1, "img5", 5),
        (2, "img2", 2),
        (3, "img3", 3),
    ]
    assert [row.confidence for row in wrong] == [0.95, 0.8, 0.7]
    assert (wrong[0].label_name, wrong[0].predicted_name, wrong[0].is_right) == ("dog", "cat", False)
    unsure = rows(found, WorstDatumRecord, reason="most_uncertain")
    assert [(row.datum_id, row.is_right) for row in unsure] == [("img1", False), ("img4", True), ("img3", False)]


def test_only_the_worst_data_are_read_again():
    data, model = Sliced([0] * 300), told(scores([0] * 290 + [1] * 10))
    predictions = {"": predict(model, data)}
    data.read.clear()
    found = ErrorAnalysis(worst=2).run([model], [data], [], predictions=predictions)
    assert sorted(data.read) == sorted({row.datum_number for row in rows(found, WorstDatumRecord)})
    data.read.clear()
    ErrorAnalysis(worst=2, pictures=False).run([model], [data], [], predictions=predictions)
    assert data.read == []


def test_an_image_that_is_gone_has_no_picture_and_fails_nothing():
    class Gone(Sliced):
        def __getitem__(self, index: int) -> Any:
            if index == 1:
                raise FileNotFoundError("1.png")
            return super().__getitem__(index)

    model = told(scores([1, 1, 0]))
    predictions = {"": predict(model, Sliced([0, 0, 0]))}
    found = ErrorAnalysis().run([model], [Gone([0, 0, 0])], [], predictions=predictions)
    shown = {one.number: one.picture is not None for one in found.analysis.worst}
    assert shown == {0: True, 1: False, 2: True}
    assert found.collect_md_report(0.5).count("data:image") == 3


# Memory


class OnDisk:
    """Some batches that are made anew whenever they are read, and which must be let go before the next are."""

    alive = 0

    def __init__(self, numbers: range, width: int) -> None:
        self.numbers, self._width, self.reads = numbers, width, 0

    @property
    def data(self) -> int:
        return 8 * len(self.numbers)

    def batches(self) -> list[Any]:
        assert OnDisk.alive == 0, "two blocks at once"
        self.reads += 1
        return [_Made(number, self._width) for number in self.numbers]


class _Made(MadeBatch):
    def __new__(cls, number: int, width: int) -> Any:
        labels = (8 * number + np.arange(8)) % width
        given = np.where(np.arange(8) == 3, (labels + 1) % width, labels)
        metadata = [{"id": 8 * number + place, "site": "xy"[place % 2]} for place in range(8)]
        OnDisk.alive += 1
        return super().__new__(cls, number, scores(given, 0.6, width), np.eye(width)[labels], metadata)

    def __del__(self) -> None:
        OnDisk.alive -= 1


def test_predictions_are_read_a_block_at_a_time():
    width, blocks = 50, [OnDisk(range(4 * number, 4 * number + 4), 50) for number in range(25)]
    data = Sliced([number % width for number in range(800)], names=[str(n) for n in range(width)])
    used = put_together(told([], data.metadata["index2label"].values()), data, blocks)
    assert used.is_in_blocks
    found = ErrorAnalysis(by="site", pictures=False).run(
        [told([], data.metadata["index2label"].values())], [data], [], predictions={"": used}
    )
    assert OnDisk.alive <= 4  # the block that was read last
    assert sum(row.n for row in rows(found, ConfusionRecord, slice_key=None)) == 800
    assert sum(row.n for row in rows(found, ConfusionRecord, slice_key=None, is_right=False)) == 100
    assert [row.support for row in rows(found, ErrorAnalysisRecord, scope="slice")] == [400, 400]
    assert max(block.reads for block in blocks) <= 6


def test_a_run_keeps_nothing_that_grows_with_the_data():
    sizes = [len(pickle.dumps(run(told(scores([0] * n)), Sliced([0] * n), pictures=False))) for n in (100, 5000)]
    assert sizes[1] < sizes[0] + 200


# The report


def test_the_report_says_what_is_weakest_and_shows_the_data():
    sites = ["rome"] * 60 + ["oslo"] * 60
    predicted = [1] * 30 + [0] * 90
    found = run(told(scores(predicted, 0.9)), Sliced([0] * 120, {"site": sites}), by="site", worst=3)
    report = found.collect_md_report(0.8)
    assert "30 of 120 items are classified wrongly" in report
    lines = report.splitlines()
    rome, oslo = (next(line for line in lines if f"site={name}" in line) for name in ("rome", "oslo"))
    assert lines.index(rome) < lines.index(oslo)
    assert rome.rstrip("| ").endswith("not met")
    assert oslo.rstrip("| ").endswith("met")
    assert report.count("](data:image/png;base64,") == 6
    assert "## Calibration" in report


def test_there_are_few_pictures_however_many_data_are_listed():
    data, model = Sliced([0] * 100), told(scores([1] * 100, np.linspace(0.4, 0.9, 100)))
    predictions = {"": predict(model, data)}
    data.read.clear()
    found = ErrorAnalysis(worst=50).run([model], [data], [], predictions=predictions)
    assert len(rows(found, WorstDatumRecord)) == 100
    assert len(data.read) == 40
    report = found.collect_md_report(0.5)
    assert report.count("data:image") == 40
    assert report.count("And 30 more.") == 2


def test_a_report_of_many_classes_is_cut():
    names = [f"c{n}" for n in range(60)]
    found = run(told(scores(range(60), width=60), names), Sliced(range(60), names=names), worst=0)
    report = found.collect_md_report(0.5)
    assert "And 40 more." in report
    assert "data:image" not in report
