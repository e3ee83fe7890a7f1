"""Laws of the layout of tables: everything is shown, nothing is too wide, points stand below each other."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence

import pytest
import terminal_pages
from hypothesis import given
from hypothesis import strategies as st
from terminal import without_colour

from sweeper.cli.plan_text import plan_text
from sweeper.cli.tables.boards import shown_boards
from sweeper.cli.tables.cells import Cell, Line, Tone, shown, width_of, width_of_line
from sweeper.cli.tables.fit import fitted, with_broken_sentences
from sweeper.cli.tables.grid import Align, Column, Grid, lines_of
from sweeper.cli.tables.prose import broken
from sweeper.cli.tables.screen import DEFAULT_WIDTH, Screen, screen_of
from sweeper.cli.tables.wished import Wished
from sweeper.planning.decisions import Plan
from sweeper.report import leaderboard

WIDTHS = st.integers(1, 220)
LETTERS = "abcXYZ_=[].,ü数字サ서"
NAMES = st.text(LETTERS, min_size=1, max_size=40)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ALIGNS = st.sampled_from(Align)


def text_of(lines: Sequence[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Tables whose cells are all different, and contain no blanks."""
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    made = [
        Column(
            f"{draw(NAMES)}|h{column}",
            tuple(
                Cell(f"{draw(NAMES)}|{column}/{row}|", tail=draw(st.sampled_from(["", "!1"]))) for row in range(rows)
            ),
            draw(ALIGNS),
        )
        for column in range(columns)
    ]
    return Grid(tuple(made), keys=min(draw(st.integers(1, 2)), columns))


def widest(grid: Grid) -> int:
    return max(width_of(text) for column in grid.columns for text in (column.head, *(c.whole for c in column.cells)))


@given(grids(), WIDTHS)
def test_no_line_is_too_wide_unless_a_cell_is(grid: Grid, width: int):
    lines = fitted(grid, width)
    assert max(map(width_of_line, lines)) <= max(width, widest(grid))


@given(grids(), st.none() | WIDTHS)
def test_every_cell_is_shown_once_and_keys_once_in_each_part(grid: Grid, width: int | None):
    text = "\n".join(text_of(fitted(grid, width)))
    parts = {text.count(cell.text) for column in grid.columns[: grid.keys] for cell in column.cells}
    assert len(parts) == 1
    assert parts <= {1, 2, 3}
    assert all(text.count(cell.text) == 1 for column in grid.columns[grid.keys :] for cell in column.cells)
    assert all(f"|h{place}" in text for place in range(len(grid.columns)))


@given(st.lists(FLOATS, min_size=1, max_size=8), st.lists(st.sampled_from(["", "*", "~"]), min_size=8, max_size=8))
def test_points_stand_below_each_other(numbers: list[float], marks: list[str]):
    cells = tuple(Cell(f"{number:.4g}", mark=mark) for number, mark in zip(numbers, marks, strict=False))
    lines = text_of(lines_of(Grid((Column("n", cells, Align.NUMBER),))))[2:]
    assert len({line.index(".") for line in lines if "." in line}) <= 1
    assert [line.strip() for line in lines] == [cell.whole for cell in cells]


@given(grids(), WIDTHS)
def test_colour_adds_codes_and_nothing_else(grid: Grid, width: int):
    bright = Grid(tuple(Column(c.head, tuple(Cell(x.text, Tone.BEST) for x in c.cells), c.align) for c in grid.columns))
    lines = fitted(bright, width)
    coloured = Screen(width, True).text(lines)
    assert without_colour(coloured) == Screen(width).text(lines)
    assert coloured.count("\x1b[1;32m") >= sum(len(column.cells) for column in grid.columns)


@given(st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1), WIDTHS, st.integers(0, 4))
def test_sentences_are_broken_between_words(words: list[str], width: int, indent: int):
    lines = broken(" ".join(words), width, indent)
    assert " ".join(lines).split() == words
    assert max(map(width_of, lines)) <= max(width, indent + max(map(width_of, words)))


@given(st.text(), st.text())
def test_what_would_move_the_cursor_is_escaped(one: str, other: str):
    text = shown(f"{one}\x1b[2J\r\t\u202e{other}\r\n")
    assert not set(text) & set("\x1b\r\t\u202e\x9b\x00")
    assert text.endswith("\n")


# Leaderboards


@st.composite
def boards(draw: st.DrawFn) -> list[leaderboard.Leaderboard]:
    models = draw(st.lists(NAMES, min_size=1, max_size=14, unique=True))
    datasets = draw(st.lists(NAMES, min_size=1, max_size=14, unique=True))
    rows = terminal_pages.rows(models, datasets)
    kept = [row for row in rows if draw(st.integers(0, 9))] or rows
    return leaderboard.leaderboards(kept)


@given(boards(), st.none() | st.integers(20, 220), st.booleans())
def test_every_value_is_shown_once_or_counted_as_summed_up(
    found: list[leaderboard.Leaderboard], width: int | None, whole: bool
):
    (board,) = found
    values = [f"{value:.4g}" for line in board.lines for value in line.values if value is not None]
    result = shown_boards(found, Wished(Screen(width), whole))
    text = [word.rstrip("*~") for line in text_of(result.lines) for word in line.split()]
    if result.summed:
        assert (width is not None, whole, len(board.columns) >= 4) == (True, False, True)
        assert {line.name for line in board.lines} <= set(text)
    else:
        assert not Counter(values) - Counter(text)
        marks = sum(board.mark(line, place) != "" for line in board.lines for place in range(len(board.columns)))
        assert (
            sum(word[-1] in "*~" and word[0] == "0" for line in text_of(result.lines) for word in line.split()) == marks
        )


@given(boards(), st.integers(20, 220), st.booleans())
def test_no_line_of_a_leaderboard_is_too_wide_unless_a_name_is(
    found: list[leaderboard.Leaderboard], width: int, whole: bool
):
    names = [name for board in found for name in (*board.columns, *(line.name for line in board.lines))]
    lines = shown_boards(found, Wished(Screen(width), whole)).lines
    assert max(map(width_of_line, lines)) <= max(width, *map(width_of, names))


def test_tables_of_the_same_models_and_datasets_have_one_form():
    fits, wide = terminal_pages.rows(["svm", "knn"], ["a", "b"]), terminal_pages.rows(["svm", "knn"], ["a", "b"])
    for row in wide:
        row |= {"metric": "f1", "key": "f1", "repeats": [{**row, "evidence": None}] * 5, "spread": 0.0031}
    lines = text_of(shown_boards(leaderboard.leaderboards([*fits, *wide]), Wished(Screen(50))).lines)
    heads = [line.split() for line in lines if line.split()[:1] in (["model"], ["dataset"])]
    assert heads == [["model", "a", "b"]] * 2


def test_a_sum_counts_what_has_nothing_against_it():
    rows = terminal_pages.rows([f"model_{n}" for n in range(40)], [f"site_{n}" for n in range(30)])
    rows[0]["caveat"] = "stale"
    rows[1]["value"] = float("nan")
    found = shown_boards(leaderboard.leaderboards(rows[:-1]), Wished(Screen(80)))
    lines = [line.split() for line in text_of(found.lines)]
    assert found.summed == 1
    assert lines[1] == ["model", "mean", "worst", "best", "*", "in", "~", "in", "values", "of", "30"]
    counted = [row["value"] for row in rows[2:30]]
    mean = sum(counted) / 28
    assert lines[3][:4] == ["model_0", f"{mean:.4g}", f"{min(counted):.4g}", f"{max(counted):.4g}"]
    assert [line[-1] for line in (lines[3], lines[4], lines[42])] == ["28", "30", "29"]


def test_of_lower_values_the_largest_is_the_worst():
    rows = terminal_pages.rows([f"m{n}" for n in range(40)], [f"s{n}" for n in range(30)], higher_is_better=False)
    line = text_of(shown_boards(leaderboard.leaderboards(rows), Wished(Screen(60))).lines)[3].split()
    values = [row["value"] for row in rows[:30]]
    assert line[2:4] == [f"{max(values):.4g}", f"{min(values):.4g}"]


# Other texts


def test_a_sentence_at_the_end_of_a_line_is_broken_below_itself():
    grid = Grid(
        (
            Column("model", (Cell("svm"), Cell("knn"))),
            Column("note", (Cell("about 350 more data would decide, it seems"), Cell("short"))),
        ),
        headed=False,
    )
    assert text_of(fitted(with_broken_sentences(grid, 32), 32)) == [
        "svm  about 350 more data would",
        "     decide, it seems",
        "knn  short",
    ]


def test_a_cell_of_several_lines_keeps_them_below_each_other():
    grid = Grid((Column("a", (Cell("one\ntwo"),)), Column("b", (Cell("x"),))))
    assert text_of(lines_of(grid)) == ["a    b", "---  -", "one  x", "two"]


def test_an_empty_plan_is_shown():
    assert plan_text(Plan([]), Screen(20)) == "0 combinations: 0 to\n           run, 0\n           skipped"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "width"), [("", DEFAULT_WIDTH), ("0", DEFAULT_WIDTH), ("120", 120), ("wide", DEFAULT_WIDTH)]
)
def test_a_terminal_that_does_not_say_how_wide_it_is(columns: str, width: int):
    assert screen_of(Terminal(), environment={"COLUMNS": columns}).width == width


def test_what_is_no_terminal_has_neither_width_nor_colour():
    assert screen_of(io.StringIO(), environment={}) == Screen(None, False)
    assert screen_of(io.StringIO(), "always", {"COLUMNS": "90"}) == Screen(90, True)
