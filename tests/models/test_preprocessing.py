"""What goes into a network is what a script of plain numpy makes of the same images, and nothing is guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from sweeper.errors import PartError
from sweeper.models.preprocessing import Channels, ExpectedImages, Layout, network_input

PLAIN = ExpectedImages("m.onnx", "NCHW", (0, 1), (0,), (1,), "RGB")
IMAGENET = replace(PLAIN, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
COLOURS = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)
GREY = COLOURS[:1]


def only(image, expected):
    return network_input([image], expected)[0]


def test_imagenet_normalisation_is_that_of_the_formula():
    by_hand = (COLOURS.transpose(1, 2, 0) / 255 - IMAGENET.mean) / IMAGENET.std
    got = only(COLOURS, IMAGENET)
    np.testing.assert_allclose(got, by_hand.transpose(2, 0, 1), atol=1e-6)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(only(COLOURS / np.float32(255), IMAGENET), got)


def test_blue_comes_first_with_its_own_mean():
    caffe = replace(PLAIN, value_range=(0, 255), mean=(104, 117, 123), channels="BGR")
    np.testing.assert_array_equal(only(COLOURS, caffe)[0], COLOURS[2].astype(np.float32) - 104)


def test_all_bytes_survive_the_way_through_the_unit_range():
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    grey = replace(PLAIN, channels="GRAY", value_range=(0, 255))
    np.testing.assert_array_equal(only(every, grey), every)


def test_a_range_around_zero():
    np.testing.assert_allclose(only(COLOURS, replace(PLAIN, value_range=(-1, 1))), COLOURS / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize(
    ("layout", "as_numpy_does"),
    [
        ("NCHW", lambda batch: batch),
        ("NHWC", lambda batch: batch.transpose(0, 2, 3, 1)),
        ("flat_CHW", lambda batch: batch.reshape(2, -1)),
        ("flat_HWC", lambda batch: batch.transpose(0, 2, 3, 1).reshape(2, -1)),
    ],
)
def test_layouts(layout, as_numpy_does):
    batch = np.stack([COLOURS, COLOURS[::-1]]) / np.float32(255)
    got = network_input(batch, replace(PLAIN, layout=layout))
    np.testing.assert_array_equal(got, as_numpy_does(batch))
    assert got.flags.c_contiguous


def test_resizing_is_that_of_pillow():
    image = COLOURS / np.float32(255)
    got = only(image, replace(PLAIN, size=(2, 3), resize=True))
    red = Image.fromarray(image[0]).resize((3, 2), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(got[0], np.asarray(red))


def test_images_of_unlike_sizes_become_one_batch_where_they_are_resized():
    batch = [COLOURS, COLOURS.transpose(0, 2, 1)]
    assert network_input(batch, replace(PLAIN, size=(6, 6), resize=True)).shape == (2, 3, 6, 6)


def test_channels_are_converted_where_that_is_asked_for():
    asked = replace(PLAIN, convert_channels=True)
    np.testing.assert_array_equal(only(GREY, asked), (GREY / np.float32(255)).repeat(3, axis=0))
    by_hand = np.array([0.299, 0.587, 0.114]) @ COLOURS.reshape(3, -1) / 255
    np.testing.assert_allclose(only(COLOURS, replace(asked, channels="GRAY")), by_hand.reshape(1, 4, 5), atol=1e-6)


@pytest.mark.parametrize(
    ("images", "expected", "said"),
    [
        ([COLOURS], replace(PLAIN, channels="GRAY"), r"takes 1 channel \(GRAY\); got images of 3 channels"),
        ([GREY], PLAIN, r"takes 3 channels \(RGB\); got images of 1 channel\."),
        ([np.zeros((4, 2, 2))], replace(PLAIN, convert_channels=True), "got images of 4 channels"),
        ([COLOURS[0]], PLAIN, r"C x H x W; got an array of shape \(4, 5\)"),
        ([COLOURS.astype(np.float32)], PLAIN, r"float32 from \d+ to \d+; floats must lie in \[0, 1\]"),
        ([COLOURS / 255 - 0.5], PLAIN, "floats must lie in"),
        ([np.full((3, 2, 2), np.nan)], PLAIN, "from nan to nan"),
        ([COLOURS], replace(PLAIN, size=(8, 8)), "takes images of 8 x 8 .*; got 4 x 5"),
        ([COLOURS, COLOURS[:, :3]], PLAIN, "one size; got images of 3 x 5, 4 x 5"),
        ([], PLAIN, "no image"),
    ],
)
def test_what_is_not_expected_is_refused_with_what_each_side_has(images, expected, said):
    with pytest.raises(PartError, match=f"^m.onnx .*{said}"):
        network_input(images, expected)


@given(
    image=arrays.arrays(np.uint8, (3, 3, 4)),
    layout=st.sampled_from(get_args(Layout)),
    channels=st.sampled_from(["RGB", "BGR"]),
    mean=st.tuples(*[st.floats(0, 1)] * 3),
    std=st.tuples(*[st.floats(0.1, 1)] * 3),
)
def test_the_image_can_be_had_back(image, layout: Layout, channels: Channels, mean, std):
    got = only(image, ExpectedImages("m", layout, (0, 1), mean, std, channels)).astype(np.float64)
    back = got.reshape((3, 4, 3) if "HWC" in layout else (3, 3, 4))
    back = back.transpose(2, 0, 1) if "HWC" in layout else back
    back = back * np.reshape(std, (3, 1, 1)) + np.reshape(mean, (3, 1, 1))
    np.testing.assert_array_equal(np.rint(255 * (back[::-1] if channels == "BGR" else back)), image)
