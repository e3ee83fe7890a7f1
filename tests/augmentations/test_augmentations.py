"""Augmentations keep MAITE's protocol and depend on datum, severity and seed alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maite.protocols import generic as gen

from sweeper.augmentations import AUGMENTATIONS, Blur, LowContrast, LowLight, Occlusion, Rotation, SensorNoise
from sweeper.errors import PartError

MIDDLE = {
    "low_light": 0.4,
    "low_contrast": 0.4,
    "sensor_noise": 0.2,
    "rotation": 25.0,
    "occlusion": 0.3,
    "blur": 1.0,
    "motion_blur": 3.5,
    "resolution": 0.5,
    "jpeg": 60.0,
    "fog": 10.0,
    "rain": 0.3,
    "snow": 0.3,
    "scale": 0.3,
    "translation": 0.3,
}
ALL = pytest.mark.parametrize("name", sorted(AUGMENTATIONS))


def batch(n=6, shape=(3, 9, 7), dtype=np.float32, start=0):
    images = np.random.default_rng(0).random((start + n, *shape))[start:]
    images = np.rint(images * 255) if np.issubdtype(dtype, np.integer) else images
    ids = range(start, start + n)
    return [*images.astype(dtype)], [np.eye(n, dtype=np.float32)[i - start] for i in ids], [{"id": i} for i in ids]


def apply(name, data, severity=None, seed=0):
    return AUGMENTATIONS[name](MIDDLE[name] if severity is None else severity, seed=seed)(data)


def test_every_augmentation_has_its_middle_in_these_tests():
    assert set(MIDDLE) == set(AUGMENTATIONS)


@ALL
def test_is_a_maite_augmentation(name):
    severity = MIDDLE[name]
    assert isinstance(AUGMENTATIONS[name](severity), gen.Augmentation)
    assert AUGMENTATIONS[name](severity).metadata == {"id": f"{name}={severity:g}"}
    assert AUGMENTATIONS[name](severity, seed=3).metadata == {"id": f"{name}={severity:g},seed=3"}
    assert AUGMENTATIONS[name](severity, id="mine").metadata == {"id": "mine"}


@ALL
def test_severity_zero_changes_nothing(name):
    data = batch()
    for before, after in zip(data[0], apply(name, data, severity=0)[0], strict=True):
        np.testing.assert_array_equal(before, after)


@ALL
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_changes_the_images_alone_and_keeps_dtype_shape_and_range(name, dtype):
    data = batch(dtype=dtype)
    before = np.stack(data[0]).copy()
    images, targets, metadata = apply(name, data)
    top = 255 if dtype is np.uint8 else 1
    assert targets is data[1]
    assert metadata is data[2]
    assert {(image.shape, image.dtype) for image in images} == {((3, 9, 7), np.dtype(dtype))}
    assert np.min(images) >= 0
    assert np.max(images) <= top
    assert not np.array_equal(np.stack(images), before)
    np.testing.assert_array_equal(np.stack(data[0]), before)


@ALL
def test_bytes_and_floats_get_the_same_change(name):
    data = batch(dtype=np.uint8)
    floats = ([image.astype(np.float32) / 255 for image in data[0]], *data[1:])
    np.testing.assert_allclose(
        np.stack(apply(name, data)[0]) / 255, np.stack(apply(name, floats)[0]), atol=0.5 / 255 + 1e-6
    )


@ALL
@settings(max_examples=20)
@given(cut=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_a_datum_looks_the_same_in_every_batch(name, cut, seed):
    images, targets, metadata = batch()
    whole = apply(name, (images, targets, metadata), seed=seed)[0]
    parts = [
        image
        for rows in (slice(0, cut), slice(cut, None))
        for image in apply(name, (images[rows], targets[rows], metadata[rows]), seed=seed)[0]
    ]
    np.testing.assert_array_equal(np.stack(whole), np.stack(parts))


@ALL
def test_images_of_several_shapes_are_taken_one_by_one(name):
    images, targets, metadata = batch(2)
    ragged = ([images[0], images[1][:, :5, :5]], targets, metadata)
    np.testing.assert_array_equal(apply(name, ragged)[0][0], apply(name, batch(2))[0][0])


@pytest.mark.parametrize("name", ["sensor_noise", "occlusion"])
def test_seed_and_datum_id_make_the_difference(name):
    same = ([np.full((1, 16, 16), 0.5, dtype=np.float32)] * 2, [None] * 2, [{"id": "a"}, {"id": "b"}])
    first, second = apply(name, same)[0]
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, apply(name, same, seed=1)[0][0])


@pytest.mark.parametrize(
    ("kind", "severity"),
    [(LowLight, -0.1), (LowLight, 1.1), (Rotation, 181), (SensorNoise, float("nan")), (Blur, float("inf"))],
)
def test_severities_out_of_range_are_refused(kind, severity):
    with pytest.raises(PartError, match=f"severity of {kind.name}"):
        kind(severity)


# Known values


def one(augmentation, image):
    return augmentation(([np.asarray(image, dtype=np.float32)], [None], [{"id": 0}]))[0][0]


def test_low_light_scales():
    np.testing.assert_allclose(one(LowLight(0.75), [[[1.0, 0.4]]]), [[[0.25, 0.1]]], rtol=1e-6)


def test_low_contrast_pulls_to_the_mean():
    np.testing.assert_allclose(one(LowContrast(0.5), [[[0.0, 1.0]]]), [[[0.25, 0.75]]])


def test_sensor_noise_has_its_standard_deviation():
    noisy = one(SensorNoise(0.05), np.full((1, 200, 200), 0.5))
    assert noisy.std() == pytest.approx(0.05, rel=0.02)
    assert noisy.mean() == pytest.approx(0.5, abs=0.002)


def test_rotation_by_a_right_angle_turns_pixels_to_one_side_or_the_other():
    image = np.arange(9, dtype=np.float32).reshape(1, 3, 3) / 9
    turned = one(Rotation(90), image)
    sides = [np.rot90(image, k, axes=(1, 2)) for k in (1, -1)]
    assert any(np.allclose(turned, side, atol=1e-6) for side in sides)


def test_rotation_goes_to_both_sides():
    image = np.arange(9, dtype=np.float32).reshape(1, 3, 3) / 9
    images = Rotation(90)(([image] * 20, [None] * 20, [{"id": i} for i in range(20)]))[0]
    assert len({image.tobytes() for image in images}) == 2


@given(severity=st.floats(0.01, 1))
def test_occlusion_covers_about_its_share(severity):
    covered = (one(Occlusion(severity), np.ones((1, 64, 64))) == 0).mean()
    assert covered == pytest.approx(severity, abs=0.03)


def test_occlusion_covers_one_rectangle_in_all_channels():
    covered = one(Occlusion(0.25), np.ones((3, 8, 8))) == 0
    rows, columns = np.flatnonzero(covered[0].any(axis=1)), np.flatnonzero(covered[0].any(axis=0))
    assert (np.ptp(rows), np.ptp(columns), covered[0].sum()) == (3, 3, 16)
    assert (covered == covered[0]).all()


def test_blur_keeps_a_flat_image_and_lowers_contrast():
    flat = np.full((1, 9, 9), 0.5, dtype=np.float32)
    np.testing.assert_allclose(one(Blur(1.0), flat), flat, rtol=1e-6)
    dot = np.zeros((1, 9, 9), dtype=np.float32)
    dot[0, 4, 4] = 1
    assert one(Blur(1.0), dot).max() < 0.2


@pytest.mark.parametrize("scale", [255.0, -1.0, np.nan])
def test_floats_outside_the_unit_range_are_refused(scale):
    inputs, targets, metadata = batch()
    with pytest.raises(PartError, match=r"low_light=0\.5 takes images of floats in \[0, 1\]"):
        LowLight(0.5)(([image * scale for image in inputs], targets, metadata))


@pytest.mark.parametrize("dtype", [np.uint16, np.int64])
def test_integers_keep_their_range(dtype):
    top = 65535 if dtype is np.uint16 else 255
    image = np.full((1, 4, 4), top, dtype)
    ((darker,), _, _) = LowLight(0.5)(([image], [0], [{"id": 0}]))
    assert darker.dtype == dtype
    assert darker.max() == round(top / 2)
