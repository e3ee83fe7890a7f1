"""stdout has what a command shows and nothing else; a stream that is closed, full or gone costs no result."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest
from invariant import assert_nothing_lost
from places import HELPERS

from sweeper.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("empty_folder")]
LIMIT_S = 120
NO_PARTS = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO}}"
INLINE, RAY = "job_backend.kind=inline", "job_backend.num_cpus=2"
needs_dev_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")


def environment() -> dict[str, str]:
    paths = [str(HELPERS), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def command(**capabilities: str) -> list[str]:
    """A sweep of these capabilities, each given by its target and parameters."""
    made = [f"+capability.{name}={{_target_:{spec},{NO_PARTS}}}" for name, spec in capabilities.items()]
    return [sys.executable, "-m", "sweeper", "capability=[]", *made]


def finished(words: Sequence[str], shell: str = "") -> subprocess.CompletedProcess[str]:
    line = ["sh", "-c", f"{shlex.join(words)} {shell}"]
    return subprocess.run(line, capture_output=True, text=True, timeout=LIMIT_S, check=False, env=environment())


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def fingerprints() -> list[str]:
    planned: dict[str, Any] = open_store("analytics_store").asked().to_pydict()
    return planned["fingerprint"]


# Nothing but the document


@pytest.mark.parametrize("backend", [INLINE, pytest.param(RAY, marks=pytest.mark.slow)])
def test_the_document_is_all_there_is_on_stdout_whoever_prints(backend: str):
    done = finished([*command(a="loud_parts.Loud", b="loud_parts.Loud,error:no"), backend, "--json"])
    document = json.loads(done.stdout)
    assert (done.returncode, document["counts"]["completed"], document["counts"]["failed"]) == (1, 1, 1)
    if backend == INLINE:
        assert done.stderr.count("said aloud") >= 20
    assert_nothing_lost("analytics_store", fingerprints(), completed=fingerprints()[:1])


@pytest.mark.slow
def test_the_document_is_all_there_is_on_stdout_when_a_worker_dies():
    done = finished([*command(a="parts.Tiny,exit_status:1", b="parts.Tiny"), RAY, "--json"])
    counts = json.loads(done.stdout)["counts"]
    assert (counts["lost"], counts["completed"]) == (1, 1)
    assert_nothing_lost("analytics_store", fingerprints())


def test_a_plan_is_all_there_is_on_stdout_where_the_driver_imports_a_module_that_prints():
    """The driver imports the class of a capability whose choice does not say its arity."""
    grid = ["capability=[]", "+capability.a={_target_:loud_parts.Loud}"]
    done = finished([sys.executable, "-m", "sweeper", "plan", *grid, "--json"])
    assert (done.returncode, json.loads(done.stdout)["plan"]["total"]) == (0, 1)
    assert "said aloud" in done.stderr


def test_a_part_that_closes_the_streams_takes_nothing_with_it():
    done = finished([*command(a="loud_parts.Hostile", b="parts.Tiny,text:hello"), INLINE, "--json"])
    assert json.loads(done.stdout)["counts"]["completed"] == 2
    assert_nothing_lost("analytics_store", fingerprints(), completed=fingerprints())


# Streams that fail


@pytest.mark.parametrize(
    ("shell", "status"),
    [
        (">&-", 0),
        ("2>&-", 0),
        (">&- 2>&-", 0),
        ("<&- >&- 2>&-", 0),
        pytest.param(">/dev/full", 2, marks=needs_dev_full),
        pytest.param("2>/dev/full", 0, marks=needs_dev_full),
        pytest.param(">/dev/full 2>&1", 2, marks=needs_dev_full),
    ],
)
def test_a_sweep_whose_streams_fail_runs_whole(shell: str, status: int):
    done = finished([*command(a="parts.Tiny", b="parts.Tiny,text:hello"), INLINE], shell)
    assert done.returncode == status, done.stderr
    assert_nothing_lost("analytics_store", fingerprints(), completed=fingerprints())


def test_who_reads_no_further_ends_the_output_and_not_the_sweep():
    words = shlex.join([*command(a="loud_parts.Loud", b="parts.Tiny"), INLINE])
    done = finished(["sh", "-c", f"{{ {words}; echo $? >status; }} | true"])
    assert (Path("status").read_text(), "Traceback" in done.stderr) == ("141\n", False)
    assert_nothing_lost("analytics_store", fingerprints(), completed=fingerprints())


def test_messages_that_nobody_reads_cost_no_result():
    words = shlex.join(
        [*command(a="loud_parts.Loud", b="parts.Tiny,sleep_s:1", c="loud_parts.Loud,text:again"), INLINE]
    )
    finished(["sh", "-c", f"{{ {words} 2>&1 >shown; echo $? >status; }} | true"])
    assert Path("status").read_text() == "0\n"
    assert "3 completed" in Path("shown").read_text()
    assert_nothing_lost("analytics_store", fingerprints(), completed=fingerprints())


# A terminal that goes away


def in_a_terminal(words: Sequence[str], **keywords: Any) -> tuple[subprocess.Popen[bytes], int]:
    """A process in a session of its own whose terminal is a new one; returns it and the other end of the terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        words, stdin=follower, stdout=follower, stderr=follower, start_new_session=True, env=environment(),
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0), **keywords,
    )  # fmt: skip
    os.close(follower)
    os.set_blocking(leader, False)
    return process, leader


@pytest.mark.parametrize("backend", [INLINE, pytest.param(RAY, marks=pytest.mark.slow)])
def test_a_sweep_whose_terminal_is_closed_ends_in_order(backend: str):
    """What runs completes, what waits is left for the next sweep, and no process stays."""
    waits = "parts.Tiny,text:hello,started:{0}_began,until:go"
    grid = command(**{name: waits.format(name) for name in ("a", "b", "c", "d")})
    process, leader = in_a_terminal([*grid, backend, "max_in_flight=1"])
    wait_for(lambda: any(Path().glob("*_began")) or process.poll() is not None)
    os.close(leader)
    time.sleep(0.5)  # the signal arrives while it runs
    Path("go").touch()
    assert process.wait(timeout=LIMIT_S) == 130
    rows = open_store("analytics_store").attempts().to_pylist()
    assert [row["status"] for row in rows] == ["completed"]
    assert_nothing_lost("analytics_store", fingerprints(), completed=[rows[0]["fingerprint"]])


def test_a_sweep_under_nohup_goes_on_when_its_terminal_is_closed():
    ignore = [sys.executable, "-c", "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
              "os.execv(sys.argv[1], sys.argv[1:])"]  # fmt: skip
    grid = command(a="parts.Tiny,started:began,until:go", b="loud_parts.Loud")
    process, leader = in_a_terminal([*ignore, *grid, INLINE])
    wait_for(lambda: Path("began").exists() or process.poll() is not None)
    os.close(leader)
    Path("go").touch()
    assert process.wait(timeout=LIMIT_S) == 2, "its output could not be shown"
    assert_nothing_lost("analytics_store", fingerprints(), completed=fingerprints())


def test_a_hangup_is_an_interrupt_like_any_other():
    process = subprocess.Popen(
        [*command(a="parts.Tiny,started:began,until:go", b="parts.Tiny"), INLINE, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    wait_for(lambda: Path("began").exists() or process.poll() is not None)
    process.send_signal(signal.SIGHUP)
    Path("go").touch()
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, err
    assert json.loads(out)["counts"]["completed"] + json.loads(out)["counts"]["not_attempted"] == 2
    assert_nothing_lost("analytics_store", fingerprints())
