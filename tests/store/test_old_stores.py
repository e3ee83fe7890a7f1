"""Stores that version 0.1.0 wrote are read, planned against, reported, queried, merged and checked.

`data/stores/make.py` says how they were made. They are copied before anything looks at them.
"""

from __future__ import annotations

import io
import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from places import OLD_STORES

from sweeper.api import plan, sweep
from sweeper.cli.commands import run_command
from sweeper.planning.decisions import NEVER, NOT_COMPLETED
from sweeper.store import open_store

ACCURACY = 0.9074074074074074
MORE = {"f1_macro": 0.9083495, "ece": 0.0809836925, "log_loss": 1.2272086}
"""What the interrupted sweep measured, of which the last two wait in a journal."""
NAMES = ["swept", "merged"]


@pytest.fixture(params=NAMES)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(OLD_STORES))
    return Path(shutil.copytree(OLD_STORES / request.param, tmp_path / "store"))


def typed(*argv: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    status = run_command(argv, out, err)
    assert err.getvalue() == ""
    return status, out.getvalue()


def expected(store: Path) -> dict[tuple[str, str], float]:
    """What the evaluations measured, by model and metric."""
    more = {("naive_bayes", metric): value for metric, value in MORE.items()} if is_merged(store) else {}
    return {("nb", "accuracy"): ACCURACY, ("naive_bayes", "undefined"): math.nan, **more}


def is_merged(store: Path) -> bool:
    return any((store / "attempts").glob("*_merged.parquet"))


def evaluated(store: Path) -> dict[tuple[str, str], float]:
    rows = [row for row in open_store(store).results().to_pylist() if row["capability"] == "evaluate"]
    assert len(rows) == len({(row["model"], row["metric"]) for row in rows})
    return {(row["model"], row["metric"]): row["value"] for row in rows}


def test_their_size_is_small():
    assert sum(path.stat().st_size for path in OLD_STORES.rglob("*") if path.is_file()) < 300_000


def test_they_are_read(store: Path):
    was_merged = is_merged(store)
    assert evaluated(store) == pytest.approx(expected(store), nan_ok=True)
    attempts = open_store(store).attempts()
    counts = {"completed": 7 if was_merged else 4, "failed": 2, "timeout": 1}
    found = attempts["status"].to_pylist()
    assert {status: found.count(status) for status in set(found)} == counts
    assert set(attempts["sweeper_version"].to_pylist()) == {"0.1.0"}
    measured = open_store(store).results()
    assert {name: measured[name].null_count for name in ("n", "stderr", "ci_low", "ci_high", "ci_method")} == (
        dict.fromkeys(("n", "stderr", "ci_low", "ci_high", "ci_method"), len(measured))
    )
    quality = [row for row in open_store(store).results().to_pylist() if row["capability"] == "data_quality"]
    assert len(quality) == 21


GRID = ["capability=[evaluate,data_quality]", "dataset=[digits]", "model=[naive_bayes,fails,slow]"]


def test_missing_plans_only_what_has_no_completed_attempt(store: Path):
    where = [f"analytics_store.uri={store}", "rerun=missing"]
    made = plan([*GRID, "metric=[accuracy,undefined]", *where], config_dir=str(OLD_STORES / "conf"))
    said = {item.combination.names: item.reason for item in made.items if item.run}
    failed, late = NOT_COMPLETED.format("failed"), NOT_COMPLETED.format("timeout")
    assert said == {
        ("evaluate", "digits", "fails", "accuracy"): failed,
        ("evaluate", "digits", "fails", "undefined"): failed,
        ("evaluate", "digits", "slow", "accuracy"): late,
        ("evaluate", "digits", "slow", "undefined"): NEVER,
    }
    assert len(made.items) == 7


def test_a_renamed_choice_finds_what_it_measured_under_its_old_name(store: Path):
    words = ["capability=[evaluate]", "dataset=[digits]", "metric=[accuracy]", "rerun=missing"]
    for model in ("naive_bayes", "nb"):
        made = sweep(
            [*words, f"model=[{model}]", f"analytics_store.uri={store}", "job_backend.kind=inline"],
            config_dir=str(OLD_STORES / "conf"),
            progress=False,
        )
        assert not made.plan.to_run
        assert [(row["model"], row["value"]) for row in made.rows] == [(model, pytest.approx(ACCURACY))]


def test_a_sweep_goes_on_in_them_and_folds_what_waited(store: Path):
    was_merged, before = is_merged(store), evaluated(store)
    words = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy,brier]"]
    where = [f"analytics_store.uri={store}", "job_backend.kind=inline", "rerun=missing"]
    made = sweep([*words, *where], progress=False)
    assert made.counts["completed"] == 1
    (new,) = [row for row in open_store(store).results().to_pylist() if row["ci_method"]]
    assert (new["metric"], new["n"]) == ("brier", 540)
    assert new["ci_low"] < new["value"] < new["ci_high"]
    assert evaluated(store) == pytest.approx({**before, ("naive_bayes", "brier"): made.rows[-1]["value"]}, nan_ok=True)
    assert not list((store / ".sweeper" / "journal").glob("*"))
    assert len(open_store(store).attempts()) == (11 if was_merged else 8)


def test_the_commands_work_on_them(store: Path, tmp_path: Path):
    pytest.importorskip("jinja2")
    at, before = f"analytics_store.uri={store}", expected(store)
    status, out = typed(
        "query", "SELECT model, metric FROM results WHERE capability = 'evaluate'", "--format", "json", at
    )
    rows: list[dict[str, Any]] = json.loads(out)
    assert (status, {(row["model"], row["metric"]) for row in rows}) == (0, set(before))
    assert typed("report", "--output", str(tmp_path / "report.html"), at)[0] == 0
    page = (tmp_path / "report.html").read_text()
    assert "0.9074" in page
    assert "no weights" in page
    assert typed("check", at)[0] == 0
    assert open_store(store).compact(grace_s=0).merged
    assert evaluated(store) == pytest.approx(before, nan_ok=True)
    status, out = typed("check", at)
    assert (status, "0 damaged, 0 foreign" in out) == (0, True)


def test_a_sweep_of_theirs_cannot_be_resumed_and_says_what_to_do(store: Path):
    for wanted in open_store(store).attempted_sweeps():
        err = io.StringIO()
        assert run_command(["plan", f"resume={wanted}", f"analytics_store.uri={store}"], io.StringIO(), err) == 2
        assert f"resume={wanted}: sweep {wanted} left no file of what it asked for" in err.getvalue()
        assert "rerun=missing" in err.getvalue()
    assert open_store(store).attempted_sweeps()
