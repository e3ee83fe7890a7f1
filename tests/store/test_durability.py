"""What is forced to the disk, and in which order, where a run is to outlive the machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from store_parts import record

from sweeper import sweep
from sweeper.errors import ConfigError
from sweeper.store import open_store

SMALL = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy]"]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is forced, renamed and removed, in order."""
    done: list[tuple[str, str]] = []
    forced, renamed, removed = os.fsync, os.rename, os.unlink

    def fsync(handle: int) -> None:
        done.append(("force", os.readlink(f"/proc/self/fd/{handle}")))
        forced(handle)

    def rename(source: str, to: str) -> None:
        done.append(("rename", f"{source} {to}"))
        renamed(source, to)

    def unlink(path: str, **more: Any) -> None:
        done.append(("remove", str(path)))
        removed(path, **more)

    for name, operation in {"fsync": fsync, "rename": rename, "unlink": unlink}.items():
        monkeypatch.setattr(os, name, operation)
    return done


def assert_all_forced(steps: list[tuple[str, str]]) -> None:
    """Each file was forced before it got its name, and its folder before the next file did."""
    renamed = [(place, *what.split(" ")) for place, (step, what) in enumerate(steps) if step == "rename"]
    assert renamed
    for place, temporary, final in renamed:
        assert ("force", temporary) in steps[:place]
        after = steps[place + 1 :]
        ends = next((i for i, (step, _) in enumerate(after) if step != "force"), len(after))
        assert ("force", os.path.dirname(final)) in after[:ends]


def test_every_file_of_a_run_is_on_the_disk_before_its_attempt(tmp_path: Path, steps: list[tuple[str, str]]):
    record(open_store(tmp_path / "store", durability="machine"), "a", 1.0)
    assert_all_forced(steps)
    (last,) = [what.split(" ")[1] for step, what in steps if step == "rename"][-1:]
    assert Path(last).parent.name == "attempts"


def test_merges_and_journals_remove_nothing_before_what_replaces_it_is_on_the_disk(
    tmp_path: Path, steps: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))
    store = open_store(tmp_path / "store", durability="machine")
    for name in "abc":
        record(store, name, 1.0, may_wait=True)
    store.flush_journals()
    store.compact(grace_s=0)
    assert_all_forced(steps)
    assert any(step == "remove" and what.endswith(".jsonl") for step, what in steps)


def test_nothing_is_forced_unless_asked_for(tmp_path: Path, steps: list[tuple[str, str]]):
    record(open_store(tmp_path / "store"), "a", 1.0)
    assert not [what for step, what in steps if step == "force"]


def test_it_reaches_the_workers_and_is_checked(tmp_path: Path, steps: list[tuple[str, str]]):
    place = f"analytics_store.uri={tmp_path / 'store'}"
    asked = [*SMALL, "job_backend.kind=inline", place, "analytics_store.durability=machine"]
    assert sweep(asked, progress=False).exit_status == 0
    attempts = [what for step, what in steps if step == "rename" and "/attempts/" in what]
    assert attempts
    assert_all_forced(steps)
    with pytest.raises(ConfigError, match=r"durability.*process.*machine"):
        sweep([*SMALL, place, "analytics_store.durability=always"], progress=False)
