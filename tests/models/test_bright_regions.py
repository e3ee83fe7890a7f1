"""The detector without training: regions brighter than a threshold."""

from __future__ import annotations

import numpy as np
import pytest

from sweeper.errors import PartError
from sweeper.models import BrightRegions


def image(*regions: tuple[slice, slice], brightness: float = 0.8) -> np.ndarray:
    made = np.full((1, 40, 60), 0.1, np.float32)
    for region in regions:
        made[0][region] = brightness
    return made


def test_each_region_has_its_box_its_class_and_its_brightness():
    wide, tall = np.s_[2:10, 5:30], np.s_[15:38, 40:50]
    (found,) = BrightRegions()([image(wide, tall)])
    assert found.boxes.tolist() == [[5, 2, 30, 10], [40, 15, 50, 38]]
    assert found.labels.tolist() == [0, 1]
    assert found.scores == pytest.approx([0.8, 0.8])
    assert (found.boxes.dtype, found.labels.dtype, found.scores.dtype) == (np.float32, np.int64, np.float32)


def test_regions_that_are_small_or_dark_are_none():
    (found,) = BrightRegions(smallest=10)([image(np.s_[0:3, 0:3])])
    assert found.boxes.shape == (0, 4)
    (found,) = BrightRegions(threshold=0.9)([image(np.s_[0:9, 0:9])])
    assert len(found.labels) == 0


def test_pixels_that_touch_at_a_corner_are_one_region():
    (found,) = BrightRegions()([image(np.s_[0:5, 0:5], np.s_[5:10, 5:10])])
    assert found.boxes.tolist() == [[0, 0, 10, 10]]


def test_whole_numbers_and_colours_are_read_alike():
    one = image(np.s_[2:10, 5:30])
    as_bytes = np.repeat(np.rint(one * 255).astype(np.uint8), 3, axis=0)
    (first,), (second,) = BrightRegions()([one]), BrightRegions()([as_bytes])
    assert first.boxes.tolist() == second.boxes.tolist()
    assert second.scores == pytest.approx(first.scores, abs=1e-2)


@pytest.mark.parametrize("settings", [{"threshold": 0}, {"threshold": 1}, {"smallest": 0}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]):
    with pytest.raises(PartError, match="the threshold must be above 0"):
        BrightRegions(**settings)  # type: ignore[arg-type]


def test_an_image_without_channels_is_refused():
    with pytest.raises(PartError, match=r"shape \(40, 60\); it takes C x H x W"):
        BrightRegions()([image()[0]])


def test_it_says_its_classes_before_it_is_built():
    assert BrightRegions.facts(threshold=0.3).class_names == BrightRegions().metadata["index2label"]
    assert BrightRegions(threshold=0.3).metadata["id"] == "bright_regions[threshold=0.3]"
