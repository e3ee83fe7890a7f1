"""Test data that a model was trained on are counted once for each pair of datasets, and a warning beside the value."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import sweeper
from sweeper.capabilities.leakage import ImageHasher, Overlap, dataset_hashes, overlap
from sweeper.datasets import Digits, ImageFolder
from sweeper.messages.requests import ObjectSpec
from sweeper.worker import leakage
from sweeper.worker.leakage import LeakageCheck


def scene(seed, side=48):
    """A picture with large and small structures, as photographs have."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), dtype=np.int16)
    return np.clip(smooth + rng.integers(-20, 20, smooth.shape), 0, 255).astype(np.uint8)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folders(tmp_path):
    """Twenty training images, and ten test images: three of them the same, two of them nearly so."""
    for seed in range(20):
        save(tmp_path / "train" / "ab"[seed % 2] / f"{seed}.png", scene(seed))
    for number, seed in enumerate([0, 1, 2, 100, 101, 102, 103, 104]):
        save(tmp_path / "test" / "ab"[seed % 2] / f"{number}.png", scene(seed))
    save(tmp_path / "test" / "b" / "brighter.png", np.clip(scene(3).astype(int) + 3, 0, 255).astype(np.uint8))
    save(tmp_path / "test" / "a" / "jpeg.jpg", scene(4))
    return tmp_path


def test_copies_are_counted_and_look_alikes_apart_from_them(folders):
    train, test = dataset_hashes(ImageFolder(folders / "train")), dataset_hashes(ImageFolder(folders / "test"))
    assert overlap(test, train) == Overlap(images=10, exact=3, near=2)
    assert overlap(train, train) == Overlap(images=20, exact=20, near=0)


def test_an_image_is_the_same_in_every_type_and_batch():
    images = np.stack([scene(seed).transpose(2, 0, 1) for seed in range(9)])
    whole, parts = ImageHasher(), ImageHasher()
    whole.add(list(images))
    for image in images:
        parts.add([image.astype(np.float32) / 255])
    assert overlap(parts.hashes(), whole.hashes()) == Overlap(9, 9, 0)


def test_images_of_other_shapes_are_no_copies():
    flat = np.zeros((1, 1, 8, 8), np.uint8)
    one, other = ImageHasher(), ImageHasher()
    one.add(list(flat))
    other.add(list(flat.reshape(1, 1, 4, 16)))
    assert overlap(one.hashes(), other.hashes()) == Overlap(1, 0, 0)


def test_small_images_have_no_look_alikes():
    train, test = dataset_hashes(Digits("train")), dataset_hashes(Digits("test"))
    assert overlap(test, train) == Overlap(540, 0, 0)
    assert overlap(dataset_hashes(Digits("test")), test) == Overlap(540, 540, 0)


def test_different_pictures_are_no_look_alikes():
    one, other = ImageHasher(), ImageHasher()
    one.add([scene(seed, 32).transpose(2, 0, 1) for seed in range(400)])
    other.add([scene(seed, 32).transpose(2, 0, 1) for seed in range(1000, 1400)])
    assert overlap(one.hashes(), other.hashes()) == Overlap(400, 0, 0)


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="C x H x W"):
        ImageHasher().add([np.zeros(4)])


# Which data a model was trained on


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"train": {"_target_": "a"}}, ["a"]),
        ({"estimator": {"_target_": "x"}, "training_data": {"_target_": "a"}}, ["a"]),
        ({"fit": {"train_set": [{"_target_": "a"}, {"_target_": "b"}]}}, ["a", "b"]),
        ({"trainDataset": {"first": {"_target_": "a"}}}, ["a"]),
        ({"trainer": {"_target_": "x"}, "constraint_set": {"_target_": "y"}, "test_data": {"_target_": "z"}}, []),
        ({"train": {"_target_": "a", "_partial_": True}}, []),
        ({"train": "./images"}, []),
    ],
)
def test_training_data_are_what_stands_under_train(spec, found):
    assert [target["_target_"] for target in leakage._training_targets(spec)] == found


def test_a_folder_that_stands_under_train_by_its_path_is_one_of_images(folders, monkeypatch):
    monkeypatch.chdir(folders)
    for spec in ({"train": "train"}, {"fit": {"train_root": "./train"}}, {"train_dirs": ["train", "nowhere"]}):
        model = ObjectSpec({"_target_": "m", **spec}, f"{folders} {spec}")
        check = LeakageCheck(model, ObjectSpec({}, f"{folders} test {spec}"))
        (line,) = check.read(lambda: ImageFolder("test"))
        assert "3 of 10 test images" in line
        assert "2 near duplicates" in line
    for spec in ({"train": {"mode": "train"}}, {"weights": "train"}, {"train_path": "test/nowhere"}):
        assert LeakageCheck(ObjectSpec({"_target_": "m", **spec}, "m"), ObjectSpec({}, "d")).observer() is None


def test_a_pair_is_counted_once(monkeypatch, folders):
    counted = []
    monkeypatch.setattr(leakage, "_overlap_warning", lambda test, train: counted.append((test.id, train.id)))
    train = {"_target_": "sweeper.datasets.ImageFolder", "root": str(folders / "train"), "id": "t"}
    for number in range(3):
        model = ObjectSpec({"_target_": "m", "number": number, "train": train}, f"{folders} {number}")
        check = LeakageCheck(model, ObjectSpec({}, f"test of {folders}"))
        observe = check.observer()
        assert (observe is None) == (number > 0)
        if observe is not None:
            observe.add([scene(0).transpose(2, 0, 1)])
        assert check.warnings("test") == ()
    assert counted == [("test", "t")]


def test_what_cannot_be_looked_for_fails_nothing():
    model = ObjectSpec({"_target_": "m", "train": {"_target_": "not.there.at_all"}}, "m1")
    check = LeakageCheck(model, ObjectSpec({}, "d1"))
    observe = check.observer()
    observe.add([np.zeros((1, 8, 8))])
    assert check.warnings("d") == ()
    boxes = LeakageCheck(model, ObjectSpec({}, "d2"))
    boxes.observer().add([object()])
    assert boxes.warnings("d") == ()


# In a sweep


def overrides(folders, kind):
    root = "{_target_: sweeper.datasets.ImageFolder, root: %s, size: 48, grayscale: true}"
    model = (
        "{_target_: sweeper.models.SklearnClassifier, estimator: {_target_: sklearn.naive_bayes.GaussianNB}, train: %s}"
    )
    return [
        *("model=[]", f"+model.leaky={model % root % (folders / 'train')}"),
        *("dataset=[]", f"+dataset.shared={root % (folders / 'test')}", f"+dataset.own={root % (folders / 'own')}"),
        *("metric=[accuracy]", "capability=[evaluate]", f"job_backend.kind={kind}"),
        f"analytics_store.uri={folders / kind}",
    ]


@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("kind", ["inline", "ray-simple"])
def test_the_value_carries_the_warning(folders, kind):
    for seed in range(200, 206):
        save(folders / "own" / "ab"[seed % 2] / f"{seed}.png", scene(seed))
    result = sweeper.sweep(overrides(folders, kind), progress=False)
    assert result.exit_status == 0
    warnings = {row["dataset"]: row["warning"] or "" for row in result.rows}
    assert "3 of 10 test images" in warnings["shared"]
    assert "2 near duplicates" in warnings["shared"]
    assert "leakage" not in warnings["own"]


def test_the_shipped_sweep_warns_of_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = sweeper.sweep(
        ["model=[naive_bayes]", "metric=[accuracy]", "capability=[evaluate,robustness]", "job_backend.kind=inline"],
        progress=False,
    )
    assert result.exit_status == 0
    assert {row["warning"] for row in result.rows} == {None}
