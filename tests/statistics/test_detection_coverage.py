"""How often the intervals of COCO's values cover what a detector has on very many images."""

from __future__ import annotations

import numpy as np
import pytest
from detection_parts import Rectangles, Thresholds

from sweeper.statistics.average_precision import of_all_images, resampled_values
from sweeper.statistics.bounds import STANDARD
from sweeper.statistics.coco_matches import class_matches
from sweeper.statistics.resampled import Resampled
from sweeper.statistics.resampling import Resamples

IMAGES, DATASETS, RESAMPLES = 6000, 150, 300
KEYS = ("map", "map_50", "map_75", "mar_100")


@pytest.mark.slow
@pytest.mark.parametrize("size", [50, 200])
def test_intervals_cover_in_88_of_100_cases_or_more(size: int):
    images = Rectangles(IMAGES, seed=9)
    model = Thresholds(miss=0.2, double=0.1, confuse=0.05, shift=0.7, false=0.5)
    made = [images[number] for number in range(IMAGES)]
    found, truth = [model([image])[0] for image, _, _ in made], [target for _, target, _ in made]
    true = of_all_images(class_matches(found, truth), IMAGES)
    random = np.random.default_rng(0)
    covered = dict.fromkeys(KEYS, 0)
    for number in range(DATASETS):
        places = random.choice(IMAGES, size, replace=False)
        matches = class_matches([found[place] for place in places], [truth[place] for place in places])
        values = of_all_images(matches, size)
        again = resampled_values(matches, Resamples(str(number), size).weights(0, RESAMPLES))
        for key in KEYS:
            interval = Resampled(values[key], again[key], size, key.startswith("map")).interval(STANDARD)
            covered[key] += interval.low is not None and interval.low <= true[key] <= (interval.high or 0)
    assert min(covered.values()) >= 0.88 * DATASETS, covered
