"""Loading a sweep: where configs come from, what leaves as plain data, and what is refused with which words."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from sweeper.config import Settings, load, load_mapping
from sweeper.config.classification import CLASSIFICATION, Kind
from sweeper.config.grid_rules import GRID_RULES
from sweeper.config.limit import LIMIT
from sweeper.config.settings import SETTINGS
from sweeper.errors import ConfigError
from sweeper.messages.requests import StoreLocation
from sweeper.planning.decisions import identify
from sweeper.planning.grid import expand
from sweeper.vocabulary import AXES, Arity, Runtime

CONF = Path(__file__).parents[2] / "conf"
SMALL = ["capability=[evaluate]", "dataset=[digits]", "model=[svm]", "metric=[accuracy]"]
ONE = "_sweep_: {arity: {datasets: ONE, models: ONE, metrics: ONE}}"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes config files into ./conf of an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / "conf" / f"{name.replace('__', '/')}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        return tmp_path / "conf"

    return write


def choices(config, axis="model"):
    return {c.name: c for p in config.grid.parts[axis] for c in p.variants.values()}


def names(config, axis="model"):
    return list(choices(config, axis))


def fingerprints(config):
    return {key for _, key in identify(expand(config.grid).combinations, "drop")[0]}


def refused(*overrides, multirun=False, **where):
    """The message with which a config is refused."""
    with pytest.raises(ConfigError) as error:
        expand(load(list(overrides), multirun=multirun, **where).grid)
    assert "\n" not in str(error.value)
    return str(error.value)


# Where configs come from


def test_the_default_sweep_is_what_ships():
    config = load([])
    assert names(config) == ["logreg", "svm", "knn", "forest", "naive_bayes", "mlp"]
    assert config.settings == Settings(name="config")
    assert config.notes == ()


def test_a_file_of_the_user_wins_over_the_shipped_one_and_it_is_said(write):
    write(model__svm="svm: {_target_: mine.Svm, C: 5}")
    config = load(SMALL, config_dir="conf")
    assert choices(config)["svm"].spec == {"_target_": "mine.Svm", "C": 5}
    assert config.notes == ("model/svm.yaml of conf replaces the shipped one",)


@pytest.mark.parametrize("flag", ["config_dir", "config_path"])
def test_the_users_choices_stand_beside_the_shipped_ones(write, flag):
    write(model__mine="mine: {_target_: mine.Model}", big="defaults: [config, {override /model: [mine, svm]}]")
    config = load(SMALL[:2], config_name="big", **{flag: "conf"})
    assert names(config) == ["mine", "svm"]
    assert config.settings.name == "big"


def test_config_dir_wins_over_config_path(write, tmp_path):
    write(model__mine="mine: {_target_: from_path.Model}")
    (tmp_path / "other" / "model").mkdir(parents=True)
    (tmp_path / "other" / "model" / "mine.yaml").write_text("mine: {_target_: from_dir.Model}\n")
    config = load([*SMALL, "model=[mine]"][-1:], config_dir="other", config_path="conf")
    assert choices(config)["mine"].spec["_target_"] == "from_dir.Model"


def test_a_search_path_of_the_primary_config_is_searched_too(write, tmp_path):
    (tmp_path / "more" / "model").mkdir(parents=True)
    (tmp_path / "more" / "model" / "extra.yaml").write_text("extra: {_target_: more.Extra}\n")
    searchpath = f"hydra: {{searchpath: ['file://{tmp_path}/more']}}"
    write(wide=f"{searchpath}\ndefaults: [config, {{override /model: [extra]}}, _self_]")
    assert names(load([], config_name="wide", config_dir="conf")) == ["extra"]


@pytest.mark.parametrize("name", ["quickstart", "model_selection", "nightly"])
def test_a_shipped_sweep_is_an_overlay_and_a_primary_config(name):
    overlay, primary = load([f"+sweep={name}"]), load([], config_name=name)
    assert overlay.settings == primary.settings
    assert overlay.settings.name == name
    assert fingerprints(overlay) == fingerprints(primary)


@pytest.mark.parametrize("name", ["config", "quickstart", "model_selection", "nightly"])
@pytest.mark.parametrize("axis", AXES)
def test_a_shipped_sweep_may_be_narrowed_to_any_one_choice(name, axis):
    """The rules that ship speak of choices that need not be selected."""
    for choice in names(load([], config_name=name), axis)[:: 4 if axis in ("model", "metric") else 2]:
        expand(load([f"{axis}=[{choice}]"], config_name=name).grid)


def test_a_choice_in_a_sub_folder_is_named_with_it(write):
    write(model__vision__resnet="resnet: {_target_: lib.Resnet, depth: 18}")
    config = load([*SMALL[:2], "model=[svm,vision/resnet]", "model.vision.resnet.depth=50"], config_dir="conf")
    assert names(config) == ["svm", "vision/resnet"]
    assert choices(config)["vision/resnet"].spec == {"_target_": "lib.Resnet", "depth": 50}


def test_nothing_is_written_and_hydra_is_left_as_it_was(write, tmp_path):
    write()
    load(SMALL)
    load([*SMALL, "seed=1,2"][:4], multirun=True)
    assert list(tmp_path.iterdir()) == []
    assert not GlobalHydra.instance().is_initialized()


def test_the_working_directory_is_importable(write, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", os.getcwd())])
    write(capability__look="look: {_target_: beside_the_config.Look}")
    (tmp_path / "beside_the_config.py").write_text(
        "from sweeper.vocabulary import Arity\n"
        "class Look:\n"
        "    supports_datasets, supports_models, supports_metrics = Arity.TWO, Arity.ZERO, Arity.ZERO\n"
        "    reads_predictions = False\n"
    )
    config = load(["capability=[look]"], config_dir="conf")
    runtime = choices(config, "capability")["look"].runtime
    assert runtime.arity == {"datasets": Arity.TWO, "models": Arity.ZERO, "metrics": Arity.ZERO}
    assert runtime.reads_predictions is False


def test_loading_imports_neither_ray_nor_the_targets():
    code = (
        "import sys; from sweeper.config import load; load([]); "
        "print([m for m in ('ray', 'sklearn', 'torch', 'pyarrow', 'numpy', 'maite') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_composed_mapping_gives_the_same_sweep_as_overrides(write):
    write()
    plain = {
        "capability": {"run": {"_target_": "lib.Run", "_sweep_": {"arity": dict.fromkeys(ARITY_AXES, "ONE")}}},
        "dataset": {"d": {"_target_": "lib.D", "seed": "${seed}"}},
        "model": {"m": {"_target_": "lib.M"}, "n": {"_base_": "m", "C": 1}},
        "metric": {"k": {"_target_": "lib.K"}},
        "seed": 3,
        "rerun": "missing",
    }
    config = load_mapping(plain)
    assert config == load_mapping(OmegaConf.create(plain)) or fingerprints(config) == fingerprints(
        load_mapping(OmegaConf.create(plain))
    )
    assert choices(config, "dataset")["d"].spec == {"_target_": "lib.D", "seed": 3}
    assert choices(config)["n"].spec == {"_target_": "lib.M", "C": 1}
    assert config.settings.rerun == "missing"


ARITY_AXES = ("datasets", "models", "metrics")


# What a choice becomes


def test_runtime_fields_leave_the_spec_at_every_depth(write):
    write(
        dataset__plain="plain: {_target_: lib.D, _sweep_: {task: ic, resources: {num_cpus: 2}}}",
        dataset__around="around: {_target_: lib.A, inner: '${dataset.plain}', list: [{_sweep_: {task: od}, x: 1}]}",
    )
    found = choices(load(["dataset=[plain,around]"], config_dir="conf"), "dataset")
    assert found["around"].spec == {"_target_": "lib.A", "inner": {"_target_": "lib.D"}, "list": [{"x": 1}]}
    assert found["plain"].runtime == Runtime(task="ic", resources={"num_cpus": 2})
    assert found["around"].runtime == Runtime()


def test_every_field_of_sweep_is_typed(write):
    said = (
        "{task: ic, reads_predictions: true, predictions_depend_on: [a], resources: {num_gpus: 0.5, custom: 1}, "
        "retries: 2, retry_exceptions: true, timeout_s: 1.5, max_in_flight: 3, files: [data.csv]}"
    )
    write(model__m=f"m: {{_target_: lib.M, _sweep_: {said}}}")
    assert choices(load(["model=[m]"], config_dir="conf"))["m"].runtime == Runtime(
        task="ic",
        reads_predictions=True,
        predictions_depend_on=("a",),
        resources={"num_gpus": 0.5, "custom": 1},
        retries=2,
        retry_exceptions=True,
        timeout_s=1.5,
        max_in_flight=3,
        files=("data.csv",),
    )


@pytest.mark.parametrize("path", ["/", "./", ".."])
def test_a_file_list_with_the_whole_disk_or_the_working_folder_is_refused(write, path: str):
    write(model__m=f"m: {{_target_: lib.M, _sweep_: {{files: ['{path}']}}}}")
    with pytest.raises(ConfigError, match=r"files\[0\] is '.*', which contains the working or the home folder"):
        load(["model=[m]"], config_dir="conf")


# Inline choices


def test_an_inline_choice_is_a_deep_merge_over_its_base():
    line = "+model.svm_c10={_base_: svm, estimator: {C: 10, degree: 2}}"
    found = choices(load([*SMALL, line]))
    assert list(found) == ["svm", "svm_c10"]
    wanted = {**found["svm"].spec, "estimator": {**found["svm"].spec["estimator"], "C": 10, "degree": 2}}
    assert found["svm_c10"].spec == wanted
    assert found["svm_c10"].runtime == found["svm"].runtime


def test_the_name_and_the_base_of_a_choice_are_not_in_its_identity():
    as_override = load([*SMALL, "model.svm.estimator.C=10"])
    as_choice = load([*SMALL[:2], SMALL[3], "model=[]", "+model.any={_base_: svm, estimator: {C: 10}}"])
    assert fingerprints(as_override) == fingerprints(as_choice)


def test_a_base_that_is_not_selected_is_composed_with_what_its_file_brings_along():
    found = choices(load([*SMALL[:2], "model=[logreg]", "+model.mine={_base_: svm, train: {seed: 9}}"]))
    assert list(found) == ["logreg", "mine"]
    assert found["mine"].spec["estimator"]["_target_"] == "sklearn.svm.SVC"
    assert found["mine"].spec["train"]["seed"] == 9
    assert found["mine"].spec["train"]["_target_"] == found["logreg"].spec["train"]["_target_"]


def test_bases_may_have_bases_and_stand_in_files(write):
    write(
        model__a="a: {_target_: lib.A, x: 1.0, deep: {p: 1, q: 2}, _sweep_: {task: ic, retries: 1}}",
        model__b="b: {_base_: a, x: 2, deep: {q: 3}, _sweep_: {retries: 2}}",
        model__c="c: {_base_: b, deep: {r: 4}}",
    )
    found = choices(load(["model=[c]"], config_dir="conf"))
    assert list(found) == ["c"]
    assert found["c"].spec == {"_target_": "lib.A", "x": 2, "deep": {"p": 1, "q": 3, "r": 4}}
    assert found["c"].runtime == Runtime(task="ic", retries=2)


def test_a_sweep_file_may_hold_choices_of_its_own(write):
    write(
        sweep__mine=(
            "# @package _global_\ndefaults: [{override /model: [svm]}]\n"
            "model:\n  hot: {_base_: svm, estimator: {C: 100}}\n  own: {_target_: lib.Own}"
        )
    )
    assert names(load(["+sweep=mine"], config_dir="conf")) == ["svm", "hot", "own"]


def test_a_base_sees_overrides_of_what_it_names():
    line = "+model.mine={_base_: svm, estimator: {kernel: linear}}"
    found = choices(load([*SMALL, "model.svm.estimator.C=7", line]))
    assert found["mine"].spec["estimator"]["C"] == 7


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("+model.mine={_base_: svn}", "Did you mean 'svm'?"),
        ("+model.mine={_base_: mine}", "mine -> mine"),
    ],
)
def test_a_base_that_cannot_be_is_named(line, said):
    message = refused(*SMALL, line)
    assert "model.mine" in message
    assert said in message


# ReplaceValue


def test_what_is_typed_keeps_its_type(write):
    write(model__m="m: {_target_: lib.M, f: 1.0, n: 5, b: true, s: a, l: [0.5, 1.5], z: null, d: {f: 2.0}}")
    lines = ["model.m.f=10", "model.m.n=6.0", "model.m.b=1", "model.m.s=1", "model.m.l=[1,2.0]", "model.m.z=3.0"]
    spec = choices(load(["model=[m]", *lines, "model.m.d={f: 3}"], config_dir="conf"))["m"].spec
    assert repr(spec) == repr(
        {"_target_": "lib.M", "f": 10, "n": 6.0, "b": 1, "s": 1, "l": [1, 2.0], "z": 3.0, "d": {"f": 3}}
    )


def test_a_base_with_another_class_does_not_change_the_type_of_a_number(write):
    write(model__a="a: {_target_: lib.A, depth: 2.5, deep: {n: 3, x: 1.0}}")
    line = "+model.b={_base_: a, _target_: lib.B, depth: 3, deep: {n: 4.0, x: 2}, more: 1}"
    spec = choices(load(["model=[a]", line], config_dir="conf"))["b"].spec
    assert repr(spec) == repr({"_target_": "lib.B", "depth": 3, "deep": {"n": 4.0, "x": 2}, "more": 1})


TWINS = [
    ("model.m.f=10", "model.m.f=10.0", ["model.m.f=10: stored as 10.0; type 10.0 to reuse it"]),
    ("model.m.n=6.0", "model.m.n=6", ["model.m.n=6.0: stored as 6; type 6 to reuse it"]),
    ("model.m.l=[1,2]", "model.m.l=[1.0,2.0]", ["model.m.l=[1,2]: stored as [1.0,2.0]; type [1.0,2.0] to reuse it"]),
    ("model.m.d={f: 3}", "model.m.d={f: 3.0}", ["model.m.d.f=3: stored as 3.0; type 3.0 to reuse it"]),
    ("scale=2", "scale=2.0", ["scale=2: stored as 2.0; type 2.0 to reuse it"]),
    (
        "+model.x={_base_: m, f: 7}",
        "+model.x={_base_: m, f: 7.0}",
        ["model.x.f=7: stored as 7.0; type 7.0 to reuse it"],
    ),
    ("model.m.f=0.25", "model.m.f=0.25", []),
    ("model.m.b=1", "model.m.b=1", []),
    ("model.m.n=6.5", "model.m.n=6.5", []),
]


@pytest.mark.parametrize(("typed", "stored", "notes"), TWINS, ids=[typed for typed, *_ in TWINS])
def test_a_choice_knows_what_older_versions_stored_for_the_same_words(write, typed, stored, notes):
    write(
        model__m="m: {_target_: lib.M, f: 1.0, n: 5, b: true, l: [0.5, 1.5], d: {f: 2.0}, s: '${scale}'}",
        mine="defaults: [config, {override /model: [m]}, _self_]\nscale: 1.0",
    )
    now, before = (choices(load([line], config_dir="conf", config_name="mine")) for line in (typed, stored))
    name = "x" if "_base_" in typed else "m"
    twin = now[name].former
    assert list(twin.notes if twin else ()) == notes
    assert (twin.choice.canonical if twin else now[name].canonical) == before[name].canonical


# Identity and runtime


def test_every_field_of_the_schema_is_classified():
    classified = set(CLASSIFICATION)
    shipped = yaml.safe_load((CONF / "config.yaml").read_text())
    in_config = {
        f"{key}.{inner}" if isinstance(value, dict) and value else key
        for key, value in shipped.items()
        if key != "defaults"
        for inner in (value if isinstance(value, dict) and value else [None])
    }
    of_store = {f"analytics_store.{f.name}" for f in fields(StoreLocation)}
    of_choices = {f"_sweep_.{f.name}" for f in fields(Runtime)}
    of_choices |= {"_sweep_.metrics"}  # a word for a number in arity
    assert of_store <= classified
    declared = set(AXES) | {LIMIT} | set(GRID_RULES) | set(SETTINGS) | of_choices
    assert classified == declared
    assert in_config <= classified


RUNTIME_VALUES = {
    "analytics_store.uri": "./elsewhere",
    "analytics_store.storage_options": "{key: secret}",
    "analytics_store.durability": "machine",
    "job_backend.kind": "inline",
    "job_backend.address": "auto",
    "job_backend.num_cpus": "3",
    "job_backend.start_timeout_s": "30",
    "job_backend.runtime_env": "{env_vars: {A: b}}",
    "job_backend.upload_limit": "5",
    "name": "mine",
    "rerun": "missing",
    "rerun_triggers": "[config,data]",
    "duplicates": "keep",
    "allow_empty": "true",
    "max_failures": "2",
    "max_same_error": "2",
    "retries": "2",
    "retry_exceptions": "true",
    "timeout_s": "5",
    "max_in_flight": "4",
    "grace_s": "1",
    "log_limit": "1 MB",
    "error_limit": "2000",
    "allowed_targets": "[sweeper.*]",
    "outcomes": "[site]",
    "aggregate": "[random_state]",
    "requirements": "[{metric: accuracy, min: 0.9}]",
    "enforce": "true",
    "predictions.persist": "true",
    "exclude": "[{model: svm, optional: true, dataset: nothing}]",
    "only": "[{model: svm}]",
    "union": "[{model: svm}]",
    "zip": "[[dataset,model]]",
    "_sweep_.task": "image_classification",
    "_sweep_.reads_predictions": "true",
    "_sweep_.predictions_depend_on": "[estimator]",
    "_sweep_.resources": "{num_cpus: 2}",
    "_sweep_.report": "0.7",
    "_sweep_.retries": "3",
    "_sweep_.retry_exceptions": "true",
    "_sweep_.timeout_s": "9",
    "_sweep_.max_in_flight": "1",
    "_sweep_.max_same_error": "1",
    "_sweep_.files": "[a.csv]",
    "_sweep_.label_space": "ignore",
    "_sweep_.soft_targets": "true",
    "_sweep_.shards": "false",
    "_sweep_.read_ahead": "2",
}


def test_each_runtime_field_is_tried():
    runtime = {key for key, kind in CLASSIFICATION.items() if kind is Kind.RUNTIME}
    apart = {"_sweep_.arity", "_sweep_.metrics", "resume"}  # what is crossed depends on them, or nothing is
    assert set(RUNTIME_VALUES) == runtime - apart


@pytest.fixture(scope="module")
def plain():
    """The fingerprints of `SMALL` as it is."""
    return fingerprints(load(SMALL))


@pytest.mark.parametrize("key", RUNTIME_VALUES)
def test_a_runtime_field_changes_no_fingerprint(plain, key):
    override = f"++{'model.svm.' if key.startswith('_sweep_') else ''}{key}={RUNTIME_VALUES[key]}"
    assert fingerprints(load([*SMALL, override])) == plain


@pytest.mark.parametrize("axis", AXES)
def test_an_identity_field_changes_every_fingerprint(plain, axis):
    name = SMALL[AXES.index(axis)].split("[")[1].rstrip("]")
    assert fingerprints(load([*SMALL, f"+{axis}.{name}.another=1"])).isdisjoint(plain)


# Settings


def test_settings_are_typed_and_secrets_are_in_no_repr():
    lines = ["analytics_store.uri=s3://bucket/x", "++analytics_store.storage_options.secret=hunter2"]
    lines += ["job_backend.kind=inline", "job_backend.runtime_env={env_vars: {TOKEN: hunter3}}", "timeout_s=2.5"]
    settings = load([*SMALL, *lines, "rerun_triggers=[config,code]", "max_failures=3"]).settings
    assert settings.store.uri == "s3://bucket/x"
    assert settings.store.storage_options == {"secret": "hunter2"}
    assert settings.job_backend.kind == "inline"
    assert (settings.timeout_s, settings.rerun_triggers, settings.max_failures) == (2.5, ("config", "code"), 3)
    assert "hunter" not in repr(settings)


def test_settings_may_interpolate_the_environment(monkeypatch):
    monkeypatch.setenv("SWEEPER_TEST_STORE", "./from_environment")
    settings = load([*SMALL, "analytics_store.uri='${oc.env:SWEEPER_TEST_STORE}'"]).settings
    assert settings.store.uri == "./from_environment"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "rerun=mising",
            "rerun cannot be 'mising'. Did you mean 'missing'? It must be one of all, missing, failed, stale.",
        ),
        (
            "rerun_triggers=[confg]",
            "rerun_triggers[0] cannot be 'confg'. Did you mean 'config'? It must be one of config, code,",
        ),
        ("duplicates=dorp", "Did you mean 'drop'?"),
        ("job_backend.kind=spark", "job_backend.kind cannot be 'spark'. It must be one of ray-simple, inline, ray"),
        ("job_backend.num_cpus=-1", "job_backend.num_cpus must be a number, 0 or more"),
        ("retries=many", "retries must be a whole number, 0 or more, got 'many' (str)"),
        ("retries=1.5", "retries must be a whole number"),
        ("retry_exceptions=1", "retry_exceptions must be true or false"),
        ("timeout_s=0", "timeout_s must be a number above 0"),
        ("max_failures=true", "max_failures must be a whole number"),
        ("max_in_flight=0", "max_in_flight must be a whole number, 1 or more"),
        ("analytics_store.uri=null", "analytics_store.uri must be text"),
        (
            "+analytics_store.url=x",
            "analytics_store has no 'url'. Did you mean 'uri'? It takes uri, storage_options, durability.",
        ),
        ("+job_backend.cpus=2", "job_backend has no 'cpus'"),
        ("analytics_store=[]", "analytics_store"),
        ("exclude=svm", "exclude must be a list"),
        ("exclude=[svm]", "exclude[0] must be a mapping"),
        ("exclude=[{modle: svm}]", "exclude[0] has no 'modle'"),
        ("exclude=[{modle: svm}]", "Did you mean 'model'?"),
        ("exclude=[{optional: true}]", "exclude[0] names no axis"),
        ("only=[{model: 3}]", "only[0].model[0] must be text"),
        ("union=[{name: x, dataset: digts}]", "Did you mean 'digits'?"),
        ("zip=[dataset,model]", "zip must be a list of lists"),
        ("zip=[[dataset,dataset]]", "zip must be a list of lists"),
        ("zip=[[dataset,capability]]", "zip[0][1] cannot be 'capability'. It must be one of dataset, model, metric"),
    ],
)
def test_a_setting_of_the_wrong_form_is_refused(override, said):
    assert said in refused(*SMALL, override)


# What is refused


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["model=[svmm]"], ["no model 'svmm'", "Did you mean 'svm'?"]),
        (["modell=[svm]"], ["modell", "Did you mean 'model'?"]),
        (["rerunn=all"], ["rerunn", "Did you mean 'rerun'?"]),
        (["+rerunn=all"], ["rerunn", "Did you mean 'rerun'?"]),
        (["model.svm.estimator.c=1"], ["estimator has _target_, C", "Did you mean 'C'?"]),
        (["model.svn.estimator.C=1"], ["no model 'svn' is selected", "Did you mean 'svm'?"]),
        (["+model.svm.estimator.C=1"], ["exists already"]),
        (["~model.svm.estimator.D"], ["no 'D'"]),
        (["dataset=[image_folder]"], ["dataset.image_folder.root is ???", "dataset.image_folder.root=VALUE"]),
        (["model=svm,logreg"], ["--multirun", "model=[svm,logreg]"]),
        (["model.svm.estimator.C=1,2"], ["--multirun"]),
        (["model=glob(*)"], ["--multirun"]),
        (["+model.mine={C: 1}"], ["model.mine has no _target_", "it has C"]),
        (["+model.mine=3"], ["model.mine is 3"]),
        (["+model.mine={_target_: a.B, _sweep_: {tsak: x}}"], ["model.mine._sweep_ has no 'tsak'", "'task'"]),
        (["+model.mine={_target_: a.B, _sweep_: {retries: -1}}"], ["_sweep_.retries must be a whole number"]),
        (["+model.mine={_target_: a.B, _sweep_: {resources: {num_cpus: a}}}"], ["resources.num_cpus must be a number"]),
        (["+model.mine={_target_: a.B, _sweep_: {arity: {}}}"], ["arity"]),
        (["+model.mine={_target_: a.B, x: nan}"], ["model.mine.x is nan"]),
        (["+model.mine={_target_: a.B, x: '${nowhere}'}"], ["model.mine.x interpolates ${nowhere}"]),
        (
            ["+model.mine={_target_: a.B, x: '${model.knn.estimator}'}"],
            ["no model 'knn' is selected", "model=[...,knn]"],
        ),
        (
            ["+capability.mine={_target_: a.B, _sweep_: {arity: {datasets: ONCE}}}"],
            ["arity.datasets", "Did you mean 'ONE'?"],
        ),
        (
            ["+capability.mine={_target_: json.JSONDecoder}"],
            ["how many datasets json.JSONDecoder takes is not known", "_sweep_"],
        ),
        (["+capability.mine={_target_: json.Nothing}"], ["json has no 'Nothing'"]),
        (["capability=[]"], ["No capability is selected"]),
        (["metric=[]"], ["takes ONE metric, and no metric is selected"]),
        (["model=3"], ["model=3", "model=[NAME]"]),
        (["hydra/launcher=joblib"], ["launcher"]),
        (["hydra/sweeper=optuna"], ["sweeper"]),
        (["model=[svm"], ["model=[svm"]),
        (["part/digits_test@model.x=1"], ["part/digits_test"]),
        (["~model"], ["'model=[NAME]'", "'model=[]'"]),
        (["~model=svm"], ["selected, not deleted"]),
        (["~model=[svm]"], ["~model=[svm]", "its one name"]),
        (["hydra.mode=FOO"], ["hydra.mode=FOO", "[RUN, MULTIRUN]"]),
    ],
)
def test_bad_overrides_name_the_culprit_and_the_next_step(overrides, said):
    given = {line.split("=")[0] for line in overrides}
    message = refused(*[line for line in SMALL if line.split("=")[0] not in given], *overrides)
    for words in said:
        assert words in message


FILES = [
    ("_target_: lib.M\nC: 1", "is flat", "Begin it with 'm:'"),
    ("other: {_target_: lib.M}", "contributes other", "must contribute 'm' alone"),
    ("m: {_target_: lib.M}\nother: {_target_: lib.O}", "contributes m, other", "alone"),
    ("defaults: [svm, _self_]\nm: {_target_: lib.M}", "includes the choice 'svm'", "_base_: svm"),
    ("defaults: [/model/svm, _self_]\nm: {_target_: lib.M}", "includes the choice 'svm'", "conf/part"),
    ("", "is empty", "'m:'"),
    ("m: {_target_: lib.M", "m.yaml", "line"),
    ("m: {C: 1}", "model.m has no _target_", "C"),
    ("m:", "model.m", "mapping"),
]


@pytest.mark.parametrize(("text", "what", "then"), FILES, ids=[text[:20] for text, *_ in FILES])
def test_a_choice_file_contributes_exactly_its_own_name(write, text, what, then):
    write(model__m=text)
    message = refused("model=[m]", config_dir="conf")
    assert what in message
    assert then in message


def test_a_bad_choice_file_that_is_not_selected_does_not_matter(write):
    write(model__bad="_target_: lib.M", model__good="good: {_target_: lib.G}", model__two="two: {}\nsvm: {}")
    assert names(load(["model=[good,svm]"], config_dir="conf")) == ["good", "svm"]


@pytest.mark.parametrize("flag", ["config_dir", "config_path"])
def test_a_config_folder_that_does_not_exist_is_named_with_the_near_match(write, flag):
    write(config="x: 1")
    message = refused(**{flag: "./cnof"})
    assert re.search(r"--config-(dir|path) \./cnof: there is no such folder.*Did you mean 'conf'\?", message)


def test_a_primary_config_that_does_not_exist_is_named_with_the_near_match():
    assert "Did you mean 'nightly'?" in refused(config_name="nightyl")


def test_a_root_key_of_the_users_own_is_fine_where_something_interpolates_it(write):
    write(
        dataset__seeded="seeded: {_target_: lib.D, seed: '${sead}'}",
        mine="defaults: [config, {override /dataset: [seeded]}, _self_]\nsead: 4",
    )
    found = load([], config_name="mine", config_dir="conf")
    assert choices(found, "dataset")["seeded"].spec["seed"] == 4
    load(["dataset=[digits]"], config_name="mine", config_dir="conf")  # a file that is not selected reads it


def test_a_root_key_that_nothing_reads_is_refused(write):
    write(mine="defaults: [config, _self_]\nmax_failure: 4")
    message = refused(config_name="mine", config_dir="conf")
    assert "'max_failure'" in message
    assert "Did you mean 'max_failures'?" in message


def test_a_sweeper_or_launcher_in_a_file_is_refused(write):
    write(mine="defaults: [config, _self_]\nhydra: {launcher: {_target_: hydra_plugins.Other}}")
    assert "hydra/launcher" in refused(config_name="mine", config_dir="conf")


def test_what_the_inline_backend_cannot_do_is_said():
    asked = ["timeout_s=3", "job_backend.runtime_env={env_vars: {A: '1'}}"]
    assert "timeout_s, job_backend.runtime_env" in load(["job_backend.kind=inline", *asked]).notes[-1]
    of_a_choice = load(["job_backend.kind=inline", "model=[svm]", "+model.svm._sweep_.timeout_s=3"])
    assert of_a_choice.notes[-1].endswith(": timeout_s")
    assert load(asked).notes == load(["job_backend.kind=inline"]).notes == ()


def test_a_value_for_a_choice_that_is_not_selected_says_how_to_select_it():
    with pytest.raises(ConfigError, match=r"select it too: 'model=\[\.\.\.,svm\]'"):
        load(["model=[logreg]", "+model.svm.estimator.C=10"])
