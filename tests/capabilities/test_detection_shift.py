"""Shifts of detection data are found where they were made, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scene_parts import Scenes, boxes_of
from scipy.stats import chi2_contingency, ks_2samp

from sweeper.capabilities import DetectionShift, DetectionShiftRecord, DetectionShiftRun
from sweeper.capabilities.pixel_features import average_pool, pooled_to
from sweeper.capabilities.scene_features import features_of
from sweeper.capabilities.two_samples import classes_test
from sweeper.errors import PartError

NAMES = ("cat", "dog", "owl")


def made(
    seed: int,
    n: int = 120,
    *,
    scale: float = 1.0,
    move: float = 0.0,
    most: int = 5,
    mix: Any = (0.5, 0.3, 0.2),
    dark: float = 1.0,
    size: tuple[int, int] = (16, 24),
    channels: int = 3,
    names: Any = NAMES,
) -> Scenes:
    """Images whose boxes are alike within each: one size, one class, and many or few of them."""
    random = np.random.default_rng(seed)
    targets, images = [], []
    for _ in range(n):
        count = int(random.integers(0, most + 1))
        side = scale * random.uniform(2, 8)
        corners = random.uniform(0, 10, (count, 2)) + np.array([move, 0])
        sides = side * np.array([1.0, random.uniform(0.5, 2)])
        targets.append(boxes_of(np.hstack([corners, corners + sides]), [int(random.choice(3, p=mix))] * count))
        colour = dark * random.random((channels, 1, 1))  # so that pixels do not depend on the size
        images.append(np.broadcast_to(colour, (channels, *size)).astype(np.float32))
    return Scenes(targets, images, names=names, id=f"made{seed}")


def compared(reference: Scenes, candidate: Scenes, **settings: Any) -> DetectionShiftRun:
    return DetectionShift(**{"side": 3, **settings}).run(datasets=[reference, candidate])


def differing(run: DetectionShiftRun) -> set[str]:
    return {one.test.feature for one in run.found.features if one.test.shifted}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"scale": 2.0}, {"box_area"}),
        ({"move": 6.0}, {"box_x"}),
        ({"most": 12}, {"box_count"}),
        ({"mix": (0.1, 0.1, 0.8)}, {"class_mix"}),
        ({"size": (16, 30)}, {"image_width"}),
    ],
    ids=["size", "place", "count", "classes", "image"],
)
def test_a_shift_is_found_where_it_was_made(change: Any, found: set[str]):
    run = compared(made(0), made(1, **change))
    assert run.shifted
    assert found <= differing(run)
    assert not differing(run) - found - {"box_x", "box_y", "box_area", "box_aspect"}
    assert not run.found.classifier.shifted


def test_darker_images_are_found_by_their_pixels_and_the_classifier():
    run = compared(made(0), made(1, dark=0.6))
    assert {"brightness", "contrast", "c0_y1_x1"} <= differing(run)
    assert run.found.classifier.shifted
    assert not differing(run) & {"box_area", "class_mix", "box_count"}


def test_two_samples_of_one_source_do_not_differ():
    run = compared(made(0), made(1))
    assert not run.shifted
    assert differing(run) == set()
    assert "does not differ detectably" in run.collect_md_report(0)


def test_boxes_that_are_alike_within_an_image_raise_no_alarm():
    """60 comparisons at level 0.05 / 3: more than 5 alarms have a probability below 0.001 where the level holds.

    Tested as if all boxes were independent, most of them would be called shifted.
    """
    alarms, naive = 0, 0
    for seed in range(60):
        datasets = [made(2 * seed, 50, most=30), made(2 * seed + 1, 50, most=30)]
        features = [features_of(one, side=1, most_images=5, seed=place) for place, one in enumerate(datasets)]
        p_values = [
            ks_2samp(features[0].boxes[name], features[1].boxes[name]).pvalue for name in ("box_area", "box_aspect")
        ]
        p_values.append(classes_test(*({str(k): n for k, n in one.labels.items()} for one in features)).p_value)
        alarms += min(p_values) < 0.05 / 9
        every = [{str(k): n for k, n in one.all_labels.items()} for one in features]
        naive += classes_test(*every).p_value < 0.05 / 9
    assert alarms <= 5
    assert naive > 30


def test_rows_have_the_verdict_each_feature_and_each_class():
    reference, candidate = made(0), made(1, scale=2.0)
    run = compared(reference, candidate)
    rows = run.extract()
    assert [row.output_key for row in rows[:6]] == [
        "shifted", "classifier.auc", "images.shifted_share", "images.max_statistic",
        "boxes.shifted_share", "boxes.max_statistic",
    ]  # fmt: skip
    assert all(type(row) is DetectionShiftRecord for row in rows)
    assert {(row.reference_id, row.candidate_id) for row in rows} == {("made0", "made1")}
    features = {row.feature: row for row in rows if row.scope == "feature"}
    boxes = ["box_count", "box_area", "box_aspect", "box_x", "box_y", "class_mix"]
    assert [name for name, row in features.items() if row.subject == "boxes"] == boxes
    assert len(features) == 3 * 9 + 4 + 6
    assert all(row.p_value <= row.adjusted_p_value for row in features.values())
    area = features["box_area"]
    drawn = [features_of(one, side=3, most_images=9, seed=n) for n, one in enumerate((reference, candidate))]
    expected = ks_2samp(drawn[0].boxes["box_area"], drawn[1].boxes["box_area"], method="asymp")
    assert (area.output_value, area.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert area.reference_value == pytest.approx(np.median(drawn[0].boxes["box_area"]))
    assert (area.n_reference, area.n_candidate) == (drawn[0].with_boxes, drawn[1].with_boxes)
    classes = {row.class_name: row for row in rows if row.scope == "class"}
    assert set(classes) == set(NAMES)
    assert sum(row.reference_value for row in classes.values()) == pytest.approx(1)
    for row in classes.values():
        assert row.output_value == pytest.approx(row.candidate_value - row.reference_value)
    assert len({row.output_key for row in rows}) == len(rows)


def test_classes_are_compared_by_name_where_both_have_names():
    other_order = ("owl", "cat", "dog")
    run = compared(made(0), made(1, mix=(0.2, 0.5, 0.3), names=other_order))
    assert "class_mix" not in differing(run)
    by_index = compared(made(0, names=()), made(1, mix=(0.2, 0.5, 0.3), names=other_order))
    assert {one.name for one in by_index.found.classes} == {"0", "1", "2"}


def test_without_boxes_only_images_and_counts_are_tested():
    empty = Scenes([boxes_of([])] * 20, [np.zeros((3, 16, 24), np.float32)] * 20, id="empty")
    run = compared(made(0), empty)
    assert [one.test.feature for one in run.found.of("boxes")] == ["box_count"]
    assert run.warnings == (
        "Dataset 'empty' has 0 images with boxes; at least 5 are needed: sizes, places and classes of boxes are not "
        "tested.",
    )
    assert [row.output_value for row in run.extract() if row.scope == "class"] == [None] * 3
    assert "Note: Dataset 'empty'" in run.collect_md_report(0.5)


def test_one_box_of_each_image_is_drawn_and_crowds_and_empty_boxes_never():
    crowd = boxes_of([[0, 0, 9, 9], [2, 2, 4, 8], [5, 5, 5, 9]], [0, 1, 2], iscrowd=np.array([1, 0, 0], bool))
    found = features_of(Scenes([crowd, boxes_of([])], size=(10, 20)), side=2, most_images=9, seed=0)
    assert {name: float(*values) for name, values in found.boxes.items()} == pytest.approx(
        {"box_area": 12 / 200, "box_aspect": 2 / 6, "box_x": 3 / 20, "box_y": 0.5}
    )
    assert (dict(found.labels), dict(found.all_labels)) == ({1: 1}, {1: 1})
    assert found.images["box_count"].tolist() == [1, 0]
    assert (found.images["image_width"].tolist(), found.images["image_height"].tolist()) == ([20, 20], [10, 10])


def test_the_pixels_of_few_images_are_kept_evenly_spread():
    images = [np.full((1, 4, 4), number / 100, np.float32) for number in range(100)]
    found = features_of(Scenes([boxes_of([])] * 100, images), side=2, most_images=4, seed=0)
    assert (100 * found.pixels[:, 0]).round().tolist() == [0, 33, 66, 99]
    assert len(found.images["box_count"]) == 100


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9))
def test_images_of_any_size_are_pooled_to_one_size(height: int, width: int, side: int):
    image = np.random.default_rng(0).random((2, height, width), np.float32)
    pooled = pooled_to(image, side)
    assert pooled.shape == (2, side, side)
    assert image.min() <= pooled.min() <= pooled.max() <= image.max() + 1e-6
    if height >= side and width >= side:
        assert pooled == pytest.approx(average_pool(image[None], side)[0])


COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60), max_size=6)


@given(COUNTS, COUNTS)
def test_classes_are_tested_as_scipy_does_once_rare_ones_are_together(reference: Any, candidate: Any):
    found = classes_test(reference, candidate)
    totals = [sum(one.values()) for one in (reference, candidate)]
    columns = sorted(([reference.get(name, 0), candidate.get(name, 0)] for name in "fedcba"), key=sum)
    rare = [one for one in columns if sum(one) * min(totals) < 5 * sum(totals)]
    common = columns[len(rare) :]
    if common and 0 < sum(map(sum, rare)) * min(totals) < 5 * sum(totals):
        rare.append(common.pop(0))
    table = np.array([one for one in [*common, np.sum(rare or [[0, 0]], axis=0)] if sum(one)], float).reshape(-1, 2).T
    if table.shape[1] < 2:
        assert found == (0.0, 1.0)
        return
    expected = chi2_contingency(table, correction=False)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.statistic == pytest.approx((expected.statistic / sum(totals)) ** 0.5)


def test_what_cannot_be_compared_is_one_clear_error():
    with pytest.raises(PartError, match="images of made0 have 3 channels, and those of made1 1"):
        compared(made(0, 9), made(1, 9, channels=1))
    with pytest.raises(PartError, match="needs 5 images; made1 has 4"):
        compared(made(0, 9), made(1, 4))
    mixed = Scenes([boxes_of([])] * 6, [np.zeros((1 + (n == 3), 4, 4)) for n in range(6)])
    with pytest.raises(PartError, match="Datum 'i3' has an image of 2 channels, and others have 1"):
        compared(mixed, made(0, 9))


@pytest.mark.parametrize("wrong", [{"alpha": 0}, {"alpha": 1}, {"side": 0}, {"folds": 1}, {"most_images": 4}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]):
    with pytest.raises(PartError, match=f"DetectionShift got .*{next(iter(wrong))}="):
        DetectionShift(**wrong)
