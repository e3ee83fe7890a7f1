"""Data revisions: which texts are paths, and when what lies there counts as the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.revision import folders, old_data_revisions
from sweeper.revision.data import DataRevisions
from sweeper.revision.data_caveats import Measured, caveats_of_attempts
from sweeper.revision.recorded_paths import decode
from sweeper.vocabulary import Choice, Combination, Runtime

AXES = ("dataset", "model", "metric")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own, below a home folder that has something else in it too."""
    folder = tmp_path / "home" / "project"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.chdir(folder)
    return folder


def part(axis: str, *, files: tuple[str, ...] = (), **spec: object) -> Choice:
    return Choice(axis, axis, spec, "", "", axis, Runtime(files=files))


def combination(**parts: Choice) -> Combination:
    capability = parts.get("capability", part("capability"))
    return Combination(capability, *((parts.get(axis, part(axis)),) for axis in AXES))


def named(**parts: Choice) -> list[str]:
    """The paths that are recorded of a combination."""
    return [entry.path for entry in decode(DataRevisions().text(combination(**parts)))]


def recorded(root: str) -> str | None:
    return DataRevisions().text(combination(dataset=part("dataset", root=root)))


def changed(root: str, before: str | None, folder: str | None = None) -> str | None:
    return DataRevisions().changed(combination(dataset=part("dataset", root=root)), before, folder)


def filled(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


# Which texts are paths


def test_paths_of_datasets_and_models_count_at_every_depth_and_those_of_other_parts_do_not(project: Path):
    filled(project, weights="1")
    for axis in ("dataset", "model"):
        assert named(**{axis: part(axis, wrapped={"inner": [{"path": "./weights"}]})}) == ["./weights"]
    for axis in ("capability", "metric"):
        assert named(**{axis: part(axis, path="./weights")}) == []
        assert named(**{axis: part(axis, files=("./weights",))}) == ["./weights"]


def test_a_path_needs_no_separator_where_it_names_something_that_is_there(project: Path):
    filled(project / "imgs", a="1")
    (project / "model.pt").write_text("1")
    (project.parent / "far.pt").write_text("1")
    assert named(dataset=part("dataset", root="imgs"), model=part("model", weights="model.pt")) == ["imgs", "model.pt"]
    assert named(model=part("model", weights="~/far.pt")) == ["~/far.pt"]
    assert named(dataset=part("dataset", root="absent"), model=part("model", kernel="linear", weights="no.pt")) == []


def test_what_is_built_is_no_path(project: Path):
    filled(project / "parts.Model", a="1")
    assert named(model=part("model", _target_="parts.Model")) == []


@pytest.mark.parametrize("value", ["/", "//", "./", "../", "..//project/", "../..", "~", ".", "~home", "./lonely/.."])
def test_what_holds_the_working_or_the_home_folder_is_never_walked(
    project: Path, monkeypatch: pytest.MonkeyPatch, value: str
):
    (project / "lonely").mkdir()
    monkeypatch.setattr(folders, "_below", lambda folder, *_: pytest.fail(f"{folder} is walked"))
    value = str(project.parent) if value == "~home" else value
    assert named(dataset=part("dataset", delimiter=value), model=part("model", root=[value])) == []


# When it is the same


def test_overwritten_weights_are_told_by_name_and_touched_ones_are_the_same(project: Path):
    (project / "model.pt").write_text("1")
    before = recorded("model.pt")
    os.utime("model.pt", (1, 1))
    assert changed("model.pt", before) is None
    (project / "model.pt").write_text("2")
    assert changed("model.pt", before) == "model.pt"
    (project / "model.pt").unlink()
    assert changed("model.pt", before) == "model.pt is gone"


def test_a_change_that_keeps_size_and_time_is_seen(project: Path):
    filled(project / "imgs", a="one")
    (project / "model.pt").write_text("one")
    before = [recorded(root) for root in ("imgs", "model.pt")]
    for path in (project / "imgs" / "a", project / "model.pt"):
        then = path.stat().st_mtime_ns
        path.write_text("two")
        os.utime(path, ns=(then, then))
    assert [changed(*pair) for pair in zip(("imgs", "model.pt"), before, strict=True)] == ["imgs", "model.pt"]


@pytest.mark.parametrize("times", [True, False], ids=["with times", "without times"])
def test_a_copy_elsewhere_is_the_same_data_with_and_without_its_times(
    project: Path, monkeypatch: pytest.MonkeyPatch, times: bool
):
    filled(project / "imgs" / "cat", a="1", b="2")
    before = recorded("./imgs")
    other = project.parent / "other"
    shutil.copytree(project / "imgs", other / "imgs", copy_function=shutil.copy2 if times else shutil.copyfile)
    os.utime(other / "imgs" / "cat" / "a", None if not times else (5, 5))
    monkeypatch.chdir(other)
    assert changed("./imgs", before, str(project)) is None
    (other / "imgs" / "cat" / "a").write_text("3")
    assert changed("./imgs", before, str(project)) == "./imgs is another folder here, and its data differ"
    assert changed("./imgs", before) == "./imgs"
    shutil.rmtree("imgs")
    assert changed("./imgs", before, str(project)) == "./imgs is not in this folder"


def test_a_folder_that_was_not_there_where_it_was_measured_is_other_data(project: Path):
    filled(project / "imgs", a="1")
    assert changed("./imgs", None, "/elsewhere") == "./imgs is another folder here, and its data differ"
    assert changed("./imgs", None, str(project)) is None
    assert changed("./imgs", None) is None


def test_what_other_programs_leave_in_a_folder_is_no_data(project: Path):
    filled(project / "imgs" / "cat", a="1")
    before = recorded("imgs")
    filled(project / "imgs" / ".git", HEAD="x")
    filled(project / "imgs" / "cat" / ".ipynb_checkpoints", a="x")
    filled(project / "imgs" / "cat", **{".DS_Store": "x", "Thumbs.db": "x"})
    assert changed("imgs", before) is None


def test_folders_behind_links_are_data_and_a_link_back_is_not_followed(project: Path):
    filled(project / "far", a="1")
    filled(project / "imgs", b="1")
    (project / "imgs" / "cat").symlink_to(project / "far")
    (project / "imgs" / "back").symlink_to(project / "imgs")
    (project / "imgs" / "broken").symlink_to("nowhere")
    before = recorded("imgs")
    assert changed("imgs", before) is None
    (project / "far" / "a").write_text("2")
    assert changed("imgs", before) == "imgs"


def test_only_what_changed_is_named(project: Path):
    for name in "abcde":
        (project / f"{name}.csv").write_text("1")
    spec = part("dataset", paths=[f"{name}.csv" for name in "abcde"])
    before = DataRevisions().text(combination(dataset=spec))
    (project / "b.csv").write_text("2")
    assert DataRevisions().changed(combination(dataset=spec), before, None) == "b.csv"
    for name in "acde":
        (project / f"{name}.csv").write_text("2")
    assert DataRevisions().changed(combination(dataset=spec), before, None) == "a.csv, b.csv, c.csv and 2 more"


def test_a_folder_too_large_to_be_read_is_told_by_names_sizes_and_times(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SWEEPER_HASH_BYTES", "2")
    filled(project / "imgs", a="123")
    monkeypatch.setattr(folders, "file_content", lambda path: pytest.fail(f"{path} is read"))
    before = recorded("imgs")
    shutil.copytree("imgs", "copied", copy_function=shutil.copy2)
    shutil.rmtree("imgs")
    os.rename("copied", "imgs")
    assert changed("imgs", before) is None
    os.utime(project / "imgs" / "a", (1, 1))
    assert changed("imgs", before) == "imgs"


def test_a_path_is_read_once_however_many_variants_name_it(project: Path, monkeypatch: pytest.MonkeyPatch):
    (project / "weights.bin").write_bytes(b"1")
    read: list[str] = []
    real = folders.file_content
    monkeypatch.setattr(folders, "file_content", lambda path: read.append(path) or real(path))
    revisions = DataRevisions()
    for size in range(3):
        model = part("model", weights="./weights.bin", size=size)
        revisions.text(Combination(part("capability"), (), (model,), ()))
    again = DataRevisions()
    again.text(combination(model=part("model", weights="./weights.bin")))
    assert read == ["./weights.bin"]


def test_what_is_unchanged_is_not_read_to_see_that(project: Path, monkeypatch: pytest.MonkeyPatch):
    filled(project / "imgs", a="1")
    before = recorded("imgs")
    monkeypatch.setattr(folders, "_read", {})
    monkeypatch.setattr(folders, "file_content", lambda path: pytest.fail(f"{path} is read"))
    assert changed("imgs", before) is None


def test_a_pipe_is_not_waited_for_and_names_need_not_be_utf8(project: Path):
    os.mkfifo(project / "pipe")
    home = filled(project / "imgs")
    Path(os.fsdecode(os.fsencode(str(home)) + b"/caf\xe9.png")).write_text("1")
    odd = os.fsdecode(b"caf\xe9")
    (project / odd).write_text("1")
    os.mkfifo(home / "pipe")
    assert named(dataset=part("dataset", source="./pipe", root="imgs", odd=odd)) == ["./pipe", odd, "imgs"]


def test_a_file_that_cannot_be_read_is_told_to_be(project: Path, monkeypatch: pytest.MonkeyPatch):
    (project / "model.pt").write_text("1")
    readable = recorded("model.pt")

    def refused(path: str, mode: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(folders, "open", refused, raising=False)
    monkeypatch.setattr(folders, "_read", {})
    assert recorded("model.pt") != readable


@pytest.mark.parametrize("root", ["./data", "./data/a.csv"])
def test_revisions_of_an_older_version_are_still_compared(project: Path, root: str):
    filled(project / "data", **{"a.csv": "1"})
    spec = combination(dataset=part("dataset", root=root))
    old = old_data_revisions.data_revisions()(spec)
    assert old is not None
    assert changed(root, old) is None
    (project / "data" / "a.csv").write_text("22")
    assert changed(root, old) == ""
    assert changed(root, None) is None


# What is said of stored values from what is recorded alone


def measured(key: str, revision: str | None, folder: Path | str, minute: int, dataset: str = "imgs") -> Measured:
    from datetime import UTC, datetime

    at = datetime(2024, 1, 1, 0, minute, tzinfo=UTC)
    return Measured(key, {"dataset": dataset}, at, revision, str(folder))


def test_values_measured_on_other_data_of_one_dataset_are_told_apart(project: Path, monkeypatch: pytest.MonkeyPatch):
    found = {}
    for name, text in (("a", "1"), ("b", "2"), ("c", "2")):
        filled(project / name / "imgs", x=text)
        monkeypatch.chdir(project / name)
        found[name] = recorded("./imgs")
    monkeypatch.chdir(project)
    attempts = [measured(name, found[name], project / name, minute) for minute, name in enumerate("abc")]
    assert caveats_of_attempts(attempts) == {"a": "measured on other data than the newest value: ./imgs"}
    assert caveats_of_attempts(attempts[1:]) == {}
    assert caveats_of_attempts([attempts[0], measured("b", found["b"], project / "b", 1, dataset="others")]) == {}
    filled(project / "b" / "imgs", x="3")
    assert caveats_of_attempts(attempts[1:]) == {"b": "data changed since: ./imgs"}
    shutil.rmtree(project / "b" / "imgs")
    assert caveats_of_attempts(attempts[1:]) == {"b": "data changed since: ./imgs is gone"}


def test_on_another_machine_values_are_only_compared_with_each_other(project: Path):
    filled(project / "here" / "imgs", x="1")
    os.chdir(project / "here")
    first = recorded("./imgs")
    filled(project / "here" / "imgs", x="2")
    second = recorded("./imgs")
    os.chdir(project)
    shutil.rmtree("here")
    attempts = [measured("old", first, project / "here", 0), measured("new", second, project / "here", 1)]
    assert caveats_of_attempts(attempts[:1]) == caveats_of_attempts(attempts[1:]) == {}
    assert caveats_of_attempts(attempts) == {"old": "measured on other data than the newest value: ./imgs"}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.dictionaries(st.sampled_from("abc"), st.sampled_from(("1", "2", "33")), max_size=3),
    now=st.dictionaries(st.sampled_from("abc"), st.sampled_from(("1", "2", "33")), max_size=3),
)
def test_a_folder_is_the_same_exactly_where_names_and_contents_are(
    project: Path, before: dict[str, str], now: dict[str, str]
):
    shutil.rmtree("imgs", ignore_errors=True)
    filled(project / "imgs", **before)
    text = recorded("imgs")
    shutil.rmtree("imgs")
    filled(project / "imgs", **now)
    assert (changed("imgs", text) is None) == (before == now)
