from __future__ import annotations

from hashlib import sha256

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.store import compute
from sweeper.store.compute import pc, places

FINGERPRINTS = [sha256(str(n).encode()).hexdigest() for n in range(30)]
ALIKE = [FINGERPRINTS[0][:-1] + digit for digit in "0123456789abcdef"]
"""As no hash makes them: the same but for the last digit, so that their integers are the same too."""


def arrays(of: list[str]) -> st.SearchStrategy[pa.Array]:
    return st.lists(st.sampled_from(of), max_size=20).map(lambda found: pa.array(found, pa.string()))


@pytest.mark.parametrize("of", [FINGERPRINTS, ALIKE, ["", "a", *FINGERPRINTS[:3]]], ids=["hashes", "alike", "mixed"])
def test_places_are_those_that_arrow_finds(of: list[str]):
    @given(arrays(of), arrays(of), st.integers(0, 3))
    def holds(left: pa.Array, right: pa.Array, skipped: int):
        left = left[skipped:]  # an array that is a part of another
        assert places(left, right).equals(pc.index_in(left, right))

    holds()


def test_a_null_is_nowhere():
    assert places(pa.array([None, FINGERPRINTS[0]]), pa.array(FINGERPRINTS)).to_pylist() == [None, 0]


def test_fingerprints_are_matched_as_integers(monkeypatch: pytest.MonkeyPatch):
    asked: list[pa.DataType] = []
    monkeypatch.setattr(compute, "pc", Spy(asked))
    assert places(pa.array(FINGERPRINTS), pa.array(FINGERPRINTS[5:])).drop_null().to_pylist() == list(range(25))
    assert asked == [pa.uint64()]


@given(st.lists(st.integers(0, 2**31 - 1)), st.integers(0, 3))
def test_numbers_are_those_of_the_array(values: list[int], skipped: int):
    assert compute.numbers(pa.array(values, pa.int32())[skipped:]).tolist() == values[skipped:]


class Spy:
    """Arrow's functions, and the types that `index_in` was asked for."""

    def __init__(self, asked: list[pa.DataType]) -> None:
        self._asked = asked

    def __getattr__(self, name: str):
        return getattr(pc, name)

    def index_in(self, texts: pa.Array, wanted: pa.Array) -> pa.Array:
        self._asked.append(texts.type)
        return pc.index_in(texts, wanted)
