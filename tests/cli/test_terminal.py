"""What a real pseudo-terminal shows of tables, at several widths, with and without colour."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import shown_parts
import terminal_pages
from command_line import write_configs
from patience import LIMIT_S
from store_parts import record
from terminal import on_terminal, without_colour
from terminal_pages import ESCAPE, LONG, WIDTHS, page_of

from sweeper.cli.tables.cells import width_of
from sweeper.store import open_store

PLAN = (
    "plan",
    "--config-dir",
    "conf",
    "capability=[evaluate]",
    "dataset=[digits,digits_occluded]",
    'model=[svm,"长名"]',
)
SQL = (
    "SELECT * FROM (VALUES ('svm[C=0.1]', 0.98765::DOUBLE, 12), ('[red]knn[/red]', 0.5, 7)) AS t(model, value, number)"
)
WIDE_SQL = "SELECT 'svm' AS model, " + ", ".join(f"repeat('{n}', 30) AS c{n}" for n in range(9))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("colour", [False, True])
def test_a_terminal_shows_what_is_recorded(width: int, colour: bool):
    """Otherwise look at what `python tests/helpers/terminal_pages.py write` changes."""
    assert terminal_pages.recorded(width, colour=colour) == page_of(width, colour=colour).read_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_recorded_fits_and_colour_adds_nothing_but_codes(width: int):
    page = page_of(width, colour=False).read_text()
    coloured = page_of(width, colour=True).read_text()
    assert without_colour(coloured.replace(ESCAPE, "\x1b")) == page
    allowed = (LONG, terminal_pages.COMMAND)
    assert [line for line in page.splitlines() if width_of(line) > width and not line.endswith(allowed)] == []
    numbers = Counter(word.rstrip("*~") for word in page[: page.index("# 40 models")].split())
    values = (value for board in terminal_pages.default_sweep() for line in board.lines for value in line.values)
    assert not Counter(f"{value:.4g}" for value in values if value is not None) - numbers


# Commands


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    spec = "{_base_: svm, estimator: {C: 3.0}}"
    write_configs(tmp_path / "conf", {"model/长名": f"长名: {spec}"})
    record(open_store(tmp_path / "analytics_store"), "a", 1.0)
    return tmp_path


def typed(folder: Path, width: int, *words: str, **variables: str) -> str:
    return on_terminal(["-m", "sweeper", *words], width, folder, **variables)


@pytest.mark.parametrize("width", [60, *WIDTHS])
def test_a_plan_fits(folder: Path, width: int):
    shown = typed(folder, width, *PLAN)
    plain = without_colour(shown)
    assert plain != shown
    assert [line for line in plain.splitlines() if width_of(line) > width] == []
    words = plain.split()
    assert (words.count("run"), words.count("长名"), words.count("digits_occluded")) == (24, 12, 12)
    first = plain.splitlines()[0]
    assert re.fullmatch(r"run   [0-9a-f]{12}  evaluate · digits · svm · \w+(  \(.*)?", first)


@pytest.mark.parametrize(
    ("words", "variables", "coloured"),
    [
        ([], {}, True),
        (["--color", "auto"], {"NO_COLOR": "1"}, False),
        (["--color", "auto"], {"NO_COLOR": ""}, True),
        (["--color", "auto"], {"TERM": "dumb"}, False),
        (["--color", "never"], {}, False),
        (["--color=always"], {"NO_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_colour_is_shown_where_it_is_wished(folder: Path, words: list[str], variables: dict[str, str], coloured: bool):
    shown = typed(folder, 80, "query", SQL, *words, **variables)
    assert ("\x1b" in shown) is coloured
    assert without_colour(shown).splitlines() == [
        "model             value    number",
        "--------------  -------  --------",
        "svm[C=0.1]      0.98765        12",
        "[red]knn[/red]  0.5             7",
    ]


def test_an_answer_with_many_columns_is_cut_into_parts_or_shown_row_by_row(folder: Path):
    cut = without_colour(typed(folder, 120, "query", WIDE_SQL)).splitlines()
    assert [line.split() for line in cut if "model" in line] == [
        ["model", "c0", "c1", "c2"],
        ["model", "c3", "c4", "c5"],
        ["model", "c6", "c7", "c8"],
    ]
    rows = without_colour(typed(folder, 80, "query", WIDE_SQL)).splitlines()
    assert rows == ["model  svm", *(f"c{n}     {str(n) * 30}" for n in range(9))]


@pytest.mark.parametrize(("words", "width"), [((), None), (("--color", "always"), None), ((), 60)])
def test_a_pipe_gets_the_whole_table_unless_a_width_is_asked_for(
    folder: Path, words: tuple[str, ...], width: int | None
):
    columns = {} if width is None else {"COLUMNS": str(width)}
    done = subprocess.run(
        [sys.executable, "-m", "sweeper", "query", WIDE_SQL, *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=folder,
        env={**_environment(), **columns},
        check=True,
    )
    assert ("\x1b" in done.stdout) is bool(words)
    lines = without_colour(done.stdout).splitlines()
    assert len(lines) == (3 if width is None else 10)
    assert max(map(len, lines)) <= (width or 9 * 32 + 7)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}


def test_a_sweep_and_a_comparison_fit(tmp_path: Path):
    shown_parts.write_conf(tmp_path)
    configs = ("--config-dir", ".", "--config-name", "small")
    long = "+model.a_name_of_some_length_that_leaves_little_room={_target_: shown_parts.Half}"
    run = typed(tmp_path, 40, *configs, "job_backend.kind=inline", long)
    assert "\x1b[1mevaluate: hits (higher is better)\x1b[0m\n" in run
    assert "\x1b[1;32m1*\x1b[0m" in run
    assert "3 completed; 0 skipped" in run
    tables = without_colour(run[: run.index("3 completed")]).splitlines()
    assert [line for line in tables if width_of(line) > 40 and "a_name_of" not in line] == []
    found = typed(tmp_path, 40, "compare", "fickle", "same", *configs)
    assert "\x1b[1mevaluate: hits (higher is better)\x1b[0m\n" in found
    table = without_colour(found).split("\n\n")[1].splitlines()
    assert max(map(width_of, table)) <= 40
