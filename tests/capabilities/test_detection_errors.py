"""Errors of a detector are counted once each, add up in every group, and agree with the metric of the same limits."""

from __future__ import annotations

import tracemalloc
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
import scenes
from capability_parts import DIGITS
from detection_parts import Rectangles, Thresholds
from hypothesis import given, settings
from hypothesis import strategies as st
from scene_parts import Answers, Scenes, boxes_of

from sweeper.capabilities import (
    DetectionConfusionRecord,
    DetectionErrorRecord,
    DetectionErrors,
    DetectionErrorsRun,
    DetectionImageRecord,
    DetectionOverlapRecord,
    Evaluate,
    Predictions,
    predict,
)
from sweeper.capabilities.detection_error_counts import ErrorTally
from sweeper.capabilities.detection_errors import PICTURES
from sweeper.errors import PartError
from sweeper.metrics import DetectionF1
from sweeper.statistics.detection_errors import DETECTION_KINDS, OBJECT_KINDS, errors_of_image

DETECTOR = Thresholds(miss=0.2, double=0.2, confuse=0.2, shift=3.0, false=1.0)


def told(pairs: Any, by: Any = None, **settings: Any) -> DetectionErrorsRun:
    """Of a detector that gives these answers about these objects."""
    answers, truth = zip(*pairs, strict=True)
    given_metadata = None if by is None else [{"site": value} for value in by]
    dataset = Scenes(truth, metadata=given_metadata)
    keys = {} if by is None else {"by": "site"}
    return DetectionErrors(**keys, pictures=False, **settings).run([Answers(answers)], [dataset], [])


def rows(run: DetectionErrorsRun, table: type, /, **columns: Any) -> list[Any]:
    every = [row for row in run.extract() if isinstance(row, table)]
    return [row for row in every if all(getattr(row, name) == value for name, value in columns.items())]


def value(run: DetectionErrorsRun, key: str) -> float | None:
    (row,) = rows(run, DetectionErrorRecord, output_key=key)
    return row.output_value


@pytest.mark.parametrize(("confidence", "overlap"), [(0.5, 0.5), (0.0, 0.75), (0.8, 0.3)])
def test_shares_of_what_is_right_are_precision_and_recall(confidence: float, overlap: float):
    data = Rectangles(80)
    predictions = {"": predict(DETECTOR, data)}
    run = DetectionErrors(confidence=confidence, overlap=overlap).run([DETECTOR], [data], [], predictions=predictions)
    metric = DetectionF1(confidence=confidence, overlap=overlap)
    values = Evaluate().run([DETECTOR], [data], [metric], predictions=predictions).values
    assert value(run, "object.correct") == pytest.approx(values["recall"])
    assert value(run, "detection.correct") == pytest.approx(values["precision"])
    assert 0.1 < values["recall"] < 0.95


SEEDS = st.lists(st.integers(0, 2**32), min_size=1, max_size=6)


@given(SEEDS, st.data())
@settings(max_examples=60)
def test_every_object_and_every_detection_is_counted_once_in_every_group(seeds: list[int], data: st.DataObject):
    pairs = [scenes.scene(np.random.default_rng(seed), crowds=0.2) for seed in seeds]
    confidence = data.draw(st.sampled_from([0.0, 0.5]))
    sites = data.draw(st.lists(st.sampled_from(["rome", "oslo"]), min_size=len(pairs), max_size=len(pairs)))
    run = told(pairs, sites, confidence=confidence)
    each = [errors_of_image(_sure(answer, confidence), truth, 0.5, 0.1) for answer, truth in pairs]
    objects = Counter(OBJECT_KINDS[kind] for one in each for kind in one.object_kinds if kind >= 0)
    detections = Counter(DETECTION_KINDS[kind] for one in each for kind in one.detection_kinds if kind >= 0)
    n_crowds = sum(int(truth.iscrowd.sum()) for _, truth in pairs)
    n_sure = sum(int((answer.scores >= confidence).sum()) for answer, _ in pairs)
    assert objects.total() + n_crowds == sum(len(truth.labels) for _, truth in pairs)
    assert detections.total() + run.analysis.ignored.get("detection", 0) == n_sure
    assert run.analysis.ignored.get("object", 0) == n_crowds
    for side, counted in (("object", objects), ("detection", detections)):
        for scope in ("overall", "class", "size", "slice"):
            mine = rows(run, DetectionErrorRecord, side=side, scope=scope)
            assert _sums(mine) == {kind: n for kind, n in counted.items() if n}, (side, scope)
            for row in mine:
                assert row.output_value == (row.count / row.support if row.support else None)
            supports = {row.output_key.partition("[")[2]: row.support for row in mine}
            assert sum(supports.values()) == counted.total()
    cells = rows(run, DetectionConfusionRecord)
    assert sum(row.n for row in cells if row.kind == "missed") == objects["missed"]
    assert sum(row.n for row in cells if row.kind != "missed") == detections.total()
    overlaps = rows(run, DetectionOverlapRecord)
    assert _sums(overlaps, "n_detections") == {kind: n for kind, n in detections.items() if n}
    assert len({row.output_key for row in rows(run, DetectionErrorRecord)}) == len(rows(run, DetectionErrorRecord))


def _sure(answer: Any, confidence: float) -> Any:
    kept = answer.scores >= confidence
    return boxes_of(answer.boxes[kept], answer.labels[kept], answer.scores[kept])


def _sums(found: list[Any], column: str = "count") -> dict[str, int]:
    counted: dict[str, int] = defaultdict(int)
    for row in found:
        counted[row.kind] += getattr(row, column)
    return {kind: n for kind, n in counted.items() if n}


@given(SEEDS)
@settings(max_examples=30)
def test_a_slice_is_what_an_analysis_of_its_data_alone_says(seeds: list[int]):
    pairs = [scenes.scene(np.random.default_rng(seed), crowds=0.2) for seed in seeds]
    sites = ["rome" if seed % 2 else "oslo" for seed in seeds]
    whole = told(pairs, sites)
    for site in set(sites):
        alone = told([pair for pair, one in zip(pairs, sites, strict=True) if one == site])
        expected = rows(alone, DetectionErrorRecord, scope="overall")
        found = rows(whole, DetectionErrorRecord, slice_value=site)
        assert [(row.side, row.kind, row.count, row.support) for row in found] == [
            (row.side, row.kind, row.count, row.support) for row in expected
        ]


CLEAN = [10, 10, 30, 30]


def test_rows_of_a_scene_with_known_errors():
    truth = boxes_of([CLEAN, [40, 40, 140, 140], [200, 0, 240, 40]], [0, 1, 2])
    answer = boxes_of([CLEAN, CLEAN, [40, 40, 140, 100], [200, 0, 240, 10], [300, 300, 310, 310]], [0, 0, 2, 2, 1])
    run = told([(answer, truth)])
    expected = {
        "object.correct": 1 / 3,
        "object.wrong_class": 1 / 3,
        "object.badly_placed": 1 / 3,
        "object.missed": 0.0,
        "detection.double": 0.2,
        "detection.background": 0.2,
        "object.correct[cat]": 1.0,
        "object.wrong_class[dog]": 1.0,
        "object.correct[small]": 1.0,
        "object.badly_placed[medium]": 1.0,
        "object.wrong_class[large]": 1.0,
        "detection.background[dog]": 1.0,
        "detection.badly_placed[small]": 0.25,
    }
    assert {key: value(run, key) for key in expected} == pytest.approx(expected)
    cells = {(row.kind, row.label_name, row.predicted_name): row.n for row in rows(run, DetectionConfusionRecord)}
    assert cells == {
        ("correct", "cat", "cat"): 1,
        ("double", "cat", "cat"): 1,
        ("wrong_class", "dog", "owl"): 1,
        ("badly_placed", "owl", "owl"): 1,
        ("background", None, "dog"): 1,
    }
    overlaps = {(row.kind, row.low): row.n_detections for row in rows(run, DetectionOverlapRecord)}
    assert overlaps == {
        ("correct", 0.9): 1,
        ("double", 0.9): 1,
        ("wrong_class", 0.6): 1,
        ("badly_placed", 0.2): 1,
        ("background", 0.0): 1,
    }
    (image,) = rows(run, DetectionImageRecord)
    assert (image.datum_id, image.n_errors, image.n_objects, image.n_detections) == ("i0", 4, 3, 5)


def test_the_area_of_an_object_is_what_the_truth_says():
    outlined = boxes_of([[0, 0, 100, 100]], area=np.array([900.0], np.float32))
    run = told([(boxes_of([]), outlined)])
    assert (value(run, "object.missed[small]"), value(run, "object.missed[large]")) == (1.0, None)


def test_slices_come_with_the_weakest_first_and_bounds_that_allow_for_all_of_them():
    found, missed = (boxes_of([CLEAN]), boxes_of([CLEAN])), (boxes_of([]), boxes_of([CLEAN]))
    pairs = [found] * 30 + [missed, found] * 15 + [found] * 5
    run = told(pairs, ["oslo"] * 30 + ["rome"] * 30 + ["lima"] * 5)
    slices = rows(run, DetectionErrorRecord, side="object", kind="correct", scope="slice")
    assert [(row.slice_value, row.place, row.output_value) for row in slices] == [
        ("rome", 1, 0.5),
        ("oslo", 2, 1.0),
        ("lima", 3, 1.0),
    ]
    assert slices[0].ci_method == "clopper_pearson, 30 clusters, simultaneous over 2 slices"
    assert slices[2].ci_method == "none: 5 clusters; at least 10 are needed"
    alone = told(pairs[30:60], ["rome"] * 30)
    (single,) = rows(alone, DetectionErrorRecord, side="object", kind="correct", scope="slice")
    assert single.ci_low > slices[0].ci_low


def test_the_images_with_the_most_errors_are_listed_with_few_pictures():
    pairs = [(boxes_of([CLEAN] * (n % 7)), boxes_of([])) for n in range(60)]
    answers, truth = zip(*pairs, strict=True)
    run = DetectionErrors(worst=30, batch_size=7).run([Answers(answers)], [Scenes(truth)], [])
    listed = rows(run, DetectionImageRecord)
    order = sorted(range(60), key=lambda n: -(n % 7))[:30]
    assert [row.datum_number for row in listed] == order
    assert [row.datum_id for row in listed] == [f"i{n}" for n in order]
    assert [row.place for row in listed] == list(range(1, 31))
    assert set(run.analysis.pictures) == set(order[:PICTURES])
    report = run.collect_md_report(0.5)
    assert report.count("data:image/jpeg;base64,") == PICTURES
    assert "And 10 more." in report
    clean = told([(boxes_of([CLEAN]), boxes_of([CLEAN]))] * 3)
    assert rows(clean, DetectionImageRecord) == []


def test_images_that_can_no_longer_be_read_have_no_pictures():
    class Gone(Scenes):
        def __getitem__(self, index: int) -> Any:
            raise FileNotFoundError(index)

    pairs = [(boxes_of([CLEAN]), boxes_of([]))] * 3
    answers, truth = map(list, zip(*pairs, strict=True))
    predictions = {"": predict(Answers(answers), Scenes(truth))}
    run = DetectionErrors().run([Answers(answers)], [Gone(truth)], [], predictions=predictions)
    assert run.analysis.pictures == {}
    assert len(rows(run, DetectionImageRecord)) == 3


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_batches_change_nothing(batch_size: int):
    data = Rectangles(30)
    run = DetectionErrors(batch_size=batch_size, by="video").run([DETECTOR], [data], [])
    whole = DetectionErrors(by="video").run([DETECTOR], [data], [])
    plain = [vars(row) | {"run_uid": "", "created_at": None} for row in run.extract()]
    assert plain == [vars(row) | {"run_uid": "", "created_at": None} for row in whole.extract()]


def test_foreign_answers_with_scores_of_each_class_are_read():
    class Foreign:
        boxes, labels = [[10.0, 10.0, 30.0, 30.0]], [1]
        scores = [[0.2, 0.7, 0.1]]  # noqa: RUF012 - a class of another library

    run = told([(Foreign(), {"boxes": [CLEAN], "labels": [1], "scores": [1.0]})] * 2)
    assert (value(run, "object.correct"), value(run, "detection.correct")) == (1.0, 1.0)
    unsure = told([(Foreign(), {"boxes": [CLEAN], "labels": [1], "scores": [1.0]})], confidence=0.8)
    assert (value(unsure, "object.missed"), value(unsure, "detection.correct")) == (1.0, None)


def test_the_report_has_what_is_weakest_first():
    run = DetectionErrors(by="video", bins=2).run([DETECTOR], [Rectangles(200, videos=2)], [])
    text = run.collect_md_report(0.5)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Detection errors",
        "## Slices, the weakest first",
        "## Sizes",
        "## Classes, those with the fewest objects found first",
        "## Most frequent confusions",
        "## Detections by their overlap with the object",
        "## Images with the most errors",
    ]
    assert "thresholds on rectangles" in text
    assert "video=video-0" in text
    assert "| undecided" in text or "| met" in text or "| not met" in text


def test_memory_does_not_grow_with_the_images():
    random = np.random.default_rng(0)
    pairs = [scenes.scene(random) for _ in range(50)]

    def peak(repeats: int) -> int:
        tracemalloc.start()
        tally = ErrorTally(5)
        for answer, truth in pairs * repeats:
            tally.add(errors_of_image(answer, truth, 0.5, 0.1), "i")
        assert tally.images == 50 * repeats
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return size

    assert peak(20) < peak(2) + 20_000


def test_a_classifier_is_refused(model: Any):
    with pytest.raises(PartError, match=r"needs a detector and targets with boxes.*'Logistic.*use sweeper\.cap"):
        DetectionErrors().run([model], [DIGITS], [])


def test_wrong_truth_is_refused():
    with pytest.raises(PartError, match="has wrong truth for datum 'image-2'"):
        DetectionErrors().run([DETECTOR], [Rectangles(wrong="reversed")], [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 1.5},
        {"overlap": 0},
        {"background_overlap": 0},
        {"background_overlap": 0.6},
        {"interval_level": 0.5},
        {"bins": 1},
        {"worst": -1},
        {"by": [1]},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]):
    with pytest.raises(PartError, match=rf"DetectionErrors got .*{next(iter(wrong))}="):
        DetectionErrors(**wrong)


def test_predictions_that_were_put_together_by_hand():
    made = Predictions([[boxes_of([CLEAN])]], [[boxes_of([CLEAN])]], [[{"id": "a"}]])
    run = DetectionErrors().run([Answers([])], [Scenes([boxes_of([])])], [], predictions={"": made})
    assert value(run, "object.correct") == 1.0
