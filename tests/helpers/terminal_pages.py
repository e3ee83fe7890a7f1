"""What a terminal shows of tables of many shapes; tests/data/terminal has it for each width, with and without colour.

python tests/helpers/terminal_pages.py show     # on this terminal
python tests/helpers/terminal_pages.py write    # write the files anew
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from places import ROOT

from sweeper.cli.tables.screen import screen_of
from sweeper.cli.tables.wished import Wished
from sweeper.cli.value_text import leaderboards, verdicts_text
from sweeper.comparison.judged import JudgedModel, JudgedValue
from sweeper.messages.outcome import Gap
from sweeper.report import leaderboard
from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.statistics.requirements import Outcome

PAGES = ROOT / "tests" / "data" / "terminal"
WIDTHS = (80, 100, 200)
ESCAPE = "\\e"
"""Stands in the files for the character that begins a code for colour."""
FIVE = ("digits", "digits_dark", "digits_noisy", "digits_rotated", "digits_occluded")
LONG = "svm[estimator.C=0.1,estimator.gamma=0.0001,estimator.kernel=poly,estimator.degree=3]"
COMMAND = "python -m sweeper query 'SELECT * FROM asked'"


def page_of(width: int, *, colour: bool) -> Path:
    return PAGES / f"tables-{width}{'-colour' if colour else ''}.txt"


def rows(models: Sequence[str], datasets: Sequence[str], **more: Any) -> list[dict[str, Any]]:
    """A value for each model on each dataset, no two of them the same."""
    base = {"capability": "evaluate", "metric": "accuracy", "key": "accuracy", "scope": "overall"}
    found: list[dict[str, Any]] = []
    for place, (model, dataset) in enumerate((model, dataset) for model in models for dataset in datasets):
        value = (place * 7919 % 9973 + 1) / 10_000
        found.append({**base, "model": model, "dataset": dataset, "value": value, "higher_is_better": True, **more})
    return found


def default_sweep() -> list[Leaderboard]:
    """The tables of the default sweep, as it measured them once."""
    return [_board(found) for found in json.loads((PAGES / "default_sweep.json").read_text())]


def _board(found: dict[str, Any]) -> Leaderboard:
    lines = tuple(
        Line(
            line["name"],
            tuple(line["values"]),
            intervals={int(place): tuple(bounds) for place, bounds in line["intervals"].items()},
        )
        for line in found.pop("lines")
    )
    tied = {int(place): frozenset(names) for place, names in found.pop("tied").items()}
    columns, best = tuple(found.pop("columns")), tuple(found.pop("best"))
    return Leaderboard(columns=columns, lines=lines, best=best, tied=tied, **found)


def doubtful() -> list[Leaderboard]:
    """Values with something against them, means over runs, what failed, and names that stand for the same."""
    measured = rows(["svm", "knn", "mlp"], FIVE[:3])
    measured[0]["caveat"] = "older: the newest attempt failed"
    measured[4]["value"], measured[4]["caveat"] = float("nan"), "NaN: the metric gave no number"
    for row in measured[6:8]:
        row |= {"repeats": [{**row, "evidence": None}] * 5, "spread": 0.0031}
    measured[7]["warning"] = "seen in training: 12 of 540 images of digits_dark are among those that mlp was fitted to"
    gaps = [
        Gap("", "evaluate", data, "forest", "accuracy", end)
        for data, end in zip(FIVE, ("failed", "no values"), strict=False)
    ]
    return leaderboard.leaderboards(measured, gaps, [("model", "twin", "knn")])


def verdicts() -> list[JudgedModel]:
    """Requirements that are met, not met and undecided."""
    asks = "accuracy >= 0.97 on each of digits*, 95 %"

    def one(model: str, outcome: Outcome, value: float, bound: float, **more: Any) -> JudgedModel:
        judged = JudgedValue("evaluate", "digits", "accuracy", "accuracy", outcome, value, bound, **more)
        return JudgedModel("daylight", asks, model, outcome, None, "", (judged,))

    return [
        one("logreg", "undecided", 0.9704, 0.9553, further=580_000),
        one("svm", "met", 0.987, 0.9758),
        one(LONG[:30], "not met", 0.9004, 0.9177),
        one("knn", "undecided", 0.9796, 0.9665, reason="too few of the 540 data are known by site, of which it asks"),
    ]


def sections() -> Iterator[tuple[str, str]]:
    """The title of each section of a page, and what is shown under it."""
    screen = screen_of(sys.stdout)
    sites = [f"site_{place}" for place in range(30)]
    models = [f"svm[estimator.C={place / 10:g}]" for place in range(40)]
    wide = [["支持向量机", "最近邻", "mlp", "서포트 벡터"], ["数字", "数字_暗", "デジット", "digits"]]
    for title, boards in {
        "the default sweep": default_sweep(),
        "40 models on one dataset": leaderboard.leaderboards(rows(models, ["digits"])),
        "4 models on 30 datasets": leaderboard.leaderboards(rows(["logreg", "svm", "knn", "mlp"], sites)),
        "40 models on 30 datasets": leaderboard.leaderboards(rows(models, sites)),
        "long names": leaderboard.leaderboards(rows([LONG, "knn"], FIVE)),
        "wide names": leaderboard.leaderboards(rows(*wide)),
        "doubts and failures": doubtful(),
    }.items():
        yield title, leaderboards(boards, Wished(screen), COMMAND)
    intervals = Wished(screen, intervals=True)
    yield "with intervals", leaderboards(default_sweep()[:2], intervals, COMMAND)
    yield "requirements", verdicts_text(verdicts(), screen)


def show() -> None:
    sys.stdout.write("\n".join(f"# {title}\n\n{text}\n" for title, text in sections()))


def recorded(width: int, *, colour: bool) -> str:
    """What a terminal of this width shows."""
    from terminal import on_terminal

    variables = {} if colour else {"NO_COLOR": "1"}
    return on_terminal([__file__, "show"], width, **variables).replace("\x1b", ESCAPE)


def main() -> None:
    if sys.argv[1:2] == ["show"]:
        show()
        return
    for width in WIDTHS:
        for colour in (False, True):
            page_of(width, colour=colour).write_text(recorded(width, colour=colour))


if __name__ == "__main__":
    main()
