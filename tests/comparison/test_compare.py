"""`sweeper compare`: two models, sweeps, dates or stores, value by value."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

import sweeper
from sweeper.cli.commands import run_command
from sweeper.cli.compare_text import Compared, comparison_text
from sweeper.comparison.differences import Difference
from sweeper.comparison.measured import Measured
from sweeper.comparison.sides import Side
from sweeper.statistics.bounds import Interval, Level
from sweeper.store import Store, open_store

EVALUATE = ["capability=[evaluate]", "exclude=[]", "job_backend.kind=inline", "metric=[accuracy,log_loss]"]
GRID = [*EVALUATE, "dataset=[digits,digits_dark]", "model=[svm,knn]"]
STORES = Path(__file__).parents[1] / "data" / "stores"

pytestmark = pytest.mark.usefixtures("empty_folder")


def swept(*overrides: str) -> str:
    result = sweeper.sweep([*overrides], progress=False)
    assert result.exit_status == 0
    return result.sweep_id


def said(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(["compare", *argv], out, err), out.getvalue(), err.getvalue()


def document(*argv: str) -> dict[str, Any]:
    status, out, err = said(*argv, "--json")
    assert err == ""
    found = json.loads(out)
    assert found["exit_status"] == status
    return found


def one_of(found: dict[str, Any], **names: str) -> dict[str, Any]:
    (one,) = (each for each in found["differences"] if all(each[key] == name for key, name in names.items()))
    return one


def outcomes_of(store: Store, model: str, dataset: str) -> dict[str, Any]:
    rows = store.completed().to_pylist()
    (key,) = {row["inference_id"] for row in rows if (row["model"], row["dataset"]) == (model, dataset)}
    return store.outcomes([key]).to_pydict()


# What may be compared


def test_two_models_on_the_same_data():
    swept(*GRID)
    found = document("svm", "knn")
    assert (found["a"], found["b"]) == ("model svm", "model knn")
    assert len(found["differences"]) == 4
    store = open_store("analytics_store")
    for dataset in ("digits", "digits_dark"):
        svm, knn = outcomes_of(store, "svm", dataset), outcomes_of(store, "knn", dataset)
        one = one_of(found, dataset=dataset, key="accuracy")
        right = [sum(a == b for a, b in zip(each["label"], each["prediction"], strict=True)) for each in (svm, knn)]
        assert one["difference"] == pytest.approx((right[1] - right[0]) / 540)
        unlike = sum(a != b for a, b in zip(svm["prediction"], knn["prediction"], strict=True))
        assert one["disagree"] == unlike
        loss = one_of(found, dataset=dataset, key="log_loss")
        test = ttest_rel(knn["log_loss"], svm["log_loss"])
        bounds = test.confidence_interval(0.95)
        assert (loss["ci_low"], loss["ci_high"]) == pytest.approx((bounds.low, bounds.high), rel=1e-5)
    assert one_of(found, dataset="digits_dark", key="accuracy")["verdict"] == "undecided"


def test_two_sweeps_of_which_one_changed_a_model():
    first = swept(*GRID, "+name=main")
    second = swept(*GRID, "+name=branch", "model.svm.estimator.C=0.001")
    found = document(first, "branch")
    assert found["b"] == f"sweep {second} (branch)"
    svm = one_of(found, dataset="digits", model="svm", key="accuracy")
    assert svm["verdict"] == "worse"
    assert one_of(found, dataset="digits", model="knn", key="accuracy")["verdict"] == "the same"
    specs = [(each["axis"], each["name"], each["key"], each["first"], each["second"]) for each in found["specs"]]
    assert specs == [("model", "svm", "estimator.C", "1.0", "0.001")]
    assert document(first[:20], first)["differences"][0]["difference"] == 0, "how an id begins is enough"


def test_a_sweep_has_the_values_of_its_time_even_those_that_it_skipped():
    first = swept(*GRID)
    second = swept(*GRID, "rerun=missing", "model=[svm,knn,logreg]")
    swept(*GRID, "model.svm.estimator.C=0.001", "model=[svm]")
    found = document(first, second, "--only", "model=svm,metric=accuracy")
    assert [one["difference"] for one in found["differences"]] == [0.0, 0.0]
    more = document(second, first)
    missing = {one["model"] for one in more["differences"] if one["verdict"] == "only in A"}
    assert missing == {"logreg"}


def test_a_sweep_with_nothing_to_run_has_the_values_of_its_beginning():
    swept(*GRID)
    idle = swept(*GRID, "rerun=missing", "model=[svm]")
    swept(*GRID, "model.svm.estimator.C=0.001", "model=[svm]")
    found = document(idle, datetime.now(UTC).date().isoformat(), "--only", "metric=accuracy,dataset=digits,model=svm")
    assert found["a"] == f"sweep {idle} (config)"
    assert one_of(found, model="svm")["verdict"] == "worse"


def test_names_of_variants_may_have_commas():
    variants = ["model.svm.estimator.C=0.1,1.0", "model.svm.estimator.gamma=0.01,0.001"]
    run_command(["--multirun", *GRID, "model=[svm]", "dataset=[digits]", *variants], io.StringIO(), io.StringIO())
    (first,) = open_store("analytics_store").sweep_ids()
    name = "svm[estimator.C=1.0,estimator.gamma=0.001]"
    found = document(first, first, "--only", f"model={name},metric=accuracy")
    assert [(one["model"], one["metric"]) for one in found["differences"]] == [(name, "accuracy")]
    assert len(document(first, first, "--only", "model=svm,metric=accuracy")["differences"]) == 4


def test_two_dates():
    swept(*GRID, "model=[svm]")
    time.sleep(0.01)
    between = datetime.now(UTC).isoformat()
    swept(*GRID, "model=[svm]", "model.svm.estimator.C=0.001")
    found = document(between, datetime.now(UTC).date().isoformat())
    assert one_of(found, dataset="digits", key="accuracy")["verdict"] == "worse"
    assert found["specs"][0]["key"] == "estimator.C"


def test_code_that_changed_between_two_sweeps_is_told():
    code = Path("changing_model.py")
    text = "from sweeper.models import SklearnClassifier\n\n\nclass Mine(SklearnClassifier):\n    pass\n"
    mine = "+model.mine={_base_: svm, _target_: changing_model.Mine}"
    ids: list[str] = []
    for more in ("", "    changed = True\n"):
        code.write_text(text + more)
        grid = [*EVALUATE, "dataset=[digits]", "model=[]", mine, "metric=[accuracy]"]
        subprocess.run([sys.executable, "-m", "sweeper", *grid], check=True, capture_output=True, timeout=120)
        ids = open_store("analytics_store").sweep_ids()
    found = document(*ids)
    assert [one["axis"] for one in found["specs"]] == ["code_revision"]
    assert document(ids[0], ids[0])["specs"] == []


def test_two_stores():
    swept(*GRID, "model=[svm]")
    swept(*GRID, "model=[svm]", "model.svm.estimator.C=0.001", "analytics_store.uri=other")
    found = document("analytics_store", "./other")
    assert said("./other", "./other", "analytics_store.uri=not_there")[0] == 0
    assert one_of(found, dataset="digits", key="accuracy")["verdict"] == "worse"
    assert found["a"] == f"store {Path('analytics_store').resolve()}"


# In CI


@pytest.mark.parametrize(("extra", "status"), [((), 0), (("--tolerance", "0.05"), 1), (("--tolerance", "0.999"), 0)])
def test_past_a_tolerance_the_exit_status_is_1(extra: Sequence[str], status: int):
    first = swept(*GRID, "model=[svm]", "metric=[accuracy]")
    second = swept(*GRID, "model=[svm]", "metric=[accuracy]", "model.svm.estimator.C=0.001")
    assert said(first, second, *extra)[0] == status
    assert said(second, first, "--tolerance", "0")[0] == 0, "better is never past it"


def test_what_only_a_has_is_past_any_tolerance():
    first = swept(*GRID)
    second = swept(*GRID, "model=[svm]")
    status, text, _ = said(first, second, "--tolerance", "1000")
    assert status == 1
    assert "digits, knn, accuracy: B has no number (only in A)" in text


def test_an_interval_may_be_asked_for():
    swept(*GRID, "metric=[accuracy]", "dataset=[digits]")
    assert said("svm", "knn", "--tolerance", "0.001")[0] == 1
    assert said("svm", "knn", "--tolerance", "0.001", "--judge", "interval")[0] == 0


# What is shown


def test_the_text_fits_and_says_what_it_means():
    swept(*GRID, "metric=[accuracy,ece]")
    status, text, err = said("svm", "knn")
    assert (status, err) == (0, "")
    assert max(map(len, text.split("specs that differ")[0].splitlines())) <= 88
    assert "evaluate: accuracy (higher is better)" in text
    assert "undecided: the interval contains 0" in text
    assert "note: no interval: evaluate: ece: no comparison is known for this metric" in text
    assert 'model svm, knn: estimator._target_: "sklearn.svm.SVC" -> "sklearn.neighbors.KNeighborsClassifier"' in text


@pytest.mark.parametrize("path", [STORES / "merged", STORES / "swept"], ids=["merged", "swept"])
def test_old_stores_are_compared_and_what_has_no_interval_says_so(path: Path):
    status, text, err = said(str(path), str(path))
    assert status == 0, err
    assert "no interval" in text or "the same" in text


def test_what_there_is_to_say_against_a_value_is_said():
    path = str(STORES / "swept")
    caveats = [one["b_caveat"] for one in document(path, path)["differences"] if one["metric"] == "undefined"]
    assert caveats == ["NaN: the metric gave no number"]
    assert "note: A, digits, naive_bayes, undefined; B, digits, naive_bayes, undefined: NaN: " in said(path, path)[1]


def test_what_there_is_to_say_is_said_under_the_name_of_its_side():
    odd, sound = (Measured("evaluate", "day", model, "f1", "f1", 0.5, True) for model in ("odd", "sound"))
    sides = [Side("model", model, open_store("nowhere"), ()) for model in ("odd", "sound")]
    found = [Difference(replace(odd, caveat="it is stale"), sound)]
    assert "note: A, day, odd, f1: it is stale" in comparison_text(Compared(*sides, found, [], Level(), None, []))


# What is wrong


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("svm",), "compare needs two of them"),
        (("svm", "knm"), "'knm' is no model, sweep or date of the store"),
        (("svm", "knm"), "Did you mean 'knn'?"),
        (("svm", "date:soon"), "'soon' is no date or time of ISO 8601"),
        (("svm", "2026-03-15"), "compare a model with a model"),
        (("svm", "store:nowhere"), "There is no analytics store at"),
        (("svm", "knn", "--tolerance=-1"), "--tolerance is '-1'; it must be a number of at least 0"),
        (("svm", "knn", "--tolerance", "much"), "--tolerance is 'much'"),
        (("svm", "knn", "--confidence", "95"), "--confidence is '95'; it must be above 0.5 and below 1"),
        (("svm", "knn", "--only", "models=svm"), "Did you mean 'model'?"),
        (("svm", "knn", "--only", "metric=f1*"), "--only metric=f1* leaves out all of model svm"),
        (("svm", "knn", "aggregate=[seed]"), "aggregate[0]: 'seed' is no swept key. In this sweep nothing is swept."),
        (("svm", "knn", "--judge", "luck"), "--judge"),
    ],
)
def test_mistakes_are_answered_with_their_cure(argv: tuple[str, ...], message: str):
    swept(*GRID, "dataset=[digits]", "metric=[accuracy]")
    status, out, err = said(*argv)
    assert (status, out) == (2, "")
    assert message in err


def test_a_word_that_may_be_two_things_is_asked_for_again():
    swept(*GRID, "dataset=[digits]", "metric=[accuracy]", "+name=svm")
    status, _, err = said("svm", "knn")
    assert status == 2
    assert "write model:svm or sweep:svm" in err
    assert said("model:svm", "knn")[0] == 0


# Laws

numbers = st.floats(-10, 10)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Difference, Difference]:
    """A difference, and the one of the same values with the sides exchanged."""
    better = draw(st.sampled_from([True, False, None]))
    a, b, half = draw(numbers), draw(numbers), draw(st.floats(0, 20))
    one, other = (Measured("evaluate", "d", "m", "k", "k", value, better) for value in (a, b))
    ahead, back = (Interval(9, 1.0, change - half, change + half, "paired_t") for change in (b - a, a - b))
    return Difference(one, other, ahead, 1), Difference(other, one, back, 1)


OTHER = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher", "undecided": "undecided"}


@given(pairs())
def test_exchanging_the_sides_turns_the_verdict_round(pair: tuple[Difference, Difference]):
    ahead, back = pair
    assert OTHER[ahead.verdict] == back.verdict


@given(pairs(), st.floats(0, 5), st.floats(0, 5), st.booleans())
def test_a_larger_tolerance_lets_more_pass(pair: tuple[Difference, Difference], one: float, more: float, by: bool):
    ahead, _ = pair
    assert ahead.is_past(one, by_interval=by) or not ahead.is_past(one + more, by_interval=by)
    assert ahead.is_past(one, by_interval=False) or not ahead.is_past(one, by_interval=True)
