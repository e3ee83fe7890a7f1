"""Starting has a limit, can be interrupted at every moment, and ends in one message."""

from __future__ import annotations

import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from sweep_process import LIMIT_S, SweepProcess, alive, until

from sweeper.jobs.ray_simple.keeper import Keeper
from sweeper.store import open_store

pytestmark = pytest.mark.faults
TINY = """
tiny:
  _target_: parts.Tiny
  _sweep_: {arity: {datasets: ZERO, models: ZERO, metrics: ZERO}}
"""


@pytest.fixture
def silent() -> Iterator[str]:
    """An address where somebody listens who never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def assert_one_message(sweep: SweepProcess, said: str) -> None:
    """One message of ours, no traceback, and nothing was run."""
    (message,) = re.findall(r"^sweeper: .*$", sweep.err, re.MULTILINE)
    assert re.search(said, message), message
    assert "Traceback" not in sweep.err
    assert open_store(sweep.folder / "analytics_store").sweep_ids() == []


@pytest.mark.slow
def test_an_address_that_never_answers_ends_the_sweep_in_time(tmp_path: Path, silent: str):
    limits = (f"job_backend.address={silent}", "job_backend.start_timeout_s=2")
    sweep = SweepProcess(tmp_path, "capability=[tiny]", *limits, capability=TINY)
    assert sweep.wait() == 2
    assert_one_message(sweep, f"address={silent}.*longer than 2 s.*start_timeout_s.*nothing was run")


@pytest.mark.slow
def test_an_address_where_nobody_is_is_refused(tmp_path: Path, silent: str):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        sweep = SweepProcess(tmp_path, "capability=[tiny]", f"job_backend.address={address}", capability=TINY)
        assert sweep.wait() == 2
    assert_one_message(sweep, f"nobody answers at {address}")


@pytest.mark.slow
def test_auto_names_the_address_of_a_ray_that_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`ray start` leaves its address in a file, and where it was killed, that stays."""
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        (tmp_path / "tmp/ray").mkdir(parents=True)
        (tmp_path / "tmp/ray/ray_current_cluster").write_text(f"127.0.0.1:{port}")
        sweep = SweepProcess(tmp_path, "capability=[tiny]", "job_backend.address=auto", capability=TINY)
        assert sweep.wait() == 2
    assert_one_message(sweep, f"nobody answers at .*:{port}, where the last Ray of this machine was started")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_interrupt_ends_a_start_that_hangs(tmp_path: Path, silent: str, number: signal.Signals):
    limits = (f"job_backend.address={silent}", "job_backend.start_timeout_s=100000")
    sweep = SweepProcess(tmp_path, "capability=[tiny]", *limits, capability=TINY)
    try:
        until(lambda: "starting workers" in sweep.err, "the start")
        sweep.send(number)
        assert sweep.wait() == 130
    finally:
        sweep.end()
    assert_one_message(sweep, "interrupted")


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes below /proc")
def test_a_ray_that_is_half_started_is_ended_with_the_sweep(tmp_path: Path):
    sweep = SweepProcess(tmp_path, "capability=[tiny]", "job_backend.num_cpus=1", capability=TINY)
    try:
        until(lambda: sweep.offspring("gcs_server"), "Ray's first process")
        ray_processes = sweep.offspring("ray")
        sweep.send(signal.SIGINT)
        assert sweep.process.wait(LIMIT_S) == 130
        until(lambda: not any(map(alive, ray_processes)), "the end of what was started")
    finally:
        sweep.end()
    assert_one_message(sweep, "interrupted")


def test_a_start_that_is_given_up_leaves_again_once_it_is_there(monkeypatch: pytest.MonkeyPatch):
    go, left = threading.Event(), threading.Event()
    monkeypatch.setattr(ray, "shutdown", left.set)
    keeper = Keeper(lambda: go.wait(LIMIT_S))
    with pytest.raises(TimeoutError, match=r"longer than 0\.05 s"):
        keeper.start(0.05)
    assert not left.is_set()
    go.set()
    assert left.wait(LIMIT_S)


def test_a_ray_that_does_not_shut_down_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    hangs = threading.Event()
    monkeypatch.setattr(ray, "shutdown", hangs.wait)
    monkeypatch.setattr("sweeper.jobs.ray_simple.keeper.SHUTDOWN_S", 0.05)
    keeper = Keeper(lambda: "there")
    assert keeper.start(LIMIT_S) == "there"
    keeper.close(shut_down=True)
    hangs.set()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "sweeper-ray"], "its end")


def test_what_is_left_of_a_dead_ray_is_ended_before_it_is_shut_down(monkeypatch: pytest.MonkeyPatch):
    done = list[str]()
    monkeypatch.setattr(ray, "shutdown", lambda: done.append("shut down"))
    keeper = Keeper(lambda: "there", afterwards=lambda: done.append("ended"))
    keeper.start(LIMIT_S)
    keeper.close(shut_down=True, is_dead=True)
    assert done[:2] == ["ended", "shut down"]


def test_who_interrupts_a_shutdown_waits_no_longer_for_it(monkeypatch: pytest.MonkeyPatch):
    hangs, ended, began = threading.Event(), threading.Event(), threading.Event()
    monkeypatch.setattr(ray, "shutdown", lambda: (began.set(), hangs.wait(LIMIT_S)))
    monkeypatch.setattr("sweeper.jobs.ray_simple.keeper.SHUTDOWN_S", LIMIT_S)
    keeper = Keeper(lambda: "there", afterwards=ended.set)
    keeper.start(LIMIT_S)
    main = threading.main_thread().ident
    assert main is not None
    interrupt = threading.Thread(target=lambda: began.wait(LIMIT_S) and signal.pthread_kill(main, signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        keeper.close(shut_down=True)
    assert ended.is_set()
    hangs.set()
    interrupt.join(LIMIT_S)


def test_what_a_start_raises_is_raised_to_who_waits():
    def refuse() -> str:
        raise ConnectionError("no")

    with pytest.raises(ConnectionError, match="no"):
        Keeper(refuse).start(LIMIT_S)
