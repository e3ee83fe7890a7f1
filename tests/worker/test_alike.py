"""Two answers to one batch are alike by their values, whatever they are kept in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from sweeper.worker.alike import are_alike


@dataclass
class Boxes:
    boxes: Any
    scores: Any


class Pair(NamedTuple):
    label: str
    score: float


def boxes(shift: float = 0.0, rows: int = 3) -> Boxes:
    return Boxes(np.arange(rows * 4.0).reshape(rows, 4) + shift, np.linspace(0, 1, rows))


def read_only(item: Boxes) -> Boxes:
    item.boxes.flags.writeable = item.scores.flags.writeable = False
    return item


@pytest.mark.parametrize("rows", [0, 2, 100])
def test_arrays_within_objects_are_compared_by_value(rows: int):
    assert are_alike([boxes(rows=rows)], [read_only(boxes(rows=rows))])
    assert not are_alike([boxes(rows=2)], [boxes(rows=3)])
    assert not are_alike([boxes()], [boxes(0.1)])


@dataclass(slots=True)
class Slotted:
    boxes: Any
    scores: Any


class Timed(Boxes):
    """As some libraries make them: with what differs from call to call."""

    def __init__(self, speed: float, shift: float = 0.0) -> None:
        super().__init__(np.ones((2, 4)) + shift, np.ones(2))
        self.speed, self.myself = speed, self


def test_of_a_detection_only_that_counts_what_maite_asks_for():
    assert are_alike(Timed(1.0), Timed(2.0))
    assert not are_alike(Timed(1.0), Timed(1.0, 0.5))
    assert not are_alike(Slotted(np.ones(2), np.ones(1)), Slotted(np.zeros(2), np.ones(1)))


def test_ragged_arrays_and_what_refers_to_itself_are_compared_without_an_error():
    ragged = np.empty(2, object)
    ragged[:] = [np.ones(2), np.ones(3)]
    other = ragged.copy()
    assert are_alike(ragged, other)
    other[1] = np.zeros(3)
    assert not are_alike(ragged, other)
    itself: list[Any] = []
    itself.append(itself)
    assert are_alike(itself, itself)


def test_softmax_in_doubles_of_numbers_in_floats_is_alike():
    assert are_alike(np.array([0.5, 0.25]), np.array([0.50001, 0.24999]))
    assert are_alike([1e-8, 1.0], [1.01e-8, 1.0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_last_bits_of_floats_may_differ(dtype: type):
    one = np.linspace(-1, 1, 50, dtype=dtype)
    assert are_alike(one, np.nextafter(one, dtype(2)))
    assert not are_alike(one, one + dtype(0.05))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (np.array([1, 2]), np.array([1, 2]), True),
        (np.array([1, 2]), np.array([1, 3]), False),
        (np.array([1, 2]), np.array([1.0, 2.0]), False),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf]), True),
        ({"a": [1.0]}, {"a": [1.0]}, True),
        ({"a": [1.0]}, {"b": [1.0]}, False),
        (Pair("cat", 0.5), Pair("cat", 0.5), True),
        (Pair("cat", 0.5), Pair("dog", 0.5), False),
        ([1, 2], [1], False),
        (object(), object(), True),
    ],
)
def test_what_else_there_is(one: Any, other: Any, alike: bool):
    assert are_alike(one, other) is alike
