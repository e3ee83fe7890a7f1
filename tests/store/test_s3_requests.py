"""What a sweep costs in requests to an object store: few for each run, and none for each stored result."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import S3Server, s3_server
from store_parts import BEGAN, ScoreRun, attempt

from sweeper.cli.commands import run_command
from sweeper.messages.receipts import HandedRows
from sweeper.messages.requests import Provenance
from sweeper.store import Store, open_store

METRICS = "[accuracy,balanced_accuracy,brier,ece,f1_macro,log_loss,precision_macro,recall_macro]"
GRID = ("capability=[evaluate]", f"metric={METRICS}", "job_backend.kind=inline")
SMALL = (*GRID, "dataset=[digits]", "model=[naive_bayes]")
LARGE = (*GRID, "dataset=[digits,digits_dark,digits_noisy]", "model=[logreg,naive_bayes]")
RUNS = {SMALL: 8, LARGE: 48}
INFERENCES = {8: 1, 48: 6}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as started:
        yield started


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run follows the one before within a moment, and batches are full, however slow the machine."""
    monkeypatch.setattr("sweeper.store.handed_over.MOMENT_S", float("inf"))
    monkeypatch.setattr("sweeper.running.batches.WRITE_EVERY_S", 1e9)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run follows another within a moment."""
    monkeypatch.setattr("sweeper.store.handed_over.MOMENT_S", 0.0)


def cost(server: S3Server, uri: str, *argv: str) -> tuple[int, str]:
    """How many requests a command makes, and what it says."""
    server.requests.clear()
    out, err = io.StringIO(), io.StringIO()
    assert run_command([*argv, f"analytics_store.uri={uri}", *server.overrides], out, err) == 0, err.getvalue()
    return len(server.requests), out.getvalue() + err.getvalue()


@pytest.mark.usefixtures("quick")
def test_quick_runs_cost_less_than_a_request_each(server: S3Server):
    requests, said = cost(server, "s3://results/quick", *LARGE)
    assert "48/48" in said
    assert requests <= 48 + INFERENCES[48]  # the table by datum of each is read, to compare the models
    again, said = cost(server, "s3://results/quick", *LARGE, "rerun=missing")
    assert "nothing to run; 48 skipped" in said
    assert again <= 21  # one of them looks whether anything was accepted


@pytest.mark.usefixtures("slow")
def test_a_run_that_writes_its_own_files_costs_three_requests(server: S3Server):
    cost(server, "s3://results/slow", *SMALL)
    writes = Counter(path.split("/")[3] for method, path in server.requests if method == "PUT")
    assert (writes["attempts"], writes["runs"], writes["maite_evaluation"]) == (8, 9, 9)  # with a schema file each
    own = [at for at, (method, path) in enumerate(server.requests) if method == "PUT" and "/attempts/" in path]
    assert [method for method, _ in server.requests[own[0] : own[-1]]] == ["PUT"] * (own[-1] - own[0])
    assert own[-1] - own[0] == 3 * 7


@pytest.mark.usefixtures("quick")
def test_no_command_makes_a_request_for_each_stored_result(server: S3Server, tmp_path: Path):
    commands = (("plan", *LARGE), ("report", "-o", f"{tmp_path}/report.html"), ("check",), (*SMALL, "rerun=missing"))
    costs: dict[int, list[int]] = {}
    for grid, runs in RUNS.items():
        uri = f"s3://results/stored-{runs}"
        cost(server, uri, *grid)
        costs[runs] = [cost(server, uri, *argv)[0] for argv in commands]
    further = dict.fromkeys(("check", "report"), INFERENCES[48] - INFERENCES[8])  # they look at each file of outcomes
    for (command, *_), few, many in zip(commands, costs[8], costs[48], strict=True):
        assert many <= few + 1 + further.get(command, 0), costs


def fill(store: Store, count: int) -> None:
    """Write this many results of other combinations, a thousand at a time."""
    rows: list[HandedRows] = []
    for i in range(count):
        job = Provenance(job_id=f"job{i}", run_event_id="event", submitted_at=BEGAN, completed_at=BEGAN)
        store.record(ScoreRun([float(i)]), provenance=job, attempt=attempt(i), finished_at=BEGAN, hand_over=rows.append)
        if len(rows) == 1000:
            store.batch_of(rows).write()
            rows.clear()
    store.batch_of(rows).write()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("stored", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_nothing_to_run_is_cheap_beside_many_merged_results(server: S3Server, stored: int):
    store = open_store(f"s3://results/merged-{stored}", server.options)
    cost(server, store.uri, *SMALL)
    fill(store, stored)
    store.compact(grace_s=0)
    requests, said = cost(server, store.uri, *SMALL, "rerun=missing")
    assert "nothing to run; 8 skipped" in said
    assert requests <= 20
    assert len(store.attempts()) == stored + 8
