"""A subset has as many data as asked for, each class its share of them, and always the same ones."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from sweeper.datasets import Digits, Subset
from sweeper.errors import PartError

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=60)


class Labelled:
    """Tiny images of these labels; it counts what is read of it."""

    def __init__(self, labels: list[int]) -> None:
        self.labels, self.read = labels, Counter[str]()
        self.metadata = {"id": "labelled", "index2label": {index: str(index) for index in range(5)}}

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Any:
        self.read["datum"] += 1
        return np.full((1, 1, 1), index, np.float32), self.get_target(index), {"id": index}

    def get_target(self, index: int) -> Any:
        self.read["target"] += 1
        return np.eye(5, dtype=np.float32)[self.labels[index]]


def chosen(subset: Subset) -> list[int]:
    return [int(subset[index][2]["id"]) for index in range(len(subset))]


@given(LABELS, st.integers(1, 80), st.integers(0, 3))
def test_the_laws_of_a_subset(labels: list[int], limit: int, seed: int):
    found = chosen(Subset(Labelled(labels), limit, seed=seed))
    assert len(found) == min(limit, len(labels))
    assert found == sorted(set(found)), "each once, in the order of the dataset"
    assert found == chosen(Subset(Labelled(labels), limit, seed=seed))
    whole, part = Counter(labels), Counter(labels[index] for index in found)
    if len(found) >= len(whole):
        assert part.keys() == whole.keys()
    else:
        assert all(part[label] <= 1 + whole[label] * len(found) / len(labels) for label in part)


@given(st.lists(st.integers(5, 40), min_size=2, max_size=5), st.floats(0.3, 0.9))
def test_shares_are_those_of_scikit_learn_to_one_datum(counts: list[int], share: float):
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    size = int(np.ceil(share * len(labels)))
    split = StratifiedShuffleSplit(1, train_size=size, test_size=len(labels) - size, random_state=0)
    if len(labels) - size < len(counts):  # which scikit-learn refuses
        return
    theirs = Counter(labels[index] for index in next(split.split(labels, labels))[0])
    mine = Counter(labels[index] for index in chosen(Subset(Labelled(labels), size)))
    assert all(abs(mine[label] - theirs[label]) <= 1 for label in theirs)


def test_another_seed_draws_other_data():
    labels = [0, 1] * 50
    assert chosen(Subset(Labelled(labels), 20)) != chosen(Subset(Labelled(labels), 20, seed=1))


def test_images_that_were_not_drawn_are_not_read():
    dataset = Labelled([0, 1] * 50)
    chosen(Subset(dataset, 4))
    assert dataset.read["datum"] == 4


def test_a_share_is_rounded_up():
    assert len(Subset(Labelled([0] * 10), 0.11)) == 2


def test_its_id_says_what_it_is():
    digits = Digits("test")
    assert Subset(digits, 20).metadata["id"] == "digits[test,limit=20]"
    assert Subset(digits, 0.5, seed=3).metadata["id"] == "digits[test,limit=0.5,seed=3]"
    assert Subset(digits, 20, id="few").metadata["id"] == "few"
    assert Subset(digits, 20).metadata["index2label"] == digits.metadata["index2label"]


class Boxes:
    """A detection dataset without `get_target`."""

    metadata = {"id": "boxes"}  # noqa: RUF012 - MAITE's

    def __len__(self) -> int:
        return 30

    def __getitem__(self, index: int) -> Any:
        target = SimpleNamespace(boxes=np.zeros((2, 4)), labels=np.zeros(2, int), scores=np.ones(2))
        return np.zeros((3, 4, 4)), target, {"id": index}


def test_what_is_no_classification_is_drawn_all_the_same():
    found = chosen(Subset(Boxes(), 7))
    assert len(found) == 7
    assert found == chosen(Subset(Boxes(), 7))


@pytest.mark.parametrize("wrong", [0, -1, 1.0, 0.0, 2.5, True, "3", None])
def test_what_is_no_limit_is_refused(wrong: Any):
    with pytest.raises(PartError, match="limit of a Subset is"):
        Subset(Labelled([0, 1]), wrong)


def test_an_index_beyond_it_is_an_index_error():
    subset = Subset(Labelled([0, 1, 0, 1]), 2)
    with pytest.raises(IndexError):
        subset[2]
    assert subset[-1][2]["id"] == chosen(subset)[-1]
