"""The time that is left, and the run that is named: by what is known at each moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.running.pace import Pace, in_words


def pace(total: int, ends: list[float], expected_s: float | None = None) -> Pace:
    made = Pace(expected_s)
    made.start(total)
    for at in ends:
        made.ended(at)
    return made


def test_nothing_is_said_before_anything_is_known():
    assert pace(225, []).left_s(60.0) is None
    assert pace(225, [40.0]).left_s(60.0) is None, "one end after a slow start tells nothing"
    assert pace(225, [40.0, 40.1]).left_s(60.0) is None, "nor do two of so many"


def test_earlier_runs_tell_at_first_and_the_rate_later():
    assert pace(100, [], 500.0).left_s(3.0) == 500.0
    assert pace(100, [20.0], 500.0).left_s(21.0) == pytest.approx(495.0)
    ends = [20.0 + number for number in range(50)]
    assert pace(100, ends, 5000.0).left_s(69.0) == pytest.approx(50.0)


def test_runs_that_share_an_inference_and_end_together_tell_no_rate_until_the_next_ones_do():
    first = [60.0 + number / 10 for number in range(5)]
    assert pace(20, first).left_s(60.5) is None
    assert pace(20, first, 240.0).left_s(60.5) == pytest.approx(180.0)
    assert pace(20, [*first, *(at + 60 for at in first)]).left_s(120.4) == pytest.approx(120.0)


@given(st.integers(1, 50), st.integers(0, 50), st.floats(0.01, 10), st.none() | st.floats(0, 1e6))
def test_what_is_left_is_never_negative_and_nothing_at_the_end(
    total: int, done: int, each: float, expected: float | None
):
    done = min(done, total)
    left = pace(total, [each * number for number in range(done)], expected).left_s(each * done)
    assert (left is None) if done == total else (left is None or left >= 0)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (99.0, "99 s"), (100.0, "2 min"), (3600.0, "60 min"), (7800.0, "2 h 10 min")]
)
def test_durations_are_words(seconds: float, words: str):
    assert in_words(seconds) == words
