"""Every command and example of the README does what it says."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from init_files import folders

from sweeper.cli.command_table import COMMANDS
from sweeper.cli.commands import run_command

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
RUNS = {"run", "plan"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[list[str]]:
    """The words of each `python -m sweeper` line, comments and redirections left out."""
    lines = "\n".join(blocks("bash")).splitlines()
    words = [shlex.split(line.partition(" > ")[0], comments=True) for line in lines if "python -m sweeper" in line]
    return [line[line.index("sweeper") + 1 :] for line in words]


def sweeps() -> list[list[str]]:
    return [argv for argv in commands() if not argv or argv[0] not in COMMANDS or argv[0] in RUNS]


def store_commands() -> list[list[str]]:
    return [argv for argv in commands() if argv and argv[0] in COMMANDS and argv[0] not in RUNS]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the README's lines expect around them: a conf folder of one's own, own parts, images."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples" / "own_parts", tmp_path, dirs_exist_ok=True)
    (tmp_path / "my_conf").mkdir()
    (tmp_path / "my_conf" / "nightly.yaml").write_text("defaults:\n  - config\n  - _self_\nrerun: missing\n")
    folders(tmp_path / "images")
    return tmp_path


def typed(argv: list[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()


def test_there_are_commands_to_try():
    assert len(sweeps()) >= 10
    assert {argv[0] for argv in store_commands()} == {"query", "export", "compact", "check", "report", "compare"}


@pytest.mark.parametrize("argv", sweeps(), ids=lambda argv: " ".join(argv)[:60] or "(no arguments)")
def test_each_sweep_can_be_planned(argv: list[str], folder: Path):
    status, out, err = typed([*argv, *([] if argv[:1] == ["plan"] else ["--dry-run"])])
    assert (status, err.replace("replaces the shipped one", "") if "note:" not in err else "") == (0, ""), err
    assert out


def test_the_store_can_be_asked_as_written(folder: Path):
    small = [
        "capability=[evaluate]",
        "dataset=[digits]",
        "model=[logreg,svm,knn]",
        "metric=[accuracy]",
        "job_backend.kind=inline",
    ]
    assert typed(small)[0] == 0
    for argv in store_commands():
        status, out, err = typed(argv)
        assert (status, err) == (0, "")
        assert out


def test_images_in_class_folders_need_no_code(folder: Path):
    from PIL import Image

    random = np.random.default_rng(0)
    for label, shift in (("cat", 0), ("dog", 60)):
        for index in range(12):
            pixels = random.integers(0, 180, (16, 16, 3)) + shift
            Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / label / f"{index}.png")
    (argv,) = [argv for argv in sweeps() if "dataset=[image_folder]" in argv]
    status, out, err = typed([*argv, "job_backend.kind=inline"])
    assert status == 0, err
    assert "exact_duplicates" in out


def test_the_python_example_runs(folder: Path, ray_session: None):
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(code, names)
    assert names["result"].exit_status == 0  # type: ignore[attr-defined]


def test_what_the_readme_points_at_is_there():
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_choice_file_that_is_shown_is_one_that_composes(folder: Path):
    (yaml,) = blocks("yaml")
    (folder / "conf" / "model" / "svm_shown.yaml").write_text(
        "defaults:\n  - /part/digits_train@_global_.part\n" + yaml.replace("\nsvm:", "\nsvm_shown:")
    )
    status, out, err = typed(["plan", "--config-dir", "conf", "model=[svm_shown]", "capability=[evaluate]"])
    assert status == 0, err
    assert "svm_shown" in out
