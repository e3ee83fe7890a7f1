"""The board of an inference pass: every batch is given once, in ranges that get smaller, to whoever is worth it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sweeper.jobs.ray_simple.shard_board import PARTS, Help, Range, ShardBoard

FIRST = "first"


def opened(total: int = 1000, done: int = 10, batch_s: float = 1.0, load_s: float = 0.0) -> tuple[ShardBoard, Range]:
    board = ShardBoard()
    batches = board.open(FIRST, range(total), done, batch_s, load_s, hashes=False)
    assert isinstance(batches, tuple)
    return board, batches


@given(
    total=st.integers(2, 5000),
    done=st.integers(1, 5000),
    batch_s=st.floats(1e-6, 100.0),
    turns=st.lists(st.sampled_from([FIRST, "a", "b", "c"]), max_size=60),
)
def test_every_batch_is_given_once_whoever_asks(total: int, done: int, batch_s: float, turns: list[str]):
    done = min(done, total - 1)
    board, batches = opened(total, done, batch_s)
    ranges = [(0, done), batches]
    for worker in [*turns, *[FIRST] * total]:
        answer = board.give(FIRST, worker)
        if isinstance(answer, tuple):
            ranges.append(answer)
    assert [number for first, end in ranges for number in range(first, end)] == list(range(total))


def test_ranges_get_smaller_so_that_all_end_together():
    board, _ = opened(batch_s=0.1)
    sizes: list[int] = []
    while isinstance(batches := board.give(FIRST, "ab"[len(sizes) % 2]), tuple):
        sizes.append(batches[1] - batches[0])
    assert sizes[2:] == sorted(sizes[2:], reverse=True)
    assert sizes[-2] == 3, "0.25 s of work"
    assert len(sizes) < 10 * 3 * PARTS


def test_the_first_one_waits_for_what_others_make_and_not_for_those_who_are_lost():
    board, _ = opened(total=12, done=10)
    assert board.give(FIRST, "a") == (11, 12)
    assert board.give(FIRST, FIRST) is True
    assert board.give(FIRST, "a") is False
    board.lost(FIRST, "a")
    assert board.give(FIRST, FIRST) is False
    board.hand_in(FIRST, "a", ["too late"])
    assert board.close(FIRST) == []


def test_what_was_handed_in_is_there_at_the_end():
    board, _ = opened(total=12, done=10)
    board.give(FIRST, "a")
    board.hand_in(FIRST, "a", ["part"])
    assert board.give(FIRST, FIRST) is False
    assert board.close(FIRST) == ["part"]
    assert board.give(FIRST, "a") is False


def test_one_other_worker_repeats_a_batch_that_the_first_one_did_not_begin_with():
    board, _ = opened(total=1000, done=10)
    assert [board.join(FIRST, has_loaded=True) for _ in range(2)] == [
        Help(range(1000), False, 9),
        Help(range(1000), False, None),
    ]
    board, batches = opened(total=1000, done=1)
    assert board.join(FIRST, has_loaded=True) == Help(range(1000), False, 1)
    assert batches[0] == 1, "which the first one makes next"


def test_a_worker_joins_where_the_pass_ends_sooner_for_it():
    board, _ = opened(total=30, done=10, batch_s=1.0, load_s=5.0)
    assert isinstance(board.join(FIRST, has_loaded=False), Help)
    board, _ = opened(total=30, done=10, batch_s=1.0, load_s=100.0)
    assert board.join(FIRST, has_loaded=False) is False, "loading takes longer than all that is left"
    assert isinstance(board.join(FIRST, has_loaded=True), Help)
    board, _ = opened(total=30, done=10, batch_s=0.001)
    assert board.join(FIRST, has_loaded=True) is False, "it ends at once"


def test_who_comes_too_early_asks_again_and_who_comes_too_late_is_not_needed():
    board = ShardBoard()
    assert board.join(FIRST, has_loaded=True) is True
    board.close(FIRST)
    assert board.join(FIRST, has_loaded=True) is False
