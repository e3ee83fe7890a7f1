"""A sweep ends with verdicts: on the terminal, as JSON, in Python, and as exit status 4 where they are enforced."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from patience import LIMIT_S
from places import HELPERS, OLD_STORES, ROOT
from requirement_parts import BROKEN, ENOUGH, STOPS, swept

import sweeper
from sweeper.comparison.value_bounds import NO_INTERVAL
from sweeper.store import open_store

MISSING = "rerun=missing"

pytestmark = pytest.mark.usefixtures("empty_folder")


def document(*overrides: str) -> dict[str, Any]:
    return json.loads(swept(*overrides, "--json")[1])


def outcomes(*overrides: str) -> dict[str, str]:
    return {one["model"]: one["outcome"] for one in document(*overrides)["verdicts"]}


# What is shown


def test_the_summary_has_a_line_for_each_model():
    status, out, err = swept(ENOUGH)
    assert status == 0, err
    lines = out.partition("enough: accuracy >= 0.95, 95 %\n")[2].splitlines()
    assert lines[:3] == [
        "-" * len("enough: accuracy >= 0.95, 95 %"),
        "right  undecided  few   1    >= 0.8609  about 39 more data would decide",
        "half   not met    many  0.5  <= 0.5713",
    ]
    assert lines[3] == "                  few   0.5  <= 0.728"
    assert "4 completed; 0 skipped" in out


def test_the_further_data_decide():
    assert "right  met      each of 2\n" in swept(ENOUGH, "dataset.few.n=59")[1]
    assert "about 1 more data would decide" in swept(ENOUGH, "dataset.few.n=58")[1]


def test_json_has_all_that_is_known():
    found = document(ENOUGH)
    right, half = found["verdicts"]
    assert (found["exit_status"], right["requirement"], right["asks"]) == (0, "enough", "accuracy >= 0.95, 95 %")
    assert (right["outcome"], half["outcome"]) == ("undecided", "not met")
    assert (right["further"], half["further"]) == (39, None)
    assert [(one["dataset"], one["value"], one["n"], one["outcome"]) for one in right["values"]] == [
        ("many", 1.0, 200, "met"),
        ("few", 1.0, 20, "undecided"),
    ]
    assert right["values"][0]["bound"] == pytest.approx(0.05 ** (1 / 200))


def test_python_has_the_same():
    swept()
    result = sweeper.sweep([ENOUGH, MISSING], config_dir="conf", config_name="judged", progress=False)
    assert [(one.model, one.outcome) for one in result.verdicts] == [("right", "undecided"), ("half", "not met")]
    assert result.exit_status == 0
    plain = sweeper.sweep([MISSING], config_dir="conf", config_name="judged", progress=False)
    assert plain.verdicts == ()


def test_without_requirements_nothing_is_said_of_them():
    assert "verdicts" not in document()
    assert "met" not in swept(MISSING)[1].split()


def test_without_requirements_nothing_is_loaded_for_them():
    swept()
    argv = ["--config-dir", "conf", "--config-name", "judged", MISSING]
    code = f"import sys; from command_line import typed; typed(*{argv}); print(*sys.modules)"
    paths = os.pathsep.join([str(ROOT), str(HELPERS)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    loaded = done.stdout.split()
    assert "sweeper.report.marks" in loaded
    assert {f"sweeper.comparison.{name}" for name in ("judging", "coverage", "earlier", "judged")}.isdisjoint(loaded)


def test_an_optional_requirement_that_matches_nothing_has_no_verdict():
    status, out, _ = swept("requirements=[{name: other, metric: f1*, min: 0.9, optional: true}]", "enforce=true")
    assert (status, "other: f1" in out, "4 completed" in out) == (0, False, True)


def test_a_plan_judges_nothing():
    status, out, _ = swept(ENOUGH, "enforce=true", "--dry-run")
    assert (status, "4 combinations: 4 to run" in out, "not met" in out) == (0, True, False)
    assert "verdicts" not in json.loads(swept(ENOUGH, "--dry-run", "--json")[1])


def test_what_failed_is_undecided():
    status, out, _ = swept(ENOUGH, BROKEN, "dataset.few.n=100")
    assert status == 1
    assert re.search(r"^broken  undecided  many +failed$", out, re.MULTILINE)
    assert "right   met        each of 2\n" in out


def test_stored_values_are_judged_where_nothing_is_to_run():
    swept()
    status, out, _ = swept(ENOUGH, MISSING, "dataset.few.n=20")
    assert (status, "nothing to run; 4 skipped" in out, "half   not met" in out) == (0, True, True)
    assert outcomes(MISSING, "requirements=[{metric: accuracy, dataset: many, min: 0.95}]") == {
        "right": "met",
        "half": "not met",
    }


def test_an_older_value_whose_combination_has_failed_since_is_undecided(monkeypatch: pytest.MonkeyPatch):
    swept()
    monkeypatch.setattr("report_parts.Same.__call__", lambda self, batch: 1 / 0)
    found = document(ENOUGH)
    (half,) = [one for one in found["verdicts"] if one["model"] == "half"]
    assert (half["outcome"], half["reason"]) == ("undecided", "older: the newest attempt failed")
    assert half["values"][0]["value"] == 0.5


def test_a_metric_of_ones_own_is_judged_by_its_resamples():
    own = ["metric=[]", "+metric.hits={_target_: report_parts.Hits}", "model.right.wrong_every=20"]
    rule = "requirements=[{metric: hits, dataset: many, min: 0.4}]"
    assert outcomes(*own, rule) == {"right": "undecided", "half": "undecided"}
    reason = document(*own, rule, MISSING)["verdicts"][0]["reason"]
    assert reason.startswith("no interval is known for this metric; resamples: 1000 gives one")
    resampled = [*own, "+capability.evaluate.resamples=200"]
    assert outcomes(*resampled, rule) == {"right": "met", "half": "met"}
    sure = rule.replace("0.4}", "0.4, confidence: 0.99}")
    assert outcomes(*resampled, sure, MISSING) == {"right": "met", "half": "met"}, "by the resamples that are stored"


def test_of_many_models_those_that_meet_it_come_first():
    many = [f"+model.m{number}={{_base_: right, id: m{number}, wrong_every: 3}}" for number in range(60)]
    out = swept(ENOUGH, *many, "dataset.few.n=60")[1]
    table = out.partition("enough: accuracy")[2].partition("\n\n")[0].splitlines()
    assert table[2].startswith("right  met")
    assert table[-1] == "and 12 more models: 12 not met (--json has all)"
    assert len([line for line in table if "not met  " in line]) == 49


# Two models, two sweeps


CLOSE = "requirements=[{name: close, metric: accuracy, dataset: many, tolerance: 0.02, than: {model: right}}]"


def test_a_model_is_compared_with_another_datum_by_datum():
    status, out, _ = swept(CLOSE)
    assert status == 0
    assert "close: accuracy at most 0.02 worse than right on many, 95 %\n" in out
    assert "half  not met  0.5 - 1  <= -0.44" in out


def test_a_model_is_compared_with_what_it_was_in_an_earlier_sweep():
    past = "requirements=[{name: past, metric: accuracy, tolerance: 0.05, than: {sweep: judged}}]"
    first = document(past)
    assert {one["reason"] for one in first["verdicts"]} == {"sweep judged: there is none before this one"}
    now = {one["model"]: one for one in document(past, "model.right.wrong_every=2", MISSING)["verdicts"]}
    assert (now["right"]["outcome"], now["half"]["outcome"]) == ("not met", "undecided")
    assert [(one["value"], one["other"]) for one in now["right"]["values"]] == [(0.5, 1.0)] * 2
    by_id = past.replace("sweep: judged", f"sweep: {first['sweep_id']}")
    assert outcomes(by_id, MISSING)["right"] == "undecided"


def test_an_earlier_sweep_counts_with_what_it_had_when_it_ended(monkeypatch: pytest.MonkeyPatch):
    """Also of what it skipped, and though the same has been measured again since, with another outcome."""
    document("+name=first")
    document("+name=second", MISSING, "+dataset.more={_target_: parts.Numbers, n: 10, name: more}")
    monkeypatch.setattr("requirement_parts.Model._is_wrong", lambda self, number: number % 2)
    for name in ("first", "second"):
        rule = f"{{metric: accuracy, dataset: many, tolerance: 0.05, than: {{sweep: {name}}}}}"
        right = document(f"requirements=[{rule}]")["verdicts"][0]
        (value,) = right["values"]
        assert (right["model"], right["outcome"], value["value"], value["other"]) == ("right", "not met", 0.5, 1.0)


# The exit status


ENFORCED = [ENOUGH, "enforce=true"]


def test_4_where_one_is_not_met():
    status, out, _ = swept(*ENFORCED)
    assert (status, "requirements are enforced, and 1 verdict is not met\n" in out) == (4, True)
    assert swept(*ENFORCED, MISSING)[0] == 4, "also where nothing is to run"
    assert document(*ENFORCED, MISSING)["exit_status"] == 4


def test_0_where_all_are_met_or_undecided():
    status, out, _ = swept(*ENFORCED, "~model.half")
    assert (status, "undecided" in out, "enforced" in out) == (0, True, False)


def test_1_comes_before_4():
    status, out, _ = swept(*ENFORCED, BROKEN)
    assert (status, "half    not met" in out, "enforced" in out) == (1, True, False)
    assert swept(*ENFORCED, MISSING)[0] == 4


def test_3_comes_before_4():
    swept()
    status, out, _ = swept(*ENFORCED, BROKEN, MISSING, "max_failures=1")
    assert (status, "half    not met" in out) == (3, True)


def test_130_comes_before_4():
    swept()
    status, out, _ = swept(*ENFORCED, STOPS, MISSING)
    assert (status, "half   not met" in out) == (130, True)


def test_2_comes_before_4():
    swept()
    assert swept(*ENFORCED, MISSING, "retries=-1")[0] == 2


# Resuming, and what older versions left


def resume(*more: str) -> tuple[int, str, str]:
    return swept(f"resume={open_store('analytics_store').sweep_ids()[-1]}", *more)


def test_what_resumes_is_judged_by_the_same_requirements():
    swept(*ENFORCED, STOPS)
    status, out, _ = resume()
    assert (status, "enough: accuracy >= 0.95, 95 %" in out) == (4, True)
    status, out, _ = resume("requirements=[{name: less, metric: accuracy, min: 0.3}]")
    assert (status, "less: accuracy >= 0.3, 95 %" in out, "enough" in out) == (0, True, False)
    status, _, err = resume("requirements=[{metric: acuracy, min: 0.3}]")
    assert (status, "Did you mean 'accuracy'?" in err) == (2, True)


def test_a_value_that_an_older_version_measured_has_no_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(OLD_STORES))
    store = shutil.copytree(OLD_STORES / "merged", tmp_path / "old")
    words = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy]", MISSING]
    where = [*words, f"analytics_store.uri={store}", "job_backend.kind=inline"]
    for judge, outcome, reason in (("interval", "undecided", NO_INTERVAL), ("value", "met", "")):
        rule = f"requirements=[{{metric: accuracy, min: 0.9, judge: {judge}}}]"
        result = sweeper.sweep([*where, rule], config_dir=str(OLD_STORES / "conf"), progress=False)
        (found,) = result.verdicts
        assert (found.outcome, found.reason, len(result.plan.to_run)) == (outcome, reason, 0)
