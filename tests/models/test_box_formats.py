"""Boxes of any form and from any place come back as corners in pixels of the image as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import PartError
from sweeper.models.box_formats import corners
from sweeper.models.placement import EDGE, placed
from sweeper.models.suppression import suppressed

CORNERS = np.array([[10.0, 20, 30, 60], [0, 0, 100, 80]])
FORMS = {
    "xyxy": CORNERS,
    "xywh": np.array([[10.0, 20, 20, 40], [0, 0, 100, 80]]),
    "cxcywh": np.array([[20.0, 40, 20, 40], [50, 40, 100, 80]]),
}
SHARES = np.array([100, 80, 100, 80])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_corners(form):
    np.testing.assert_allclose(corners(FORMS[form], form, "pixels", (80, 100), "m"), CORNERS)
    np.testing.assert_allclose(corners(FORMS[form] / SHARES, form, "normalised", (80, 100), "m"), CORNERS)


@pytest.mark.parametrize(
    ("boxes", "form", "units", "said"),
    [
        (FORMS["xywh"], "xyxy", "pixels", None),
        ([[30, 5, 20, 4]], "xyxy", "pixels", r"the box \[30, 5, 20, 4\], which is none in the box_format xyxy"),
        (CORNERS, "xyxy", "normalised", "numbers up to 100; box_units must be pixels"),
        (CORNERS / SHARES, "xyxy", "pixels", "no number above 1; box_units must be normalised"),
        ([[0, 0, np.nan, 1]], "xyxy", "pixels", "not finite"),
    ],
)
def test_what_cannot_be_such_boxes_is_refused(boxes, form, units, said):
    if said is None:  # these might be corners: nothing tells that they are not
        assert len(corners(np.array(boxes), form, units, (80, 100), "m")) == 2
        return
    with pytest.raises(PartError, match=f"^m gave .*{said}"):
        corners(np.array(boxes, dtype=np.float64), form, units, (80, 100), "m")


SIDES = st.integers(1, 60)


@given(height=SIDES, width=SIDES, size=st.tuples(SIDES, SIDES), letterbox=st.booleans())
def test_the_whole_image_comes_back_as_the_whole_image(height, width, size, letterbox):
    image, place = placed(np.zeros((3, height, width), dtype=np.float32), size, letterbox=letterbox)
    assert image.shape == (3, *size) == (3, *place.taken)
    inner = [place.left, place.top, place.left + place.across * width, place.top + place.down * height]
    np.testing.assert_allclose(place.back(np.array([inner])), [[0, 0, width, height]], atol=1e-9)
    if letterbox and size != (height, width):
        assert (image == np.float32(EDGE)).sum() == 3 * (
            size[0] * size[1] - round(inner[3] - inner[1]) * round(inner[2] - inner[0])
        )


def test_the_aspect_is_kept_with_grey_at_the_edges():
    image, place = placed(np.ones((3, 20, 40), dtype=np.float32), (32, 32), letterbox=True)
    assert (place.top, place.left) == (8, 0)
    np.testing.assert_array_equal(image[:, 8:24], 1)
    np.testing.assert_array_equal(image[:, :8], np.float32(EDGE))
    np.testing.assert_allclose(place.back(np.array([[0.0, 8, 32, 24]])), [[0, 0, 40, 20]])


def test_boxes_are_cut_off_at_the_edges():
    _, place = placed(np.zeros((3, 20, 40), dtype=np.float32), None, letterbox=False)
    np.testing.assert_array_equal(place.clipped(np.array([[-5.0, -1, 50, 10]])), [[0, 0, 40, 10]])


# Suppression


def test_of_boxes_that_overlap_the_surest_of_each_class_stays():
    boxes = np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [20, 20, 30, 30]])
    labels, scores = np.array([0, 0, 1, 0]), np.array([0.6, 0.9, 0.5, 0.7])
    assert suppressed(boxes, labels, scores, 0.5).tolist() == [1, 3, 2]
    assert suppressed(boxes, labels, scores, 0.9).tolist() == [1, 3, 0, 2]
    assert suppressed(boxes[:0], labels[:0], scores[:0], 0.5).tolist() == []


@given(st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_what_stays_is_what_greedy_choice_by_hand_keeps(seed, most):
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 20, (12, 2))
    boxes = np.concatenate([corner, corner + rng.integers(1, 15, (12, 2))], axis=1).astype(np.float64)
    labels, scores = rng.integers(0, 2, 12), rng.random(12)
    kept: list[int] = []
    for i in sorted(range(12), key=lambda i: -scores[i]):
        if all(labels[i] != labels[j] or overlap(boxes[i], boxes[j]) <= most for j in kept):
            kept.append(i)
    assert suppressed(boxes, labels, scores, most).tolist() == kept


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
