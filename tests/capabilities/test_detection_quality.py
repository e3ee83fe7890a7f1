"""Checks of detection data find what was planted, count it once, and leave clean data alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scene_parts import Scenes, boxes_of

from sweeper.capabilities import DetectionQuality, DetectionQualityRun
from sweeper.capabilities.box_checks import BOX_CHECKS, BoxChecks
from sweeper.capabilities.clearest import Clearest
from sweeper.capabilities.scenes import Scene
from sweeper.common.detections import DetectionTarget
from sweeper.errors import PartError

WIDTH, HEIGHT = 50, 40
KNOWN = {0, 1, 2}


def flaws(target: DetectionTarget, **limits: float) -> dict[str, list[int]]:
    """The boxes that each check finds in one image of 50 x 40."""
    scene = Scene("i0", np.zeros((1, HEIGHT, WIDTH)), target)
    found: dict[str, list[int]] = {}
    for flaw in BoxChecks(**limits).flaws(scene, KNOWN):
        found.setdefault(flaw.check, []).append(flaw.box)
    return found


def run(*targets: Any, images: Any = None, **settings: Any) -> DetectionQualityRun:
    return DetectionQuality(**settings).run(datasets=[Scenes(targets, images)])


CLEAN = [10, 10, 30, 30]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (CLEAN, {}),
        ([0, 0, WIDTH, HEIGHT], {}),
        ([-0.4, 0, WIDTH + 0.4, HEIGHT], {}),
        ([-0.6, 0, 20, 20], {"partly_outside": [0]}),
        ([30, 20, 40, HEIGHT + 1], {"partly_outside": [0]}),
        ([60, 0, 80, 20], {"wholly_outside": [0]}),
        ([0, -30, 20, -1], {"wholly_outside": [0]}),
        ([WIDTH, 0, WIDTH + 20, 20], {"wholly_outside": [0]}),
        ([10, 10, 10, 30], {"empty": [0]}),
        ([30, 10, 10, 30], {"empty": [0]}),
        ([30, 30, 10, 10], {"empty": [0]}),
        ([10, 10, np.nan, 30], {"empty": [0]}),
        ([10, 10, np.inf, 30], {"empty": [0]}),
        ([-np.inf, 10, np.inf, 30], {"empty": [0]}),
        ([10, 10, 13.9, 30], {"tiny": [0]}),
        ([10, 10, 14, 30], {}),
        ([-9, 0, -6, 20], {"tiny": [0], "wholly_outside": [0]}),
    ],
)
def test_each_flaw_of_a_box_is_found(box: list[float], expected: dict[str, list[int]]):
    assert flaws(boxes_of([box])) == expected


def test_doubles_are_found_beside_the_earlier_box_of_their_class():
    near = [10, 10, 30, 29]  # an overlap of 0.95 with CLEAN
    assert flaws(boxes_of([CLEAN, CLEAN])) == {"exact_doubles": [1]}
    assert flaws(boxes_of([CLEAN, CLEAN], [0, 1])) == {"two_classes": [1]}
    assert flaws(boxes_of([CLEAN, near])) == {"near_doubles": [1]}
    assert flaws(boxes_of([CLEAN, near], [0, 1])) == {}
    assert flaws(boxes_of([CLEAN, near]), double_overlap=0.96) == {}
    assert flaws(boxes_of([CLEAN, near]), double_overlap=0.95) == {"near_doubles": [1]}
    assert flaws(boxes_of([CLEAN, CLEAN, CLEAN, near])) == {"exact_doubles": [1, 2], "near_doubles": [3]}
    assert flaws(boxes_of([CLEAN, CLEAN, CLEAN], [0, 1, 0])) == {"two_classes": [1], "exact_doubles": [2]}
    crowd = np.array([True, False])
    assert flaws(boxes_of([CLEAN, CLEAN], iscrowd=crowd)) == {}


def test_labels_without_a_name_are_found_where_others_have_one():
    assert flaws(boxes_of([CLEAN], [3])) == {"unknown_class": [0]}
    nameless = Scene("i0", np.zeros((1, HEIGHT, WIDTH)), boxes_of([CLEAN], [3]))
    assert list(BoxChecks().flaws(nameless, set())) == []


def test_scores_say_how_clear_a_case_is():
    target = boxes_of([[-10, 0, 10, 20], [60, 0, 80, 20], [1, 1, 3, 20], CLEAN, [10, 10, 30, 29]])
    scene = Scene("i0", np.zeros((1, HEIGHT, WIDTH)), target)
    scores = {flaw.check: flaw.score for flaw in BoxChecks().flaws(scene, KNOWN)}
    assert scores == {"partly_outside": 0.5, "wholly_outside": 10.0, "tiny": 2.0, "near_doubles": pytest.approx(0.95)}


CORNERS = st.tuples(*[st.sampled_from([-5.0, 0.0, 1.0, 10.0, 11.0, 30.0, 49.0, 60.0])] * 4)
TARGETS = st.lists(st.tuples(CORNERS, st.integers(0, 3), st.booleans()), max_size=8)


@given(TARGETS, st.sampled_from([0.3, 0.8, 0.95]))
def test_what_is_found_is_what_a_look_at_each_pair_of_boxes_finds(cases: Any, least: float):
    boxes, labels, crowds = ([case[place] for case in cases] for place in range(3))
    target = boxes_of(boxes, labels, iscrowd=np.array(crowds, bool))
    assert flaws(target, double_overlap=least) == brute_force(boxes, labels, crowds, least)


def brute_force(boxes: Any, labels: Any, crowds: Any, least: float) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, ((x0, y0, x1, y1), label) in enumerate(zip(boxes, labels, strict=True)):
        earlier = [one for one in range(number) if not crowds[one]] if not crowds[number] else []
        equal = [labels[one] for one in earlier if boxes[one] == boxes[number]]
        solid = x1 > x0 and y1 > y0
        beyond = x0 < -0.5 or y0 < -0.5 or x1 > WIDTH + 0.5 or y1 > HEIGHT + 0.5
        away = x0 >= WIDTH or y0 >= HEIGHT or x1 <= 0 or y1 <= 0
        others = [boxes[one] for one in earlier if labels[one] == label and boxes[one] != boxes[number]]
        holds = {
            "empty": not solid,
            "tiny": solid and min(x1 - x0, y1 - y0) < 4,
            "wholly_outside": solid and beyond and away,
            "partly_outside": solid and beyond and not away,
            "exact_doubles": label in equal,
            "near_doubles": solid and any(overlap(one, boxes[number]) >= least for one in others),
            "two_classes": bool(equal) and label not in equal,
            "unknown_class": label not in KNOWN,
        }
        for check in (check for check, held in holds.items() if held):
            found.setdefault(check, []).append(number)
    return found


def overlap(one: Any, other: Any) -> float:
    if one[2] <= one[0] or one[3] <= one[1]:
        return 0.0
    width, height = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    shared = width * height if width > 0 and height > 0 else 0.0
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (area - shared)


def test_near_doubles_do_not_depend_on_blocks(monkeypatch: pytest.MonkeyPatch):
    random = np.random.default_rng(0)
    corners = random.integers(0, 3, (200, 2))
    target = boxes_of(np.concatenate([corners, corners + 30 + random.integers(0, 2, (200, 2))], axis=1))
    whole = flaws(target)
    monkeypatch.setattr("sweeper.capabilities.box_checks._COMPARED", 1000)
    assert flaws(target) == whole
    assert len(whole["near_doubles"]) > 10


@given(st.lists(TARGETS, min_size=1, max_size=5))
@settings(max_examples=30)
def test_counts_of_classes_add_up_to_those_of_the_dataset(images: Any):
    targets = [
        boxes_of(*zip(*[case[:2] for case in cases], strict=True)) if cases else boxes_of([]) for cases in images
    ]
    found = run(*targets, listed=3).found
    assert found.n_boxes == sum(map(len, images)) == sum(found.boxes.values())
    assert found.checks["no_boxes"].n_found == sum(not cases for cases in images)
    each = [flaws(target) for target in targets]
    for check in BOX_CHECKS:
        one = found.checks[check]
        assert one.n_found == sum(one.by_class.values()) == sum(len(mine.get(check, ())) for mine in each)
        assert len(one.clearest) == min(3, one.n_found)


def test_equal_images_and_images_that_look_alike_are_found_whatever_their_sizes():
    random = np.random.default_rng(0)
    images = [random.random((3, 30 + n, 40 - n), np.float32) for n in range(12)]
    images += [images[2].copy(), np.clip(images[5] + np.float32(0.004), 0, 1)]
    found = run(*[boxes_of([CLEAN])] * 14, images=images).found.checks
    assert [case[:3] for case in found["exact_duplicates"].clearest] == [("i12", 0.0, "i2")]
    assert [(case.datum_id, case.detail) for case in found["near_duplicates"].clearest] == [("i13", "i5")]


def test_images_of_equal_pixels_and_other_shapes_are_no_duplicates():
    flat = [np.zeros((3, 4, 9), np.uint8), np.zeros((3, 9, 4), np.uint8), np.zeros((3, 9, 4), np.uint8)]
    found = run(*[boxes_of([[0, 0, 4, 4]])] * 3, images=flat).found.checks["exact_duplicates"]
    assert [case[:3] for case in found.clearest] == [("i2", 0.0, "i1")]


def test_integer_and_float_images_have_the_same_hashes():
    random = np.random.default_rng(1)
    images = [random.integers(0, 256, (3, 32, 32), np.uint8) for _ in range(3)]
    images.append(images[0] ^ 1)
    for form in (images, [image.astype(np.float32) / 255 for image in images], [i.astype(np.int64) for i in images]):
        near = run(*[boxes_of([CLEAN])] * 4, images=form).found.checks["near_duplicates"]
        assert [(case.datum_id, case.detail) for case in near.clearest] == [("i3", "i0")]


def test_rows_have_the_dataset_each_class_and_the_clearest_cases():
    crowd = np.array([False, True, False])
    found = run(boxes_of([CLEAN, [0, 0, 2, 20], [0, 0, 40, 30]], [0, 0, 1], iscrowd=crowd), boxes_of([]), listed=1)
    rows = found.extract()
    overall = {row.output_key: row for row in rows if row.scope == "overall"}
    assert (overall["contents.images"].output_value, overall["contents.boxes"].output_value) == (2, 3)
    assert overall["contents.boxes_per_image"].output_value == 1.5
    assert (overall["tiny.share"].n_found, overall["tiny.share"].n_checked) == (1, 3)
    assert overall["tiny.share"].output_value == pytest.approx(1 / 3)
    assert overall["no_boxes.share"].output_value == 0.5
    assert overall["crowds.share"].n_found == 1
    assert overall["class_balance.empty_classes"].output_value == 1
    assert overall["class_balance.imbalance_ratio"].output_value == 2
    classes = {(row.class_name, row.output_key): row for row in rows if row.scope == "class"}
    assert classes["cat", "class_balance.box_share"].output_value == pytest.approx(2 / 3)
    assert classes["cat", "class_balance.image_share"].output_value == 0.5
    assert classes["cat", "tiny.share"].output_value == 0.5
    assert classes["owl", "tiny.share"].output_value is None  # no box of it could be checked
    items = [(row.check, row.item_id, row.box, row.class_name, row.detail) for row in rows if row.scope == "item"]
    assert items == [("tiny", "i0", 1, "cat", "(0, 0) to (2, 20)"), ("no_boxes", "i1", None, None, None)]
    keys = [(row.output_key, row.scope, row.class_name, row.item_id, row.box) for row in rows]
    assert len(set(keys)) == len(keys)


def test_the_report_names_the_clearest_cases_and_the_classes():
    text = run(boxes_of([CLEAN, [0, 0, 2, 20]]), boxes_of([])).collect_md_report(0.5)
    assert "2 images, 2 boxes, 0 of them crowds" in text
    assert "| tiny             | 1       | 50.00%  | i0 (1)" in text
    assert "| cat     | 2       | 100.00% | 1        | 1       |" in text


def test_a_dataset_without_boxes_has_shares_of_nothing():
    found = run(boxes_of([]), boxes_of([]))
    overall = {row.output_key: row.output_value for row in found.extract() if row.scope == "overall"}
    assert (overall["tiny.share"], overall["class_balance.evenness"], overall["no_boxes.share"]) == (None, None, 1.0)
    assert "0 boxes" in found.collect_md_report(0.5)


@pytest.mark.parametrize(
    ("target", "image", "message"),
    [
        (np.array([0.0, 1.0]), None, "Item 1 of dataset 'scenes' has a ndarray without numbers as boxes"),
        (boxes_of([CLEAN]), np.zeros((4, 4)), r"an array of shape \(4, 4\) \(float64\) as its image"),
        (boxes_of([CLEAN]), "1.png", "has str as its image; it must be C x H x W numbers"),
        (boxes_of([CLEAN]), np.zeros((3, 0, 4)), r"shape \(3, 0, 4\)"),
    ],
)
def test_a_datum_that_is_no_scene_is_one_clear_error(target: Any, image: Any, message: str):
    plain = np.zeros((3, 8, 8), np.float32)
    with pytest.raises(PartError, match=message):
        run(boxes_of([CLEAN]), target, images=[plain, plain if image is None else image])


def test_an_empty_dataset_is_refused():
    with pytest.raises(PartError, match="is empty"):
        run()


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiny_side": -1},
        {"edge_tolerance": float("nan")},
        {"double_overlap": 0},
        {"double_overlap": 1.1},
        {"near_distance": -1},
        {"listed": -1},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]):
    with pytest.raises(PartError, match=next(iter(wrong))):
        DetectionQuality(**wrong)


@given(st.lists(st.integers(0, 5)), st.integers(0, 4))
def test_the_clearest_are_the_first_of_those_with_the_highest_scores(scores: list[int], limit: int):
    kept = Clearest[int](limit)
    for place, score in enumerate(scores):
        kept.add(score, place)
    assert kept.cases() == sorted(range(len(scores)), key=lambda place: -scores[place])[:limit]
