"""Integer keys of mappings reach constructors as integers, from a file and from the command line, on both backends."""

from __future__ import annotations

from pathlib import Path

import pytest

import sweeper
from sweeper.config import load
from sweeper.errors import ConfigError
from sweeper.planning.fingerprint import canonical, spec_of

MODULE = """
import numpy as np

class Zero:
    '''A model that always says 0.'''

    def __init__(self, index2label, weights=None):
        self.metadata = {"id": f"zero {sorted(map(repr, index2label))} {weights}", "index2label": dict(index2label)}
        self.keys = sorted({type(key).__name__ for key in index2label})
        if self.keys != ["int"]:
            raise TypeError(f"keys are {self.keys}")

    def __call__(self, batch):
        return [np.eye(10, dtype=np.float32)[0] for _ in batch]
"""
LABELS = ", ".join(f"{i}: '{i}'" for i in range(10))
CHOICE = f"zero:\n  _target_: keyed.Zero\n  index2label: {{{LABELS}}}\n"
ASKED = ["capability=[evaluate]", "dataset=[digits]", "metric=[accuracy]", "model=[zero]"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "zero.yaml").write_text(CHOICE)
    (tmp_path / "keyed.py").write_text(MODULE)
    return tmp_path


def test_they_arrive_as_integers_and_are_stored_with_their_type(backend: str):
    weights = "+model.zero.weights={0: {1: 2.0}, 7: null}"
    result = sweeper.sweep([*ASKED, weights, backend], config_dir="conf", progress=False)
    assert [failure.message for failure in result.failures] == []
    assert [row["value"] for row in result.rows] == [pytest.approx(54 / 540, abs=0.01)]
    (attempt,) = result.store.attempts().to_pylist()
    spec = spec_of(attempt["spec"])["models"][0]
    assert spec["index2label"] == {i: str(i) for i in range(10)}
    assert repr(spec["weights"]) == "{0: {1: 2.0}, 7: None}"
    again = sweeper.plan([*ASKED, weights, backend, "rerun=missing"], config_dir="conf")
    assert len(again.to_run) == 0


def test_a_key_of_another_type_is_another_spec():
    number, whole = (
        sweeper.plan([*ASKED, f"+model.zero.weights={keys}"], config_dir="conf").items[0]
        for keys in ("{0:cat}", "{0.0:cat}")
    )
    assert number.fingerprint != whole.fingerprint
    specs = [item.combination.models[0].spec["weights"] for item in (number, whole)]
    assert [repr(spec) for spec in specs] == ["{0: 'cat'}", "{0.0: 'cat'}"]


def test_variants_by_integer_and_by_text_keys_have_names_of_their_own(folder: Path):
    (folder / "conf" / "by_text.yaml").write_text(
        "defaults: [config, _self_]\nmodel: {text: {_base_: zero, weights: {'0': cat}}}\n"
    )
    config = load([*ASKED, "+model.number={_base_: zero, weights: {0: cat}}"], config_dir="conf", config_name="by_text")
    found = {c.name: c for part in config.grid.parts["model"] for c in part.variants.values()}
    assert repr(found["text"].spec["weights"]) == "{'0': 'cat'}"
    assert repr(found["number"].spec["weights"]) == "{0: 'cat'}"
    assert found["text"].digest != found["number"].digest
    assert spec_of(found["number"].canonical) == found["number"].spec
    assert canonical(found["text"].spec["weights"]) == '{"0":"cat"}'


def test_a_mapping_over_another_is_merged_by_typed_keys():
    (item,) = sweeper.plan([*ASKED, "+model.zero.index2label={0: nil, 10: ten}"], config_dir="conf").items
    labels = item.combination.models[0].spec["index2label"]
    assert (labels[0], labels[1], labels[10], len(labels)) == ("nil", "1", "ten", 11)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("model.zero.index2label.0=nil", "'model.zero.index2label={0: VALUE}'"),
        ("+model.zero.index2label.0=nil", "the key 0 of model.zero.index2label is a int"),
        ("~model.zero.index2label.0", "the key 0 of model.zero.index2label is a int"),
        ("+model.zero={0: nil}", "model.zero has the key 0 (int) beside its _target_"),
        ("+model.zero.weights={nan: 1}", "A key of model.zero.weights is nan"),
    ],
)
def test_what_no_path_and_no_identity_can_say_is_refused(line: str, said: str):
    with pytest.raises(ConfigError) as error:
        sweeper.plan([*ASKED, line], config_dir="conf")
    assert said in str(error.value)
