"""Names of variants: one line, types told apart, unique within a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import write_configs
from hypothesis import given
from hypothesis import strategies as st

from sweeper.config import load, load_mapping
from sweeper.config.variant_names import LONGEST, value_label
from sweeper.errors import ConfigError
from sweeper.planning.grid import expand

ONE = {"arity": {"datasets": "ONE", "models": "ONE", "metrics": "ONE"}}
FILES = {
    "model/kinded": "kinded: {_target_: lib.Kinded, v: null, seed: 0}",
    "model/deep": "deep: {_target_: lib.Deep, a: {v: 0}, b: {v: 0}, seed: '${seed}', own: {seed: 1}}",
    "dataset/data": "data: {_target_: lib.Data}",
    "metric/score": "score: {_target_: lib.Score}",
    "capability/run": "run: {_target_: lib.Run, _sweep_: {arity: {datasets: ONE, models: ONE, metrics: ONE}}}",
    "config": "defaults: [capability: [run], dataset: [data], model: [kinded], metric: [score], _self_]\nseed: 0",
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
LOOKALIKES = st.sampled_from(
    ["1", 1, 1.0, True, "true", None, "null", "", "None", [], "[]", {}, "{}", [1], ["1"], "[1]"]
)


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_configs(tmp_path_factory.mktemp("conf"), FILES)


def variants(conf: str, *overrides: str):
    config = load(list(overrides), multirun=True, config_dir=conf)
    return [c.models[0] for c in expand(config.grid).combinations]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1, "0.1"),
        (1, "1"),
        (1.0, "1.0"),
        (1e-7, "1e-07"),
        (True, "true"),
        (None, "null"),
        ("rbf", "rbf"),
        ("b c", "b c"),
        ("./data/a-b_c.csv", "./data/a-b_c.csv"),
        ("mülltonne", "mülltonne"),
        ("1", "'1'"),
        ("1.0", "'1.0'"),
        ("1_000", "'1_000'"),
        ("-inf", "'-inf'"),
        ("true", "'true'"),
        ("Null", "'Null'"),
        ("", "''"),
        (" a", "' a'"),
        ("a,b=c", "'a,b=c'"),
        ("[1]", "'[1]'"),
        ("it's", r"'it\'s'"),
        ("a\\b", r"'a\\b'"),
        ("a\nb\x1b[1m", r"'a\nb\x1b[1m'"),
        ("a\u202eb", r"'a\u202eb'"),
        ("caf\udce9", r"'caf\udce9'"),
        ("a + b", r"'a \u002b b'"),
        ([1, 2], "[1, 2]"),
        (["1", 1.0, None], '["1", 1.0, null]'),
        ({"k": 1}, '{"k": 1}'),
        ({0: "cat"}, '{0: "cat"}'),
        ({"0": "cat"}, '{"0": "cat"}'),
        ([], "[]"),
        ({}, "{}"),
    ],
)
def test_a_value_is_named_by_what_it_is(value: object, shown: str):
    assert value_label(value) == shown


@given(LOOKALIKES | VALUES, LOOKALIKES | VALUES)
def test_labels_are_one_line_and_differ_where_values_or_their_types_do(one: object, other: object):
    assert value_label(one).isprintable()
    assert " + " not in value_label(one)
    assert (value_label(one) == value_label(other)) == (repr(one) == repr(other))


@given(st.text(min_size=LONGEST, max_size=3 * LONGEST), st.text(max_size=3))
def test_a_long_label_is_cut_and_still_its_own(text: str, more: str):
    assert len(value_label(text)) <= LONGEST
    assert (value_label(text) == value_label(text + more)) == (more == "")


def test_a_text_and_a_number_that_look_alike_are_two_variants_with_two_names(conf: str):
    found = variants(conf, "model.kinded.v='1',1,1.0,true,'true',null,'null','',[],{}")
    values = ["'1'", "1", "1.0", "true", "'true'", "null", "'null'", "''", "[]", "{}"]
    assert [v.name for v in found] == [f"kinded[v={value}]" for value in values]
    assert [repr(v.spec["v"]) for v in found] == [
        repr(v) for v in ("1", 1, 1.0, True, "true", None, "null", "", [], {})
    ]


def test_keys_that_end_alike_are_written_whole(conf: str):
    own = variants(conf, "model=deep", "model.deep.own.seed=1,2", "seed=1,2")
    assert own[1].name == "deep[own.seed=1,seed=2]"
    both = variants(conf, "model=kinded", "model.kinded.seed=1,2", "+model.kinded.v='${seed}'", "seed=3,4")
    assert [v.name for v in both] == [f"kinded[model.kinded.seed={a},seed={b}]" for a in (1, 2) for b in (3, 4)]


def test_an_interpolated_value_is_named_by_what_it_is_at_its_place(conf: str):
    found = variants(conf, "model.kinded.v='${seed}',1", "seed=1,2")
    assert [(v.name, v.spec["v"]) for v in found] == [
        ("kinded[v=1,seed=1]", 1),
        ("kinded[v=2,seed=2]", 2),
        ("kinded[v=1,seed=1]", 1),
        ("kinded[v=1,seed=2]", 1),
    ]


@pytest.fixture
def mapping():
    def mapping(models: dict[str, object], **more: object):
        parts = {"capability": {"run": {"_target_": "lib.Run", "_sweep_": ONE}}, "dataset": {"d": {"_target_": "l.D"}}}
        return load_mapping({**parts, "model": models, "metric": {"k": {"_target_": "l.K"}}, **more})

    return mapping


def test_a_choice_that_is_called_like_a_variant_keeps_its_name(conf: str, tmp_path: Path):
    (tmp_path / "mine.yaml").write_text(
        "defaults: [config, _self_]\nmodel:\n  'kinded[v=1]': {_target_: lib.Other}\n"
        "  'kinded[v=2]': {_base_: kinded, v: 2}"
    )
    config = load(["model.kinded.v=1,2"], multirun=True, config_dir=str(tmp_path), config_path=conf, config_name="mine")
    found = {v.name: v for p in config.grid.parts["model"] for v in p.variants.values()}
    one = next(v for v in found.values() if v.spec.get("v") == 1)
    assert one.name == f"kinded[v=1]#{one.digest[:8]}"
    assert found["kinded[v=1]"].spec == {"_target_": "lib.Other"}
    assert set(found) == {"kinded[v=1]", one.name, "kinded[v=2]"}  # the last two are one spec


def test_rules_still_go_by_the_name_of_the_choice(conf: str):
    config = load(["model.kinded.v='1',1", "+exclude=[{model: \"kinded[v='1']\"}]"], multirun=True, config_dir=conf)
    assert [c.models[0].name for c in expand(config.grid).combinations] == ["kinded[v=1]"]
    only = load(["model.kinded.v='1',1", "+only=[{model: kinded}]"], multirun=True, config_dir=conf)
    assert len(expand(only.grid).combinations) == 2


@pytest.mark.parametrize("name", ["a\nb", "", " a", "a + b", "\udc80", "a/b", 1, True, 1.5])
def test_a_name_that_could_be_taken_for_something_else_is_refused(mapping, name: object):
    with pytest.raises(ConfigError) as error:
        mapping({name: {"_target_": "lib.M"}})
    assert repr(name) in str(error.value)
    assert str(error.value).isprintable()
