"""Whatever a part raises, wherever it does so, is one failed attempt with its cause, and the sweep goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from isolation_parts import ERRORS, Fails
from parts import Tiny
from patience import LIMIT_S, until, until_there
from places import HELPERS

import sweeper
from sweeper import jobs
from sweeper.jobs import JobStatus
from sweeper.worker.interrupts import Interrupted, distinguish_interrupts

TEXTS = {"ValueError": r"half of a pair: \ud800, stopped"}
NO_TEXT = {"isolation_parts.MuteError": "KeyboardInterrupt", "isolation_parts.NumberError": "TypeError"}
TAKES_NOTHING = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO},report:0.5}"


def text(error: str) -> str:
    return f"(its text cannot be had: {NO_TEXT[error]})" if error in NO_TEXT else TEXTS.get(error, "stopped")


def overrides() -> list[str]:
    """Each error from everywhere, beside what is well."""
    made = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy]"]
    for number, error in enumerate(ERRORS):
        for at in ("init", "run", "extract", "report"):
            spec = f"_target_:isolation_parts.Fails,error:{error},at:{at}"
            made.append(f"+capability.{at}{number}={{{spec},{TAKES_NOTHING}}}")
        made.append(f"+model.m{number}={{_target_:isolation_parts.FailingModel,error:{error}}}")
        made.append(f"+metric.k{number}={{_target_:isolation_parts.FailingMetric,error:{error}}}")
    well = ["{model: naive_bayes}", "{metric: accuracy}"]
    made.append(
        f"only=[{', '.join([*well, *(f'{{capability: {at}*}}' for at in ('init', 'run', 'extract', 'report'))])}]"
    )
    return made


def test_every_error_from_everywhere_is_one_failed_attempt(kind: str, tmp_path: Path) -> None:
    where = [f"job_backend.kind={kind}", f"analytics_store.uri={tmp_path}/store"]
    result = sweeper.sweep([*overrides(), *where], progress=False)
    assert result.exit_status == 1
    rows = result.store.table("attempts").to_pylist()
    failed = {(row["capability"], row["model"], row["metric"]): row for row in rows if row["status"] == "failed"}
    assert len(rows) == len(result.plan.items)
    for number, error in enumerate(ERRORS):
        expected = [(f"{at}{number}", "", "") for at in ("init", "run", "extract")]
        expected += [("evaluate", f"m{number}", "accuracy"), ("evaluate", "naive_bayes", f"k{number}")]
        for names in expected:
            row = failed.pop(names)
            assert error in row["traceback"] or row["error_type"] == error, names
            if row["error_type"] == error:
                assert row["error_message"] == text(error), names
            assert row["traceback"].startswith("Traceback"), names
    assert not {names for names in failed if not names[1].startswith("m")}
    reported = {row["capability"]: row["status"] for row in rows if row["capability"].startswith("report")}
    assert set(reported.values()) == {"completed"}, "a report is no reason to lose a measurement"
    well = [row for row in rows if (row["model"], row["metric"]) == ("naive_bayes", "accuracy")]
    assert [row["status"] for row in well] == ["completed"]


@pytest.mark.parametrize("error", ERRORS)
def test_a_job_tells_what_was_raised(kind: str, tmp_path: Path, error: str) -> None:
    jobs.configure_job_backend(kind, analytics_store=str(tmp_path))
    job = jobs.submit_capability(Fails(error, "run"))
    assert job.wait(LIMIT_S) is JobStatus.FAILED
    assert job.error_info()[:2] == (error, text(error))
    with pytest.raises(jobs.JobFailedError, match="failed: "):
        job.result(LIMIT_S)
    assert jobs.submit_capability(Tiny()).wait(LIMIT_S) is JobStatus.COMPLETED
    jobs.shutdown_job_backend(wait=False)


# Interrupts from outside


def test_an_interrupt_from_outside_is_told_from_one_that_a_part_raises() -> None:
    with pytest.raises(Interrupted), distinguish_interrupts():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as raised, distinguish_interrupts():
        raise KeyboardInterrupt
    assert type(raised.value) is KeyboardInterrupt
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_in_another_thread_nothing_changes() -> None:
    handlers: list[Any] = []

    def look() -> None:
        with distinguish_interrupts():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(LIMIT_S)
    assert handlers == [signal.getsignal(signal.SIGINT)]


def test_an_inline_job_can_be_interrupted(tmp_path: Path) -> None:
    jobs.configure_job_backend("inline", analytics_store=str(tmp_path / "store"))
    started = tmp_path / "started"
    job = jobs.submit_capability(Tiny(started=str(started), sleep_s=60))

    def interrupt() -> None:
        until_there(started)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        job.wait()
    thread.join(LIMIT_S)
    assert job.status is JobStatus.CANCELLED
    jobs.shutdown_job_backend(wait=False)


def test_an_inline_sweep_ends_in_order_at_ctrl_c(tmp_path: Path) -> None:
    """What runs ends, what waits is left, and the exit status says so."""
    go, started = tmp_path / "go", tmp_path / "started"
    tiny = f"_target_:parts.Tiny,until:{go},started:{started},{TAKES_NOTHING}"
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from sweeper.__main__ import main;"
        "sys.argv[0] = 'sweeper'; sys.exit(main())"
    )
    command = [
        sys.executable, "-c", code, str(HELPERS), "job_backend.kind=inline",
        f"analytics_store.uri={tmp_path}/store", "capability=[]", f"+capability.a={{{tiny}}}",
        f"+capability.b={{{tiny.replace(str(started), str(started) + '2')}}}",
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    until(lambda: started.exists() or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    go.touch()
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130, said
