"""Nothing to do because rules left out everything is an error that can be allowed; that all has completed is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import typed

import sweeper
from sweeper.errors import ConfigError

ALL = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy]"]
EMPTY = [*ALL[:3], "metric=[checkmaite/od_map]"]
INLINE = "job_backend.kind=inline"
SAID = "1 left out by task: dataset digits, model naive_bayes are for image_classification; metric checkmaite/od_map is"

pytestmark = pytest.mark.usefixtures("empty_folder")


@pytest.mark.parametrize("more", [[], ["rerun=missing"], ["--dry-run"], ["--json"]])
def test_a_sweep_without_combinations_is_refused_and_leaves_nothing(empty_folder: Path, more: list[str]):
    status, out, err = typed(*EMPTY, *more)
    assert (status, out) == (2, "")
    assert SAID in err
    assert "--allow-empty" in err
    assert list(empty_folder.iterdir()) == []


def test_a_plan_without_combinations_is_refused_too():
    assert typed("plan", *EMPTY)[0] == 2


@pytest.mark.parametrize("allowed", ["--allow-empty", "allow_empty=true"])
def test_it_can_be_allowed(allowed: str):
    status, out, err = typed(*EMPTY, allowed)
    assert (status, err) == (0, "")
    assert "nothing to run; 0 skipped" in out
    assert json.loads(typed(*EMPTY, allowed, "--json")[1])["plan"]["excluded"] == {"task": 1}
    assert "1 left out by task" in typed("plan", *EMPTY, allowed)[1]


def test_the_same_from_python():
    for call in (sweeper.sweep, sweeper.plan):
        with pytest.raises(ConfigError, match="1 left out by task"):
            call(EMPTY)
    assert sweeper.plan(EMPTY, allow_empty=True).excluded == {"task": 1}
    result = sweeper.sweep(EMPTY, allow_empty=True, progress=False)
    assert (result.exit_status, result.rows, sum(result.counts.values())) == (0, [], 0)


def test_the_same_from_a_config_as_a_mapping():
    arity = {"datasets": "ONE", "models": "ONE", "metrics": "ONE"}
    config = {axis: {"mine": {"_target_": "a.B", "_sweep_": {"task": axis}}} for axis in ("dataset", "model", "metric")}
    config["capability"] = {"mine": {"_target_": "a.B", "_sweep_": {"arity": arity}}}
    with pytest.raises(ConfigError, match="dataset mine is for dataset; model mine is for model"):
        sweeper.plan(config)
    assert sweeper.plan(config, allow_empty=True).items == []


def test_where_all_has_completed_nothing_needs_to_be_allowed():
    assert typed(*ALL, INLINE)[0] == 0
    status, out, _ = typed(*ALL, INLINE, "rerun=missing")
    assert status == 0
    assert "nothing to run; 1 skipped" in out
