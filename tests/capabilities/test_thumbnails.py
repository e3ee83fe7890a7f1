"""Pictures of data are small, right in their colours, and made of any image or not at all."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from sweeper.capabilities.thumbnails import SIDE, picture_of


def decoded(image: Any) -> Image.Image:
    uri = picture_of(image)
    assert uri is not None
    assert uri.startswith("data:image/png;base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    picture.load()
    return picture


def test_a_small_image_is_enlarged_by_whole_pixels():
    pixels = np.array([[[0.0, 1.0], [0.5, 0.25]]])
    picture = decoded(pixels)
    assert (picture.size, picture.mode) == ((64, 64), "L")
    assert [picture.getpixel(at) for at in ((31, 31), (32, 31), (31, 32), (63, 63))] == [0, 255, 128, 64]


def test_a_large_image_is_reduced_and_keeps_its_proportions_and_colours():
    image = np.zeros((3, 400, 200), np.uint8)
    image[0, :200] = 255
    image[2, 200:] = 255
    picture = decoded(image)
    assert (picture.size, picture.mode) == ((32, 64), "RGB")
    assert picture.getpixel((16, 8)) == (255, 0, 0)
    assert picture.getpixel((16, 56)) == (0, 0, 255)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.full((1, 2, 2), 51, np.uint8), 51),
        (np.full((1, 2, 2), 51 * 257, np.uint16), 51),
        (np.full((1, 2, 2), 51, np.int64), 51),
        ([[[0.2, 0.2]]], 51),
        (np.ones((1, 2, 2), bool), 255),
        (np.full((1, 2, 2), np.nan), 0),
        (np.full((2, 2, 2), 0.2), 51),
        (np.full((4, 2, 2), 0.2), (51, 51, 51)),
        (np.full((1, 2, 2), 7.0), 0),
    ],
    ids=["uint8", "uint16", "int64", "lists", "bool", "nan", "two channels", "four channels", "constant"],
)
def test_values_are_shown_as_what_they_are(image: Any, expected: Any):
    assert decoded(image).getpixel((0, 0)) == expected


@pytest.mark.parametrize("image", [np.array([[[-2.0, 0.0, 2.0]]]), np.array([[[0, 1500, 3000]]])])
def test_other_ranges_are_stretched(image: Any):
    picture = decoded(image)
    assert [picture.getpixel((picture.width * place // 3 + 1, 0)) for place in range(3)] == [0, 128, 255]


@pytest.mark.parametrize(
    "image", [None, "img.png", np.zeros((3, 3)), np.zeros((0, 2, 2)), np.zeros((1, 0, 2)), {}, 1j * np.ones((1, 2, 2))]
)
def test_what_is_no_image_has_no_picture(image: Any):
    assert picture_of(image) is None


SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 300), st.integers(1, 300))


@given(SHAPES.flatmap(lambda shape: arrays(np.float32, shape, elements=st.floats(width=32), fill=st.floats(width=32))))
def test_any_image_becomes_a_small_picture(image: Any):
    picture = decoded(image)
    assert max(picture.size) <= SIDE
    assert min(picture.size) >= 1
