"""Perturbers of nrtk as augmentations: pixels, boxes, seeds, and what cannot work."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from maite.protocols import generic as gen

from sweeper.augmentations import Nrtk, sees_each_datum_alone
from sweeper.augmentations.carried import selected
from sweeper.capabilities import Robustness
from sweeper.datasets import ArrayDataset, DetectionTarget
from sweeper.errors import PartError
from sweeper.metrics import SklearnMetric

pytest.importorskip("nrtk")

from nrtk.impls.perturb_image import ComposePerturber
from nrtk.impls.perturb_image.environment import HazePerturber
from nrtk.impls.perturb_image.geometric.random import RandomCropPerturber, RandomTranslationPerturber
from nrtk.impls.perturb_image.optical import RadialDistortionPerturber
from nrtk.impls.perturb_image.photometric.enhance import BrightnessPerturber, ColorPerturber
from nrtk.interfaces import PerturbImage

HEIGHT, WIDTH = 40, 60


class Enlarged(PerturbImage):
    """Each pixel several times, and boxes by nrtk's own means."""

    def __init__(self, factor=1):
        super().__init__()
        self.factor = factor

    def perturb(self, *, image, boxes=None, **kwargs):
        larger = np.repeat(np.repeat(image, self.factor, axis=0), self.factor, axis=1)
        if boxes is None:
            return larger, None
        return larger, list(self._rescale_boxes(boxes=boxes, orig_shape=image.shape, new_shape=larger.shape))[::-1]


class Counting(PerturbImage):
    """Brighter with each call: it keeps a state."""

    def __init__(self, step=1):
        super().__init__()
        self.step, self.calls = step, 0

    def perturb(self, *, image, boxes=None, **kwargs):
        self.calls += 1
        return image + np.uint8(self.step * self.calls), boxes


class Speckled(PerturbImage):
    """Noise from a generator, with a seed as nrtk's own perturbers take it."""

    def __init__(self, amount=0.0, seed=None):
        super().__init__()
        self.amount, self.seed = amount, seed
        self._draw = np.random.default_rng(seed)

    def perturb(self, *, image, boxes=None, **kwargs):
        return np.where(self._draw.random(image.shape) < self.amount, np.uint8(255), image), boxes


def target(*boxes, **more):
    numbers = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    return DetectionTarget(numbers, np.arange(len(numbers)), np.ones(len(numbers), np.float32), **more)


def one(augmentation, image, given=None, **metadata):
    (image,), (after,), _ = augmentation(([image], [given], [{"id": 0, **metadata}]))
    return image, after


def white(box, dtype=np.uint8):
    image = np.zeros((3, HEIGHT, WIDTH), dtype)
    x0, y0, x1, y1 = box
    image[:, y0:y1, x0:x1] = 255 if dtype is np.uint8 else 1
    return image


def around(image):
    rows, columns = np.nonzero(image[0])
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_is_a_maite_augmentation_whose_id_tells_its_spec():
    assert isinstance(Nrtk(0.5, HazePerturber, parameter="factor"), gen.Augmentation)
    assert Nrtk(0.5, HazePerturber, parameter="factor").metadata == {"id": "HazePerturber[factor=0.5]"}
    translation = partial(RandomTranslationPerturber, color_fill=[9, 9, 9])
    made = Nrtk(1, translation, parameter="is_static", call_with={"max_translation_limit": [5, 5]}, seed=3)
    told = "RandomTranslationPerturber[color_fill=9x9x9,is_static=1,max_translation_limit=5x5,seed=3]"
    assert made.metadata == {"id": told}
    assert Nrtk(0.5, HazePerturber, parameter="factor", id="mine").metadata == {"id": "mine"}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_keep_type_and_channels(dtype, channels):
    image = np.random.default_rng(0).random((channels, HEIGHT, WIDTH))
    image = np.rint(image * 255).astype(dtype) if dtype is np.uint8 else image.astype(dtype)
    darker, _ = one(Nrtk(0.5, BrightnessPerturber, parameter="factor"), image)
    assert (darker.shape, darker.dtype) == (image.shape, image.dtype)
    np.testing.assert_allclose(darker, image * 0.5, atol=1.01 if dtype is np.uint8 else 1.01 / 255)


def test_pixels_are_those_of_nrtk():
    image = np.random.default_rng(0).integers(0, 256, (3, HEIGHT, WIDTH), dtype=np.uint8)
    hazy, _ = one(Nrtk(0.7, HazePerturber, parameter="factor"), image)
    expected, _ = HazePerturber(factor=0.7)(image=image.transpose(1, 2, 0))
    np.testing.assert_array_equal(hazy, expected.transpose(2, 0, 1))


def test_channels_are_red_green_and_blue():
    red = np.zeros((3, 4, 4), np.uint8)
    red[0] = 255
    grey, _ = one(Nrtk(0.0, ColorPerturber, parameter="factor"), red)
    assert grey[:, 0, 0].tolist() == [76, 76, 76]  # the luma of red, by ITU-R 601


def test_metadata_and_further_arguments_reach_the_perturber():
    image = white((10, 10, 20, 20))
    haze = Nrtk(50.0, HazePerturber, parameter="factor", call_with={"sky_color": [10, 20, 30]})
    assert one(haze, image)[0][:, 0, 0].tolist() == pytest.approx([10, 20, 30], abs=1)
    assert one(haze, image, sky_color=[40, 50, 60])[0][:, 0, 0].tolist() == pytest.approx([40, 50, 60], abs=1)


# Boxes


@pytest.mark.parametrize("bent", [0.1, -0.1])
def test_a_lens_bends_boxes_along(bent):
    box = (15, 10, 45, 30)

    def lens(k1):
        return RadialDistortionPerturber(k=[k1, 0, 0])

    image, after = one(Nrtk(bent, lens, parameter="k1"), white(box), target(box))
    np.testing.assert_allclose(after.boxes, [around(image)], atol=2)  # nrtk bends the corners alone, in whole pixels


def test_all_that_belongs_to_a_box_goes_with_it():
    given = target((0, 0, 4, 4), (10, 5, 20, 10), iscrowd=np.array([True, False]), area=np.array([8, 30], np.float32))
    image, after = one(Nrtk(2, Enlarged, parameter="factor", whole=True), white((0, 0, 4, 4)), given)
    assert image.shape == (3, 2 * HEIGHT, 2 * WIDTH)
    np.testing.assert_allclose(after.boxes, [[20, 10, 40, 20], [0, 0, 8, 8]])
    assert (after.labels.tolist(), after.iscrowd.tolist(), after.area.tolist()) == ([1, 0], [False, True], [120, 32])


class Aside(PerturbImage):
    """Moves a scene to the right, with boxes that are not cut."""

    def __init__(self, by=0):
        super().__init__()
        self.by = by

    def perturb(self, *, image, boxes=None, **kwargs):
        moved = np.zeros_like(image)
        moved[:, self.by :] = image[:, : image.shape[1] - self.by]
        across = np.array([self.by, 0])
        return moved, [(type(box)(box.min_vertex + across, box.max_vertex + across), scores) for box, scores in boxes]


def test_what_leaves_the_image_is_dropped_and_the_rest_is_cut():
    given = target((0, 0, 10, 10), (25, 5, 35, 15), (45, 0, 55, 10), area=np.array([80, 80, 80], np.float32))
    _, after = one(Nrtk(30, Aside, parameter="by", whole=True), white((0, 0, 10, 10)), given)
    np.testing.assert_allclose(after.boxes, [[30, 0, 40, 10], [55, 5, 60, 15]])
    assert (after.labels.tolist(), after.area.tolist()) == ([0, 1], [80, 40])


def test_targets_that_do_not_move_stay_as_they_are():
    haze = Nrtk(1.0, HazePerturber, parameter="factor")
    for given in (target((1, 2, 500, 30)), target(), np.eye(3)[0], None):
        assert one(haze, white((0, 0, 3, 3)), given)[1] is given


def crop(side=20):
    return RandomCropPerturber(crop_size=(side, side + 10), seed=1)


def shift(seed=0):
    return RandomTranslationPerturber(seed=seed)


def composed(side):
    return ComposePerturber(perturbers=[HazePerturber(0.1), crop(side)])


@pytest.mark.parametrize(("make", "parameter"), [(crop, "side"), (composed, "side"), (shift, "seed")])
def test_perturbers_that_put_boxes_in_the_wrong_place_are_refused_with_boxes(make, parameter):
    augmentation = Nrtk(20, make, parameter=parameter, whole=True)
    image, classes = one(augmentation, white((0, 0, 9, 9)), np.eye(3)[0])
    assert image.shape == (3, *((20, 30) if make is not shift else (HEIGHT, WIDTH)))
    assert classes.shape == (3,)
    with pytest.raises(PartError, match=r"Random\w+Perturber of nrtk (takes x for y|cuts boxes where)"):
        one(augmentation, white((0, 0, 9, 9)), target((0, 0, 9, 9)))


@pytest.mark.parametrize("make", [crop, shift])
def test_they_still_put_boxes_in_the_wrong_place(make):
    """Where this fails, nrtk has mended it, and the perturber need not be refused any more."""
    from smqtk_image_io.bbox import AxisAlignedBoundingBox

    wrong, box = 0, (20, 12, 40, 28)
    perturber = make()
    for _ in range(10):
        boxes = [(AxisAlignedBoundingBox(box[:2], box[2:]), {0: 1.0})]
        image, moved = perturber(image=white(box).transpose(1, 2, 0), boxes=boxes)
        if image.any():
            wrong += [[*found.min_vertex, *found.max_vertex] for found, _ in moved] != [
                around(image.transpose(2, 0, 1))
            ]
    assert wrong


# Seeds and states


def batch(number=6):
    images = [np.full((3, 8, 8), 100, np.uint8)] * number
    return images, [np.eye(3)[0]] * number, [{"id": f"datum {n}"} for n in range(number)]


@pytest.mark.parametrize("kind", [Speckled, RandomTranslationPerturber, Counting])
def test_a_datum_looks_the_same_in_every_batch_and_order(kind):
    parameter = {Speckled: "amount", RandomTranslationPerturber: "is_static", Counting: "step"}[kind]
    whole = Nrtk(1 if kind is Counting else 0.3, kind, parameter=parameter, whole=kind is Counting)
    images, targets, metadata = batch()
    forwards = np.stack(whole((images, targets, metadata))[0])
    backwards = np.stack(whole((images, targets, metadata[::-1]))[0])[::-1]
    np.testing.assert_array_equal(forwards, backwards)
    assert sees_each_datum_alone(whole)


def test_seed_and_datum_make_the_difference():
    first, second = Nrtk(0.3, Speckled, parameter="amount"), Nrtk(0.3, Speckled, parameter="amount", seed=1)
    images = np.stack(first(batch())[0])
    assert len({image.tobytes() for image in images}) == 6
    assert not np.array_equal(images, np.stack(second(batch())[0]))


def test_seeds_are_given_in_one_place():
    with pytest.raises(PartError, match="has a seed of its own; give it to Nrtk"):
        Nrtk(0.3, partial(Speckled, seed=1), parameter="amount")

    def composed(amount):
        return ComposePerturber(perturbers=[HazePerturber(0.1), Speckled(amount)])

    with pytest.raises(PartError, match="Speckled draws from no seed"):
        Nrtk(0.3, composed, parameter="amount")


# Bad input


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Nrtk(0.5, HazePerturber(), parameter="factor"), "must make a perturber of nrtk; .*_partial_: true"),
        (lambda: Nrtk(0.5, HazePerturber, parameter="factr"), "makes no perturber of {'factr': 0.5}"),
        (lambda: Nrtk(0.5, dict, parameter="factor"), "gave a dict, which is no perturber of nrtk"),
        (lambda: Nrtk(2.5, Enlarged, parameter="factor", whole=True), "factor is 2.5; with whole: true"),
    ],
)
def test_what_makes_no_perturber_is_refused(make, message):
    with pytest.raises(PartError, match=message):
        make()


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 5, 5), np.uint8), "takes grey and RGB images"),
        (np.full((3, 5, 5), 7.0), r"takes images of floats in \[0, 1\]"),
    ],
)
def test_images_that_nrtk_cannot_take_are_refused(image, message):
    with pytest.raises(PartError, match=message):
        one(Nrtk(0.5, HazePerturber, parameter="factor"), image)


def test_some_boxes_of_a_target_keep_their_order():
    given = target((0, 0, 1, 1), (0, 0, 2, 2), (0, 0, 3, 3))
    assert selected(given, np.array([2, 0]), np.ones(3)).labels.tolist() == [2, 0]


class Brightness:
    """Calls images by their mean brightness: a model of two classes."""

    metadata = {"id": "brightness", "index2label": {0: "dark", 1: "light"}}  # noqa: RUF012 - the protocol has one

    def __call__(self, batch):
        return [np.array([1 - np.mean(image), np.mean(image)]) for image in batch]


def test_robustness_sweeps_a_parameter_from_its_own_baseline():
    images = np.stack([np.full((3, 6, 6), value, np.float32) for value in (0.1, 0.2, 0.8, 0.9)])
    data = ArrayDataset(images, [0, 0, 1, 1], index2label={0: "dark", 1: "light"}, id="lamps")
    darker = partial(Nrtk, perturber=BrightnessPerturber, parameter="factor")
    run = Robustness(darker, [0.75, 0.6, 0.25], baseline=1.0).run(
        models=[Brightness()], datasets=[data], metrics=[SklearnMetric("sklearn.metrics.accuracy_score")]
    )
    (curve,) = run.curves.values()
    assert curve.values == (1.0, 1.0, 0.75, 0.5)
