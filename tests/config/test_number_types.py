"""Numbers run as they were typed, and results that older versions stored under converted ones are never mistaken."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import sweeper
from sweeper.cli.commands import run_command

TREE = """
defaults: [/part/digits_train@_global_.part]
tree:
  _target_: sweeper.models.SklearnClassifier
  estimator: {_target_: sklearn.tree.DecisionTreeClassifier, max_features: 8, random_state: 0}
  train: ${part.digits_train}
"""
ASKED = ["capability=[evaluate]", "dataset=[digits]", "metric=[accuracy]"]
SVM = [*ASKED, "model=[svm]", "job_backend.kind=inline", "rerun=missing"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "tree.yaml").write_text(TREE)
    return tmp_path


def by_scikit_learn(max_features: float) -> float:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.tree import DecisionTreeClassifier

    data, target = load_digits(return_X_y=True)
    train, test, labels, wanted = train_test_split(data, target, test_size=0.3, random_state=0, stratify=target)
    return DecisionTreeClassifier(max_features=max_features, random_state=0).fit(train, labels).score(test, wanted)


def test_a_share_of_the_features_is_no_number_of_features(backend: str):
    """The file says 8; 1.0 is all features and 1 is one of them."""
    swept = "model.tree.estimator.max_features=0.25,0.5,1.0,1"
    result = sweeper.sweep([*ASKED, "model=[tree]", swept, backend], multirun=True, config_dir="conf", progress=False)
    found = {row["model"]: row["value"] for row in result.rows}
    assert found == {
        f"tree[estimator.max_features={n}]": pytest.approx(by_scikit_learn(n)) for n in (0.25, 0.5, 1.0, 1)
    }
    assert found["tree[estimator.max_features=1.0]"] == pytest.approx(0.8426, abs=5e-5)
    assert found["tree[estimator.max_features=1]"] == pytest.approx(0.6833, abs=5e-5)


def test_a_result_of_ten_point_zero_is_not_one_of_ten_and_the_plan_says_how_to_have_it():
    assert sweeper.sweep([*SVM, "model.svm.estimator.C=10.0"], progress=False).counts["completed"] == 1
    note = "model.svm.estimator.C=10: stored as 10.0; type 10.0 to reuse it"
    asked = sweeper.plan([*SVM, "model.svm.estimator.C=10"])
    assert (len(asked.to_run), asked.notes) == (1, (note,))
    reuse = sweeper.plan([*SVM, "model.svm.estimator.C=10.0"])
    assert (len(reuse.to_run), reuse.notes) == (0, ())
    both = sweeper.plan([*SVM, "model.svm.estimator.C=10,10.0,100"], multirun=True)
    assert (len(both.to_run), both.notes) == (2, ())  # 10.0 is asked for already, and 100.0 has no result
    inline = sweeper.plan([*SVM, "+model.mine={_base_: svm, estimator: {C: 10}}"])
    assert inline.notes == (note.replace("svm", "mine"),)


def test_a_near_twin_is_named_once_until_there_is_a_result_of_its_own():
    sweeper.sweep([*SVM, "metric=[accuracy,ece]", "model.svm.estimator.C=10.0"], progress=False)
    line = "note: model.svm.estimator.C=10: stored as 10.0; type 10.0 to reuse it"
    ten = [*SVM, "metric=[accuracy,ece]", "model.svm.estimator.C=10"]
    status, out, _ = typed("plan", *ten)
    assert (status, out.count(line)) == (0, 1)
    status, _, err = typed(*ten)
    assert (status, err.count(line.removeprefix("note: "))) == (0, 1)
    status, out, _ = typed("plan", *ten)
    assert (status, "stored as" in out) == (0, False)


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()
