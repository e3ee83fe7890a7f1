"""The built-in conditions do what their pages say, in the units that these name."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from sweeper.augmentations import (
    Fog,
    Jpeg,
    MotionBlur,
    Occlusion,
    Rain,
    Resolution,
    Rotation,
    Scale,
    SensorNoise,
    Snow,
    Translation,
    sees_each_datum_alone,
)
from sweeper.augmentations.motion_blur import path_kernel
from sweeper.augmentations.resampling import area_means
from sweeper.augmentations.scattering import disc
from sweeper.errors import PartError


def one(augmentation, image, id_=0):
    image = np.asarray(image)
    image = image if np.issubdtype(image.dtype, np.integer) else image.astype(np.float32)
    return augmentation(([image], [None], [{"id": id_}]))[0][0]


def photo(channels=3, height=40, width=56):
    """Smooth shapes of a photograph's kind, uint8."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / (5 + c)) * np.cos(columns / (7 + c)) for c in range(channels)]
    return np.rint(127.5 + 120 * np.stack(waves)).astype(np.uint8)


# Motion blur


@pytest.mark.parametrize(("angle", "axis"), [(0, 1), (90, 0)])
def test_a_point_becomes_its_path(angle, axis):
    dot = np.zeros((1, 21, 21))
    dot[0, 10, 10] = 1
    blurred = one(MotionBlur(5, angle=angle), dot)[0]
    assert blurred.sum() == pytest.approx(1, abs=1e-6)
    along = blurred.sum(axis=1 - axis)
    np.testing.assert_allclose(along[7:14], [0.025, 0.175, 0.2, 0.2, 0.2, 0.175, 0.025], atol=1e-6)
    assert np.count_nonzero(blurred.sum(axis=axis)) == 1


def test_a_path_at_45_degrees_rises_to_the_right():
    dot = np.zeros((1, 21, 21))
    dot[0, 10, 10] = 1
    blurred = one(MotionBlur(8, angle=45), dot)[0]
    assert blurred[8, 12] > 0.05
    assert blurred[12, 8] > 0.05
    assert blurred[8, 8] == blurred[12, 12] == 0


@given(length=st.floats(0.01, 40), angle=st.floats(-360, 360))
def test_a_path_has_its_length_its_direction_and_all_the_light(length, angle):
    kernel = path_kernel(length, angle)
    axis = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1)
    assert [(kernel * axis[:, None]).sum(), (kernel * axis).sum()] == pytest.approx([0, 0], abs=1e-9)
    spread = (kernel * axis**2).sum() + (kernel * axis[:, None] ** 2).sum()
    # That of an even line, and at most a quarter of a pixel each way from sharing between neighbouring pixels.
    steps = 4 * math.ceil(length)
    line = length**2 / 12 * (1 - 1 / steps**2)
    assert line - 1e-6 <= spread <= line + 0.5 + 1e-6


def test_directions_are_drawn_for_each_datum():
    image = photo()
    first, second = (one(MotionBlur(9), image, id_) for id_ in "ab")
    assert not np.array_equal(first, second)
    assert MotionBlur(9, angle=30).metadata == {"id": "motion_blur=9,angle=30"}


def test_a_flat_image_stays_flat_under_blur_rain_and_resolution_of_its_own_colour():
    flat = np.full((3, 9, 9), 0.5)
    for augmentation in (MotionBlur(5), Resolution(0.6)):
        np.testing.assert_allclose(one(augmentation, flat), flat, atol=1e-6)


# Jpeg


@pytest.mark.parametrize("quality", [90, 50, 1])
def test_jpeg_is_what_pillow_writes_at_that_quality(quality):
    image, file = photo(), io.BytesIO()
    Image.fromarray(image.transpose(1, 2, 0)).save(file, "JPEG", quality=quality)
    np.testing.assert_array_equal(one(Jpeg(100 - quality), image), np.asarray(Image.open(file)).transpose(2, 0, 1))


def test_jpeg_gets_worse():
    image = photo()
    errors = [np.abs(one(Jpeg(severity), image).astype(float) - image).mean() for severity in (1, 30, 60, 90, 99)]
    assert errors == sorted(errors)
    assert errors[0] < 1.5


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_jpeg_takes_each_channel_alone_where_there_are_not_three(channels):
    image = photo(channels)
    compressed = one(Jpeg(60), image)
    for channel in range(channels):
        np.testing.assert_array_equal(compressed[channel], one(Jpeg(60), image[channel : channel + 1])[0])


@pytest.mark.parametrize("severity", [0.5, 59.9, 100, -1])
def test_qualities_that_jpeg_does_not_have_are_refused(severity):
    with pytest.raises(PartError, match="severity of jpeg is"):
        Jpeg(severity)


# Fog


@given(extinction=st.floats(0.01, 100), distance=st.floats(1, 1000), airlight=st.floats(0, 1))
def test_fog_is_koschmieders_law(extinction, distance, airlight):
    image = np.linspace(0, 1, 12).reshape(1, 3, 4)
    transmission = math.exp(-extinction * distance / 1000)
    foggy = one(Fog(extinction, distance=distance, airlight=airlight), image)
    np.testing.assert_allclose(foggy, image * transmission + airlight * (1 - transmission), atol=1e-6)


def test_at_the_distance_that_one_sees_a_twentieth_of_the_contrast_is_left():
    black, white = one(Fog(3, distance=1000), [[[0.0, 1.0]]])[0, 0]
    assert white - black == pytest.approx(0.05, abs=0.001)


# Rain and snow


def covered(augmentation, shape=(1, 120, 160), number=30):
    """The share of pixels that differ from black, over several images."""
    return np.mean([(one(augmentation, np.zeros(shape), id_) > 0).mean() for id_ in range(number)])


@pytest.mark.parametrize("kind", [Rain, Snow])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.4, 0.8])
def test_streaks_and_flakes_cover_their_share(kind, share):
    assert covered(kind(share)) == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize("kind", [Rain, Snow])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 1, 1), (3, 5, 200), (1, 200, 5)])
def test_small_and_narrow_images_get_at_least_one(kind, shape):
    for id_ in range(5):
        changed = one(kind(0.01), np.zeros(shape), id_)
        assert (changed > 0).any()
        assert (changed == changed[:1]).all()


@pytest.mark.parametrize("kind", [Rain, Snow])
def test_more_of_it_has_all_that_less_of_it_has(kind):
    black = np.zeros((1, 60, 80))
    less, more = (one(kind(share), black) > 0 for share in (0.05, 0.3))
    assert (more >= less).all()
    assert more.sum() > less.sum()


def test_streaks_are_half_transparent_and_flakes_are_white():
    grey = np.full((1, 60, 80), 0.4)
    assert np.unique(one(Snow(0.2), grey)).tolist() == pytest.approx([0.4, 1.0])
    assert np.unique(one(Rain(0.2, opacity=0.25), grey)).tolist() == pytest.approx([0.4, 0.75 * 0.4 + 0.25 * 0.9])


def test_a_streak_has_its_length_and_slant():
    wet = one(Rain(1e-6, length=0.5, slant=0), np.zeros((1, 100, 100)))[0] > 0
    (columns,) = np.nonzero(wet.any(axis=0))
    assert (wet.sum(), len(columns)) == (100, 2)  # 50 pixels long, 2 wide
    slanted = one(Rain(1e-6, length=0.5, slant=60), np.zeros((1, 100, 100)))[0] > 0
    assert slanted.any(axis=1).sum() == 50
    assert slanted.any(axis=0).sum() > 2


def test_flakes_have_three_sizes():
    sizes = {int((one(Snow(1e-6, flake=0.09), np.zeros((1, 200, 200)), id_)[0] > 0).sum()) for id_ in range(30)}
    assert sorted(sizes) == [len(disc(diameter)) for diameter in (6, 12, 18)]
    assert len(disc(18)) == pytest.approx(math.pi * 9**2, rel=0.02)
    assert [len(disc(diameter)) for diameter in (0, 1, 1.9, 2)] == [1, 1, 1, 5]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rain(0.95),
        lambda: Snow(1),
        lambda: Rain(0.1, length=2),
        lambda: Rain(0.1, slant=80),
        lambda: Rain(0.1, opacity=-1),
        lambda: Snow(0.1, flake=float("nan")),
        lambda: Fog(1, distance=float("inf")),
        lambda: Fog(1, airlight=1.1),
        lambda: MotionBlur(1, angle=1000),
        lambda: Scale(1),
        lambda: Translation(1.1),
    ],
)
def test_options_out_of_range_are_refused(make):
    with pytest.raises(PartError, match=r"(severity|length|slant|opacity|flake|distance|airlight|angle) of \w+ is"):
        make()


def test_ids_tell_what_is_not_left_at_its_default():
    assert Fog(3, distance=50, seed=2).metadata == {"id": "fog=3,distance=50,seed=2"}
    assert Rain(0.1, slant=5).metadata == {"id": "rain=0.1,slant=5"}
    assert Snow(0.1, flake=0.05).metadata == {"id": "snow=0.1,flake=0.05"}


# Size and place


@given(places=st.sets(st.floats(-3, 9), min_size=2, max_size=8).map(sorted), axis=st.integers(0, 1))
def test_area_means_are_integrals(places, axis):
    edges, pixels = np.array(places), np.arange(6)
    assume(np.diff(edges).min() > 1e-3)
    image = np.random.default_rng(0).random((6, 6)).astype(np.float32)
    low, high = edges[:-1, None], edges[1:, None]
    shares = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None) / (high - low)
    expected = shares @ image if axis == 0 else image @ shares.T
    np.testing.assert_allclose(area_means(image, edges, axis), expected, atol=1e-9)


def test_half_the_size_is_the_mean_of_four_pixels_in_the_middle():
    image = np.arange(64).reshape(1, 8, 8) / 64
    smaller = one(Scale(0.5), image)[0]
    means = image[0].reshape(4, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(smaller[2:6, 2:6], means, atol=1e-6)
    assert smaller.sum() == pytest.approx(means.sum(), rel=1e-5)


@given(severity=st.floats(0.01, 0.95))
def test_a_smaller_scene_has_its_share_of_the_light(severity):
    light = one(Scale(severity), np.ones((1, 30, 20))).sum()
    assert light == pytest.approx(600 * (1 - severity) ** 2, rel=1e-4)


def test_half_the_resolution_is_blocks_of_two():
    image = np.arange(64).reshape(1, 8, 8) / 64
    blocks = one(Resolution(0.5), image)[0]
    means = image[0].reshape(4, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(blocks, np.repeat(np.repeat(means, 2, axis=0), 2, axis=1), atol=1e-6)


def test_the_lowest_resolution_is_one_pixel():
    image = np.random.default_rng(0).random((2, 7, 5))
    lowest = one(Resolution(1), image)
    np.testing.assert_allclose(lowest, np.broadcast_to(image.mean(axis=(1, 2), keepdims=True), (2, 7, 5)), rtol=1e-5)


@given(severity=st.floats(0.01, 1), id_=st.integers(0, 20))
def test_a_scene_that_moves_keeps_its_pixels(severity, id_):
    image = (np.arange(80).reshape(1, 8, 10) + 1) / 80
    moved = one(Translation(severity), image, id_)
    across, down = Translation(severity).move((10, 8), id_).offset
    for row in range(8):
        for column in range(10):
            y, x = row - down, column - across
            expected = image[0, y, x] if 0 <= y < 8 and 0 <= x < 10 else 0
            assert moved[0, row, column] == pytest.approx(expected)


# What it depends on


def test_nothing_that_is_drawn_changes_with_a_release():
    """Published values depend on these draws: whoever changes them makes other conditions of the same name."""
    draws = [round(SensorNoise(1).generators([id_])[0].random(), 6) for id_ in (0, "a")]
    assert draws == [0.725382, 0.290803]
    hidden = np.argwhere(one(Occlusion(0.04), np.ones((1, 10, 10)))[0] == 0)
    assert hidden.tolist() == [[3, 0], [3, 1], [4, 0], [4, 1]]
    goes_left = [Rotation(10).move((4, 4), id_).matrix[0][1] > 0 for id_ in range(6)]
    assert goes_left == [True, True, False, False, False, True]


def test_only_our_own_are_known_to_see_each_datum_alone():
    class Mine(Fog):
        """One of a user, which may keep what it has seen."""

    assert sees_each_datum_alone(Fog(1))
    assert sees_each_datum_alone(Rotation(1))
    assert not sees_each_datum_alone(Mine(1))
    assert not sees_each_datum_alone(object())
