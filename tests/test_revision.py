from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from sweeper import revision
from sweeper.revision import code_revision, data_revisions
from sweeper.spec import Choice, Combination, Runtime


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, below a home folder that has something else in it too."""
    folder = tmp_path / "home" / "project"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def repository(project: Path) -> Path:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *words], check=True, capture_output=True)

    git("init")
    git("commit", "--allow-empty", "-m", "first")
    return project


def part(axis: str, *, files: tuple[str, ...] = (), **spec: object) -> Choice:
    return Choice(axis, axis, spec, "", "", axis, Runtime(files=files))


def of(**parts: Choice) -> str | None:
    capability = parts.get("capability", part("capability"))
    others = [(parts.get(axis, part(axis)),) for axis in ("dataset", "model", "metric")]
    return data_revisions()(Combination(capability, *others))


# Code


def test_a_link_that_leads_nowhere_is_told_by_its_target(repository: Path):
    clean = code_revision()
    lock = repository / ".#foo.py"
    lock.symlink_to("user@host.1:1")
    locked = code_revision()
    assert clean is not None
    assert locked is not None
    assert locked.startswith(f"{clean}+")
    lock.unlink()
    lock.symlink_to("user@host.2:2")
    assert code_revision() not in (clean, locked)


def test_a_file_that_cannot_be_read_is_told_to_be(repository: Path, monkeypatch: pytest.MonkeyPatch):
    (repository / "secret.py").write_text("x = 1")
    readable = code_revision()

    def refused(path: str) -> str:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(revision, "_content_hash", refused)
    unreadable = code_revision()
    assert unreadable is not None
    assert unreadable != readable


def test_a_name_that_is_not_utf8_counts_too(repository: Path):
    clean = code_revision()
    Path(os.fsdecode(os.fsencode(str(repository)) + b"/caf\xe9.py")).write_text("x = 1")
    assert code_revision() != clean


# Data


def test_paths_of_datasets_and_models_count_at_every_depth_and_those_of_other_parts_do_not(project: Path):
    (project / "weights.bin").write_bytes(b"1")
    path = "./weights.bin"
    for axis in ("dataset", "model"):
        assert of(**{axis: part(axis, wrapped={"inner": [{"path": path}]})}) is not None
    for axis in ("capability", "metric"):
        assert of(**{axis: part(axis, path=path)}) is None
        assert of(**{axis: part(axis, files=(path,))}) is not None


@pytest.mark.parametrize("value", ["/", "//", "./", "../", "..//project/", "../..", "~home", "./lonely/.."])
def test_what_holds_the_working_or_the_home_folder_is_never_walked(
    project: Path, monkeypatch: pytest.MonkeyPatch, value: str
):
    (project / "lonely").mkdir()
    monkeypatch.setattr(revision, "_folder_revision", lambda root: pytest.fail(f"{root} is walked"))
    value = str(project.parent) if value == "~home" else value
    assert of(dataset=part("dataset", delimiter=value), model=part("model", root=[value])) is None


def test_a_file_is_told_by_its_content_and_a_folder_by_what_it_lists(project: Path):
    data = project / "data"
    data.mkdir()
    (data / "a.csv").write_text("1")
    (data / ".#a.csv").symlink_to("nowhere")

    def revisions() -> list[str | None]:
        return [of(dataset=part("dataset", root=value)) for value in ("./data", "data/a.csv")]

    before = revisions()
    assert None not in before
    (data / "a.csv").write_text("22")
    assert all(a != b for a, b in zip(before, revisions(), strict=True))


def test_a_pipe_is_not_waited_for(project: Path):
    os.mkfifo(project / "pipe")
    assert of(dataset=part("dataset", source="./pipe")) is not None


def test_a_path_is_read_once_however_many_variants_name_it(project: Path, monkeypatch: pytest.MonkeyPatch):
    (project / "weights.bin").write_bytes(b"1")
    read: list[str] = []

    def noted(path: str) -> str:
        read.append(path)
        return hashlib.sha256().hexdigest()

    monkeypatch.setattr(revision, "_content_hash", noted)
    revision_of = data_revisions()
    for size in range(3):
        model = part("model", weights="./weights.bin", size=size)
        revision_of(Combination(part("capability"), (), (model,), ()))
    assert read == ["./weights.bin"]
