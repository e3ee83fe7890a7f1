"""What a signal from outside ends in a worker is lost and tried again; what the user's code leaves has failed."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from invariant import assert_nothing_lost
from runner_bench import ONE, Bench, choice, planned, tiny

from sweeper.planning.combinations import Planned
from sweeper.vocabulary import Combination, Runtime

pytestmark = pytest.mark.faults
LIMIT_S = 120.0


def fault(target: str, /, **spec: object) -> Combination:
    """A combination of nothing but a capability of `fault_parts`."""
    return Combination(choice("capability", target, f"fault_parts.{target}", tiny("x")[0].runtime, **spec), (), (), ())


def readers(pids: Path, where: str) -> list[Planned]:
    """Three combinations that read what one lingering model predicts."""
    reads = Runtime(arity=ONE, reads_predictions=True, predictions_depend_on=("batch_size",))
    capability = choice("capability", "evaluate", "sweeper.capabilities.Evaluate", reads, batch_size=64)
    data = choice("dataset", "numbers", "parts.Numbers", n=4)
    model = choice("model", "lingers", "fault_parts.LingeringModel", pids=str(pids), where=where)
    hits = [choice("metric", f"hits{i}", "parts.Hits", name=f"hits{i}") for i in range(3)]
    return planned(*(Combination(capability, (data,), (model,), (metric,)) for metric in hits))


def send_to_the_first(pids: Path, number: signal.Signals) -> threading.Thread:
    """Send a signal to the process that lingers, once there is one."""
    pids.mkdir()

    def send() -> None:
        deadline = time.monotonic() + LIMIT_S
        while not (found := list(pids.iterdir())) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        os.kill(int(found[0].name), number)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("where", ["python", "c"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_a_signal_ends_is_lost_and_tried_again(
    ray_bench: Bench, tmp_path: Path, number: signal.Signals, where: str
):
    thread = send_to_the_first(tmp_path / "pids", number)
    items = planned(fault("Lingers", pids=str(tmp_path / "pids"), where=where), tiny("beside"))
    outcome = ray_bench.run(items, retries=1)
    thread.join(LIMIT_S)
    assert outcome.counts["completed"] == 2
    everything = [item.fingerprint for item in items]
    statuses = assert_nothing_lost(ray_bench.store, everything, completed=everything, tidy=False)
    assert sorted(statuses.values()) == [["completed"], ["completed", "lost"]]


@pytest.mark.parametrize("where", ["python", "c"])
def test_an_inference_that_a_signal_ends_is_made_again_for_all_its_readers(
    ray_bench: Bench, tmp_path: Path, where: str
):
    thread = send_to_the_first(tmp_path / "pids", signal.SIGTERM)
    items = readers(tmp_path / "pids", where)
    outcome = ray_bench.run(items, retries=1)
    thread.join(LIMIT_S)
    assert outcome.counts["completed"] == 3
    everything = [item.fingerprint for item in items]
    statuses = assert_nothing_lost(ray_bench.store, everything, completed=everything, tidy=False)
    assert list(statuses.values()) == [["completed", "lost"]] * 3


def test_an_interrupt_from_outside_disturbs_no_run_of_a_sweep(ray_bench: Bench, tmp_path: Path):
    pids, go = tmp_path / "pids", tmp_path / "go"
    items = planned(fault("SaysItsProcess", pids=str(pids), until=str(go)))
    thread = send_to_the_first(pids, signal.SIGINT)

    def let_go() -> None:
        thread.join(LIMIT_S)
        go.touch()

    threading.Thread(target=let_go, daemon=True).start()
    assert ray_bench.run(items).counts["completed"] == 1
    assert_nothing_lost(ray_bench.store, [items[0].fingerprint], completed=[items[0].fingerprint], tidy=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_between_two_tasks_loses_nothing(ray_bench: Bench, tmp_path: Path, number: signal.Signals):
    pids = tmp_path / "pids"
    pids.mkdir()
    before = planned(fault("SaysItsProcess", pids=str(pids)))
    after = planned(*(tiny(f"after{i}") for i in range(4)))
    assert ray_bench.run(before).counts["completed"] == 1
    for path in pids.iterdir():
        os.kill(int(path.name), number)
    assert ray_bench.run(after, retries=1).counts["completed"] == 4
    everything = [item.fingerprint for item in (*before, *after)]
    assert_nothing_lost(ray_bench.store, everything, completed=everything, tidy=False)


def test_code_that_leaves_by_itself_has_failed(ray_bench: Bench):
    items = planned(fault("Leaves"))
    assert ray_bench.run(items, retries=1).counts["failed"] == 1
    (row,) = ray_bench.store.attempts().to_pylist()
    assert (row["status"], row["error_type"]) == ("failed", "SystemExit")
    assert_nothing_lost(ray_bench.store, [items[0].fingerprint], tidy=False)
