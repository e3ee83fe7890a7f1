"""The board of an inference pass: every batch is given once, in ranges that get smaller, to whoever is worth it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.jobs.ray_simple.shard_board import LEAST_S, ShardBoard
from sweeper.messages.shards import Answer, Joining, PassInfo, Range

FIRST = "first"


def opened(
    total: int = 1000, done: int = 10, batch_s: float = 1.0, load_s: float = 0.0, joined: str = ""
) -> tuple[ShardBoard, Range]:
    """A pass of so many batches that its first worker has begun, and who else works on it."""
    board = ShardBoard()
    batches = board.open(FIRST, PassInfo((), range(total), load_s, False), done, batch_s)
    assert isinstance(batches, tuple)
    for worker in joined:
        board._passes[FIRST].joined.add(worker)
    return board, batches


@given(
    total=st.integers(2, 5000),
    done=st.integers(1, 5000),
    batch_s=st.floats(1e-6, 100.0),
    turns=st.lists(st.sampled_from([FIRST, "a", "b", "c"]), max_size=60),
)
def test_every_batch_is_given_once_whoever_asks(total: int, done: int, batch_s: float, turns: list[str]):
    done = min(done, total - 1)
    board, batches = opened(total, done, batch_s, joined="abc")
    ranges = [(0, done), batches]
    for worker in [*turns, *[FIRST] * total]:
        answer = board.give(FIRST, worker)
        if isinstance(answer, tuple):
            ranges.append(answer)
    assert [number for first, end in ranges for number in range(first, end)] == list(range(total))


@pytest.mark.parametrize("workers", [2, 5, 16, 64])
def test_all_end_together(workers: int):
    """Each takes as long as it is given work for, and asks again then."""
    board, first = opened(total=4000, done=4, batch_s=0.25, joined="".join(chr(100 + i) for i in range(workers - 1)))
    ends = {FIRST: (first[1] - first[0]) * 0.25, **{chr(100 + i): 0.3 for i in range(workers - 1)}}
    asked = 0
    while isinstance(batches := board.give(FIRST, worker := min(ends, key=lambda one: ends[one])), tuple):
        ends[worker] += (batches[1] - batches[0]) * 0.25
        asked += 1
    assert max(ends.values()) < 1.05 * 1000 / workers + 2 * LEAST_S
    assert asked < 40 * workers


def test_the_first_worker_is_given_little_before_others_have_come():
    board, first = opened(total=1000, done=10, batch_s=0.1)
    assert first == (10, 13), "0.25 s of work"
    assert isinstance(board.join(FIRST, "a", has_loaded=True), Joining)
    assert board.give(FIRST, "a") == (13, 13 + 124)


def test_the_first_one_waits_for_what_others_make_and_not_for_those_who_are_lost():
    board, _ = opened(total=12, done=10, joined="a")
    assert board.give(FIRST, "a") == (11, 12)
    assert board.give(FIRST, FIRST) is Answer.WAIT
    assert board.give(FIRST, "a") is Answer.END
    board.lost(FIRST, "a")
    assert board.give(FIRST, FIRST) is Answer.END
    board.hand_in(FIRST, "a", ["too late"])
    assert board.close(FIRST) == []


def test_what_was_handed_in_is_there_at_the_end_and_nobody_comes_back():
    board, _ = opened(total=100, done=10, joined="a")
    board.give(FIRST, "a")
    board.hand_in(FIRST, "a", ["part"])
    assert board.give(FIRST, "a") is Answer.END
    assert board.close(FIRST) == ["part"]
    assert board.give(FIRST, FIRST) is Answer.END


def test_who_tells_of_a_pass_twice_makes_the_rest_alone():
    board, _ = opened(total=100, done=10)
    assert board.open(FIRST, PassInfo((), range(100), 0.0, False), 50, 1.0) is Answer.END


def test_all_others_repeat_a_batch_that_the_first_one_did_not_begin_with():
    board, _ = opened(total=1000, done=10)
    joining = [board.join(FIRST, worker, has_loaded=True) for worker in "ab"]
    assert [one.repeated for one in joining if isinstance(one, Joining)] == [9, 9]
    board, batches = opened(total=1000, done=1)
    one = board.join(FIRST, "a", has_loaded=True)
    assert isinstance(one, Joining)
    assert one.repeated == 1 == batches[0], "which the first one makes next"


def test_a_worker_joins_where_the_pass_ends_sooner_for_it():
    board, _ = opened(total=30, done=10, batch_s=1.0, load_s=5.0)
    assert isinstance(board.join(FIRST, "a", has_loaded=False), Joining)
    board, _ = opened(total=30, done=10, batch_s=1.0, load_s=100.0)
    assert board.join(FIRST, "a", has_loaded=False) is Answer.END, "loading takes longer than all that is left"
    assert isinstance(board.join(FIRST, "a", has_loaded=True), Joining)
    board, _ = opened(total=30, done=10, batch_s=0.001)
    assert board.join(FIRST, "a", has_loaded=True) is Answer.END, "it ends at once"


def test_no_more_join_than_there_is_work_for():
    board, _ = opened(total=30, done=10, batch_s=0.25)
    joined = [board.join(FIRST, str(number), has_loaded=True) for number in range(100)]
    assert 1 <= sum(isinstance(one, Joining) for one in joined) < 6


def test_who_comes_too_early_asks_again_and_who_comes_too_late_is_not_needed():
    board = ShardBoard()
    assert board.join(FIRST, "a", has_loaded=True) is Answer.WAIT
    board.close(FIRST)
    assert board.join(FIRST, "a", has_loaded=True) is Answer.END
