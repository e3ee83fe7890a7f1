"""Whenever a writer or a merge is killed, no completed attempt is without its rows, no row is seen twice, none is lost.

Every file operation of theirs is a place to die at; each is tried in a process of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from store_parts import fingerprint, record, values

from sweeper.store import Store, open_store

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
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
    code = KILLED.format(here=str(HERE), uri=uri, at=at, operations=OPERATIONS, work=work, before=before)
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
        Path(store.uri, ".sweeper", "compact.lock").unlink(missing_ok=True)  # as after its expiry
        record(store, "later", 99.0)
        store.compact(grace_s=0)
        after = contents(open_store(store.uri))
        assert [n + k for n, k in zip(expected[1:], (1, 1, 2), strict=True)] == list(after[1:])
        assert len(list(Path(store.uri, "attempts").glob("[1-9]*.parquet"))) <= 3
        return lived

    assert at_every_operation(try_at) > 20


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


def test_eight_writers_and_a_compactor_lose_and_double_nothing(tmp_path: Path):
    seconds = float(os.environ.get("SWEEPER_SOAK_S", "60"))
    store = open_store(tmp_path / "store")
    record(store, "first", 1.0)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER.format(here=str(HERE), uri=store.uri, seconds=seconds, name=f"w{i}")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(8)
    ]
    ends = time.monotonic() + seconds
    merges = 0
    while time.monotonic() < ends:
        merges += bool(store.compact(grace_s=0).merged)
    written = 1 + sum(int(writer.communicate(timeout=60)[0]) for writer in writers)
    assert merges > 1
    seen = open_store(store.uri)
    assert (len(seen.attempts()), len(seen.table("scores")), len(seen.table("runs"))) == (written, written, 2 * written)
    assert len(set(seen.attempts()["attempt_id"].to_pylist())) == written
