"""Robustness of a detector: truth is where the pixels are, at every severity."""

from __future__ import annotations

import numpy as np
import pytest

from sweeper.augmentations import LowLight, Rotation, Scale, Translation
from sweeper.capabilities import Evaluate, Robustness
from sweeper.datasets import Augmented, DetectionTarget
from sweeper.metrics import DetectionF1

SIDE = 64


class Boxes:
    """White rectangles on grey, each image with one, which stays inside when the scene turns."""

    metadata = {"id": "boxes", "index2label": {0: "box"}}  # noqa: RUF012 - the protocol has an attribute

    def __len__(self):
        return 12

    def __getitem__(self, index):
        image = np.full((1, SIDE, SIDE), 40, np.uint8)
        x0, y0 = 14 + index, 30 - index
        image[:, y0 : y0 + 18, x0 : x0 + 20] = 255
        boxes = np.array([[x0, y0, x0 + 20, y0 + 18]], np.float32)
        return image, DetectionTarget(boxes, np.array([0]), np.ones(1, np.float32)), {"id": index}


class BrightestRegion:
    """Finds the box around what is brighter than three quarters of white."""

    metadata = {"id": "brightest", "index2label": {0: "box"}}  # noqa: RUF012

    def __call__(self, batch):
        return [self._found(image[0]) for image in batch]

    def _found(self, image):
        rows, columns = np.nonzero(image > 190)
        found = [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]] if len(rows) else []
        boxes = np.array(found, np.float32).reshape(-1, 4)
        return DetectionTarget(boxes, np.zeros(len(boxes), np.int64), np.ones(len(boxes), np.float32))


def f1(augmentation, severities):
    run = Robustness(augmentation, severities, batch_size=5).run(
        models=[BrightestRegion()], datasets=[Boxes()], metrics=[DetectionF1(overlap=0.8)]
    )
    return run.curves["f1"].values


@pytest.mark.parametrize(
    ("kind", "severities"),
    [(Rotation, [15, 45, 90, 180]), (Scale, [0.1, 0.3, 0.5]), (Translation, [0.05, 0.1, 0.2])],
)
def test_a_detector_that_sees_everything_stays_perfect_while_the_scene_moves(kind, severities):
    assert f1(kind, severities) == (1.0,) * (len(severities) + 1)


def test_it_is_scored_against_boxes_that_have_moved():
    """The same detector against truth that stays: what it finds is elsewhere."""

    class Left(Rotation):
        def __call__(self, batch):
            inputs, _, metadata = super().__call__(batch)
            return inputs, batch[1], metadata

    assert f1(Left, [90])[1] < 0.5


def test_in_the_dark_it_finds_nothing():
    assert f1(LowLight, [0.1, 0.5])[:2] == (1.0, 1.0)
    assert f1(LowLight, [0.5])[1] == 0


def test_a_dataset_that_has_moved_is_scored_as_well():
    run = Evaluate().run([BrightestRegion()], [Augmented(Boxes(), Rotation(30))], [DetectionF1(overlap=0.8)])
    assert run.values["f1"] == 1.0
