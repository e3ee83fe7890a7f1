"""Pixels as features: averages of blocks, with names."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sweeper.capabilities.pixel_features import average_pool, pixel_names


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 16))
def test_pooling_averages_blocks(height, width, side):
    images = np.random.default_rng(0).random((2, 3, height, width)).astype(np.float32)
    small = average_pool(images, side)
    assert small.shape == (2, 3, min(height, side), min(width, side))
    if height % small.shape[2] == 0 and width % small.shape[3] == 0:
        blocks = images.reshape(2, 3, small.shape[2], height // small.shape[2], small.shape[3], -1)
        np.testing.assert_allclose(small, blocks.mean(axis=(3, 5)), rtol=1e-5)


def test_pooling_leaves_small_images_alone_and_names_follow_memory_order():
    images = np.zeros((1, 2, 2, 2), dtype=np.float32)
    assert average_pool(images, 16) is images
    assert pixel_names((2, 1, 2)) == ["c0_y0_x0", "c0_y0_x1", "c1_y0_x0", "c1_y0_x1"]
