"""Boxes are drawn where they are, in pictures of any image and of any box."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scene_parts import boxes_of

from sweeper.capabilities.scene_pictures import FOUND, NOT_FOUND, SIDE, WRONG, Outline, errors_picture, scene_picture
from sweeper.statistics.detection_errors import errors_of_image


def decoded(uri: str | None) -> Image.Image:
    assert uri is not None
    assert uri.startswith("data:image/jpeg;base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    picture.load()
    return picture


def near(pixel: Any, colour: Any) -> bool:
    return max(abs(one - other) for one, other in zip(pixel, colour, strict=True)) < 60


@pytest.mark.parametrize(("height", "width"), [(128, 128), (64, 128), (1000, 500)])
def test_a_box_is_drawn_on_its_edges(height: int, width: int):
    box = np.array([0.25 * width, 0.25 * height, 0.75 * width, 0.5 * height], np.float32)
    picture = decoded(scene_picture(np.zeros((3, height, width), np.float32), [Outline(box, WRONG)]))
    wide, high = picture.size
    assert max(wide, high) == SIDE
    for x, y in ((0.25, 0.375), (0.75, 0.375), (0.5, 0.25), (0.5, 0.5)):
        around = [picture.getpixel((int(x * wide) + dx, int(y * high) + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        assert any(near(pixel, WRONG) for pixel in around), (x, y)
    assert near(picture.getpixel((wide // 2, int(0.375 * high))), (0, 0, 0))


def test_objects_and_wrong_detections_have_their_colours():
    truth = boxes_of([[10, 10, 50, 50], [70, 10, 110, 50], [10, 70, 50, 110]], iscrowd=np.array([0, 0, 1], bool))
    answer = boxes_of([[10, 10, 50, 50], [70, 70, 110, 110]])
    errors = errors_of_image(answer, truth, 0.5, 0.1)
    picture = decoded(errors_picture(np.zeros((1, 128, 128)), errors))
    assert near(picture.getpixel((20, 60)), FOUND)
    assert near(picture.getpixel((140, 60)), NOT_FOUND)
    assert near(picture.getpixel((140, 180)), WRONG)
    assert near(picture.getpixel((20, 180)), (0, 0, 0))  # crowds are not drawn


NUMBERS = st.one_of(st.floats(-50, 200, width=32), st.sampled_from([np.nan, np.inf, -np.inf, 1e30]))


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=4), st.integers(1, 300), st.integers(1, 300))
@settings(max_examples=50)
def test_any_box_can_be_drawn_or_is_left_out(boxes: Any, height: int, width: int):
    outlines = [Outline(np.array(box, np.float32), WRONG) for box in boxes]
    picture = decoded(scene_picture(np.zeros((1, height, width), np.uint8), outlines))
    assert max(picture.size) <= SIDE


@pytest.mark.parametrize("image", [None, "1.png", np.zeros((3, 3)), np.zeros((3, 0, 2))])
def test_what_is_no_image_has_no_picture(image: Any):
    assert scene_picture(image, []) is None
