"""Whatever a file of a store holds, it is named, set aside by `check --repair`, and fatal to nobody."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from damage_parts import CONTENTS, after_repair, contents, every_kind, journal_segment, note_of_unfinished_merge

from sweeper.store import DamagedFileWarning, open_store

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return every_kind(tmp_path_factory.mktemp("whole") / "store")


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "store"))


PLACES: dict[str, Callable[[Path], Path]] = {
    "format": lambda store: store / ".sweeper/format.json",
    "note": note_of_unfinished_merge,
    "done note": lambda store: next(store.glob(".sweeper/merged/attempts/*.done.json")),
    "lock": lambda store: store / ".sweeper/compact.lock",
    "segment": journal_segment,
    "listing": lambda store: next(store.glob(".sweeper/code/*.json")),
    "asked": lambda store: next(store.glob(".sweeper/sweeps/*.parquet")),
    "ending": lambda store: next(store.glob(".sweeper/ended/*")),
    "report": lambda store: next(store.glob(".sweeper/reports/*/*")),
    "payload": lambda store: max(store.glob("scores/[1-9]*[0-9a-f].parquet")),
    "attempt": lambda store: max(store.glob("attempts/[1-9]*_completed_*.parquet")),
    "schema file": lambda store: store / "scores/0_schema.parquet",
}
UNSEEN = {
    *(("report", name) for name in CONTENTS if name not in ("empty", "folder")),
    ("segment", "empty"),
    ("lock", "empty"),
}
"""What nobody can see to be wrong: a report is text without a checksum, a segment begins empty, a free lock is."""


@pytest.mark.parametrize("content", list(CONTENTS))
@pytest.mark.parametrize("place", list(PLACES))
def test_a_damaged_file_is_named_and_repaired_and_fatal_to_nobody(store: Path, place: str, content: str):
    before = contents(store)
    path = PLACES[place](store)
    CONTENTS[content](path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)
        seen = contents(store)
        if place not in ("payload", "attempt", "segment"):
            assert seen == before
        report = open_store(store).check()
        assert (str(path.relative_to(store)) in str(report)) is ((place, content) not in UNSEEN)
        open_store(store).compact(grace_s=0)
        assert contents(store) == seen
        assert ("without its rows: attempts/" in str(report)) is (place == "payload")
        open_store(store).check(repair=True)
        assert contents(store) == after_repair(seen)
    warnings.simplefilter("error")
    assert open_store(store).check().sound
    assert contents(store) == after_repair(seen)


FOLDERS = (".", "journal", "merged", "merged/attempts", "sweeps", "ended", "tmp", "code", "reports", "quarantine")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_in_the_place_of_a_folder_is_named_and_moved_aside(store: Path, folder: str):
    path = store / ".sweeper" / folder
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("garbage")
    seen = contents(store)
    assert f"{path.relative_to(store)}: it must be a folder" in open_store(store).check().damaged
    open_store(store).check(repair=True)
    assert open_store(store).check().sound
    assert contents(store) == seen
