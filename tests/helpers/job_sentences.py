"""The page of the ray-simple job backend, sentence by sentence: each with a check of a system that says to hold it."""

from __future__ import annotations

import inspect
import json
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from job_system import LARGE, LIMIT_S, Held, System, until


class Sentence(NamedTuple):
    """What the page says, and how that is seen."""

    text: str
    check: Callable[[System], None]
    on_ray: bool
    """Whether it is about Ray, or about a run that goes on while somebody looks at it."""


SENTENCES: list[Sentence] = []


def says(text: str, *, on_ray: bool = False) -> Callable[[Callable[[System], None]], Callable[[System], None]]:
    def keep(check: Callable[[System], None]) -> Callable[[System], None]:
        SENTENCES.append(Sentence(text, check, on_ray))
        return check

    return keep


@contextmanager
def raises(kind: type[BaseException], *phrases: str) -> Iterator[None]:
    """Like `pytest.raises`, for several phrases without the signs of a pattern."""
    with pytest.raises(kind) as caught:
        yield
    said = str(caught.value)
    assert [phrase for phrase in phrases if phrase not in said] == [], said


# Configuration


@says("configure_job_backend(kind, analytics_store=...) makes a backend the active one")
def _(system: System) -> None:
    assert system.ended().result().capability_id == "contract"


@says("artifact_store={'uri': ...} is taken, as a mapping or as an object")
def _(system: System) -> None:
    place = system.jobs.ArtifactStoreConfig(uri=str(system.folder / "artifacts"))
    system.configure(artifact_store=place, analytics_store=system.jobs.AnalyticsStoreConfig(uri=system.uri))
    assert system.ended().result().store_uri


@says("without a backend, submitting is a RuntimeError, 'No active job backend', and the list is empty")
def _(system: System) -> None:
    system.jobs.shutdown_job_backend(wait=False)
    with raises(RuntimeError, "No active job backend"):
        system.submit()
    with raises(RuntimeError, "No active job backend"):
        system.jobs.get_job("x")
    assert list(system.jobs.list_jobs()) == []
    system.jobs.shutdown_job_backend()


@says("an unknown kind is a ValueError, 'Unknown job backend'")
def _(system: System) -> None:
    with raises(ValueError, "Unknown job backend", "'no-such-kind'"):
        system.jobs.configure_job_backend(
            "no-such-kind",
            analytics_store={"backend": "parquet", "uri": system.uri},
            artifact_store={"uri": str(system.folder / "artifacts")},
        )


@says("jobs of the backend before are not disturbed by a new one, and only it lists them", on_ray=True)
def _(system: System) -> None:
    held = system.held()
    system.configure()
    assert list(system.jobs.list_jobs()) == []
    assert held.let_go().status is system.jobs.JobStatus.COMPLETED


@says("RaySimpleJobBackend takes analytics_store, address, runtime_env, max_retries, force_reinit", on_ray=True)
def _(system: System) -> None:
    names = list(inspect.signature(system.jobs.RaySimpleJobBackend).parameters)
    assert names[:5] == ["analytics_store", "address", "runtime_env", "max_retries", "force_reinit"]
    system.configure(max_retries=1)
    assert system.ended().status is system.jobs.JobStatus.COMPLETED


# Submission


@says("submit_capability returns a handle at once: RaySimpleJob", on_ray=True)
def _(system: System) -> None:
    held = system.held()
    assert isinstance(held.job, system.jobs.RaySimpleJob)
    assert not held.job.status.is_terminal
    held.let_go()


@says("the capability gets models, datasets, metrics and config, and use_cache=False")
def _(system: System) -> None:
    part = SimpleNamespace(metadata={"id": "part"})
    arguments = {"models": [part], "datasets": [part, part], "metrics": [part], "config": {"x": 7.0}}
    assert system.ended({"looks": True}, **arguments, use_cache=False).exception() is None
    assert sorted(system.values()) == [0.0, 1.0, 1.0, 2.0, 7.0]


@says("further keywords go to the capability's run")
def _(system: System) -> None:
    assert system.ended({"values": [2.0]}, scale=3.0).exception() is None
    assert system.values() == [6.0]


@says("use_cache=True is refused with a ValueError, 'use_cache=True is not supported', and nothing is submitted")
def _(system: System) -> None:
    with raises(ValueError, "use_cache=True is not supported", "use_cache=False"):
        system.submit(use_cache=True)
    assert list(system.jobs.list_jobs()) == []


@says("every submission is a new job: there is no duplicate suppression")
def _(system: System) -> None:
    capability = system.does()
    first, second = (system.jobs.submit_capability(capability) for _ in range(2))
    assert first.job_id != second.job_id
    assert {job.wait(LIMIT_S) for job in (first, second)} == {system.jobs.JobStatus.COMPLETED}
    assert system.values() == [1.0, 1.0]


@says("a handle has job_id, job_name (the capability's id unless given, stripped) and created_at in UTC")
def _(system: System) -> None:
    before = datetime.now(UTC)
    plain, named = system.ended(), system.ended(job_name="  mine ")
    assert (plain.job_name, named.job_name) == ("contract", "mine")
    assert before <= plain.created_at <= named.created_at <= datetime.now(UTC)
    assert plain.created_at.utcoffset() == timedelta(0)
    assert isinstance(plain.job_id, str)


@says("job_name can be the seventh argument; another type, an empty one and one of 257 bytes are refused")
def _(system: System) -> None:
    job = system.jobs.submit_capability(system.does(), None, None, None, None, False, "seventh")
    assert job.job_name == "seventh"
    job.wait(LIMIT_S)
    with raises(TypeError, "job_name must be a string or None"):
        system.submit(job_name=3)
    with raises(ValueError, "job_name must be non-empty"):
        system.submit(job_name=" ")
    with raises(ValueError, "job_name must be at most 256 UTF-8 bytes"):
        system.submit(job_name="x" * 257)


@says("resources={'num_cpus': 2} keeps two jobs from running at once on two processors", on_ray=True)
def _(system: System) -> None:
    _assert_one_at_a_time(system, resources={"num_cpus": 2})


@says("where no resources are given, those of the config count", on_ray=True)
def _(system: System) -> None:
    _assert_one_at_a_time(system, config=SimpleNamespace(num_cpus=2))


@says("where neither says any, default_num_cpus of the capability counts", on_ray=True)
def _(system: System) -> None:
    _assert_one_at_a_time(system, default=2)


def _assert_one_at_a_time(system: System, default: int | None = None, **kwargs: Any) -> None:
    marks = [(system.path("started"), system.path("go")) for _ in range(2)]
    jobs: list[Any] = []
    for started, go in marks:
        capability = system.does(started=str(started), go=str(go))
        if default is not None:
            capability.default_num_cpus = default
        jobs.append(system.jobs.submit_capability(capability, **kwargs))
    until(lambda: any(started.exists() for started, _ in marks) or jobs[0].status.is_terminal)
    time.sleep(0.5)
    assert sum(started.exists() for started, _ in marks) == 1
    for _, go in marks:
        go.touch()
    assert {job.wait(LIMIT_S) for job in jobs} == {system.jobs.JobStatus.COMPLETED}


# Results and the store


@says("result() is a small CapabilityRunRef with run_uid, capability_id, store_uri, outputs_uri and report")
def _(system: System) -> None:
    job = system.ended({"values": [1.0] * 5000})
    ref = job.result(timeout=300)
    assert isinstance(ref, system.jobs.CapabilityRunRef)
    assert (ref.capability_id, ref.outputs_uri, ref.report) == ("contract", None, None)
    assert ref.run_uid
    assert len(pickle.dumps(ref)) < 2000
    assert job.result() == ref


@says("completed run data is written through the analytics store, in a file that store_uri names")
def _(system: System) -> None:
    ref = system.ended({"values": [3.0, 4.0]}).result()
    assert Path(ref.store_uri.removeprefix("file://")).exists()
    assert sorted(system.values()) == [3.0, 4.0]
    assert set(system.values(column="run_uid")) == {ref.run_uid}


@says("the table runs names the job")
def _(system: System) -> None:
    job = system.ended()
    assert set(system.values("runs", "job_id")) == {job.job_id}
    assert set(system.values("runs", "run_event_id")) == {job.job_id}


@says("a run that extracts no rows succeeds, with store_uri None")
def _(system: System) -> None:
    assert system.ended({"values": []}).result().store_uri is None


@says("a small report is in the reference, made with report_threshold (0.5 unless given)")
def _(system: System) -> None:
    job = system.ended({"report": "# {threshold}"})
    assert (job.result().report.content, job.result().report.kind) == ("# 0.5", "inline_text")
    assert system.ended({"report": "# {threshold}"}, report_threshold=0.7).result().report.content == "# 0.7"
    assert len(system.ended({"report": "x" * 200_000}).result().report.content) == 200_000


@says("a report that is too large for the reference goes to the artifact store, and uri names it")
def _(system: System) -> None:
    report = system.ended({"report": LARGE}).result().report
    assert report.kind == "artifact"
    path = Path(report.uri.removeprefix("file://"))
    assert path.is_relative_to(system.folder / "artifacts")
    assert path.read_text() == LARGE


@says("CapabilityRunRef can be made with its five names, and the report can be None")
def _(system: System) -> None:
    ref = system.jobs.CapabilityRunRef(run_uid="r", capability_id="c", store_uri=None, report=None)
    assert (ref.run_uid, ref.capability_id, ref.store_uri, ref.outputs_uri, ref.report) == ("r", "c", None, None, None)


@says("CapabilityRunRef has model_dump, model_dump_json, model_validate, model_validate_json and model_copy")
def _(system: System) -> None:
    kind, plain = system.jobs.CapabilityRunRef, {"run_uid": "r", "capability_id": "c", "store_uri": None}
    report = {"media_type": "text/markdown", "filename": "r.md", "kind": "inline_text", "content": "\u00fc"}
    whole = {**plain, "outputs_uri": None, "report": report}
    ref = kind.model_validate(whole)
    assert (ref.report.content, ref.report.kind, ref.report.model_dump()) == ("\u00fc", "inline_text", report)
    assert [ref.model_dump(), ref.model_dump(mode="json")] == [whole] * 2
    assert ref.model_dump(exclude={"report"}, exclude_none=True) == {"run_uid": "r", "capability_id": "c"}
    assert ref.model_dump_json() == json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    assert kind.model_validate_json(ref.model_dump_json()) == kind.model_validate(ref) == ref.model_copy() == ref
    assert ref.model_copy(update={"store_uri": "s"}).model_dump(include={"store_uri"}) == {"store_uri": "s"}


@says("a reference that is no reference is a ValueError which names what is missing or wrong")
def _(system: System) -> None:
    ref = system.jobs.CapabilityRunRef(run_uid="r", capability_id="c", store_uri=None, report=None).model_dump()
    for name, wrong, said in (
        ("run_uid", 3, "run_uid"),
        ("store_uri", 3, "store_uri"),
        ("report", {"kind": "artifact"}, "media_type"),
        ("report", {"kind": "letter"}, "letter"),
        ("report", "a text", "report"),
    ):
        with raises(ValueError, said):
            system.jobs.CapabilityRunRef.model_validate({**ref, name: wrong})
    with raises(ValueError, "run_uid"):
        system.jobs.CapabilityRunRef.model_validate({})


@says("the reference of a job that has a report survives the way through JSON")
def _(system: System) -> None:
    for report in ("# small", LARGE):
        ref = system.ended({"report": report}).result()
        assert type(ref).model_validate_json(ref.model_dump_json()).model_dump() == ref.model_dump()


# Status


@says("first non-ready observation is PENDING, later ones RUNNING", on_ray=True)
def _(system: System) -> None:
    held, status = system.held(), system.jobs.JobStatus
    assert [held.job.status for _ in range(3)] == [status.PENDING, status.RUNNING, status.RUNNING]
    held.let_go()


@says("a wait that timed out returns RUNNING, and the status is RUNNING after it", on_ray=True)
def _(system: System) -> None:
    held, status = system.held(), system.jobs.JobStatus
    assert held.job.wait(timeout=0.1) is status.RUNNING
    assert held.job.status is status.RUNNING
    held.let_go()


@says("wait(0) as the first look is PENDING", on_ray=True)
def _(system: System) -> None:
    held = system.held()
    assert held.job.wait(timeout=0) is system.jobs.JobStatus.PENDING
    held.let_go()


@says("successful task result is COMPLETED")
def _(system: System) -> None:
    job = system.ended()
    assert job.status is system.jobs.JobStatus.COMPLETED
    assert job.exception() is None


@says("task exception is FAILED; result() raises JobFailedError with its words, exception() gives it")
def _(system: System) -> None:
    job = system.ended({"raises": KeyError("the lost key")})
    assert job.status is system.jobs.JobStatus.FAILED
    with raises(system.jobs.JobFailedError, job.job_id, "failed: ", "the lost key"):
        job.result()
    assert isinstance(job.exception(), KeyError)
    assert "the lost key" in str(job.exception())


@says("an exception that cannot be pickled is FAILED too, with its words")
def _(system: System) -> None:
    job = system.ended({"says": ("two", "words")})
    assert job.status is system.jobs.JobStatus.FAILED
    with raises(system.jobs.JobFailedError, "two words"):
        job.result()


@says("terminal states never change")
def _(system: System) -> None:
    for does in ({}, {"raises": ValueError("no")}):
        job = system.ended(does)
        end = job.status
        assert [job.status, job.wait(0), job.wait(), job.cancel(), job.status] == [end, end, end, False, end]


@says("JobStatus has its six values, and is_terminal says which are ends")
def _(system: System) -> None:
    ends = {"completed": True, "failed": True, "cancelled": True, "pending": False, "scheduling": False}
    assert {status.value: status.is_terminal for status in system.jobs.JobStatus} == ends | {"running": False}


# Timeouts


@says("result(timeout) raises JobTimeoutError, a TimeoutError and JobError, and does not cancel", on_ray=True)
def _(system: System) -> None:
    held = system.held()
    with raises(system.jobs.JobTimeoutError, held.job.job_id, "timed out after 0.100s"):
        held.job.result(timeout=0.1)
    assert issubclass(system.jobs.JobTimeoutError, (TimeoutError, system.jobs.JobError))
    assert held.let_go().result(timeout=LIMIT_S).capability_id == "contract"


@says("wait(timeout) does not cancel, and returns the end once it is there", on_ray=True)
def _(system: System) -> None:
    held = system.held()
    assert not held.job.wait(timeout=0.1).is_terminal
    assert held.let_go().status is system.jobs.JobStatus.COMPLETED


# Cancellation


@says("once a cancellation is accepted the handle is CANCELLED, at once and for good", on_ray=True)
def _(system: System) -> None:
    held, cancelled = system.held(), system.jobs.JobStatus.CANCELLED
    held.wait_for_start()
    assert held.job.cancel() is True
    assert [held.job.status, held.job.wait(0), held.job.wait(), held.job.status] == [cancelled] * 4
    with raises(system.jobs.JobCancelledError, held.job.job_id, "cancelled"):
        held.job.result()
    assert held.job.exception() is None
    assert held.job.cancel() is False


@says("what sleeps is CANCELLED at once too", on_ray=True)
def _(system: System) -> None:
    started = system.path("started")
    job = system.submit({"started": str(started), "sleeps": 3.0})
    until(started.exists)
    assert job.cancel() is True
    assert job.wait(0) is system.jobs.JobStatus.CANCELLED


@says("a job that never began is CANCELLED, and never runs")
def _(system: System) -> None:
    held = [system.held() for _ in range(2)] if system.on_ray else []
    for one in held:
        one.wait_for_start()
    started = system.path("started")
    job = system.submit({"started": str(started)})
    assert job.cancel() is True
    assert job.wait() is system.jobs.JobStatus.CANCELLED
    for one in held:
        one.let_go()
    system.ended()
    assert not started.exists()


@says("side effects that a cancelled run had stay", on_ray=True)
def _(system: System) -> None:
    held: Held = system.held()
    held.wait_for_start()
    held.job.cancel()
    assert held.started.exists()


@says("a cancelled job is listed as CANCELLED")
def _(system: System) -> None:
    job = system.submit({"sleeps": 0.5})
    job.cancel()
    assert list(system.jobs.list_jobs(status_filter=system.jobs.JobStatus.CANCELLED)) == [job]


# Listing


@says("list_jobs(limit) is newest first; None is all, 0 none")
def _(system: System) -> None:
    made = [system.ended() for _ in range(3)]
    assert list(system.jobs.list_jobs(limit=100)) == made[::-1]
    assert list(system.jobs.list_jobs(limit=2)) == [made[2], made[1]]
    assert [len(system.jobs.list_jobs(limit=limit)) for limit in (None, 0)] == [3, 0]


@says("list_jobs(status_filter) takes a status or a sequence of them; anything else is a TypeError")
def _(system: System) -> None:
    status = system.jobs.JobStatus
    good, bad = system.ended(), system.ended({"raises": ValueError("no")})
    assert list(system.jobs.list_jobs(status_filter=status.COMPLETED)) == [good]
    assert list(system.jobs.list_jobs(limit=50, status_filter=[status.FAILED, status.CANCELLED])) == [bad]
    for wrong in ("failed", 3, ["failed"]):
        with raises(TypeError, "status_filter must be a JobStatus or a sequence of JobStatus values"):
            system.jobs.list_jobs(status_filter=wrong)


@says("list_jobs(submitted_before_ts) is the page before a time")
def _(system: System) -> None:
    made = [system.ended() for _ in range(3)]
    page = system.jobs.list_jobs(submitted_before_ts=made[2].created_at.timestamp())
    assert list(page) == [made[1], made[0]]


@says("get_job gives the remembered handle; an unknown id is a KeyError, 'No job with ID'")
def _(system: System) -> None:
    job = system.ended()
    assert system.jobs.get_job(job.job_id) is job
    with raises(KeyError, "No job with ID", "no-such-job"):
        system.jobs.get_job("no-such-job")


# Errors


@says("errors are made as JobFailedError(id, error), JobCancelledError(id), JobTimeoutError(id, seconds)")
def _(system: System) -> None:
    jobs = system.jobs
    assert str(jobs.JobError("j", "words")) == "Job j: words"
    assert str(jobs.JobFailedError("j", ValueError("boom"))) == "Job j: failed: boom"
    assert str(jobs.JobCancelledError("j")).startswith("Job j: cancelled")
    assert str(jobs.JobTimeoutError("j", 1.5)).startswith("Job j: timed out after 1.500s")
    kinds = (jobs.JobFailedError, jobs.JobCancelledError, jobs.JobTimeoutError, jobs.RunArtifactNotAvailableError)
    assert all(issubclass(kind, jobs.JobError) for kind in kinds)
    assert jobs.JobTimeoutError("j", 1).job_id == "j"


@says("JobSubmissionError(phase, error, job_id) and BackpressureError are RuntimeErrors")
def _(system: System) -> None:
    error = system.jobs.JobSubmissionError("packing", ValueError("boom"), "j")
    assert (error.phase, error.error_type, error.detail, error.job_id) == ("packing", "ValueError", "boom", "j")
    assert str(error) == "Job submission failed during packing for job j: boom"
    assert isinstance(error, RuntimeError)
    assert issubclass(system.jobs.BackpressureError, RuntimeError)


# Shutdown


@says("shutdown(wait=False) returns at once, leaves Ray running, and handles stay usable", on_ray=True)
def _(system: System) -> None:
    import ray

    held = system.held()
    system.jobs.shutdown_job_backend(wait=False)
    assert ray.is_initialized()
    assert held.let_go().status is system.jobs.JobStatus.COMPLETED


@says("shutdown(wait=True) waits for known jobs and calls ray.shutdown()", on_ray=True)
def _(system: System) -> None:
    assert [job.status for job in _after_shutdown(system)] == [
        system.jobs.JobStatus.COMPLETED,
        system.jobs.JobStatus.FAILED,
    ]


@says("after shutdown(wait=True), result() still gives what a job returned", on_ray=True)
def _(system: System) -> None:
    """Ours, which the page does not promise: checkmaite's handle keeps the status, and asks Ray again for the rest."""
    good, bad = _after_shutdown(system)
    assert good.result(timeout=LIMIT_S).capability_id == "contract"
    assert "no" in str(bad.exception())


def _after_shutdown(system: System) -> tuple[Any, Any]:
    """A job that completed and one that failed, both still in flight when the backend was shut down."""
    import ray

    good, bad = system.submit({"sleeps": 0.5}), system.submit({"raises": ValueError("no")})
    system.jobs.shutdown_job_backend(wait=True)
    assert not ray.is_initialized()
    return good, bad


EACH_SENTENCE = pytest.mark.parametrize(
    "sentence", SENTENCES, ids=lambda sentence: sentence.text.replace("/", " ")[:60]
)
