"""Slips in calls from Python: a text in the place of a list or a mapping is refused with what to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import sweeper
from sweeper.errors import ConfigError
from sweeper.store import Store, open_store

GRID = ["model=[logreg]", "dataset=[digits]", "capability=[evaluate]", "metric=[accuracy]"]


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ("model=[svm]", "['model=[svm]']"),
        ("model=[svm] rerun=missing", "['model=[svm]', 'rerun=missing']"),
        ("nightly", "config_name='nightly'"),
    ],
)
def test_a_text_for_the_overrides_is_refused_with_the_list_to_write(given: str, cure: str):
    for call in (sweeper.plan, sweeper.sweep):
        with pytest.raises(ConfigError) as caught:
            call(given)
        assert cure in str(caught.value)


def test_a_name_for_an_object_is_refused_with_the_override_that_selects_it():
    with pytest.raises(ConfigError, match=r"dataset=\{'mine': my_dataset\}.* override: 'dataset=\[name\]'"):
        sweeper.plan(GRID, dataset="digits")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="model must be a mapping"):
        sweeper.plan({"model": {}}, model=["svm"])  # type: ignore[arg-type]


def test_a_misspelt_argument_is_python_s_own_error():
    with pytest.raises(TypeError, match="config_nam"):
        sweeper.plan(GRID, config_nam="nightly")  # type: ignore[call-arg]


def test_folders_may_be_paths(tmp_path: Path):
    (tmp_path / "nightly.yaml").write_text("defaults: [config, _self_]\nname: by night\n")
    assert len(sweeper.plan(GRID, config_dir=tmp_path, config_name="nightly").items) == 1


def test_a_mapping_cannot_be_swept_over():
    with pytest.raises(ConfigError, match="multirun needs a list of overrides"):
        sweeper.plan({"model": {}}, multirun=True)
    assert len(sweeper.plan([*GRID, "model.logreg.estimator.C=0.1,1.0"], multirun=True).items) == 2


@pytest.mark.parametrize(
    ("override", "cure"),
    [
        ("exclude=svm", "such as [{model: svm"),
        ("only=svm", "such as [{model: svm"),
        ("union=clean", "such as [{model: svm, dataset: digits}, {model: 'k*'}]"),
        ("zip=dataset", "such as [[dataset, model]]"),
    ],
)
def test_a_rule_that_is_no_list_is_refused_with_an_example(override: str, cure: str):
    with pytest.raises(ConfigError) as caught:
        sweeper.plan([*GRID, override])
    assert cure in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.attempts("status"),
        lambda store: store.table("attempts", "status"),
        lambda store: store.results("abc"),
    ],
)
def test_a_text_for_columns_or_fingerprints_of_a_store_is_refused(tmp_path: Path, call: Callable[[Store], object]):
    with pytest.raises(TypeError, match="must be a list"):
        call(open_store(tmp_path / "store"))


def test_the_package_shows_its_public_names_and_only_those():
    assert dir(sweeper) == sorted(sweeper.__all__)
    for name in ("sweeper.jobs", "sweeper.store"):
        package = __import__(name, fromlist=["__all__"])
        assert dir(package) == sorted(package.__all__)
        assert all(getattr(package, public) is not None for public in package.__all__)


def test_what_is_large_has_a_short_text():
    plan = sweeper.plan()
    assert repr(plan).startswith("<Plan of 255 combinations: 255 to run, 0 skipped")
    assert len(repr(plan)) < 120
    assert len(plan._repr_html_()) < 20_000
