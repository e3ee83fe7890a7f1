"""docs/conditions.md: its commands run, its tables are those of the choices and classes, its picture is up to date."""

from __future__ import annotations

import shlex
from pathlib import Path

import conditions_picture
import numpy as np
import pytest
import yaml
from command_line import typed
from doc_pages import examples
from hydra import compose, initialize_config_dir
from PIL import Image

from sweeper import augmentations
from sweeper.augmentations import AUGMENTATIONS
from sweeper.store import open_store

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conditions.md"


def commands() -> list[list[str]]:
    return [shlex.split(line, comments=True)[3:] for text in examples(PAGE, "bash") for line in text.splitlines()]


def rows() -> list[list[str]]:
    """The table of what is built in, without its head."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `robustness")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("argv", commands(), ids=lambda argv: argv[0])
def test_the_commands_run(here: Path, argv: list[str]):
    status, out, err = typed(*argv, "job_backend.kind=inline", "limit=40")
    assert status == 0, err
    assert "accuracy area" in out
    assert "failed" not in out


def test_the_sweep_has_every_condition_at_several_severities(here: Path):
    status, _, err = typed("+sweep=conditions", "job_backend.kind=inline", "limit=40", "model=[knn]")
    assert status == 0, err
    table = open_store(here / "analytics_store").table("sweeper_robustness").to_pylist()
    found = {row["augmentation"] for row in table}
    assert found == {kind.__name__ for kind in AUGMENTATIONS.values()} - {"SensorNoise"}
    for condition in found:
        values = [
            row["output_value"] for row in table if row["augmentation"] == condition and row["scope"] == "severity"
        ]
        assert len(values) >= 3
        assert min(values[1:]) < values[0], f"digits are read as well under {condition} as without"


def test_the_primary_config_is_the_sweep(here: Path):
    plans = [typed("plan", *which)[1] for which in (["+sweep=conditions"], ["--config-name", "conditions"])]
    assert "39 combinations: 39 to run" in plans[0]
    assert plans[0] == plans[1]


def test_the_table_is_that_of_the_choices():
    listed = {choice: kind for choice, kind, *_ in rows()}
    choices = sorted(path.stem for path in (ROOT / "conf" / "capability").glob("robustness*.yaml"))
    assert sorted([*listed, "robustness_nrtk"]) == choices
    assert set(listed.values()) == {kind.__name__ for kind in AUGMENTATIONS.values()}
    for choice, kind in listed.items():
        spec = yaml.safe_load((ROOT / "conf" / "capability" / f"{choice}.yaml").read_text())[choice]
        assert spec["augmentation"]["_target_"] == f"sweeper.augmentations.{kind}"


def test_ranges_are_those_of_the_classes():
    for _, name, _, allowed, _ in rows():
        most = getattr(augmentations, name).max_severity
        assert allowed == ("0 and more" if most == float("inf") else f"0 to {most:g}"), name


def test_the_choices_say_the_defaults_of_their_classes():
    """So that whoever leaves a parameter out gets what the choice has."""
    for choice, name, *_ in rows():
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            spec = compose(f"capability/{choice}").capability[choice].augmentation
        given = {key: value for key, value in spec.items() if not str(key).startswith("_")}
        kind = getattr(augmentations, name)
        severity = 1 if name == "Jpeg" else 0.5
        assert kind(severity, **given).metadata == kind(severity).metadata


def test_the_example_with_nrtk_runs(here: Path):
    pytest.importorskip("nrtk")
    (config,) = examples(PAGE, "yaml")
    place = here / config.split("\n", 1)[0].removeprefix("# ")
    place.parent.mkdir(parents=True)
    place.write_text(config)
    grid = ["dataset=[digits]", "model=[knn]", "metric=[accuracy]", "job_backend.kind=inline", "limit=40"]
    status, _, err = typed("--config-dir", "my_conf", "capability=[haze,robustness_nrtk]", *grid)
    assert status == 0, err
    values = [
        row["output_value"] for row in open_store(here / "analytics_store").table("sweeper_robustness").to_pylist()
    ]
    assert len(values) == 5 + 6


def test_the_picture_is_what_the_script_draws():
    """Not to the bit: fonts and JPEG differ a little between releases of Pillow."""
    with Image.open(conditions_picture.PLACE) as file:
        there = np.asarray(file.convert("RGB"), dtype=float)
    drawn = np.asarray(conditions_picture.picture(), dtype=float)
    assert there.shape == drawn.shape
    assert np.abs(there - drawn).mean() < 1
    assert set(conditions_picture.SEVERITIES) == set(AUGMENTATIONS)
