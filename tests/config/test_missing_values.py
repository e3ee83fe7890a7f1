"""A value that is missing, wherever it stands and however it is read, gets one message with the key to give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sweeper.config import load, load_mapping
from sweeper.errors import ConfigError

ROOT = Path(__file__).parents[2]
SMALL = ["capability=[evaluate]", "dataset=[digits]", "model=[svm]", "metric=[accuracy]"]
ONE = {"_sweep_": {"arity": {"datasets": "ONE", "models": "ONE", "metrics": "ONE"}}}
MAPPING: dict[str, Any] = {
    "capability": {"evaluate": {"_target_": "sweeper.capabilities.Evaluate", **ONE}},
    **{axis: {"mine": {"_target_": "a.B"}} for axis in ("dataset", "model", "metric")},
}
NUMBER = "part.checkmaite.classes.number"


def refused(*overrides: str, multirun: bool = False, **where: str) -> str:
    given = {line.lstrip("+").split("=")[0] for line in overrides}
    with pytest.raises(ConfigError) as error:
        load([*(line for line in SMALL if line.split("=")[0] not in given), *overrides], multirun=multirun, **where)
    message = str(error.value)
    assert "\n" not in message
    assert not any(raw in message for raw in ("full_key", "object_type", "MissingMandatoryValue"))
    return message


@pytest.mark.parametrize("name", ["ic_accuracy", "ic_f1", "ic_precision", "ic_recall"])
def test_the_number_of_classes_is_asked_for_by_its_key(name: str):
    message = refused(f"metric=[checkmaite/{name}]")
    assert message.startswith(f"metric.checkmaite.{name}.")
    assert message.endswith(f" interpolates ${{{NUMBER}}}, which is ???: it has no default. Give it: {NUMBER}=VALUE.")


@pytest.mark.parametrize(
    ("overrides", "place"),
    [
        (["model.svm.estimator.C=${p.n}"], "model.svm.estimator.C"),
        (["+p.m=${p.n}", "model.svm.estimator.C=${p.m}"], "model.svm.estimator.C"),
        (["model.svm.estimator.kernel=is_${p.n}"], "model.svm.estimator.kernel"),
        (["model.svm=${p.n}"], "model.svm"),
        (["model.svm._sweep_.task=${p.n}"], "model.svm._sweep_.task"),
        (["retries=${p.n}"], "retries"),
        (["analytics_store.uri=s3://${p.n}/x"], "analytics_store.uri"),
        (["exclude=[{model: '${p.n}'}]"], "exclude[0].model"),
        (["dataset=[digits,digits_dark]", "dataset.digits_dark.dataset=${p.n}"], "dataset.digits_dark.dataset"),
    ],
)
def test_what_interpolates_a_missing_value_is_named_with_the_key_to_give(overrides: list[str], place: str):
    message = refused("+p.n=???", *overrides)
    assert message == f"{place} interpolates ${{p.n}}, which is ???: it has no default. Give it: p.n=VALUE."


@pytest.mark.parametrize(
    "key",
    [
        "model.svm.estimator",
        "model.svm._target_",
        "model.svm._sweep_",
        "model.svm._sweep_.task",
        "rerun",
        "+name",
        "exclude",
        "zip",
        "analytics_store",
        "analytics_store.uri",
        "job_backend.num_cpus",
        "allowed_targets",
    ],
)
def test_a_missing_value_is_named_wherever_it_stands(key: str):
    name = key.lstrip("+")
    assert refused(f"{key}=???") == f"{name} is ???: it has no default. Give it: {name}=VALUE."


def test_the_base_of_a_choice_may_not_be_missing():
    assert refused("+model.mine={_base_: ???}").startswith("model.mine._base_ is ???")


def test_a_swept_value_may_not_be_missing():
    assert refused("model.svm.estimator.C=1.0,???", multirun=True).startswith("model.svm.estimator.C is ???")
    message = refused("+p.n=1.0,???", "model.svm.estimator.C=${p.n}", multirun=True)
    assert message.startswith("model.svm.estimator.C interpolates ${p.n}, which is ???")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"x": "???", "model": {"mine": {"_target_": "a.B", "c": "${x}"}}}, "model.mine.c interpolates ${x}, which is"),
        ({"model": {"mine": "???"}}, "model.mine is ???"),
        ({"model": "???"}, "model is ???: it has no default. Select one: 'model=[NAME]'."),
        ({"resume": "???"}, "resume is ???"),
        ({"x": "???", "resume": "${x}"}, "interpolates ${x}, which is ???"),
        ({"x": "???", "hydra": {"mode": "${x}"}}, "hydra.mode interpolates ${x}, which is ???"),
    ],
)
def test_the_same_in_a_config_as_a_mapping(more: dict[str, Any], said: str):
    with pytest.raises(ConfigError) as error:
        load_mapping({**MAPPING, **more})
    assert said in str(error.value)


def test_what_the_resumed_sweep_has_settled_need_not_be_given_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("nightly_of_ours.yaml").write_text("defaults: [config, _self_]\nname: ???\nretries: ???\n")
    where = {"config_dir": str(tmp_path), "config_name": "nightly_of_ours"}
    assert refused(**where).startswith("name is ???")
    assert load(["resume=20260101T000000-abcdef"], **where).settings.resume == "20260101T000000-abcdef"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${oc.env:SWEEPER_NOT_SET}", "the environment variable SWEEPER_NOT_SET is not set"),
        ("${nothing_like_it:1}", "there is no resolver of that name"),
        ("${nowhere.at.all}", "which the config does not have"),
        ("${model.svm.estimator.C}", "interpolates what interpolates it again"),
    ],
)
def test_what_cannot_be_resolved_for_another_reason_is_named_too(value: str, said: str):
    message = refused(f"model.svm.estimator.C={value}")
    assert message.startswith("model.svm.estimator.C interpolates ")
    assert said in message


def test_all_values_of_choices_that_are_missing_are_named_at_once():
    message = refused("model.svm.estimator.C=???", "model.svm.estimator.kernel=???", "dataset.digits.split=???")
    keys = ["dataset.digits.split", "model.svm.estimator.C", "model.svm.estimator.kernel"]
    named, _, given = message.partition(" are ???: they have no default. Give them: ")
    assert sorted(named.split(", ")) == keys
    assert sorted(given.removesuffix(".").split()) == [f"{key}=VALUE" for key in keys]


def test_what_else_is_wrong_does_not_hide_a_missing_value():
    message = refused("dataset.digits.split=???", "dataset.digits.seed=???", "model.svm.estimator.C=${nowhere}")
    key = message.partition(" ")[0]
    assert key in ("dataset.digits.split", "dataset.digits.seed")
    assert message == f"{key} is ???: it has no default. Give it: {key}=VALUE."
