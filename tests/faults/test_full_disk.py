"""A file that cannot be written whole leaves nothing behind, whoever writes it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from damage_parts import asked, contents, every_kind
from invariant import left_behind
from store_parts import fail, record

from sweeper.store import open_store

pytestmark = pytest.mark.faults


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """The kernel lets this process write so many bytes of a file and no more, as a disk that is filling up does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITERS = {
    "run": lambda store: record(store, "new", 1.0),
    "attempt": lambda store: fail(store, "new"),
    "asked": lambda store: store.write_asked(asked()),
    "artifact": lambda store: store.write_artifact("reports/new/report.md", b"x" * 1000),
    "journal": lambda store: store.flush_journals(),
    "merge": lambda store: store.compact(grace_s=0),
}


@pytest.mark.parametrize("writer", list(WRITERS))
def test_what_cannot_be_written_leaves_no_temporary_file_and_no_change(tmp_path: Path, writer: str):
    folder = every_kind(tmp_path / "store")
    before = contents(folder)
    store = open_store(folder)
    with no_file_above(300), pytest.raises(OSError, match="File too large"):
        WRITERS[writer](store)
    assert [path for path in left_behind(store) if "/.sweeper/tmp/" in path] == []
    assert contents(folder) == before
    open_store(folder).compact(grace_s=0)
    assert contents(folder) == before
