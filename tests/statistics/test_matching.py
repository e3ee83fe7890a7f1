"""The greedy matching of detections with objects, beside COCO's reference implementation and known answers."""

from __future__ import annotations

import numpy as np
import pytest
from coco_reference import coco_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import scene, target

from sweeper.common.boxes import areas, overlaps
from sweeper.statistics.matching import NONE, by_score, crowd_of, greedy, matches_of_image, same_class

SQUARE = [0, 0, 10, 10]


def test_the_overlap_of_halves_is_a_third():
    assert overlaps(np.array([SQUARE]), np.array([[5, 0, 15, 10], SQUARE, [10, 0, 20, 10]])).tolist() == [
        [pytest.approx(1 / 3), 1, 0]
    ]


def test_a_box_inside_of_a_crowd_overlaps_it_wholly():
    crowd = np.array([[0, 0, 100, 100], SQUARE])
    assert overlaps(np.array([SQUARE]), crowd, np.array([True, False])).tolist() == [[1, 1]]


def test_a_box_without_area_overlaps_nothing():
    assert overlaps(np.array([[5, 5, 5, 9]]), np.array([SQUARE, [5, 5, 5, 9]])).tolist() == [[0, 0]]
    assert areas(np.array([SQUARE, [5, 5, 5, 9]])).tolist() == [100, 0]


def test_the_surest_detection_finds_the_object_and_the_other_is_a_double():
    found = matches_of_image(target([SQUARE, SQUARE], scores=[0.5, 0.9]), target([SQUARE]))
    assert found.found.tolist() == [NONE, 0]


def test_objects_of_another_class_are_not_found():
    found = matches_of_image(target([SQUARE], [1]), target([SQUARE, SQUARE], [0, 1]))
    assert found.found.tolist() == [1]
    assert matches_of_image(target([SQUARE], [2]), target([SQUARE], [0])).found.tolist() == [NONE]


def test_any_number_of_detections_find_one_crowd_and_none_of_them_counts():
    truth = target([[0, 0, 100, 100], [200, 0, 210, 10]], crowd=[True, False])
    found = matches_of_image(target([SQUARE, [20, 20, 30, 30], [200, 0, 210, 10]]), truth)
    assert found.found.tolist() == [0, 0, 1]
    assert found.ignored.tolist() == [True, True, False]


def test_an_object_is_found_before_a_crowd_around_it():
    truth = target([[0, 0, 100, 100], [0, 0, 12, 10]], crowd=[True, False])
    found = matches_of_image(target([SQUARE]), truth)
    assert found.found.tolist() == [1]


def test_an_overlap_of_the_threshold_is_enough():
    truth = target([[0, 0, 20, 10]])
    assert matches_of_image(target([SQUARE]), truth, 0.5).found.tolist() == [0]
    assert matches_of_image(target([SQUARE]), truth, 0.51).found.tolist() == [NONE]


def test_images_without_detections_or_without_objects():
    assert matches_of_image(target([]), target([SQUARE])).found.tolist() == []
    alone = matches_of_image(target([SQUARE]), target([]))
    assert alone.found.tolist() == [NONE]
    assert alone.ignored.tolist() == [False]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), crowds=st.sampled_from([0.0, 0.4]))
def test_matches_are_those_of_the_reference_at_each_overlap(seed: int, crowds: float):
    detections, truth = scene(np.random.default_rng(seed), classes=2, crowds=crowds)
    reference = coco_eval([detections], [truth])
    for each in filter(None, reference.evalImgs[:: len(reference.params.areaRng)]):
        label, crowd = each["category_id"], crowd_of(truth)
        pairs = {
            int(truth.labels[theirs[0]]): (mine, theirs) for mine, theirs in same_class(detections.labels, truth.labels)
        }
        if label not in pairs:
            assert not each["dtMatches"].any()
            continue
        mine, theirs = pairs[label]
        order = mine[by_score(detections.scores[mine])]
        shared = overlaps(detections.boxes[order], truth.boxes[theirs], crowd[theirs])
        found = greedy(shared, reference.params.iouThrs, crowd[theirs][None], crowd[theirs])
        assert np.where(found == NONE, 0, theirs[found] + 1).tolist() == each["dtMatches"].astype(int).tolist()
