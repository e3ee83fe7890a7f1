"""Hydra is the oracle: what sweeper makes of a whole grid equals what Hydra composes for each job on its own."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from sweeper.config import load
from sweeper.errors import ConfigError
from sweeper.planning.decisions import identify
from sweeper.planning.grid import expand
from sweeper.vocabulary import AXES

ARITY = "_sweep_: {arity: {datasets: ONE, models: ONE, metrics: ONE}}"
FILES = {
    "part/shared": "shared: {_target_: lib.Shared, seed: '${seed}', size: 8}",
    "part/kernel/rbf": "_target_: lib.Rbf\ngamma: 0.5",
    "part/kernel/linear": "_target_: lib.Linear",
    "capability/c0": f"c0:\n  _target_: lib.C0\n  config: {{level: '${{level}}'}}\n  {ARITY}",
    "capability/c1": f"c1:\n  _target_: lib.C1\n  {ARITY}",
    "dataset/d0": "d0: {_target_: lib.D0, noise: 0.5, seed: '${seed}', _sweep_: {task: ic}}",
    "dataset/d1": "d1: {_target_: lib.D1, noise: 1, opts: {x: 1, y: [1, 2]}, _sweep_: {task: ic}}",
    "dataset/d2": "defaults: ['/part/shared@_global_.part', _self_]\nd2: {_target_: lib.D2, inner: '${part.shared}'}",
    "model/m0": "m0: {_target_: lib.M0, est: {_target_: lib.E, C: 1.0, n: 10, deep: {a: {b: 2.5}}}, seed: '${seed}'}",
    "model/m1": (
        "defaults: ['/part/shared@_global_.part', {/part/kernel@m1.kernel: rbf}, _self_]\n"
        "m1: {_target_: lib.M1, train: '${part.shared}', same: '${.train.size}', name: 'a-${seed}-b'}"
    ),
    "model/m2": "m2: {_target_: lib.M2, like: '${model.m0.est}', level: '${level}'}",
    "metric/k0": "k0: {_target_: lib.K0, threshold: 0.5, flag: true, none: null}",
    "metric/k1": "k1: {_target_: lib.K1, words: [a, b], seed: '${oc.select:seed,0}'}",
    "config": "defaults: [capability: [c0], dataset: [d0], model: [m0], metric: [k0], _self_]\nseed: 3\nlevel: low",
}
BESIDE = {"m2": {"model": ["m0"]}}
"""What a choice interpolates and must be selected with."""

QUICKLY = settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Each example composes dozens of configs, too many for shrinking one to be worth it."""


@pytest.fixture(scope="module")
def conf(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("conf")
    for name, text in FILES.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


@contextmanager
def hydra_over(conf):
    with initialize_config_dir(str(conf), version_base="1.3"):
        yield


def bare(value):
    if isinstance(value, dict):
        return {k: bare(v) for k, v in value.items() if k != "_sweep_"}
    return [bare(v) for v in value] if isinstance(value, list) else value


def by_hydra(names, values):
    """The specs of one job as Hydra composes them: each axis with what it needs beside it."""
    beside = {axis: [b for n in names.values() for b in BESIDE.get(n, {}).get(axis, ())] for axis in AXES}
    selected = [f"{axis}=[{','.join(dict.fromkeys([name, *beside[axis]]))}]" for axis, name in names.items()]
    config = OmegaConf.to_container(compose("config", [*selected, *values]), resolve=True)
    return {axis: bare(config[axis][name]) for axis, name in names.items()}


def by_sweeper(config):
    return [
        {axis: part.spec for axis, part in zip(AXES, combination.choices, strict=True)}
        for combination in expand(config.grid).combinations
    ]


def text(specs):
    return json.dumps(specs, sort_keys=True)


def some(*names, most=2):
    return st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True)


def selections(**names):
    """Some of these choices on each axis, the axes in their order."""
    return st.tuples(*(some(*names[axis], most=1 if axis == "capability" else 2) for axis in AXES)).map(
        lambda chosen: dict(zip(AXES, chosen, strict=True))
    )


SELECTIONS = selections(capability=["c0", "c1"], dataset=["d0", "d1", "d2"], model=["m0", "m1"], metric=["k0", "k1"])
SINGLE = {  # the choices of which one must be selected for an override to have its key
    "seed=7": set(),
    "++seed=8": set(),
    "level=high": set(),
    "dataset.d0.noise=2": {"d0"},
    "dataset.d1.noise=2.5": {"d1"},
    "dataset.d1.opts={x: 5}": {"d1"},
    "+dataset.d1.opts.z=[1,a]": {"d1"},
    "dataset.d1.opts.y=[4,5,6]": {"d1"},
    "~dataset.d1.opts.x": {"d1"},
    "model.m0.est.C=10": {"m0"},
    "model.m0.est.deep.a.b=3": {"m0"},
    "+model.m0.est.more={k: [1,{l: 2}]}": {"m0"},
    "model.m0.seed=null": {"m0"},
    "model.m0.seed='${level}'": {"m0"},
    "part.shared.size=4": {"m1", "d2"},
    "part/kernel@model.m1.kernel=linear": {"m1"},
    "model.m1.kernel._target_=lib.Other": {"m1"},
    "metric.k0.flag=false": {"k0"},
    "metric.k0.none='a,b=c'": {"k0"},
    "metric.k1.words=[]": {"k1"},
}
SWEPT = {
    "seed=1,2": set(),
    "level=choice(low,high,higher)": set(),
    "dataset.d0.noise=range(0,2,0.5)": {"d0"},
    "dataset.d1.opts={x: 1},{x: 3,y: [0]}": {"d1"},
    "model.m0.est.C=0.1,1,10": {"m0"},
    "+model.m0.est.kind=a,'b c',null": {"m0"},
    "model.m0.est.n=range(1,4)": {"m0"},
    "model.m0.seed='${level}',5": {"m0"},
    "part.shared.size=4,5": {"m1", "d2"},
    "part.shared={size: 4},{size: 5}": {"m1", "d2"},
    "part/kernel@model.m1.kernel=linear,rbf": {"m1"},
    "metric.k0.flag=true,false": {"k0"},
    "metric.k1.words=[a],[b,c]": {"k1"},
}


def has_key(line, names):
    needed = {**SINGLE, **SWEPT}[line]
    return not needed or not needed.isdisjoint(names)


def fitting(overrides, selection):
    """Overrides whose choice is selected, one for each key, none inside another."""
    kept = {}
    for line in overrides:
        key = line.lstrip("+~").split("=")[0]
        apart = not any(f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.") for other in kept)
        if apart and has_key(line, [name for names in selection.values() for name in names]):
            kept[key] = line
    return list(kept.values())


def as_lists(selection):
    return [f"{axis}=[{','.join(names)}]" for axis, names in selection.items()]


@QUICKLY
@given(selection=SELECTIONS, overrides=some(*SINGLE, most=8))
def test_each_combination_is_what_hydra_composes_for_it_alone(conf, selection, overrides):
    values = fitting(overrides, selection)
    config = load([*as_lists(selection), *values], config_dir=str(conf))
    found = by_sweeper(config)
    points = [dict(zip(AXES, c, strict=True)) for c in _product(selection)]
    with hydra_over(conf):
        wanted = [by_hydra(names, _reaching(values, names)) for names in points]
    assert [text(specs) for specs in found] == [text(specs) for specs in wanted]


def _product(selection):
    points = [()]
    for names in selection.values():
        points = [(*point, name) for point in points for name in names]
    return points


def _reaching(values, names):
    """Hydra alone has only one choice of each axis, so overrides of the others have to go."""
    return [v for v in values if has_key(v, names.values())]


@QUICKLY
@given(selection=SELECTIONS, overrides=st.lists(st.sampled_from(list(SWEPT)), max_size=3, unique=True))
def test_multirun_covers_the_jobs_of_hydras_own_sweeper(conf, selection, overrides):
    values = fitting(overrides, selection)
    commas = [f"{axis}={','.join(names)}" for axis, names in selection.items()]
    config = load([*commas, *values], multirun=True, config_dir=str(conf))
    found = by_sweeper(config)
    with hydra_over(conf):
        wanted = [job for names in _product(selection) for job in _jobs(dict(zip(AXES, names, strict=True)), values)]
    assert {text(specs) for specs in found} == {text(specs) for specs in wanted}
    if not any("${" in value for value in values):  # of two swept keys one may hide what the other does
        assert len(found) == len({text(specs) for specs in found})


def _jobs(names, values):
    """One job for each point of Hydra's sweeper, with the overrides that this selection has keys for."""
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    parsed = parser.parse_overrides(_reaching(values, names))
    (batch,) = BasicSweeper.split_arguments(parsed, None)
    return [by_hydra(names, job) for job in batch]


def test_commas_lists_and_a_sweep_file_give_the_same_fingerprints(conf, tmp_path):
    selection = {"capability": ["c0", "c1"], "dataset": ["d1", "d2"], "model": ["m1", "m0"], "metric": ["k0", "k1"]}
    (tmp_path / "sweep").mkdir()
    lines = "".join(f"  - override /{axis}: [{', '.join(names)}]\n" for axis, names in selection.items())
    (tmp_path / "sweep" / "mine.yaml").write_text(f"# @package _global_\ndefaults:\n{lines}")
    (tmp_path / "params.yaml").write_text(
        "defaults: [config, _self_]\nhydra:\n  sweeper:\n    params:\n"
        + "".join(f"      {axis}: {','.join(names)}\n" for axis, names in selection.items())
    )
    commas = [f"{axis}={','.join(names)}" for axis, names in selection.items()]
    places = {"config_dir": str(tmp_path), "config_path": str(conf)}
    configs = [
        load(as_lists(selection), config_dir=str(conf)),
        load(commas, multirun=True, config_dir=str(conf)),
        load(["+sweep=mine"], **places),
        load([], multirun=True, config_name="params", **places),
    ]
    keys = [{key for _, key in identify(expand(c.grid).combinations, "error")[0]} for c in configs]
    assert len(keys[0]) == 16
    assert all(other == keys[0] for other in keys[1:])


def test_a_choice_that_interpolates_another_resolves_beside_it(conf):
    config = load(["model=[m0,m2]", "model.m0.est.C=4"], config_dir=str(conf))
    specs = [specs["model"] for specs in by_sweeper(config)]
    assert specs[1]["like"] == specs[0]["est"]
    assert specs[1]["like"]["C"] == 4


def test_a_choice_that_interpolates_another_names_what_is_missing_without_it(conf):
    with pytest.raises(ConfigError, match=r"model\.m2\.like .*no model 'm0' is selected"):
        load(["model=[m2]"], config_dir=str(conf))


def test_sweeping_a_key_of_a_choice_makes_variants_of_what_interpolates_it(conf):
    config = load(["model=m0,m2", "model.m0.est.n=1,2", "seed=1,2"], multirun=True, config_dir=str(conf))
    names = [c.models[0].name for c in expand(config.grid).combinations]
    assert names == [
        "m0[est.n=1,seed=1]",
        "m0[est.n=1,seed=2]",
        "m0[est.n=2,seed=1]",
        "m0[est.n=2,seed=2]",
        "m2[model.m0.est.n=1]",
        "m2[model.m0.est.n=1]",
        "m2[model.m0.est.n=2]",
        "m2[model.m0.est.n=2]",
    ]  # twice, since the dataset has a seed too
