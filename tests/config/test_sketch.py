"""A sketch of a config has the keys that Hydra composes, for every file that ships and for the forms of a user's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from command_line import write_configs

from sweeper.config.composition import Composed
from sweeper.config.hydra_session import config_folders, open_session, shipped_folder
from sweeper.config.sketch import sketch
from sweeper.vocabulary import AXES

PRIMARY = sorted(path.stem for path in shipped_folder().glob("*.yaml"))


def keys(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key != "_base_":
                yield (*path, str(key))
                yield from keys(item, (*path, str(key)))


def composed(name: str, overrides: list[str], config_dir: str | None = None) -> set[tuple[str, ...]]:
    """The keys of what Hydra composes."""
    from omegaconf import OmegaConf

    with open_session(name, config_dir) as session:
        cfg = Composed(session, overrides, multirun=False).at(())
        return set(keys(OmegaConf.to_container(cfg, resolve=False)))


def sketched(name: str, given: Mapping[str, tuple[str, ...]], config_dir: str | None = None) -> set[tuple[str, ...]]:
    return set(keys(sketch(config_folders(config_dir, None), name, given).content))


@pytest.mark.parametrize("name", PRIMARY)
def test_a_shipped_config_has_the_keys_that_hydra_composes(name: str):
    assert sketched(name, {}) == composed(name, [])


@pytest.mark.parametrize("axis", AXES)
def test_every_choice_has_the_keys_that_hydra_composes(axis: str):
    top = shipped_folder() / axis
    names = sorted(path.relative_to(top).with_suffix("").as_posix() for path in top.rglob("*.yaml"))
    assert sketched("config", {axis: tuple(names)}) == composed("config", [f"{axis}=[{','.join(names)}]"])


def test_a_sweep_of_the_command_line_selects(tmp_path: Path):
    assert sketched("config", {"sweep": ("detection",)}) == composed("config", ["+sweep=detection"])


def test_bases_packages_own_groups_and_namesakes_are_followed(tmp_path: Path):
    own = write_configs(
        tmp_path,
        {
            "mine": "defaults: [config, {tuning: fast}, _self_, {override model: [b, knn]}]\nextra: {x: {y: 1}}",
            "tuning/fast": "steps: 3",
            "tuning/slow": "steps: 30\nmore: {patience: 2}",
            "model/a": "defaults: [/tuning/slow@a.tuned, _self_]\na: {_target_: x.A, p: {q: 1}}",
            "model/b": "b: {_base_: a, r: 2}",
            "model/knn": "knn: {_base_: b, s: 3}",
        },
    )
    assert sketched("mine", {}, own) == composed("mine", [], own)
    given = {"tuning": ("slow",), "model": ("a",)}
    assert sketched("mine", given, own) == composed("mine", ["tuning=slow", "model=[a]"], own)
    assert ("model", "knn", "tuned", "more", "patience") in sketched("mine", {}, own)


@pytest.mark.parametrize("text", ["", "a: [", "- x", "defaults: x", "defaults: [broken]", "defaults: [{model: [no]}]"])
def test_what_cannot_be_read_is_passed_over(text: str, tmp_path: Path):
    own = write_configs(tmp_path, {"broken": text})
    content = sketch(config_folders(own, None), "broken", {}).content
    assert {key: value for key, value in content.items() if key not in AXES and key != "a"} in ({}, {"defaults": "x"})


def test_a_config_that_includes_itself_ends(tmp_path: Path):
    own = write_configs(tmp_path, {"one": "defaults: [two, _self_]\na: 1", "two": "defaults: [one, _self_]\nb: 1"})
    assert {"a", "b"} <= set(sketch(config_folders(own, None), "one", {}).content)
