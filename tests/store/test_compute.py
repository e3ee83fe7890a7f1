from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sweeper.store.compute import numbers


@given(st.lists(st.integers(0, 2**31 - 1)), st.integers(0, 3))
def test_numbers_are_those_of_the_array(values: list[int], skipped: int):
    assert numbers(pa.array(values, pa.int32())[skipped:]).tolist() == values[skipped:]
