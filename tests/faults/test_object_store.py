"""An object store whose server, clients or addresses fail: nothing is lost or hangs, and one message says why."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from invariant import assert_nothing_lost
from places import HELPERS
from s3_server import S3Server, s3_server
from store_parts import fingerprint, record, values

from sweeper.cli.commands import run_command
from sweeper.errors import StoreError
from sweeper.store import Store, open_store
from sweeper.store.merge_lock import MergeLock
from sweeper.store.parquet import encode_large

pytestmark = pytest.mark.faults
SMALL = ["capability=[evaluate]", "dataset=[digits]", "model=[logreg,naive_bayes]", "metric=[accuracy]"]
INLINE = "job_backend.kind=inline"


@pytest.fixture
def server() -> Iterator[S3Server]:
    with s3_server() as started:
        yield started


@pytest.fixture
def store(server: S3Server, request: pytest.FixtureRequest) -> Store:
    return open_store(f"s3://results/{request.node.name}", server.options)


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command([*argv], out, err), out.getvalue(), err.getvalue()


# Conditional writes


def test_a_file_is_created_once_and_replaced_only_as_what_it_was(store: Store):
    files = store.files
    assert files.create("folder", "name", b"one")
    assert not files.create("folder", "name", b"two")
    assert not files.swap("folder", "name", b"other", b"two")
    assert files.swap("folder", "name", b"one", b"two")
    assert files.get("folder", "name") == b"two"
    assert not files.swap("folder", "none", b"", b"two")


def test_one_of_many_creates_and_one_of_many_takes_over(store: Store):
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda i: store.files.create("folder", "name", b"%d" % i), range(16))) == 1
        locks = [MergeLock(store.files) for _ in range(8)]
        assert sum(pool.map(MergeLock.take, locks)) == 1
    for lock in locks:
        lock.free()
    assert sum(map(MergeLock.take, locks)) == 1


@pytest.mark.parametrize("ignored", ["If-None-Match", "If-Match"])
def test_a_server_that_ignores_conditional_writes_takes_runs_and_no_merges(server: S3Server, ignored: str):
    server.ignored_headers = (ignored,)
    uri = f"s3://results/ignores-{ignored.lower()}"
    status, out, err = typed(*SMALL, INLINE, f"analytics_store.uri={uri}", *server.overrides)
    assert status == 0, err
    store = open_store(uri, server.options)
    for _ in range(2):
        with pytest.raises(StoreError, match="ignores conditional writes") as caught:
            store.compact(grace_s=0)
    assert "If-None-Match" in str(caught.value)
    assert "testing-secret" not in str(caught.value) + out + err
    status, _, err = typed("compact", f"analytics_store.uri={uri}", *server.overrides)
    assert (status, err.count("ignores conditional writes"), "Traceback" in err) == (2, 1, False)
    assert len(store.attempts()) == 2


# Kills


DYING = """
import sys
sys.path.insert(0, {here!r})
from store_parts import record
from sweeper.store import open_store
store = open_store({uri!r}, {options!r})
print("ready", flush=True)
sys.stdin.readline()
{work}
"""


def killed_at(at: int, server: S3Server, store: Store, work: str) -> bool:
    """Run `work` in a process that is killed before its `at`-th request counts; whether it lived to the end."""
    return killed_running(DYING.format(here=str(HELPERS), uri=store.uri, options=server.options, work=work), at, server)


def killed_running(code: str, at: int, server: S3Server) -> bool:
    """The same for a program that says that it is ready, and begins when it is told."""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    def before(number: int) -> bool:
        if number == at:
            os.kill(process.pid, signal.SIGKILL)
        return number < at

    server.requests.clear()
    server.before = before
    try:
        process.communicate("go\n", timeout=120)
    finally:
        server.before = None
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode == 0


def test_a_writer_killed_at_any_request_leaves_all_of_a_run_or_nothing_that_counts(server: S3Server):
    for at in range(1, 40):
        store = open_store(f"s3://results/writer-{at}", server.options)
        record(store, "before", 1.0)
        lived = killed_at(at, server, store, "record(store, 'killed', 2.0, 3.0)")
        seen = open_store(store.uri, server.options)
        done = seen.attempt_states([fingerprint("killed")])
        rows = [(key, value) for name, key, value in values(seen) if name == "killed"]
        assert rows == ([("k0", 2.0), ("k1", 3.0)] if done else [])
        assert_nothing_lost(seen, [fingerprint("before"), fingerprint("killed")], completed=[fingerprint("before")])
        if lived:
            assert at > 4
            return
    raise AssertionError("the writer never lived to its end")


def contents(store: Store) -> tuple[object, int, int, int]:
    return values(store), len(store.attempts()), len(store.table("scores")), len(store.table("runs"))


@pytest.mark.slow
def test_a_merge_killed_at_any_request_neither_doubles_nor_loses_a_row(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sweeper.store.merge_lock.EXPIRES_S", -1.0)  # what a dead merge left expires after some minutes
    names = [f"c{i}" for i in range(4)]
    for at in range(1, 200):
        store = open_store(f"s3://results/merge-{at}", server.options)
        for i, name in enumerate(names[:3]):
            record(store, name, float(i))
        expected = contents(store)
        lived = killed_at(at, server, store, "store.compact(grace_s=0)")
        assert contents(open_store(store.uri, server.options)) == expected
        record(store, names[3], 99.0)
        store.compact(grace_s=0)
        after = contents(open_store(store.uri, server.options))
        assert list(after[1:]) == [n + k for n, k in zip(expected[1:], (1, 1, 2), strict=True)]
        assert_nothing_lost(store, map(fingerprint, names), completed=list(map(fingerprint, names)))
        if lived:
            assert at > 20
            return
    raise AssertionError("the merge never lived to its end")


MERGING = """
import sys
sys.path.insert(0, {here!r})
from sweeper.store import open_store
store = open_store({uri!r}, {options!r})
print("ready", flush=True)
sys.stdin.readline()
print(sum(store.compact(grace_s=0).merged.values()))
"""


def test_merges_at_once_beside_a_writer_lose_and_double_nothing(server: S3Server):
    store = open_store("s3://results/at-once", server.options)
    names = [f"c{i}" for i in range(24)]
    for i, name in enumerate(names[:12]):
        record(store, name, float(i))
    code = MERGING.format(here=str(HELPERS), uri=store.uri, options=server.options)
    command = [sys.executable, "-c", code]
    merging = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in merging:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
    for i, name in enumerate(names[12:], 12):
        record(store, name, float(i))
    counts = [int(process.communicate(timeout=120)[0]) for process in merging]
    assert sum(counts) >= 36  # the first twelve runs, in three tables
    assert contents(open_store(store.uri, server.options))[1:] == (24, 24, 48)
    assert_nothing_lost(store, map(fingerprint, names), completed=list(map(fingerprint, names)))


# Rows that the driver writes for its workers


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run follows the one before within a moment, however slow the machine, and batches have a run each."""
    monkeypatch.setattr("sweeper.store.handed_over.MOMENT_S", float("inf"))
    monkeypatch.setattr("sweeper.running.batches.MOST", 1)


GRID = (*SMALL[:2], "model=[naive_bayes,knn]", "metric=[accuracy,ece,brier]", INLINE)


def fingerprints(store: Store) -> list[str]:
    return store.asked()["fingerprint"].unique().to_pylist()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("table", ["maite_evaluation", "runs", "attempts"])
def test_a_batch_that_is_refused_for_a_while_is_written_once(server: S3Server, table: str):
    uri, denied = f"s3://results/denied-{table}", iter([False, True, True])
    server.refuses = lambda method, path: method == "PUT" and f"/{table}/1" in path and next(denied, False)
    status, _, err = typed(*GRID, f"analytics_store.uri={uri}", *server.overrides)
    assert (status, err.count("cannot be written")) == (0, 1), err
    store = open_store(uri, server.options)
    asked = fingerprints(store)
    assert_nothing_lost(store, asked, completed=asked)
    assert len(store.attempts()) == 6
    assert len(store.table("runs")) == 18
    assert len(store.table("maite_evaluation")) == len(store.results())


@pytest.mark.usefixtures("quick")
def test_runs_whose_rows_are_never_written_are_not_reported_as_completed(server: S3Server):
    uri, denied = "s3://results/never", iter([False])
    server.refuses = lambda method, path: method == "PUT" and "/attempts/1" in path and next(denied, True)
    where = (f"analytics_store.uri={uri}", *server.overrides)
    status, out, err = typed(*GRID, *where)
    assert (status, "1 completed" in out, "resume=" in out + err) == (3, True, True), out + err
    server.refuses = None
    store = open_store(uri, server.options)
    asked = fingerprints(store)
    assert [len(ends) for ends in assert_nothing_lost(store, asked).values()] == [1]
    assert typed(*GRID, *where, "rerun=missing")[0] == 0
    assert_nothing_lost(store, asked, completed=asked)
    assert len(store.attempts()) == 6


SWEEPING = """
import sys
sys.path.insert(0, {here!r})
from sweeper.running import batches
from sweeper.store import handed_over
handed_over.MOMENT_S, batches.MOST = float("inf"), 2
from sweeper.cli.commands import run_command
print("ready", flush=True)
sys.stdin.readline()
sys.exit(run_command({argv!r}, sys.stdout, sys.stderr))
"""


@pytest.mark.slow
def test_a_driver_killed_at_every_third_request_loses_and_doubles_nothing(server: S3Server):
    few = [*GRID[:2], "model=[naive_bayes]", *GRID[3:]]
    for at in range(8, 100, 3):  # what comes before is the plan
        uri = f"s3://results/driver-{at}"
        argv = [*few, f"analytics_store.uri={uri}", *server.overrides]
        lived = killed_running(SWEEPING.format(here=str(HELPERS), argv=argv), at, server)
        assert typed(*argv, "rerun=missing")[0] == 0
        store = open_store(uri, server.options)
        asked = fingerprints(store)
        assert len(asked) == len(store.attempts()) == 3
        assert_nothing_lost(store, asked, completed=asked)
        if lived:
            assert at > 15
            return
    raise AssertionError("the sweep never lived to its end")


# Servers that fail


@pytest.mark.parametrize("whole", [1 << 20, 10], ids=["in one request", "by ranges"])
def test_a_file_that_is_not_fetched_is_neither_left_out_nor_set_aside(
    server: S3Server, store: Store, monkeypatch: pytest.MonkeyPatch, whole: int
):
    monkeypatch.setattr("sweeper.store.object_files.WHOLE", whole)
    record(store, "a", 1.0)
    record(store, "b", 2.0)
    assert len(store.attempts()) == 2
    server.requests.clear()
    for at in (2, 3, 4):
        server.before = (len(server.requests) + at).__gt__
        with pytest.raises(StoreError, match="403 Forbidden"):
            store.results()
    server.before = None
    server.refuses = lambda method, path: method == "GET" and "/scores/1" in path
    for repair in (False, True):
        with pytest.raises(StoreError, match="could not be fetched"):
            store.check(repair=repair)
    server.refuses = None
    assert store.check().sound
    assert len(store.results()) == 2


def test_of_a_large_file_only_what_is_needed_is_fetched(
    server: S3Server, store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sweeper.store.object_files.WHOLE", 1 << 16)
    monkeypatch.setattr("sweeper.store.object_files.AT_ONCE", 1 << 16)
    noise = np.random.default_rng(0)
    table = pa.table({name: pa.array(noise.random(200_000)) for name in "abcd"})
    store.files.put("numbers", "1_large.parquet", encode_large(table))
    server.requests.clear()
    with pq.ParquetFile(store.files.source("numbers", "1_large.parquet")) as file:
        assert file.read(["b"]).equals(table.select(["b"]))
    assert 2 <= len(server.requests) <= 6


# Servers that cannot be reached


def test_a_server_that_is_not_there_ends_in_one_message(server: S3Server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{free.getsockname()[1]}"
    overrides = [line.replace(server.endpoint, away) for line in server.overrides]
    status, _, err = typed(*SMALL, INLINE, "analytics_store.uri=s3://results/away", *overrides)
    assert status == 2
    assert (err.count("cannot be"), "Traceback" in err, "testing-secret" in err) == (1, False, False)


def test_a_server_that_never_answers_is_given_up(server: S3Server):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        away = {"endpoint_url": f"http://127.0.0.1:{silent.getsockname()[1]}", "timeout": 1, "retry_timeout": 1}
        with pytest.raises(StoreError, match="cannot be read") as caught:
            open_store("s3://results/silent", {**server.options, **away}).attempts()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "options"),
    [
        ("gs://bucket/x", {"token": "anon", "endpoint_url": "http://127.0.0.1:9"}),
        (
            "abfs://container@account.dfs.core.windows.net/x",
            {"sas_token": "sig=hushhush", "account_host": "http://127.0.0.1:9"},
        ),
    ],
)
def test_other_kinds_of_servers_that_are_not_there_end_in_one_message_too(uri: str, options: dict[str, object]):
    ended = threading.Event()

    def look() -> None:
        with pytest.raises(StoreError, match="cannot be read") as caught:
            open_store(uri, options).attempts()
        assert "\n" not in str(caught.value)
        assert "hush" not in str(caught.value)
        ended.set()

    threading.Thread(target=look, daemon=True).start()
    assert ended.wait(120)
