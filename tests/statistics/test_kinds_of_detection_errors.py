"""Each object and each detection of an image is of one kind, the one that a look at each pair finds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scene_parts import boxes_of

from sweeper.statistics.detection_errors import (
    DETECTION_KINDS,
    IGNORED,
    OBJECT_KINDS,
    ImageErrors,
    errors_of_image,
    surest,
)

OBJECT = [0, 0, 10, 10]
HALF = [0, 0, 10, 5]  # overlaps OBJECT by 0.5
THIRD = [0, 0, 10, 3]  # by 0.3
EDGE = [0, 0, 10, 1]  # by 0.1
BARELY = [0, 0, 10, 0.9]  # by 0.09


def kinds(errors: ImageErrors) -> tuple[list[str], list[str]]:
    """The kinds of the objects and of the detections, by name."""
    return named(errors.object_kinds, OBJECT_KINDS), named(errors.detection_kinds, DETECTION_KINDS)


def named(places: Any, names: tuple[str, ...]) -> list[str]:
    return ["ignored" if place == IGNORED else names[place] for place in places]


def found(detections: Any, truth: Any, overlap: float = 0.5, background: float = 0.1) -> tuple[list[str], list[str]]:
    return kinds(errors_of_image(detections, truth, overlap, background))


ONE = boxes_of([OBJECT], [0])


@pytest.mark.parametrize(
    ("box", "label", "object_kind", "detection_kind"),
    [
        (OBJECT, 0, "correct", "correct"),
        (HALF, 0, "correct", "correct"),
        (THIRD, 0, "badly_placed", "badly_placed"),
        (EDGE, 0, "badly_placed", "badly_placed"),
        (BARELY, 0, "missed", "background"),
        (HALF, 1, "wrong_class", "wrong_class"),
        (THIRD, 1, "missed", "wrong_class_badly_placed"),
        (EDGE, 1, "missed", "wrong_class_badly_placed"),
        (BARELY, 1, "missed", "background"),
        ([20, 20, 30, 30], 0, "missed", "background"),
    ],
)
def test_one_detection_beside_one_object(box: Any, label: int, object_kind: str, detection_kind: str):
    assert found(boxes_of([box], [label]), ONE) == ([object_kind], [detection_kind])


def test_a_less_sure_detection_of_an_object_that_is_found_is_a_double():
    pair = boxes_of([HALF, OBJECT], [0, 0], [0.9, 0.8])
    assert found(pair, ONE) == (["correct"], ["correct", "double"])
    assert found(boxes_of([OBJECT, THIRD], [0, 0], [0.9, 0.8]), ONE) == (["correct"], ["correct", "badly_placed"])


def test_to_cover_comes_before_to_touch():
    two = boxes_of([OBJECT, [0, 0, 10, 40]], [0, 1])
    assert found(boxes_of([OBJECT], [1]), two) == (["wrong_class", "missed"], ["wrong_class"])
    beside = boxes_of([OBJECT, OBJECT], [0, 1])
    twice = boxes_of([OBJECT, OBJECT], [0, 0], [0.9, 0.8])
    assert found(twice, beside) == (["correct", "missed"], ["correct", "double"])
    touched = boxes_of([THIRD, OBJECT], [1, 0])
    assert found(boxes_of([OBJECT], [1]), touched) == (["missed", "wrong_class"], ["wrong_class"])


def test_what_finds_a_crowd_is_ignored_and_a_crowd_is_no_object():
    crowd = boxes_of([[0, 0, 100, 100]], [0], iscrowd=np.array([True]))
    inside = boxes_of([OBJECT, [20, 20, 30, 30], [95, 95, 105, 105]], [0, 0, 0])
    assert found(inside, crowd) == (["ignored"], ["ignored", "ignored", "background"])
    assert found(boxes_of([OBJECT], [1]), crowd) == (["ignored"], ["background"])


@pytest.mark.parametrize(("detections", "truth"), [([], []), ([OBJECT], []), ([], [OBJECT])])
def test_images_without_objects_or_detections(detections: Any, truth: Any):
    expected = (["missed"] * len(truth), ["background"] * len(detections))
    assert found(boxes_of(detections), boxes_of(truth)) == expected


def test_the_object_that_a_detection_is_held_against_and_their_overlap():
    truth = boxes_of([[50, 50, 60, 60], OBJECT], [1, 0])
    detections = boxes_of([HALF, THIRD, BARELY, [50, 50, 60, 58]], [0, 0, 0, 0], [0.9, 0.8, 0.7, 0.6])
    errors = errors_of_image(detections, truth, 0.5, 0.1)
    assert errors.held_against.tolist() == [1, 1, -1, 0]
    assert errors.overlap.tolist() == pytest.approx([0.5, 0.3, 0.09, 0.8])
    assert errors.errors == 3  # badly placed, background and wrong class; no object is missed beside these
    assert [errors.count(kind) for kind in ("missed", "badly_placed", "background", "wrong_class")] == [0, 1, 1, 1]


def test_what_is_not_sure_enough_does_not_count():
    kept = surest(boxes_of([OBJECT, HALF, THIRD], [0, 1, 2], [0.5, 0.49, 0.7]), 0.5)
    assert kept.labels.tolist() == [0, 2]
    assert surest(boxes_of([OBJECT], [0], [0.3]), 0.3).labels.tolist() == [0]  # as the score is in 32 bits


SIDES = st.sampled_from([0.0, 2.0, 3.0, 5.0, 9.0, 10.0])
BOX = st.tuples(SIDES, SIDES, SIDES, SIDES).map(lambda v: (v[0], v[1], v[0] + v[2], v[1] + v[3]))
OBJECTS = st.lists(st.tuples(BOX, st.integers(0, 2), st.booleans()), max_size=6)
DETECTIONS = st.lists(st.tuples(BOX, st.integers(0, 2), st.sampled_from([0.1, 0.5, 0.9])), max_size=8)


@given(OBJECTS, DETECTIONS, st.sampled_from([(0.5, 0.1), (0.3, 0.3), (0.8, 0.05), (1.0, 0.2)]))
@settings(max_examples=300)
def test_kinds_are_those_of_a_look_at_each_pair(objects: Any, detections: Any, limits: tuple[float, float]):
    crowds = [crowd for _, _, crowd in objects]
    truth = boxes_of([box for box, _, _ in objects], [label for _, label, _ in objects], iscrowd=np.array(crowds, bool))
    answer = boxes_of(*([one[place] for one in detections] for place in range(3)))
    errors = errors_of_image(answer, truth, *limits)
    assert kinds(errors) == brute_force(objects, detections, *limits)
    counted = Counter(kinds(errors)[1])
    assert sum(counted.values()) == len(detections)
    assert counted["correct"] == Counter(kinds(errors)[0])["correct"]  # each found object by one detection


def brute_force(objects: Any, detections: Any, overlap: float, background: float) -> tuple[list[str], list[str]]:
    """One detection after another, the surest first, each held against each object."""
    owner: dict[int, int] = {}
    answers, held = ["?"] * len(detections), [set[str]() for _ in objects]
    order = sorted(range(len(detections)), key=lambda number: -np.float32(detections[number][2]))
    for number in order:
        box, label, _ = detections[number]
        near = [(ratio(box, other, False), place) for place, (other, kind, crowd) in enumerate(objects)
                if kind == label and not crowd and place not in owner]  # fmt: skip
        best = max((pair for pair in near if pair[0] >= overlap), default=None)
        if best is not None:
            owner[best[1]], answers[number] = number, "correct"
        elif any(crowd and kind == label and ratio(box, other, True) >= overlap for other, kind, crowd in objects):
            answers[number] = "ignored"
    for number, (box, label, _) in enumerate(detections):
        if answers[number] != "?":
            continue
        own = [(ratio(box, other, False), -place) for place, (other, kind, crowd) in enumerate(objects)
               if kind == label and not crowd]  # fmt: skip
        others = [(ratio(box, other, False), -place) for place, (other, kind, crowd) in enumerate(objects)
                  if kind != label and not crowd]  # fmt: skip
        (mine, my_place), (theirs, place) = max(own, default=(0.0, 0)), max(others, default=(0.0, 0))
        if mine >= overlap:
            answers[number] = "double"
        elif theirs >= overlap:
            answers[number] = "wrong_class"
            held[-place].add("wrong_class")
        elif mine >= background:
            answers[number] = "badly_placed"
            held[-my_place].add("badly_placed")
        else:
            answers[number] = "wrong_class_badly_placed" if theirs >= background else "background"
    return [_object(place, crowd, owner, held) for place, (_, _, crowd) in enumerate(objects)], answers


def _object(place: int, crowd: bool, owner: Any, held: Any) -> str:
    if crowd:
        return "ignored"
    if place in owner:
        return "correct"
    return next((kind for kind in ("wrong_class", "badly_placed") if kind in held[place]), "missed")


def ratio(box: Any, other: Any, crowd: bool) -> float:
    width, height = (min(box[k + 2], other[k + 2]) - max(box[k], other[k]) for k in (0, 1))
    if width <= 0 or height <= 0:
        return 0.0
    mine, theirs = ((one[2] - one[0]) * (one[3] - one[1]) for one in (box, other))
    return width * height / (mine if crowd else mine + theirs - width * height)
