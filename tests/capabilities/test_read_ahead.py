"""What is read ahead is the same, in the same order, and nothing is read that nobody asked for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sweeper.capabilities.predictions import predict, predict_batches
from sweeper.capabilities.read_ahead import read_in_order
from sweeper.datasets import ImageFolder
from sweeper.errors import PartError
from sweeper.messages.requests import InferenceRequest
from sweeper.worker.blocks import InMemory
from sweeper.worker.loaded_pass import loaded

WAIT_S = 30


@given(st.lists(st.integers(), max_size=20), st.integers(0, 4))
def test_results_come_in_the_order_of_the_numbers(numbers: list[int], threads: int):
    with read_in_order(lambda number: number * 2, numbers, threads) as results:
        assert list(results) == [number * 2 for number in numbers]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_an_error_comes_in_its_place(threads: int):
    with read_in_order(lambda number: 1 // (3 - number), range(9), threads) as results:
        assert [next(results) for _ in range(3)] == [0, 0, 1]
        with pytest.raises(ZeroDivisionError):
            next(results)


@pytest.mark.parametrize("threads", [0, 2])
def test_an_error_of_the_numbers_comes_after_what_was_asked_for(threads: int):
    def numbers() -> Iterator[int]:
        yield from (1, 2)
        raise PartError("no more")

    with read_in_order(abs, numbers(), threads) as results:
        assert [next(results), next(results)] == [1, 2]
        with pytest.raises(PartError, match="no more"):
            next(results)


def test_no_more_is_read_than_there_are_threads_for():
    read = Counter[int]()
    with read_in_order(lambda number: read.update([number]), count(), 2) as results:
        for _ in range(10):
            next(results)
    before = read.total()
    assert 10 <= before <= 10 + 2 * 2 + 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sweeper-read_")]
    assert read.total() == before


def test_the_next_is_read_while_the_caller_works():
    second = threading.Event()
    with read_in_order(lambda number: second.set() if number else None, range(2), 1) as results:
        next(results)
        assert second.wait(WAIT_S)


def test_threads_have_the_context_of_the_caller():
    who = ContextVar("who", default="nobody")
    who.set("the caller")
    with read_in_order(lambda _: who.get(), range(3), 2) as results:
        assert set(results) == {"the caller"}


def test_numbers_that_do_not_come_keep_nothing_that_was_read_waiting():
    come = threading.Event()

    def numbers() -> Iterator[int]:
        yield 0
        come.wait(WAIT_S)
        yield 1

    with read_in_order(abs, numbers(), 1) as results:
        assert next(results) == 0
        come.set()
        assert next(results) == 1


@pytest.fixture
def images(tmp_path: Path) -> ImageFolder:
    random = np.random.default_rng(0)
    for number in range(40):
        folder = tmp_path / f"class {number % 2}"
        folder.mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).save(folder / f"{number}.jpg")
    return ImageFolder(str(tmp_path))


class Mean:
    metadata = {"id": "mean", "index2label": {0: "class 0", 1: "class 1"}}  # noqa: RUF012 - MAITE's

    def __call__(self, batch: Any) -> list[Any]:
        return [np.array([image.mean(), 1 - image.mean()]) for image in batch]


def test_predictions_do_not_depend_on_it(images: ImageFolder):
    alone = predict(Mean(), images, batch_size=6)
    ahead = predict_batches(Mean(), images, None, 6, range(7), threads=3)
    assert [batch.number for batch in ahead] == [*range(7)]
    for batch, one, targets, metadata in zip(
        ahead, alone.prediction_batches, alone.target_batches, alone.metadata_batches, strict=True
    ):
        np.testing.assert_array_equal(batch.predictions, one)
        np.testing.assert_array_equal(batch.targets, targets)
        assert list(batch.metadata) == list(metadata)


@pytest.mark.parametrize(
    ("asked", "processors", "threads"), [(None, 1, 1), (None, 4, 4), (0, 4, 0), (2, 1, 2), (None, 0, 1)]
)
def test_image_folders_are_read_by_as_many_threads_as_there_are_processors(
    images: ImageFolder, asked: int | None, processors: int, threads: int
):
    capability = type("All", (), {"batch_size": 8})()
    request = InferenceRequest(Mean(), images, capability, read_ahead=asked, processors=processors)
    with loaded(request, InMemory()) as whole:
        assert whole.threads == threads


def test_other_datasets_are_read_ahead_only_where_their_choice_says_so(images: ImageFolder):
    class Own:
        metadata = images.metadata

        def __len__(self) -> int:
            return len(images)

        def __getitem__(self, index: int) -> Any:
            return images[index]

    capability = type("All", (), {"batch_size": 8})()
    for asked, threads in ((None, 0), (3, 3)):
        with loaded(InferenceRequest(Mean(), Own(), capability, read_ahead=asked, processors=4), InMemory()) as whole:
            assert whole.threads == threads
