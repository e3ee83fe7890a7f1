"""Boxes go where the pixels go, and what belongs to a box goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.augmentations import AUGMENTATIONS, GeometricAugmentation, Occlusion, Rotation, Scale, Translation
from sweeper.augmentations.moves import Move
from sweeper.datasets import Augmented, DetectionTarget
from sweeper.errors import PartError

HEIGHT, WIDTH = 48, 72
GEOMETRIC = [kind for kind in AUGMENTATIONS.values() if issubclass(kind, GeometricAugmentation)]
EDGE, TRACE = 0.25, 1e-5
"""How bright a pixel is of which a quarter is part of a white shape, as at its corner, and one that it just touches."""


def target(*boxes, labels=None, **more):
    numbers = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    indices = np.arange(len(numbers)) if labels is None else np.array(labels)
    return DetectionTarget(
        numbers, indices.astype(np.int64), np.linspace(0.5, 1, len(numbers), dtype=np.float32), **more
    )


def apply(augmentation, given, image=None, id_=0):
    image = np.zeros((3, HEIGHT, WIDTH), np.float32) if image is None else image
    (image,), (after,), _ = augmentation(([image], [given], [{"id": id_}]))
    return image, after


def painted(box):
    """A white rectangle on black."""
    image = np.zeros((1, HEIGHT, WIDTH), np.float32)
    x0, y0, x1, y1 = box
    image[:, y0:y1, x0:x1] = 1
    return image


def around(image, least=EDGE):
    """The box around the pixels that are at least so bright, `None` if there are none."""
    rows, columns = np.nonzero(image[0] >= least)
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


@st.composite
def rectangles(draw):
    wide, tall = draw(st.integers(6, WIDTH)), draw(st.integers(6, HEIGHT))
    x, y = draw(st.integers(0, WIDTH - wide)), draw(st.integers(0, HEIGHT - tall))
    return x, y, x + wide, y + tall


@st.composite
def moves(draw):
    kind = draw(st.sampled_from(GEOMETRIC))
    most = {Rotation: 180.0, Scale: 0.7, Translation: 1.0}[kind]
    return kind(draw(st.floats(0.01, 1).map(lambda share: share * most)), seed=draw(st.integers(0, 50)), min_visible=0)


def test_every_geometric_augmentation_is_in_these_tests():
    assert {Rotation, Scale, Translation} == set(GEOMETRIC)


def lies_in(inner, outer):
    """Whether a box lies in another one, to within a pixel at each side, or a little more: a corner shows in no pixel
    whose centre it does not reach."""
    signs = np.array([-1, -1, 1, 1])
    return bool((signs * inner <= signs * outer + 1.3).all())


@given(box=rectangles(), move=moves())
def test_a_box_goes_with_its_pixels(box, move):
    """It has all that is clearly of the shape, and nothing but what the shape touches, if only by a sliver."""
    image, after = apply(move, target(box), painted(box))
    clear, touched = (around(image, least) for least in (EDGE, TRACE))
    if not len(after.boxes):
        assert clear is None or min(clear[2] - clear[0], clear[3] - clear[1]) <= 1
        return
    assert clear is None or lies_in(np.array(clear), after.boxes[0])
    assert touched is None or lies_in(after.boxes[0], np.array(touched))
    assert touched is not None or min(np.ptp(after.boxes[0][[0, 2]]), np.ptp(after.boxes[0][[1, 3]])) <= 1


@pytest.mark.parametrize("kind", GEOMETRIC)
def test_integers_carry_the_same_boxes(kind):
    move = kind(0.3 if kind is not Rotation else 30)
    image = (painted((20, 10, 50, 30)) * 255).astype(np.uint8)
    bytes_, after = apply(move, target((20, 10, 50, 30)), image)
    _, floats = apply(move, target((20, 10, 50, 30)), painted((20, 10, 50, 30)))
    assert bytes_.dtype == np.uint8
    np.testing.assert_array_equal(after.boxes, floats.boxes)


def test_known_places():
    move = Scale(0.5)
    np.testing.assert_allclose(apply(move, target((0, 0, WIDTH, HEIGHT)))[1].boxes, [[18, 12, 54, 36]])
    np.testing.assert_allclose(apply(Rotation(180), target((10, 5, 30, 20)))[1].boxes, [[42, 28, 62, 43]], atol=1e-4)
    square = np.zeros((1, 40, 40), np.float32)
    side = 10 * np.sqrt(2)
    turned = apply(Rotation(45), target((10, 10, 30, 30)), square)[1].boxes
    np.testing.assert_allclose(turned, [[20 - side, 20 - side, 20 + side, 20 + side]], atol=1e-4)


def test_what_is_cut_off_does_not_enlarge_a_box():
    """A long box that is turned so that its ends leave the image: its new box is around what is left of it."""
    square = np.zeros((1, 40, 40), np.float32)
    (box,) = apply(Rotation(45), target((0, 18, 40, 22)), square)[1].boxes
    half = 40 / 2 / np.sqrt(2) + 4 / 2 / np.sqrt(2)
    np.testing.assert_allclose(box, [20 - half, 20 - half, 20 + half, 20 + half], atol=1e-4)


class Aside(GeometricAugmentation):
    """Moves a scene to the left by some pixels."""

    name = "aside"

    def apply(self, images, ids):
        return np.roll(images, -int(self.severity), axis=3)

    def move(self, size, id_):
        return Move(((1, 0), (0, 1)), (-self.severity, 0))


@pytest.mark.parametrize(
    ("left", "options", "kept"),
    [
        (0.5, {}, 1),
        (0.11, {}, 1),
        (0.09, {}, 0),
        (0.09, {"min_visible": 0}, 1),
        (0.6, {"min_visible": 0.7}, 0),
        (-0.1, {"min_visible": 0}, 0),
    ],
)
def test_a_box_stays_where_enough_of_it_is_seen(left, options, kept):
    """Ten pixels wide, of which the move leaves this share in the image."""
    x0 = 40 - 10 * (1 - left)
    assert len(apply(Aside(40, **options), target((x0, 5, x0 + 10, 9)))[1].boxes) == kept


def test_what_was_outside_before_does_not_count():
    """A box that reaches over the edge is cut before it moves: nothing of it can be seen outside."""
    np.testing.assert_allclose(apply(Scale(0.5), target((-40, 12, 36, 36)))[1].boxes, [[18, 18, 36, 30]])
    assert len(apply(Scale(0.5), target((-40, 12, -10, 36)))[1].boxes) == 0


def test_a_box_without_area_stays_while_it_is_inside():
    assert len(apply(Scale(0.5), target((10, 10, 10, 20), (80, 10, 80, 20)))[1].boxes) == 1


def test_all_that_belongs_to_a_box_goes_with_it():
    leaves, inside = (2, 2, 12, 12), (30, 5, 50, 15)
    given = target(leaves, inside, labels=[7, 3], iscrowd=np.array([False, True]), area=np.array([4, 50], np.float32))
    after = apply(Aside(20), given)[1]
    assert (after.labels.tolist(), after.iscrowd.tolist(), after.area.tolist()) == ([3], [True], [50.0])
    np.testing.assert_array_equal(after.scores, given.scores[1:])
    assert (after.boxes.dtype, after.labels.dtype, after.scores.dtype) == (np.float32, np.int64, np.float32)
    assert after.area.dtype == np.float32


def test_areas_shrink_with_the_scene_and_with_what_is_cut_off():
    given = target((20, 10, 40, 30), area=np.array([300], np.float32))
    np.testing.assert_allclose(apply(Scale(0.5), given)[1].area, [75])
    cut = target((10, 10, 30, 30), area=np.array([300], np.float32))
    np.testing.assert_allclose(apply(Aside(15), cut)[1].area, [225])


@dataclass
class Foreign:
    """A target of another library, with a row of scores for each box."""

    boxes: object
    labels: object
    scores: object


@pytest.mark.parametrize("kind", [Foreign, SimpleNamespace])
def test_targets_of_other_libraries_become_ours(kind):
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    foreign = kind(boxes=[[0, 0, WIDTH, HEIGHT], [200, 200, 220, 220]], labels=[0, 1], scores=scores)
    after = apply(Scale(0.5), foreign)[1]
    assert isinstance(after, DetectionTarget)
    np.testing.assert_allclose(after.boxes, [[18, 12, 54, 36]])
    np.testing.assert_allclose(after.scores, [0.9])  # that of the label
    assert foreign.boxes[0] == [0, 0, WIDTH, HEIGHT]


@pytest.mark.parametrize("kind", GEOMETRIC)
def test_an_image_without_boxes_stays_one(kind):
    after = apply(kind(0.5), target())[1]
    assert (after.boxes.shape, len(after.labels), len(after.scores)) == ((0, 4), 0, 0)


@pytest.mark.parametrize("kind", GEOMETRIC)
def test_severity_zero_leaves_boxes_as_they_are(kind):
    given = target((-5, 0, 500, 10))
    assert apply(kind(0), given)[1] is given


def test_what_hides_a_scene_leaves_its_boxes():
    given = target((5, 5, 20, 20))
    assert apply(Occlusion(0.5), given)[1] is given


@pytest.mark.parametrize("strange", [{"boxes": []}, SimpleNamespace(masks=[])])
def test_targets_that_nothing_says_how_to_move_are_refused(strange):
    with pytest.raises(PartError, match=r"rotation=5 moves pixels, and a target of type .* has no boxes"):
        apply(Rotation(5), strange)


def test_shares_out_of_range_are_refused():
    with pytest.raises(PartError, match=r"min_visible of scale is 1\.5; allowed: 0 to 1"):
        Scale(0.5, min_visible=1.5)


def test_the_id_tells_a_share_that_is_not_the_default():
    assert Scale(0.5, min_visible=0.3, seed=2).metadata == {"id": "scale=0.5,min_visible=0.3,seed=2"}


class Detections:
    """Six images of several sizes, with a box or none."""

    metadata = {"id": "scenes", "index2label": {0: "car"}}  # noqa: RUF012 - the protocol has an attribute

    def __len__(self):
        return 6

    def __getitem__(self, index):
        image = np.zeros((3, HEIGHT, WIDTH + index), np.uint8)
        boxes = [(4, 4, 20, 20)] if index % 2 else []
        return image, target(*boxes), {"id": index}


@pytest.mark.parametrize("block_size", [2, 1024])
def test_an_augmented_dataset_has_the_boxes_where_its_pixels_are(block_size):
    data, move = Detections(), Rotation(20)
    view = Augmented(data, move, block_size=block_size)
    for index in range(len(data)):
        image, given, metadata = data[index]
        _, (expected,), _ = move(([image], [given], [metadata]))
        np.testing.assert_array_equal(view[index][1].boxes, expected.boxes)
        assert len(expected.boxes) == index % 2


@pytest.mark.parametrize("kind", [SimpleNamespace, dict])
def test_crowds_and_areas_of_other_libraries_go_along(kind):
    foreign = kind(boxes=[[0, 0, 20, 20]], labels=[1], scores=[1.0], iscrowd=[1], area=[300.0])
    after = apply(Scale(0.5), foreign)[1]
    assert after.iscrowd.tolist() == [True]
    assert after.area.tolist() == [75.0]


def test_boxes_of_other_libraries_that_do_not_fit_are_refused():
    with pytest.raises(PartError, match=r"rotation=5 moves pixels, and cannot move the boxes of .*of shape \(1, 3\)"):
        apply(Rotation(5), SimpleNamespace(boxes=[[0, 0, 1]], labels=[0], scores=[1.0]))
