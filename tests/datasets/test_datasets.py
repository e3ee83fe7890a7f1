"""Datasets keep MAITE's protocols, are reproducible, and say clearly what is wrong with what they are given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maite.protocols import generic as gen
from PIL import Image

from sweeper.augmentations import LowLight, SensorNoise
from sweeper.datasets import ArrayDataset, Augmented, Digits, ImageFolder, as_arrays
from sweeper.errors import PartError


@pytest.fixture
def folder(tmp_path):
    """Two classes: cat with two images of 6 x 4 pixels (height x width), dog with one in a folder of its own."""
    for name, color in (("cat/b.png", (255, 0, 0)), ("cat/a.PNG", (0, 0, 0)), ("dog/deep/c.jpg", (255, 255, 255))):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 6), color).save(path)
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


# Digits


def test_digits_are_a_maite_dataset():
    digits = Digits()
    image, target, metadata = digits[0]
    assert isinstance(digits, gen.Dataset)
    assert image.shape == (1, 8, 8)
    assert image.dtype == target.dtype == np.float32
    assert (target.sum(), target.max(), target.shape) == (1, 1, (10,))
    assert digits.metadata == {"id": "digits[test]", "index2label": {i: str(i) for i in range(10)}}
    assert set(metadata) == {"id"}


def test_digits_hold_the_known_data_in_range():
    from sklearn.datasets import load_digits

    known = load_digits()
    digits = Digits()
    assert len(digits) == 540
    assert digits.images.min() == 0
    assert digits.images.max() == 1
    for index in (0, 100, 539):
        image, target, metadata = digits[index]
        np.testing.assert_array_equal(image[0] * 16, known.images[metadata["id"]])
        assert target.argmax() == known.target[metadata["id"]]


@pytest.mark.parametrize("seed", [0, 7])
def test_digits_splits_part_the_data(seed):
    train, test = set(Digits("train", seed=seed).ids), set(Digits("test", seed=seed).ids)
    assert not train & test
    assert train | test == set(range(1797))


def test_digits_splits_are_stratified_and_seeded():
    counts = np.bincount(Digits().labels)
    assert counts.min() >= 52
    assert counts.max() <= 55
    assert Digits(seed=1).ids == Digits(seed=1).ids != Digits(seed=2).ids


@pytest.mark.parametrize(
    ("arguments", "id_"),
    [
        ({}, "digits[test]"),
        ({"split": "train", "seed": 3}, "digits[train,seed=3]"),
        ({"test_fraction": 0.5}, "digits[test,test_fraction=0.5]"),
        ({"id": "mine"}, "mine"),
    ],
)
def test_digits_ids_tell_specs_apart(arguments, id_):
    assert Digits(**arguments).metadata["id"] == id_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"split": "tests"}, "Did you mean 'test'"), ({"test_fraction": 1.0}, "between 0 and 1")],
)
def test_digits_refuse_what_is_not_allowed(arguments, message):
    with pytest.raises(PartError, match=message):
        Digits(**arguments)


# Arrays


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 4, 4)), [0, 1], "N x C x H x W"),
        (np.zeros((2, 1, 4, 4)), [0], "2 images, 1 labels"),
        (np.zeros((2, 1, 4, 4)), [0, 5], "allowed: 0 to 1"),
    ],
)
def test_array_dataset_checks_its_arrays(images, labels, message):
    with pytest.raises(PartError, match=message):
        ArrayDataset(images, labels, index2label={0: "a", 1: "b"}, id="x")


class Listed:
    """A MAITE dataset of plain Python data, as a user might write it."""

    metadata = {"id": "listed"}  # noqa: RUF012 - a user's own class

    def __init__(self, images, targets):
        self._data = list(zip(images, targets, strict=True))

    def __len__(self):
        return len(self._data)

    def __getitem__(self, index):
        image, target = self._data[index]
        return image, target, {"id": f"item-{index}"}


def test_as_arrays_reads_any_dataset():
    images = np.arange(2 * 3 * 2 * 2, dtype=np.uint8).reshape(2, 3, 2, 2)
    arrays = as_arrays(Listed(images.tolist(), [[0, 1], [1, 0]]))
    assert arrays.labels.tolist() == [1, 0]
    assert arrays.ids == ("item-0", "item-1")
    assert arrays.n_classes == 2


def test_as_arrays_scales_integers_and_keeps_floats():
    integers = np.full((1, 1, 2, 2), 255, dtype=np.uint8)
    floats = np.full((1, 1, 2, 2), 0.5, dtype=np.float64)
    assert as_arrays(Listed(integers, [[1, 0]])).images.max() == 1
    assert as_arrays(Listed(floats, [[1, 0]])).images.dtype == np.float32


@pytest.mark.parametrize(
    ("values", "white"),
    [
        (np.array([0, 128, 255], np.uint8), 255),
        (np.array([0, 32896, 65535], np.uint16), 65535),
        (np.array([0, 32896, 65535], ">u2"), 65535),
        (np.array([0, 128, 255], np.int64), 255),
        (np.array([0, 100, 127], np.int8), 255),
    ],
)
def test_integers_are_divided_by_the_value_that_is_white(values, white):
    images = as_arrays(Listed(values.reshape(1, 1, 1, 3), [[1, 0]])).images
    np.testing.assert_allclose(images.ravel(), values / white, rtol=1e-6)


@pytest.mark.parametrize("values", [np.array([0, 4095], np.int16), np.array([-1, 5], np.int64), np.array([0, 1 << 31])])
def test_integers_of_no_known_range_are_refused(values):
    with pytest.raises(PartError, match=f"{values.dtype} from {values.min()} to {values.max()}.*white"):
        as_arrays(Listed(values.reshape(1, 1, 1, 2), [[1, 0]]))


def test_an_array_dataset_refuses_what_is_not_scaled():
    with pytest.raises(PartError, match="uint8 up to 255"):
        ArrayDataset(np.full((1, 1, 2, 2), 255, np.uint8), [0], index2label={0: "a"}, id="x")


def test_as_arrays_of_an_array_dataset_equals_reading_it_item_by_item():
    digits = Digits()
    items = [digits[i] for i in range(len(digits))]
    fast, slow = as_arrays(digits), as_arrays(Listed([i for i, _, _ in items], [t for _, t, _ in items]))
    np.testing.assert_array_equal(fast.images, slow.images)
    np.testing.assert_array_equal(fast.labels, slow.labels)


@pytest.mark.parametrize(
    ("images", "targets", "message"),
    [
        ([], [], "empty"),
        ([np.zeros((1, 2, 2)), np.zeros((1, 3, 3))], [[1, 0], [1, 0]], "one shape"),
        ([np.zeros((2, 2))], [[1, 0]], "3 dimensions"),
        ([np.zeros((1, 2, 2))], [3], "1 dimensions"),
    ],
)
def test_as_arrays_says_what_it_cannot_read(images, targets, message):
    with pytest.raises(PartError, match=message):
        as_arrays(Listed(images, targets))


# Conditions


def test_a_condition_changes_images_and_nothing_else():
    digits, dark = Digits(), Augmented(Digits(), LowLight(0.75))
    assert isinstance(dark, gen.Dataset)
    assert len(dark) == len(digits)
    for index in (0, 539):
        image, target, metadata = dark[index]
        np.testing.assert_allclose(image, digits[index][0] / 4)
        assert image.dtype == np.float32
        np.testing.assert_array_equal(target, digits[index][1])
        assert metadata == digits[index][2]
    assert dark.metadata["index2label"] == digits.metadata["index2label"]


def test_conditions_name_themselves():
    dark = Augmented(Digits(), LowLight(0.25))
    assert dark.metadata["id"] == "digits[test,low_light=0.25]"
    assert Augmented(dark, SensorNoise(0.1, seed=2)).metadata["id"] == (
        "digits[test,low_light=0.25,sensor_noise=0.1,seed=2]"
    )
    assert Augmented(dark, LowLight(0.1), id="mine").metadata["id"] == "mine"


@given(block_size=st.integers(1, 600), keep_blocks=st.integers(1, 3), order=st.permutations([0, 3, 270, 538, 539]))
def test_block_borders_and_order_of_reading_do_not_matter(block_size, keep_blocks, order):
    whole = Augmented(_DIGITS, SensorNoise(0.25))
    parts = Augmented(_DIGITS, SensorNoise(0.25), block_size=block_size, keep_blocks=keep_blocks)
    for index in order:
        np.testing.assert_array_equal(parts[index][0], whole[index][0])


_DIGITS = ArrayDataset(Digits().images, Digits().labels, index2label=dict.fromkeys(range(10), ""), id="d")


def test_a_dataset_that_fits_is_augmented_once():
    calls = []

    class Counting(LowLight):
        def apply(self, images, ids):
            calls.append(len(images))
            return super().apply(images, ids)

    dataset = Augmented(Digits(), Counting(0.5))
    for _ in range(2):
        assert len([dataset[i] for i in range(len(dataset))]) == 540
    assert calls == [540]


def test_reading_past_the_end_stops_an_iteration():
    dataset = Augmented(Digits(), LowLight(0.5))
    with pytest.raises(IndexError):
        dataset[540]
    np.testing.assert_array_equal(dataset[-1][0], dataset[539][0])


def test_an_augmentation_that_loses_data_is_refused():
    class Losing:
        metadata = {"id": "losing"}  # noqa: RUF012 - a user's own class

        def __call__(self, batch):
            return tuple(column[1:] for column in batch)

    with pytest.raises(PartError, match="losing gave"):
        Augmented(Digits(), Losing())[0]


def test_few_large_images_are_augmented_at_a_time(monkeypatch):
    sizes = []

    class Noting(LowLight):
        def __call__(self, batch):
            sizes.append(len(batch[0]))
            return super().__call__(batch)

    monkeypatch.setattr("sweeper.datasets.augmented.BLOCK_BYTES", 10 * _DIGITS[0][0].nbytes)
    few = ArrayDataset(Digits().images[:25], Digits().labels[:25], index2label=dict.fromkeys(range(10), ""), id="few")
    dataset = Augmented(few, Noting(0.5))
    assert len([dataset[i] for i in range(25)]) == 25
    assert sizes == [10, 10, 5]


# Image folders


def test_image_folder_is_a_maite_dataset(folder):
    dataset = ImageFolder(folder)
    assert isinstance(dataset, gen.Dataset)
    assert len(dataset) == 3
    assert dataset.metadata["index2label"] == {0: "cat", 1: "dog"}
    assert [dataset[i][2]["id"] for i in range(3)] == ["cat/a.PNG", "cat/b.png", "dog/deep/c.jpg"]
    image, target, _ = dataset[1]
    assert image.shape == (3, 6, 4)
    assert image.dtype == target.dtype == np.float32
    np.testing.assert_array_equal(image[:, 0, 0], [1, 0, 0])
    np.testing.assert_array_equal(target, [1, 0])


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"size": 8}, (3, 8, 8)),
        ({"size": [2, 5]}, (3, 2, 5)),
        ({"grayscale": True}, (1, 6, 4)),
        ({"grayscale": True, "size": 3}, (1, 3, 3)),
    ],
)
def test_image_folder_resizes_and_turns_gray(folder, arguments, shape):
    assert ImageFolder(folder, **arguments)[0][0].shape == shape


def test_two_folders_share_indices_by_their_class_list(folder):
    dataset = ImageFolder(folder, classes=["ant", "dog", "cat"])
    assert dataset.metadata["index2label"] == {0: "ant", 1: "dog", 2: "cat"}
    assert [dataset[i][1].argmax() for i in range(3)] == [1, 2, 2]


def test_image_folder_ids_tell_specs_apart(folder):
    assert ImageFolder(folder, size=8, grayscale=True).metadata["id"] == (
        f"image_folder[{folder},size=8x8,grayscale=True]"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ["cat", "dogs"]}, "'dog'.*Did you mean 'dogs'"),
        ({"size": 0}, "positive"),
        ({"size": [1, 2, 3]}, "height and width"),
    ],
)
def test_image_folder_refuses_what_is_not_allowed(folder, arguments, message):
    with pytest.raises(PartError, match=message):
        ImageFolder(folder, **arguments)


def test_image_folder_says_what_is_missing(tmp_path):
    with pytest.raises(PartError, match=r"no folder .*nowhere"):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(PartError, match="no class folder"):
        ImageFolder(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(PartError, match=r"No image .*\.png"):
        ImageFolder(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a png at all", None])
def test_a_broken_image_is_named(folder, content):
    path = folder / "cat" / "a.PNG"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(PartError, match=r"cat/a\.PNG"):
        ImageFolder(folder)[0]
