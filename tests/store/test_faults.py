"""Whenever a writer or a merge is killed, no completed attempt is without its rows, no row is seen twice, none is lost.

Every file operation of theirs is a place to die at; each is tried in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from damage_parts import CONTENTS, every_kind, note_of_unfinished_merge
from damage_parts import contents as counted
from places import HELPERS
from store_parts import fingerprint, record, values

from sweeper.store import DamagedFileWarning, Store, open_store

pytestmark = [pytest.mark.slow, pytest.mark.faults]

OPERATIONS = ("open", "write", "rename", "replace", "unlink", "close")
KILLED = """
import os, signal, sys
sys.path.insert(0, {here!r})
import pyarrow.parquet, pyarrow.compute
from store_parts import record
from sweeper.store import open_store
store = open_store({uri!r})
{before}
left = [{at}]
def dying(real):
    def operation(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return operation
for name in {operations!r}:
    setattr(os, name, dying(getattr(os, name)))
{work}
"""


def killed_at(at: int, uri: str, work: str, before: str = "") -> bool:
    """Run `work` in a process that dies at its `at`-th file operation; whether it lived to the end."""
    code = KILLED.format(here=str(HELPERS), uri=uri, at=at, operations=OPERATIONS, work=work, before=before)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode == 0


def at_every_operation(try_at: Callable[[int], bool]) -> int:
    at = 1
    while not try_at(at):
        at += 1
        assert at < 400
    return at


def test_a_killed_writer_leaves_all_of_a_run_or_nothing_that_counts(tmp_path: Path):
    def try_at(at: int) -> bool:
        store = open_store(tmp_path / str(at))
        record(store, "before", 1.0)
        lived = killed_at(at, store.uri, "record(store, 'killed', 2.0, 3.0)")
        seen = open_store(store.uri)
        completed = seen.attempt_states([fingerprint("killed")])
        rows = [(key, value) for name, key, value in values(seen) if name == "killed"]
        assert rows == ([("k0", 2.0), ("k1", 3.0)] if completed else [])
        assert [value for name, _, value in values(seen) if name == "before"] == [1.0]
        assert seen.check().sound
        return lived

    assert at_every_operation(try_at) > 9


def contents(store: Store) -> tuple[object, int, int, int]:
    return values(store), len(store.attempts()), len(store.table("scores")), len(store.table("runs"))


def test_a_killed_merge_neither_doubles_nor_loses_a_row(tmp_path: Path):
    def try_at(at: int) -> bool:
        store = open_store(tmp_path / str(at))
        for i in range(4):
            record(store, f"c{i}", float(i))
        store.compact(grace_s=0)
        for i in range(4, 7):
            record(store, f"c{i}", float(i))
        expected = contents(store)
        lived = killed_at(at, store.uri, "store.compact(grace_s=0)")
        assert contents(open_store(store.uri)) == expected
        for left in Path(store.uri, ".sweeper").glob("compact.lock"), Path(store.uri, ".sweeper").glob("merged/*/*"):
            for path in left:
                os.utime(path, (0, 0))  # what a dead merge left expires after some minutes
        record(store, "later", 99.0)
        store.compact(grace_s=0)
        after = contents(open_store(store.uri))
        assert [n + k for n, k in zip(expected[1:], (1, 1, 2), strict=True)] == list(after[1:])
        assert len(list(Path(store.uri, "attempts").glob("[1-9]*.parquet"))) <= 3
        return lived

    assert at_every_operation(try_at) > 20


def test_a_killed_repair_changes_no_count_and_the_next_one_ends_it(tmp_path: Path):
    whole = every_kind(tmp_path / "whole")
    CONTENTS["half"](note_of_unfinished_merge(whole))
    CONTENTS["torn"](whole / ".sweeper/format.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)
        expected = counted(whole)

        def try_at(at: int) -> bool:
            folder = Path(shutil.copytree(whole, tmp_path / str(at)))
            lived = killed_at(at, str(folder), "store.check(repair=True)")
            assert counted(folder) == expected
            open_store(folder).check(repair=True)
            assert open_store(folder).check().sound
            assert counted(folder) == expected
            return lived

        assert at_every_operation(try_at) > 20


QUICK = "import sweeper.store.recorder as module; module.MOMENT_S = float('inf'); record(store, 'first', 0.0)"
"""Every later run follows the first within a moment, however slow the machine."""


def parquet_rows(store: Store) -> list[int]:
    """What a reader sees that knows of no journal."""
    tables = ("attempts", "scores", "runs")
    return [sum(pq.read_metadata(f).num_rows for f in Path(store.uri, table).glob("*.parquet")) for table in tables]


def test_a_writer_killed_while_it_appends_leaves_all_of_a_run_or_nothing(tmp_path: Path):
    def try_at(at: int) -> bool:
        store = open_store(tmp_path / str(at))
        work = "for i in range(3): record(store, f'k{i}', float(i), 2.0, may_wait=True)"
        lived = killed_at(at, store.uri, work, before=QUICK)
        done = [name for name in ("k0", "k1", "k2") if open_store(store.uri).attempt_states([fingerprint(name)])]
        assert done == ["k0", "k1", "k2"][: len(done)]
        expected = [("first", "k0", 0.0)] + [
            row for i, name in enumerate(done) for row in ((name, "k0", float(i)), (name, "k1", 2.0))
        ]
        for _ in range(2):
            assert values(open_store(store.uri)) == expected
            store.flush_journals()
        n = len(done)
        assert parquet_rows(store) == [n + 1, 2 * n + 1, 2 * n + 2]
        return lived

    assert at_every_operation(try_at) > 3


def test_a_killed_fold_neither_doubles_nor_loses_a_row(tmp_path: Path):
    def try_at(at: int) -> bool:
        store = open_store(tmp_path / str(at))
        killed_at(0, store.uri, "for i in range(3): record(store, f'k{i}', float(i), may_wait=True)", before=QUICK)
        expected = contents(store)
        lived = killed_at(at, store.uri, "store.flush_journals()")
        assert contents(open_store(store.uri)) == expected
        store.compact(grace_s=0)
        assert contents(open_store(store.uri)) == expected
        assert parquet_rows(store) == [4, 4, 8]
        assert store.flush_journals() == 0
        return lived

    assert at_every_operation(try_at) > 9


def test_runs_that_wait_while_others_fold_and_merge_are_counted_exactly(tmp_path: Path):
    seconds = float(os.environ.get("SWEEPER_SOAK_S", "60")) / 4
    store = open_store(tmp_path / "store")
    record(store, "first", 1.0)
    code = WRITER.replace("float(n))", "float(n), may_wait=True)")
    writers = started(code, store, seconds, 4)
    ends = time.monotonic() + seconds
    seen: list[int] = []
    while time.monotonic() < ends:
        store.flush_journals()
        seen.append(len(open_store(store.uri).attempts()))
        store.compact(grace_s=0.5)
    written = 1 + sum(int(writer.communicate(timeout=60)[0]) for writer in writers)
    assert seen == sorted(seen)
    counts = (len(store.attempts()), len(store.table("scores")), len(store.table("runs")))
    assert counts == (written, written, 2 * written)
    store.flush_journals()
    assert parquet_rows(store) == [written, written, 2 * written]
    assert len(set(store.attempts()["attempt_id"].to_pylist())) == written


WRITER = """
import sys, time
sys.path.insert(0, {here!r})
from store_parts import record
from sweeper.store import open_store
store = open_store({uri!r})
ends, n = time.time() + {seconds}, 0
while time.time() < ends:
    record(store, f"{name}-{{n}}", float(n))
    n += 1
print(n)
"""


def started(code: str, store: Store, seconds: float, count: int) -> list[subprocess.Popen[str]]:
    """Processes that write for some seconds and then say how many runs they wrote."""
    return [
        subprocess.Popen(
            [sys.executable, "-c", code.format(here=str(HELPERS), uri=store.uri, seconds=seconds, name=f"w{i}")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(count)
    ]


def test_eight_writers_and_a_compactor_lose_and_double_nothing(tmp_path: Path):
    seconds = float(os.environ.get("SWEEPER_SOAK_S", "60"))
    store = open_store(tmp_path / "store")
    record(store, "first", 1.0)
    writers = started(WRITER, store, seconds, 8)
    ends = time.monotonic() + seconds
    merges = 0
    while time.monotonic() < ends:
        merges += bool(store.compact(grace_s=0).merged)
    written = 1 + sum(int(writer.communicate(timeout=60)[0]) for writer in writers)
    assert merges > 1
    seen = open_store(store.uri)
    assert (len(seen.attempts()), len(seen.table("scores")), len(seen.table("runs"))) == (written, written, 2 * written)
    assert len(set(seen.attempts()["attempt_id"].to_pylist())) == written
