"""Multirun: what is swept becomes one grid, with Hydra's grammar and one composition."""

from __future__ import annotations

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl

from sweeper.config import load, load_mapping, overrides_to_show
from sweeper.errors import ConfigError
from sweeper.planning.grid import expand

FILES = {
    "model/one": "defaults: [{/part/kernel@one.kernel: rbf}, _self_]\none: {_target_: lib.One, C: 1.0, n: 3}",
    "model/two": "two: {_target_: lib.Two, seed: '${seed}'}",
    "dataset/data": "data: {_target_: lib.Data, seed: '${seed}'}",
    "dataset/other": "other: {_target_: lib.Other, files: {path: '${root}/x'}}",
    "metric/score": "score: {_target_: lib.Score}",
    "capability/run": "run: {_target_: lib.Run, _sweep_: {arity: {datasets: ONE, models: ONE, metrics: ONE}}}",
    "capability/pair": "pair: {_target_: lib.Pair, _sweep_: {arity: {datasets: TWO, models: ZERO, metrics: ZERO}}}",
    "capability/all": "all: {_target_: lib.All, _sweep_: {arity: {datasets: MANY, models: ZERO, metrics: ZERO}}}",
    "part/kernel/rbf": "{_target_: lib.Rbf, gamma: 0.5}",
    "part/kernel/linear": "{_target_: lib.Linear}",
    "part/set/small": "two: {_target_: lib.Two}",
    "part/set/large": "two: {_target_: lib.Two}\nthree: {_target_: lib.Three, level: '${level}'}",
    "config": (
        "defaults: [capability: [run], dataset: [data], model: [one], metric: [score], _self_]\n"
        "seed: 0\nroot: ./data\nlevel: 1\nretries: 0\ntimeout_s: null"
    ),
    "with_params": (
        "defaults: [config, _self_]\n"
        "hydra: {sweeper: {params: {model: 'one,two', model.one.C: 'choice(1,2)', seed: '1,2'}}}"
    ),
    "with_mode": "defaults: [with_params, _self_]\nhydra: {mode: MULTIRUN}",
    "sweep/with_mode": (
        "# @package _global_\n"
        "hydra: {mode: MULTIRUN, sweeper: {params: {model: 'one,two', model.one.C: 'choice(1,2)', seed: '1,2'}}}"
    ),
}


@pytest.fixture(scope="module")
def conf(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("conf")
    for name, text in FILES.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return str(folder)


@pytest.fixture
def swept(conf):
    """Names of the parts of each combination of a multirun."""

    def swept(*overrides, **where):
        config = load(list(overrides), multirun=True, config_dir=conf, **where)
        return [" ".join(p.name for p in c.choices if p.base not in ("run", "score")) for c in _expanded(config)]

    return swept


def _expanded(config):
    return expand(config.grid).combinations


def refused(conf, *overrides, multirun=True, **where):
    with pytest.raises(ConfigError) as error:
        load(list(overrides), multirun=multirun, config_dir=conf, **where)
    return str(error.value)


@pytest.mark.parametrize(
    ("override", "models"),
    [
        ("model=one,two", ["one", "two"]),
        ("model=two,one", ["two", "one"]),
        ("model=choice(two,one)", ["two", "one"]),
        ("model=sort(two,one)", ["one", "two"]),
        ("model='one','two'", ["one", "two"]),
        ("model=glob([one*,two*])", ["one", "two"]),
        ("model=glob([one*,two*],exclude=one)", ["two"]),
        ("model=[one],[two,one]", ["one", "two"]),
        ("model=[one,two]", ["one", "two"]),
        ("model=two", ["two"]),
    ],
)
def test_a_swept_axis_is_a_list_selection(conf, override, models):
    config = load([override], multirun=True, config_dir=conf)
    assert [p.base for p in config.grid.parts["model"]] == models


def test_a_whole_grid_is_composed_once(conf, monkeypatch):
    """However many values: what Hydra would compose job by job is composed once, and once per value of a group."""
    composed = []
    original = ConfigLoaderImpl.load_configuration
    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", lambda *a, **k: composed.append(1) or original(*a, **k))
    load(["model=one,two", "model.one.C=range(1,21)", "seed=1,2,3"], multirun=True, config_dir=conf)
    assert len(composed) == 1
    load(["part/kernel@model.one.kernel=rbf,linear", "seed=1,2,3"], multirun=True, config_dir=conf)
    assert len(composed) <= 1 + 3


def test_numbers_keep_the_type_that_was_typed_and_name_the_variants(conf):
    config = load(["model.one.C=0.1,1,10.0", "model.one.n=1,2.0"], multirun=True, config_dir=conf)
    (part,) = config.grid.parts["model"]
    assert part.keys == ("model.one.C", "model.one.n")
    assert [v.name for v in part.variants.values()] == [f"one[C={c},n={n}]" for c in (0.1, 1, 10.0) for n in (1, 2.0)]
    assert [(v.spec["C"], v.spec["n"]) for v in part.variants.values()] == [
        (c, n) for c in (0.1, 1, 10.0) for n in (1, 2.0)
    ]
    kinds = [(type(v.spec["C"]), type(v.spec["n"])) for v in part.variants.values()]
    assert kinds == [(c, n) for c in (float, int, float) for n in (int, float)]
    assert {v.base for v in part.variants.values()} == {"one"}


def test_one_number_in_two_types_makes_two_variants_and_a_note(swept, conf):
    assert swept("model.one.C=1,1.0") == ["data one[C=1]", "data one[C=1.0]"]
    config = load(["model.one.C=1,1.0,2", "+model.one.l=[1],[1.0]"], multirun=True, config_dir=conf)
    assert config.notes[1:] == (
        "model.one.C: 1 and 1.0 differ only in the type of a number; each is a variant",
        "model.one.l: [1] and [1.0] differ only in the type of a number; each is a variant",
    )
    assert load(["model.one.C=1,2.0"], multirun=True, config_dir=conf).notes[1:] == ()


def test_one_seed_for_dataset_and_model_makes_two_jobs(swept):
    assert swept("model=two", "seed=1,2") == ["data[seed=1] two[seed=1]", "data[seed=2] two[seed=2]"]


def test_what_a_key_does_not_reach_keeps_its_name_and_occurs_once(swept):
    assert swept("dataset=other", "model=one,two", "model.one.C=1,2", "seed=1,2") == [
        "other one[C=1]",
        "other one[C=2]",
        "other two[seed=1]",
        "other two[seed=2]",
    ]


def test_both_sides_of_a_pair_have_one_value(swept):
    assert swept("capability=pair", "dataset=data,other", "seed=1,2") == [
        "pair data[seed=1] other",
        "pair data[seed=2] other",
        "pair other data[seed=1]",
        "pair other data[seed=2]",
    ]


def test_all_of_a_set_have_one_value(swept):
    found = swept("capability=all", "dataset=data,other", "seed=1,2", "root=a,b")
    assert found == [f"all data[seed={s}] other[root={r}]" for s in (1, 2) for r in "ab"]


def test_a_swept_group_inside_a_choice_makes_variants_of_it(swept):
    assert swept("part/kernel@model.one.kernel=rbf,linear", "model=one,two") == [
        "data one[kernel=rbf]",
        "data one[kernel=linear]",
        "data two",
    ]


def test_values_may_be_text_lists_mappings_and_nothing(conf):
    config = load(["+model.one.x=a,'b c',[1,2],{k: 1},null,true"], multirun=True, config_dir=conf)
    (part,) = config.grid.parts["model"]
    assert [v.spec["x"] for v in part.variants.values()] == ["a", "b c", [1, 2], {"k": 1}, None, True]
    assert [v.name for v in part.variants.values()][2:] == [
        "one[x=[1, 2]]",
        'one[x={"k": 1}]',
        "one[x=null]",
        "one[x=true]",
    ]


def test_a_mapping_is_merged_as_hydra_does(conf):
    config = load(["model.one={C: 2},{n: 7}"], multirun=True, config_dir=conf)
    (part,) = config.grid.parts["model"]
    assert [(v.spec["C"], v.spec["n"]) for v in part.variants.values()] == [(2.0, 3), (1.0, 7)]


def test_values_may_interpolate_what_is_swept_beside_them(conf):
    overrides = ["model=one", "dataset=other", "model.one.n='${seed}',5", "seed=1,2"]
    config = load(overrides, multirun=True, config_dir=conf)
    assert [(c.models[0].name, c.models[0].spec["n"]) for c in _expanded(config)] == [
        ("one[n=1,seed=1]", 1),
        ("one[n=2,seed=2]", 2),
        ("one[n=5,seed=1]", 5),
        ("one[n=5,seed=2]", 5),
    ]


def test_a_swept_base_makes_variants_of_what_is_built_on_it(swept):
    found = swept("+model.hot={_base_: one, n: 9}", "model.one.C=1,2")
    assert found == ["data one[C=1]", "data one[C=2]", "data hot[model.one.C=1]", "data hot[model.one.C=2]"]


def test_values_that_are_equal_make_no_variants(swept):
    assert swept("model.one.C=1,1") == ["data one"]


def test_a_key_that_changes_nothing_is_noted(conf):
    config = load(["model=one", "+part.nothing=1,2"], multirun=True, config_dir=conf)
    assert config.notes[-1] == "part.nothing is swept and changes none of the selected choices"
    assert len(_expanded(config)) == 1


@pytest.mark.parametrize("one", ["choice(3)", "range(3,4)", "sort(choice(3))", "3,3"])
def test_a_sweep_of_one_value_sets_it(conf, one):
    config = load(["model=one", f"model.one.C={one}"], multirun=True, config_dir=conf)
    (combination,) = _expanded(config)
    assert (combination.models[0].name, combination.models[0].spec["C"]) == ("one", 3)
    assert not [note for note in config.notes if "swept" in note]


def test_of_two_overrides_of_one_key_the_later_holds(swept):
    assert swept("model.one.C=1,2", "model.one.C=5") == ["data one"]


def test_params_of_the_sweeper_are_folded_and_the_command_line_wins(swept, conf):
    assert swept(config_name="with_params") == SWEPT_BY_PARAMS
    assert swept("model=one", "seed=4", config_name="with_params") == ["data one[C=1]", "data one[C=2]"]


def test_without_multirun_hydra_leaves_the_params_of_the_sweeper_alone_and_sweeper_says_so(conf):
    config = load([], config_dir=conf, config_name="with_params")
    assert len(_expanded(config)) == 1
    waits = "hydra.sweeper.params (model, model.one.C, seed) need --multirun or hydra.mode: MULTIRUN"
    assert waits in config.notes


SWEPT_BY_PARAMS = [
    "data[seed=1] one[C=1]",
    "data[seed=2] one[C=1]",
    "data[seed=1] one[C=2]",
    "data[seed=2] one[C=2]",
    "data[seed=1] two[seed=1]",
    "data[seed=2] two[seed=2]",
]


def parts(config):
    return [" ".join(p.name for p in c.choices if p.base not in ("run", "score")) for c in _expanded(config)]


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["hydra.mode=MULTIRUN"], "with_params"),
        ([], "with_mode"),
        (["+sweep=with_mode"], "config"),
        (["hydra.mode=MULTIRUN", "model=one,two", "model.one.C=choice(1,2)", "seed=1,2"], "config"),
        (["model=choice(one,two)"], "with_mode"),
    ],
)
def test_a_mode_of_multirun_in_a_config_or_an_override_is_the_flag(conf, overrides, name):
    config = load(overrides, config_dir=conf, config_name=name)
    assert parts(config) == SWEPT_BY_PARAMS
    assert not any("wait for" in note for note in config.notes)


def test_a_mode_of_run_on_the_command_line_holds_over_the_config(conf):
    assert parts(load(["hydra.mode=RUN"], config_dir=conf, config_name="with_mode")) == ["data one"]
    assert "--multirun" in refused(conf, "hydra.mode=RUN", "seed=1,2", multirun=False, config_name="with_mode")


def test_params_may_be_data_of_any_type(conf, tmp_path):
    (tmp_path / "typed.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {mode: MULTIRUN, sweeper: {params: {"
        "seed: 4, model.one.n: \"'1',1,null\", +model.one.s: 'a b', ++model.one.C: 2.0}}}"
    )
    config = load([], config_dir=str(tmp_path), config_path=conf, config_name="typed")
    found = [(c.models[0].spec, c.datasets[0].spec["seed"]) for c in _expanded(config)]
    assert [repr((s["n"], s["s"], s["C"], seed)) for s, seed in found] == [
        repr((n, "a b", 2.0, 4)) for n in ("1", 1, None)
    ]


def test_a_composed_config_may_sweep_values_and_nothing_else():
    given = {
        "capability": {
            "run": {"_target_": "l.R", "_sweep_": {"arity": dict.fromkeys(("datasets", "models", "metrics"), "ONE")}}
        },
        "dataset": {"d": {"_target_": "l.D", "n": "${n}"}},
        "model": {"m": {"_target_": "l.M"}},
        "metric": {"k": {"_target_": "l.K"}},
        "n": 0,
    }
    hydra = {"mode": "MULTIRUN", "sweeper": {"params": {"n": "1,2"}}}
    assert [c.datasets[0].spec["n"] for c in _expanded(load_mapping({**given, "hydra": hydra}))] == [1, 2]
    hydra["sweeper"]["params"] = {"model": "a,b"}
    with pytest.raises(ConfigError, match="can sweep values alone"):
        load_mapping({**given, "hydra": hydra})


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["model.one.C=1,2", "model.one.C=3,4"], "model.one.C is given 2 times"),
        (["model.one.C=1,2", "++model.one.C=3"], "model.one.C is given 2 times"),
        (["model.one.C=5", "++model.one.C=3,4"], "model.one.C is given 2 times"),
        (["model.one.C=1,2", "~model.one.C"], "model.one.C is given 2 times"),
        (["model=one,two", "+model=two"], "model is given 2 times"),
        (["~model.one.C=1,2"], "a deletion cannot be swept"),
        (["~model.one.C=choice(1.0)"], "a deletion cannot be swept"),
        (["~model=one,two"], "a deletion cannot be swept"),
        (["~model.one.C=1"], "its value is 1.0"),
        (["~model.one.C=null"], "its value is 1.0"),
        (["~model.one.C="], "its value is 1.0"),
        (["model.one.C.x=1"], "model.one.C is 1.0, and has no 'x' in it"),
        (["+model.one.C.x=1,2"], "model.one.C is 1.0, and has no 'x' in it"),
        (["~model.one.C.x"], "model.one.C is 1.0, and has no 'x' in it"),
        (["+=one"], "it names no key"),
        (["model=[one,1]"], "a model is selected by name"),
        (["model=null"], "a model is selected by name"),
    ],
)
def test_what_could_be_taken_two_ways_is_refused(conf, overrides, said):
    assert said in refused(conf, *overrides)


def test_two_params_of_one_key_are_refused(conf, tmp_path):
    (tmp_path / "twice.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {mode: MULTIRUN, sweeper: {params: {model.one.C: '1,2', ++model.one.C: 3}}}"
    )
    with pytest.raises(ConfigError, match=r"model\.one\.C is given 2 times"):
        load([], config_dir=str(tmp_path), config_path=conf, config_name="twice")


def test_a_deletion_by_value_needs_that_value(conf):
    config = load(["~model.one.C=1.0", "~model.one.n"], config_dir=conf)
    assert set(config.grid.parts["model"][0].first.spec) == {"_target_", "kernel"}


def test_overrides_hold_in_their_order_where_one_reaches_into_a_swept_one(conf):
    """As each job of Hydra has it: what stands later holds, also over what is swept."""
    later = load(["model.one={C: 2, n: 4},{C: 3}", "model.one.C=7"], multirun=True, config_dir=conf)
    assert [(c.models[0].spec["C"], c.models[0].spec["n"]) for c in _expanded(later)] == [(7, 4), (7, 3)]
    earlier = load(["model.one.C=7", "model.one={C: 2, n: 4},{C: 3}"], multirun=True, config_dir=conf)
    assert [(c.models[0].spec["C"], c.models[0].spec["n"]) for c in _expanded(earlier)] == [(2, 4), (3, 3)]


def test_the_folded_overrides_compose_in_one_go(conf):
    lines = overrides_to_show(
        ["model=one,two", "model.one.C=1,2", "part/kernel@model.one.kernel=linear,rbf", "seed=4", "hydra.verbose=true"],
        multirun=True,
        config_dir=conf,
    )
    assert lines == [
        "model=[one,two]",
        "hydra.verbose=true",
        "part/kernel@model.one.kernel=linear",
        "seed=4",
        "model.one.C=[1,2]",
    ]
    folded = overrides_to_show([], multirun=True, config_dir=conf, config_name="with_params")
    assert "model=[one,two]" in folded


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("rerun=all,missing", "so it cannot be swept"),
        ("retries=1,2", "so it cannot be swept"),
        ("analytics_store.uri=a,b", "so it cannot be swept"),
        ("analytics_store.uri=./a,b", 'analytics_store.uri="./a,b"'),
        ("+model.one._sweep_.retries=1,2", "so it cannot be swept"),
        ("exclude=[],[{model: one}]", "so it cannot be swept"),
        ("model.one.C=interval(0,1)", "interval()"),
        ("model=interval(0,1)", "interval()"),
        ("hydra.verbose=true,false", "Hydra's own settings cannot be swept"),
        ("+sweep=quickstart,nightly", "sweep files cannot be swept"),
        ("model=glob(x*)", "matches none of "),
        ("model.one.C=glob(*)", "glob() is over config groups"),
        ("model=one,twoo", "Did you mean 'two'?"),
        ("model=one,null", "None is not the name of a model"),
        ("model.one.D=1,2", "there is no 'D'"),
        ("model.one.C=range(3,1)", "nothing to sweep over"),
        ("hydra/launcher=joblib", "launcher"),
        ("hydra/sweeper=optuna", "sweeper"),
    ],
)
def test_what_cannot_be_swept_is_refused(conf, override, said):
    assert said in refused(conf, override)


def test_a_setting_that_interpolates_what_is_swept_is_refused(conf):
    assert "seed is swept and changes retries" in refused(conf, "retries='${seed}'", "seed=1,2")


def test_a_key_that_changes_only_how_a_choice_runs_is_refused(conf):
    message = refused(conf, "+model.one._sweep_={retries: '${level}'}", "level=1,2")
    assert "level is swept and changes only the _sweep_ of model.one" in message


def test_a_group_that_changes_which_choices_there_are_is_refused(conf):
    assert "changes which choices are selected" in refused(conf, "+part/set@model=small,large")


@pytest.mark.parametrize(
    ("override", "instead"),
    [("model=one,two", "model=[one,two]"), ("model.one.C=1,2", "--multirun"), ("seed=range(1,3)", "--multirun")],
)
def test_without_multirun_a_sweep_is_refused_with_what_to_write(conf, override, instead):
    message = refused(conf, override, multirun=False)
    assert "--multirun" in message
    assert instead in message


def test_many_values_of_keys_that_reach_many_choices_are_set(tmp_path):
    """400 values of one choice and 20 of each of 60 others; where the config is copied for each, it takes minutes."""
    (tmp_path / "model").mkdir()
    names = [f"m{i}" for i in range(60)]
    for name in names:
        (tmp_path / "model" / f"{name}.yaml").write_text(f"{name}: {{_target_: lib.M, C: 1.0, seed: '${{seed}}'}}\n")
    selection = f"{{override /model: [{', '.join(names)}]}}"
    (tmp_path / "mine.yaml").write_text(f"defaults: [config, {selection}, _self_]\nseed: 0\n")
    config = load(
        ["model.m3.C=range(0,20)", "seed=range(0,20)"], multirun=True, config_dir=str(tmp_path), config_name="mine"
    )
    assert sum(len(part.variants) for part in config.grid.parts["model"]) == 59 * 20 + 400
