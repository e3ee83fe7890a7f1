"""Many values of one metric on one dataset stand in one table."""

from __future__ import annotations

from typing import Any

import pytest

from sweeper.cli.tables.boards import shown_boards
from sweeper.cli.tables.wished import Wished
from sweeper.report.families import with_families
from sweeper.report.leaderboard import Leaderboard, leaderboards

KEYS = ("map", "map_50", "map_75")


def rows(keys: tuple[str, ...] = KEYS, datasets: tuple[str, ...] = ("coco",), **more: Any) -> list[dict[str, Any]]:
    common = {"capability": "evaluate", "metric": "m", "scope": "overall", "higher_is_better": True, **more}
    return [
        {"model": model, **common, "dataset": dataset, "key": key, "value": value + place / 10}
        for model, value in (("a", 0.1), ("b", 0.2))
        for dataset in datasets
        for place, key in enumerate(keys)
    ]


def test_keys_stand_along_the_top():
    (board,) = with_families(leaderboards(rows()))
    assert (board.title, board.top, board.columns) == ("evaluate: m on coco", "key", KEYS)
    assert [(line.name, line.values) for line in board.lines] == [
        ("a", pytest.approx((0.1, 0.2, 0.3))),
        ("b", pytest.approx((0.2, 0.3, 0.4))),
    ]
    assert [board.mark(board.lines[1], column) for column in range(3)] == ["*"] * 3


def test_caveats_ends_warnings_and_reasons_stay_with_their_values():
    made = rows()
    made[1] |= {"caveat": "NaN", "warning": "soft"}
    made[2] |= {"value": None}
    boards = leaderboards(made)
    boards = [
        Leaderboard(**{**vars(one), "not_compared": {"why": (one.title,)}, "tied": {0: frozenset({"a"})}})
        for one in boards
    ]
    (board,) = with_families(boards)
    first = board.lines[0]
    assert (first.caveats, first.ends, first.values[2]) == ({1: "NaN"}, {2: "null"}, None)
    assert board.warnings == {"soft": ("a, coco",)}
    assert board.not_compared == {"why": ("evaluate: m map", "evaluate: m map_50", "evaluate: m map_75")}
    assert board.tied == dict.fromkeys(range(3), frozenset({"a"}))


def test_a_model_without_one_of_the_values_has_a_gap():
    made = [row for row in rows() if (row["model"], row["key"]) != ("a", "map_50")]
    (board,) = with_families(leaderboards(made))
    column = board.columns.index("map_50")
    assert [line.values[column] for line in board.lines] == [None, pytest.approx(0.3)]


@pytest.mark.parametrize(
    "made",
    [
        rows(KEYS[:2]),
        rows(datasets=("coco", "yolo")),
        rows(model=""),
        [*rows(KEYS[:1]), *rows(KEYS[1:2], higher_is_better=False), *rows(KEYS[2:])],
    ],
    ids=["two keys", "two datasets", "no model", "other direction"],
)
def test_other_tables_stay_as_they_are(made: list[dict[str, Any]]):
    boards = leaderboards(made)
    assert with_families(boards) == boards


def test_a_terminal_shows_the_family():
    lines = ["".join(span.text for span in line) for line in shown_boards(leaderboards(rows()), Wished()).lines]
    assert lines[0].split()[-3:] == list(KEYS)
    assert lines[2].split()[0] == "a"
