"""Reordering by name: what two sides call a class decides where its score or target stands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from check_parts import Given, Says
from hypothesis import given
from hypothesis import strategies as st
from maite.protocols import generic as gen
from PIL import Image

import sweeper
from sweeper import datasets, models
from sweeper.errors import PartError

CLASSES = ["ant", "bee", "cat", "dog", "eel"]


@given(st.permutations(CLASSES), st.permutations(CLASSES))
def test_a_model_gives_each_class_the_score_that_it_had(ours, wanted):
    class Random:
        metadata = {"id": "random", "index2label": dict(enumerate(ours))}  # noqa: RUF012

        def __call__(self, batch):
            return np.random.default_rng(0).random((len(batch), len(ours)))

    moved = models.Reindexed(Random(), wanted)
    assert isinstance(moved, gen.Model)
    assert moved.metadata == {"id": "random", "index2label": dict(enumerate(wanted))}
    for before, after in zip(Random()([0, 1]), moved([0, 1]), strict=True):
        assert dict(zip(ours, before, strict=True)) == dict(zip(wanted, after, strict=True))


@given(st.permutations(CLASSES), st.permutations(CLASSES))
def test_a_dataset_keeps_the_class_of_each_datum(ours, wanted):
    dataset = Given(np.eye(5), names=dict(enumerate(ours)))
    moved = datasets.Reindexed(dataset, wanted)
    assert isinstance(moved, gen.Dataset)
    assert [wanted[moved[i][1].argmax()] for i in range(len(moved))] == ours
    assert all((moved[i][1].sum(), moved[i][2]) == (1, dataset[i][2]) for i in range(len(moved)))


def test_further_classes_of_a_model_come_last():
    model = models.Reindexed(Says(names={0: "cat", 1: "dog", 2: "ant"}, classes=3), {"0": "dog", "1": "cat"})
    assert model.metadata["index2label"] == {0: "dog", 1: "cat", 2: "ant"}
    assert model([np.zeros(1)])[0].tolist() == [0, 1, 0]


def test_the_other_side_may_be_given_as_it_is():
    model, dataset = Says(names={0: "cat", 1: "dog"}), Given(names={0: "dog", 1: "cat"})
    assert models.Reindexed(model, dataset).metadata["index2label"] == {0: "dog", 1: "cat"}
    assert datasets.Reindexed(dataset, model).metadata["index2label"] == {0: "cat", 1: "dog"}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: models.Reindexed(Says(names={0: "cat", 1: "dog"}), ["cat", "dgo"]), "no class 'dgo'.*mean 'dog'"),
        (lambda: models.Reindexed(Says(), ["cat", "dog"]), "Model 'says' cannot be reordered by name"),
        (lambda: models.Reindexed(Says(names={0: "cat", 1: "cat"}), ["cat"]), "a name of its own"),
        (lambda: models.Reindexed(Says(names={0: "cat", 1: "dog"}), ["cat", "cat"]), "each name once"),
        (lambda: models.Reindexed(Says(names={0: "cat", 1: "dog"}), {1: "cat"}), "every class from 0 on"),
        (lambda: models.Reindexed(Says(names={0: "cat", 1: "dog"}), []), "every class from 0 on"),
        (lambda: models.Reindexed(Says(names={0: "cat"}), ["cat"])([np.zeros(1)]), "a prediction of shape"),
        (lambda: datasets.Reindexed(Given(), ["cat", "dog"]), "Dataset 'given' cannot be reordered by name"),
        (lambda: datasets.Reindexed(Given(names={0: "cat", 1: "dog"}), ["cat"])[1], "'datum-1' .* not among cat"),
    ],
)
def test_what_cannot_be_reordered_is_refused(make, why):
    with pytest.raises(PartError, match=why):
        make()


def test_folders_in_another_order_fail_until_they_are_reordered(tmp_path: Path):
    """Dark and bright images in class folders: a model of dark cats and bright dogs, on data that list dogs first."""
    _folders(tmp_path / "train", {"cat": 40, "dog": 200})
    _folders(tmp_path / "test", {"cat": 45, "dog": 205})
    _folders(tmp_path / "others", {"ant": 45, "bee": 205})
    result = sweeper.sweep(_config(tmp_path), progress=False)
    values = {(row["model"], row["dataset"]): row["value"] for row in result.rows}
    right = [("plain", "same"), ("plain", "moved"), ("reordered", "turned"), ("ignoring", "others")]
    assert {key: values.get(key) for key in right} == dict.fromkeys(right, 1.0)
    failed = {tuple(f.label.split(" · ")[1:3]): f.message for f in result.failures}
    assert set(values) | {(model, dataset) for dataset, model in failed} == {
        (model, dataset)
        for model in ("plain", "reordered", "ignoring")
        for dataset in ("same", "turned", "moved", "others")
    }
    assert "index 0 is 'dog' in the data and 'cat' to the model" in failed["turned", "plain"]
    assert "index 0 is 'ant' in the data and 'cat' to the model" in failed["others", "plain"]


def _folders(root: Path, grey: dict[str, int]) -> None:
    for name, value in grey.items():
        (root / name).mkdir(parents=True)
        for number in range(6):
            Image.new("L", (8, 8), value + number).save(root / name / f"{number}.png")


def _config(where: Path) -> dict:
    def folder(name: str, **more: object) -> dict:
        return {"_target_": "sweeper.datasets.ImageFolder", "root": str(where / name), "grayscale": True, **more}

    plain = {
        "_target_": "sweeper.models.SklearnClassifier",
        "estimator": {"_target_": "sklearn.naive_bayes.GaussianNB", "var_smoothing": 0.01},
        "train": folder("train"),
    }
    turned = folder("test", classes=["dog", "cat"])
    return {
        "capability": {"evaluate": {"_target_": "sweeper.capabilities.Evaluate"}},
        "model": {
            "plain": plain,
            "reordered": {"_target_": "sweeper.models.Reindexed", "model": plain, "classes": ["dog", "cat"]},
            "ignoring": {**plain, "id": "same", "_sweep_": {"label_space": "ignore"}},
        },
        "dataset": {
            "same": folder("test"),
            "turned": turned,
            "moved": {"_target_": "sweeper.datasets.Reindexed", "dataset": turned, "classes": ["cat", "dog"]},
            "others": folder("others"),
        },
        "metric": {
            "accuracy": {"_target_": "sweeper.metrics.SklearnMetric", "function": "sklearn.metrics.accuracy_score"}
        },
        "analytics_store": {"uri": str(where / "store")},
        "job_backend": {"kind": "inline"},
    }
