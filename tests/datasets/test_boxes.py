"""Boxes of several images in a few arrays, and the ways in which files write a box."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sweeper.datasets.boxes import BoxTable, corners, corners_of_centred, grouped

SIDES = st.floats(0.0625, 500, width=32)
PLACES = st.floats(-500, 500, width=32)
BOXES = st.integers(0, 6).flatmap(
    lambda n: st.tuples(arrays(np.float64, (n, 2), elements=PLACES), arrays(np.float64, (n, 2), elements=SIDES))
)


@given(BOXES)
def test_a_box_is_the_same_from_its_corner_and_from_its_centre(parts):
    place, size = parts
    of_corner = corners(np.concatenate([place, size], axis=1))
    np.testing.assert_allclose(
        corners_of_centred(np.concatenate([place + size / 2, size], axis=1)), of_corner, atol=1e-10
    )
    np.testing.assert_array_equal(of_corner[:, :2], place)
    np.testing.assert_allclose(of_corner[:, 2:] - of_corner[:, :2], size, atol=1e-10)


@given(st.lists(st.integers(0, 4), max_size=12))
def test_boxes_go_to_their_images_in_their_order(images):
    order, starts = grouped(np.array(images, np.int64), 5)
    found = [order[starts[i] : starts[i + 1]].tolist() for i in range(5)]
    assert found == [[at for at, image in enumerate(images) if image == i] for i in range(5)]


@given(BOXES, st.floats(0.1, 4), st.floats(0.1, 4))
def test_a_scaled_target_is_the_table_times_the_scale(parts, down, across):
    place, size = parts
    n = len(place)
    boxes = corners(np.concatenate([place, size], axis=1))
    table = BoxTable(np.array([0, 0, n]), boxes, np.arange(n, dtype=np.int32), np.ones(n, bool), size.prod(axis=1))
    assert table.target(0).boxes.shape == (0, 4)
    target = table.target(1, (down, across))
    np.testing.assert_allclose(target.boxes[:, ::2], boxes[:, ::2] * across, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(target.boxes[:, 1::2], boxes[:, 1::2] * down, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(target.area, size.prod(axis=1) * down * across, rtol=1e-6, atol=1e-6)
    assert target.labels.tolist() == list(range(n))


def test_a_target_is_a_copy_that_changes_nothing_else():
    table = BoxTable(np.array([0, 1]), np.ones((1, 4)), np.zeros(1, np.int32), np.zeros(1, bool), np.ones(1))
    first = table.target(0)
    for values in (first.boxes, first.labels, first.scores, first.iscrowd, first.area):
        values[...] = 7
    second = table.target(0)
    assert second.boxes.tolist() == [[1, 1, 1, 1]]
    assert (second.labels.tolist(), second.iscrowd.tolist(), second.area.tolist()) == ([0], [False], [1])
