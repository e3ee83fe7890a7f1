"""What sweeps say at their end: that they have ended, and what they left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from damage_parts import asked

from sweeper.messages.ending import Ending
from sweeper.messages.outcome import LeftOutChoice, Outcome
from sweeper.store import Store, endings, open_store
from sweeper.store.files import PRIVATE

BLAMED = LeftOutChoice("model svm", "ValueError", "no\nsecond line", times=5, left_out=4)
ENDING = Ending({"exclude": 3, "task": 1}, 2, not_attempted=10, stopped_by="max_failures", choices=(BLAMED,))
SWEEP = asked().header.sweep_id


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "store")
    store.write_asked(asked())
    return store


def test_each_reason_is_said_once_with_its_count():
    assert ENDING.left_out() == [
        (3, "left out by exclude"),
        (1, "left out by task"),
        (2, "dropped as duplicates (same fingerprint as another; duplicates=drop)"),
        (4, "not attempted with model svm, which failed 5 times in a row with ValueError: no (max_same_error)"),
        (6, "not attempted: so many had failed (max_failures)"),
    ]
    assert Ending().left_out() == []


def test_an_ending_is_made_of_the_plan_and_the_outcome():
    outcome = Outcome({"not_attempted": 10}, stopped_by="max_failures", left_out=(BLAMED,))
    assert Ending.of(outcome, {"exclude": 3, "task": 1}, 2) == ENDING
    assert Ending.from_dict(ENDING.to_dict()) == ENDING


def test_what_was_written_is_read(store: Store):
    endings.write(store.files, SWEEP, ENDING)
    assert endings.read(store.files, [SWEEP, "unknown"]) == {SWEEP: ENDING}
    assert store.check().sound


def test_one_that_has_not_ended_is_told_from_one_that_says_no_more(store: Store):
    assert endings.read(store.files, [SWEEP]) == {SWEEP: None}
    endings.write(store.files, SWEEP)
    assert endings.read(store.files, [SWEEP]) == {}
    assert store.check().sound


@pytest.mark.parametrize("change", [lambda data: data[:-9], lambda data: data.replace(b"svm", b"knn"), lambda _: b""])
def test_a_damaged_one_says_nothing_and_is_named_and_moved_aside(store: Store, change: object):
    endings.write(store.files, SWEEP, ENDING)
    path = Path(store.uri, PRIVATE, "ended", SWEEP)
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    assert endings.read(store.files, [SWEEP]) == {}
    (said,) = store.check().damaged
    assert said.startswith(f".sweeper/ended/{SWEEP}: ")
    store.check(repair=True)
    assert store.check().sound
