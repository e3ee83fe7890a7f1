"""`aggregate`: swept keys that only repeat a run are shown as their mean, in every table."""

from __future__ import annotations

import io
import json
import statistics

import pytest

import sweeper
from sweeper.cli.commands import run_command
from sweeper.comparison.measured import measured_of
from sweeper.comparison.repeats import aggregated
from sweeper.errors import ConfigError
from sweeper.report.reading import read_report_data
from sweeper.store import open_store

GRID = [
    *("capability=[evaluate]", "dataset=[digits,digits_dark]", "metric=[accuracy]", "exclude=[]"),
    *("model=[forest,svm]", "model.forest.estimator.n_estimators=20", "job_backend.kind=inline"),
]
SEEDS = ["--multirun", *GRID, "model.forest.estimator.random_state=0,1,2,3"]
REPEATED = [*SEEDS, "aggregate=[random_state]"]

pytestmark = pytest.mark.usefixtures("empty_folder")


def said(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()


def test_tables_have_one_row_in_the_place_of_one_for_each_seed():
    status, text, _ = said(*REPEATED)
    assert status == 0
    rows = open_store("analytics_store").results().to_pylist()
    values = [row["value"] for row in rows if row["dataset"] == "digits" and row["model"].startswith("forest[")]
    assert len(values) == 4
    mean, spread = statistics.mean(values), statistics.stdev(values)
    (line,) = (line for line in text.splitlines() if line.startswith("forest"))
    assert f"{mean:.4g}" in line
    assert f"± {spread:.2g} (4)" in line
    assert "svm " in text
    assert "± standard deviation between runs (number of runs)" in text


def test_programs_still_get_every_run():
    _, text, _ = said(*REPEATED, "--json")
    assert len({row["model"] for row in json.loads(text)["results"]}) == 5


def test_the_interval_is_wider_than_that_of_a_run():
    said(*REPEATED)
    rows = open_store("analytics_store").results().to_pylist()
    for mean in map(measured_of, aggregated(rows, ["random_state"])):
        if mean.repeats:
            runs = [run.interval for run in mean.repeats if run.interval is not None]
            assert mean.interval is not None
            assert mean.interval.high - mean.interval.low > statistics.mean(run.high - run.low for run in runs)
            assert mean.interval.low < mean.value < mean.interval.high
            assert "4 runs" in mean.interval.method


def test_the_report_knows_of_it_from_the_sweep_and_from_the_command_line():
    said(*SEEDS)
    store = open_store("analytics_store")
    names = {line.name for board in read_report_data(store).leaderboards for line in board.lines}
    assert len(names) == 5
    given = {
        line.name for board in read_report_data(store, repeats=("random_state",)).leaderboards for line in board.lines
    }
    assert given == {"forest", "svm"}
    said(*REPEATED, "rerun=missing")
    kept = {line.name for board in read_report_data(store).leaderboards for line in board.lines}
    assert kept == {"forest", "svm"}
    assert "is no swept key" in said("report", "aggregate=[typo]")[2]


def test_compare_has_the_means():
    said(*REPEATED)
    status, text, err = said("compare", "forest", "svm", "aggregate=[random_state]")
    assert (status, err) == (0, "")
    assert "model forest" in text
    found = json.loads(said("compare", "forest", "svm", "aggregate=[random_state]", "--json")[1])
    one = next(each for each in found["differences"] if each["dataset"] == "digits")
    rows = open_store("analytics_store").results().to_pylist()
    seeds = [row["value"] for row in rows if row["model"].startswith("forest[") and row["dataset"] == "digits"]
    assert one["a"] == pytest.approx(statistics.mean(seeds))
    assert one["ci_low"] < one["difference"] < one["ci_high"]


def test_sweeps_are_compared_by_the_means_that_they_were_run_with():
    first, second = _swept(REPEATED), _swept([*REPEATED, "+model.forest.estimator.max_depth=2"])
    found = json.loads(said("compare", first, second, "--json")[1])["differences"]
    assert {one["model"] for one in found} == {"forest", "svm"}


def _swept(words: list[str]) -> str:
    return json.loads(said(*words, "--json")[1])["sweep_id"]


def test_what_failed_in_some_runs_is_told():
    grid = [item for item in SEEDS if "random_state" not in item]
    depths = "model.forest.estimator.max_depth=1,2,nonsense"
    status, text, _ = said(*grid, f"+{depths}", "aggregate=[max_depth]")
    assert status == 1
    (line,) = (line for line in text.splitlines() if line.startswith("forest ") and "±" in line)
    assert "(2)" in line
    assert "1 of 3 runs gave no value" in text


def test_a_mean_of_one_run_is_not_compared():
    grid = [item for item in SEEDS if "random_state" not in item]
    _, text, _ = said(*grid, "+model.forest.estimator.max_depth=2,nonsense", "aggregate=[max_depth]")
    assert "note: not compared with the best: evaluate: accuracy: forest: one run: " in text
    _, text, _ = said("compare", "forest", "svm", "aggregate=[max_depth]", "--json")
    assert {one["ci_method"] for one in json.loads(text)["differences"]} == {
        "none: one run: how much runs differ is not known"
    }


def test_a_key_that_nothing_sweeps_is_refused():
    status, _, err = said("plan", *SEEDS, "aggregate=[seed]")
    assert status == 2
    assert "aggregate[0]: 'seed' is no swept key" in err
    assert "Swept are estimator.random_state" in err
    status, _, err = said(*GRID, "aggregate=[random_state]")
    assert status == 2
    assert "nothing is swept" in err
    with pytest.raises(ConfigError, match="nothing is swept"):
        sweeper.plan([*GRID, "aggregate=[random_state]"])
