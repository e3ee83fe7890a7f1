"""What a sweep leaves is for its user alone, whatever the umask leaves open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import typed
from invariant import assert_nothing_lost

from sweeper.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("empty_folder")]
NO_PARTS = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO},report:0.5}"
GRID = ["capability=[]", f"+capability.a={{_target_:parts.Tiny,text:printed,error:no,{NO_PARTS}}}",
        f"+capability.b={{_target_:parts.Tiny,report:'# A report',{NO_PARTS}}}"]  # fmt: skip


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def others_may(path: Path) -> int:
    return path.stat().st_mode & 0o077


@pytest.mark.usefixtures("open_umask")
def test_no_other_user_reads_what_a_sweep_leaves(backend: str):
    assert typed(*GRID, backend)[0] == 1
    assert typed("report", "--output", "report.html")[0] == 0
    assert typed("query", "SELECT traceback FROM attempts", "--output", "rows.csv", "--format", "csv")[0] == 0
    store = Path("analytics_store")
    assert others_may(store) == 0
    files = [Path("report.html"), Path("rows.csv"), *(path for path in store.rglob("*") if path.is_file())]
    assert [path for path in files if others_may(path)] == []
    assert len(files) > 6
    assert_nothing_lost(store, open_store(store).attempts()["fingerprint"].to_pylist())


@pytest.mark.usefixtures("open_umask")
def test_a_store_in_a_folder_that_is_there_is_private_too():
    Path("analytics_store").mkdir()
    assert typed(*GRID, "job_backend.kind=inline")[0] == 1
    assert [path for path in Path("analytics_store").rglob("*") if path.is_file() and others_may(path)] == []


def test_a_folder_that_is_a_groups_has_files_for_the_group():
    Path("analytics_store").mkdir()
    Path("analytics_store").chmod(0o2770)
    before = os.umask(0o007)
    try:
        assert typed(*GRID, "job_backend.kind=inline")[0] == 1
    finally:
        os.umask(before)
    attempts = [*Path("analytics_store", "attempts").iterdir()]
    assert {others_may(path) for path in attempts} == {0o060}
