"""Once a cancellation is accepted the job is cancelled for good; its run ends soon, and `stored` says what it wrote."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from ctypes import PyDLL
from pathlib import Path
from typing import Any

import pytest
from parts import Tiny
from patience import LIMIT_S, until, until_there

from sweeper import jobs
from sweeper.jobs import JobStatus
from sweeper.jobs.job import BaseJob
from sweeper.messages.requests import AttemptInfo, Provenance, RunRequest, StoreLocation
from sweeper.store import open_store

LONG_S = 10_000.0
"""A run of this length ends only because somebody ends it."""


class Lasts(Tiny):
    """A run that lasts, in one of several ways, once it has said that it is there."""

    def __init__(self, way: str, folder: Path) -> None:
        super().__init__()
        self.way, self.folder = way, str(folder)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        Path(self.folder, "pid").write_text(str(os.getpid()))
        Path(self.folder, "started").touch()
        _WAYS[self.way]()
        return super().run(*args, **kwargs)


def _counts() -> None:
    while True:
        pass


def _swallows() -> None:
    while True:
        try:
            time.sleep(LONG_S)
        except KeyboardInterrupt:
            continue


def _swallows_once() -> None:
    try:
        time.sleep(LONG_S)
    except KeyboardInterrupt:
        return


_WAYS = {
    "python": _counts,
    "sleep": lambda: time.sleep(LONG_S),
    "lock": lambda: threading.Event().wait(LONG_S),
    "swallows": _swallows,
    "swallows once": _swallows_once,
    "c": lambda: hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1),
    "c with Python's lock": lambda: PyDLL(None).sleep(int(LONG_S)),
}


@pytest.fixture
def configured(kind: str, tmp_path: Path) -> Iterator[str]:
    jobs.configure_job_backend(kind, analytics_store=str(tmp_path / "store"))
    yield kind
    jobs.shutdown_job_backend(wait=False)


@pytest.fixture
def on_ray(ray_session: None, tmp_path: Path) -> Iterator[Any]:
    backend = jobs.RaySimpleJobBackend(str(tmp_path / "store"), cancel_grace_s=0.5)
    yield backend
    backend.close()


def assert_cancelled_for_good(job: Any) -> None:
    assert [job.status, job.wait(), job.wait(0), job.status] == [JobStatus.CANCELLED] * 4
    assert job.exception() is None
    for timeout in (None, 0):
        with pytest.raises(jobs.JobCancelledError, match=f"{job.job_id}: cancelled"):
            job.result(timeout)
    assert job.cancel() is False


def pid_of(folder: Path) -> int:
    until_there(folder / "started")
    return int((folder / "pid").read_text())


# While it runs, on Ray


@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("way", ["python", "sleep", "lock"])
def test_what_python_runs_is_interrupted_and_wrote_nothing(way: str, tmp_path: Path) -> None:
    backend = jobs.RaySimpleJobBackend(str(tmp_path / "store"), cancel_grace_s=2 * LIMIT_S)  # so that no force is used
    job = backend.submit_capability(Lasts(way, tmp_path))
    until_there(tmp_path / "started")
    assert job.cancel() is True
    assert_cancelled_for_good(job)
    until(lambda: job.stored is not None)
    assert job.stored is False
    assert_cancelled_for_good(job)
    assert "tiny" not in open_store(str(tmp_path / "store")).tables()
    backend.close()


@pytest.mark.parametrize("way", ["swallows", "c", "c with Python's lock"])
def test_what_no_interrupt_ends_is_killed_after_its_grace(on_ray: Any, way: str, tmp_path: Path) -> None:
    job = on_ray.submit_capability(Lasts(way, tmp_path))
    pid = pid_of(tmp_path)
    assert job.cancel() is True
    assert_cancelled_for_good(job)
    until(lambda: _has_ended(pid))
    until(lambda: job._outcome is not None or job.stored is not None)
    assert job.stored is None, "it might have been writing"
    assert_cancelled_for_good(job)
    assert on_ray.submit_capability(Tiny()).wait(LIMIT_S) is JobStatus.COMPLETED


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    except FileNotFoundError:
        return True


def test_a_run_that_completes_nevertheless_is_cancelled_and_says_that_its_rows_are_stored(
    on_ray: Any, tmp_path: Path
) -> None:
    job = on_ray.submit_capability(Lasts("swallows once", tmp_path))
    until_there(tmp_path / "started")
    assert job.cancel() is True
    until(lambda: job.stored is not None)
    assert job.stored is True
    assert_cancelled_for_good(job)
    assert open_store(str(tmp_path / "store")).table("tiny").num_rows == 1


def test_force_hastens_what_was_cancelled(ray_session: None, tmp_path: Path) -> None:
    backend = jobs.RaySimpleJobBackend(str(tmp_path / "store"), cancel_grace_s=2 * LIMIT_S)
    job = backend.submit_capability(Lasts("swallows", tmp_path))
    pid = pid_of(tmp_path)
    assert job.cancel() is True
    assert job.cancel() is False
    assert job.cancel(force=True) is True
    until(lambda: _has_ended(pid))
    until(lambda: job.cancel(force=True) is False)
    assert_cancelled_for_good(job)
    backend.close()


def test_a_worker_that_was_interrupted_runs_nothing_more(on_ray: Any, tmp_path: Path) -> None:
    job = on_ray.submit_capability(Lasts("sleep", tmp_path))
    pid = pid_of(tmp_path)
    job.cancel()
    until(lambda: _has_ended(pid))


def test_cancelled_jobs_are_listed_as_such(on_ray: Any, tmp_path: Path) -> None:
    job = on_ray.submit_capability(Lasts("sleep", tmp_path))
    job.cancel()
    assert on_ray.list_jobs(status_filter=JobStatus.CANCELLED) == [job]
    assert on_ray.list_jobs(status_filter=JobStatus.RUNNING) == []


@pytest.mark.parametrize("grace", [-1, "5", True, float("nan"), float("inf")])
def test_a_grace_that_is_none_is_refused(ray_session: None, tmp_path: Path, grace: Any) -> None:
    with pytest.raises(ValueError, match="cancel_grace_s is"):
        jobs.RaySimpleJobBackend(str(tmp_path), cancel_grace_s=grace)


# A sweep


def attempt(uri: str, capability: object) -> RunRequest:
    info = AttemptInfo("a" * 32, "f" * 64, "sweep", "config", "tiny", "", "", "", "{}")
    return RunRequest(capability, (), (), (), None, StoreLocation(uri), Provenance(), info)


def test_an_attempt_of_a_sweep_keeps_its_grace_and_its_handle_says_what_became_of_it(
    on_ray: Any, tmp_path: Path
) -> None:
    request = attempt(str(tmp_path / "store"), Tiny(started=str(tmp_path / "started"), until=str(tmp_path / "go")))
    job = on_ray.submit(request, resources={"num_cpus": 1.0}, name="x")
    until_there(tmp_path / "started")
    assert job.cancel() is True
    assert job.wait(2.0) is JobStatus.RUNNING, "longer than the grace of a job by hand"
    (tmp_path / "go").touch()
    assert job.wait(LIMIT_S) is JobStatus.COMPLETED


def test_an_attempt_that_holds_pythons_lock_is_killed_though_it_was_asked_before(on_ray: Any, tmp_path: Path) -> None:
    request = attempt(str(tmp_path / "store"), Lasts("c with Python's lock", tmp_path))
    job = on_ray.submit(request, resources={"num_cpus": 1.0}, name="x")
    pid = pid_of(tmp_path)
    job.cancel()
    job.cancel(force=True)
    assert job.wait(LIMIT_S) is JobStatus.CANCELLED
    until(lambda: _has_ended(pid))


# In this process


@pytest.fixture
def inline(tmp_path: Path) -> jobs.InlineJobBackend:
    return jobs.InlineJobBackend(str(tmp_path / "store"))


def cancel_once_it_runs(job: BaseJob[Any], folder: Path) -> tuple[threading.Thread, list[bool]]:
    said: list[bool] = []

    def cancel() -> None:
        until_there(folder / "started")
        said.append(job.cancel())

    thread = threading.Thread(target=cancel)
    thread.start()
    return thread, said


@pytest.mark.parametrize("way", ["python", "sleep", "lock"])
def test_a_run_in_this_process_is_interrupted_by_another_thread(
    inline: jobs.InlineJobBackend, tmp_path: Path, way: str
) -> None:
    job = inline.submit_capability(Lasts(way, tmp_path))
    thread, said = cancel_once_it_runs(job, tmp_path)
    assert job.wait() is JobStatus.CANCELLED
    thread.join(LIMIT_S)
    assert said == [True]
    assert job.stored is False
    assert_cancelled_for_good(job)


def test_a_run_in_this_process_that_completes_nevertheless_says_so(
    inline: jobs.InlineJobBackend, tmp_path: Path
) -> None:
    job = inline.submit_capability(Lasts("swallows once", tmp_path))
    thread, _ = cancel_once_it_runs(job, tmp_path)
    assert job.wait() is JobStatus.CANCELLED
    thread.join(LIMIT_S)
    assert job.stored is True
    assert_cancelled_for_good(job)


def test_a_run_that_cancels_itself_ends_there(inline: jobs.InlineJobBackend) -> None:
    class CancelsItself(Tiny):
        job: Any = None

        def run(self, *args: Any, **kwargs: Any) -> Any:
            assert self.job.cancel() is True
            time.sleep(LONG_S)

    capability = CancelsItself()
    capability.job = inline.submit_capability(capability)
    assert capability.job.wait() is JobStatus.CANCELLED
    assert capability.job.stored is False


def test_a_run_in_another_thread_goes_on_unseen(inline: jobs.InlineJobBackend, tmp_path: Path) -> None:
    job = inline.submit_capability(Tiny(started=str(tmp_path / "started"), until=str(tmp_path / "go")))
    thread = threading.Thread(target=job.wait)
    thread.start()
    until_there(tmp_path / "started")
    assert job.wait(0.05) is JobStatus.RUNNING
    assert job.cancel() is True
    assert_cancelled_for_good(job)
    assert job.stored is None
    (tmp_path / "go").touch()
    thread.join(LIMIT_S)
    assert job.stored is True


# What a handle says of the store


def test_stored_says_what_became_of_a_run(configured: str) -> None:
    completed, failed = jobs.submit_capability(Tiny()), jobs.submit_capability(Tiny(error="boom"))
    assert [completed.wait(LIMIT_S), failed.wait(LIMIT_S)] == [JobStatus.COMPLETED, JobStatus.FAILED]
    assert [completed.stored, failed.stored] == [True, False]


def test_a_job_that_never_began_wrote_nothing(configured: str, tmp_path: Path) -> None:
    held = [jobs.submit_capability(Tiny(until=str(tmp_path / "go"))) for _ in range(2)]
    job = jobs.submit_capability(Tiny())
    assert job.cancel() is True
    assert_cancelled_for_good(job)
    until(lambda: job.stored is not None)
    assert job.stored is False
    (tmp_path / "go").touch()
    assert [one.wait(LIMIT_S) for one in held] == [JobStatus.COMPLETED] * 2


def test_a_run_that_fails_while_it_writes_may_have_written(configured: str) -> None:
    job = jobs.submit_capability(FailsToExtract())
    assert job.wait(LIMIT_S) is JobStatus.FAILED
    assert job.stored is None


class FailsToExtract(Tiny):
    def run(self, *args: Any, **kwargs: Any) -> Any:
        run = super().run(*args, **kwargs)
        run.extract = None
        return run


# Looks


def test_after_a_wait_that_timed_out_what_runs_is_running(on_ray: Any, tmp_path: Path) -> None:
    by_wait = on_ray.submit_capability(Tiny(until=str(tmp_path / "go")))
    by_result = on_ray.submit_capability(Tiny(until=str(tmp_path / "go")))
    assert by_wait.wait(0.2) is JobStatus.RUNNING
    with pytest.raises(jobs.JobTimeoutError, match=r"timed out after 0\.200s"):
        by_result.result(0.2)
    assert [by_wait.status, by_result.status] == [JobStatus.RUNNING] * 2
    (tmp_path / "go").touch()
    assert [by_wait.wait(LIMIT_S), by_result.wait(LIMIT_S)] == [JobStatus.COMPLETED] * 2
