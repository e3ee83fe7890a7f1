"""`limit` cuts datasets to a part of them, which has a name and an identity of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import sweeper
from sweeper.config import load
from sweeper.config.sweep_config import SweepConfig
from sweeper.errors import ConfigError
from sweeper.planning.grid import expand
from sweeper.vocabulary import Choice

SMALL = ["capability=[evaluate]", "dataset=[digits,digits_dark]", "model=[svm]", "metric=[accuracy]"]


def datasets(config: SweepConfig) -> dict[str, Choice]:
    return {choice.name: choice for part in config.grid.parts["dataset"] for choice in part.variants.values()}


def test_every_dataset_is_cut_and_says_so():
    whole, cut = datasets(load(SMALL)), datasets(load([*SMALL, "limit=50"]))
    assert list(cut) == ["digits[limit=50]", "digits_dark[limit=50]"]
    spec = cut["digits[limit=50]"].spec
    assert spec == {"_target_": "sweeper.datasets.Subset", "dataset": whole["digits"].spec, "limit": 50}
    assert {choice.digest for choice in cut.values()}.isdisjoint(choice.digest for choice in whole.values())
    assert [choice.base for choice in cut.values()] == ["digits", "digits_dark"], "rules match it as they did"


def test_no_limit_changes_nothing():
    assert datasets(load([*SMALL, "limit=null"])).keys() == datasets(load(SMALL)).keys()
    same = zip(datasets(load([*SMALL, "limit=null"])).values(), datasets(load(SMALL)).values(), strict=True)
    assert all(one.digest == other.digest for one, other in same)


@pytest.mark.parametrize(
    ("override", "names"),
    [
        ("limit={digits: 20}", ["digits[limit=20]", "digits_dark"]),
        ("limit={*: 0.5, *_dark: 9}", ["digits[limit=0.5]", "digits_dark[limit=9]"]),
    ],
)
def test_globs_say_which(override: str, names: list[str]):
    assert list(datasets(load([*SMALL, override]))) == names


def test_a_variant_keeps_what_it_is_called():
    config = load([*SMALL[:1], "dataset=[digits]", *SMALL[2:], "limit=9", "dataset.digits.seed=1,2"], multirun=True)
    assert list(datasets(config)) == ["digits[seed=1,limit=9]", "digits[seed=2,limit=9]"]


@pytest.mark.parametrize("wrong", ["0", "-3", "1.0", "1.5", "true", "many", "[3]", "{digits: 0}", "{5: 5}"])
def test_what_is_no_limit_is_refused(wrong: str):
    with pytest.raises(ConfigError, match=r"limit.* must be|limit.* matches no dataset") as error:
        load([*SMALL, f"limit={wrong}"])
    assert "\n" not in str(error.value)


def test_a_glob_that_matches_no_dataset_is_refused():
    with pytest.raises(ConfigError, match=r"limit\.mnist matches no dataset; selected: digits, digits_dark\."):
        load([*SMALL, "limit={mnist: 5}"])


def test_a_sweep_that_is_resumed_has_settled_it():
    with pytest.raises(ConfigError, match="limit"):
        load(["resume=abc", "limit=5"])


def test_rules_go_on_matching():
    plan = expand(load([*SMALL, "limit=50", "exclude=[{dataset: digits_dark}]"]).grid)
    assert [combination.datasets[0].name for combination in plan.combinations] == ["digits[limit=50]"]


def test_values_of_a_part_stand_beside_those_of_the_whole(tmp_path: Path):
    settings = [*SMALL, "job_backend.kind=inline", f"analytics_store.uri={tmp_path}"]
    quick = sweeper.sweep([*settings, "limit=50"])
    assert [row["dataset"] for row in quick.rows] == ["digits[limit=50]", "digits_dark[limit=50]"]
    sizes = quick.store.table("maite_evaluation")["n_items"].to_pylist()
    assert sizes == [50, 50]
    whole = sweeper.sweep([*settings, "rerun=missing"])
    assert whole.counts["completed"] == 2, "none of it is known from the quick look"
    again = sweeper.sweep([*settings, "limit=50", "rerun=missing"])
    assert sum(again.counts.values()) == 0
