"""One contract, held by both backends: what `sweeper.jobs` promises whoever runs the work."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from parts import Hits, Numbers, Parity, Sees, Tiny, TwoArgumentsError, UnpicklableError
from patience import LIMIT_S

from sweeper import jobs
from sweeper.jobs import JobStatus
from sweeper.messages.failures import ErrorInfo
from sweeper.messages.requests import ObjectSpec
from sweeper.store import open_store


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture(autouse=True)
def configured(kind: str, uri: str) -> Iterator[None]:
    jobs.configure_job_backend(kind, analytics_store={"backend": "parquet", "uri": uri})
    yield
    jobs.shutdown_job_backend(wait=False)


def finished(capability: Any = None, **kwargs: Any) -> Any:
    job = jobs.submit_capability(capability or Tiny(), **kwargs)
    job.wait(LIMIT_S)
    return job


class Held:
    """A submitted job that cannot end before it is let go."""

    def __init__(self, folder: Path, **kwargs: Any) -> None:
        self.folder = folder
        self.job = jobs.submit_capability(
            Tiny(started=str(folder / "started"), until=str(folder / "go"), **kwargs), job_name="held"
        )

    def release(self) -> None:
        (self.folder / "go").touch()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Callable[..., Held]]:
    made: list[Held] = []

    def make(**kwargs: Any) -> Held:
        folder = tmp_path / f"held{len(made)}"
        folder.mkdir()
        made.append(Held(folder, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.release()
        one.job.wait(LIMIT_S)


# What a completed job gives


def test_result_is_a_small_reference_and_the_data_are_in_the_store(uri: str) -> None:
    job = finished(Tiny([1.0, 2.0]), datasets=[Numbers()], models=[Parity()], metrics=[Hits()])
    ref = job.result(timeout=LIMIT_S)
    assert ref == jobs.CapabilityRunRef(ref.run_uid, "tests.tiny", ref.store_uri, None, None)
    assert len(pickle.dumps(ref)) < 1000
    rows = open_store(uri).table("tiny").to_pylist()
    assert [row["value"] for row in rows] == [1.0, 2.0]
    assert {row["run_uid"] for row in rows} == {ref.run_uid}
    assert Path(ref.store_uri).exists()


def test_a_run_without_rows_has_no_store_uri() -> None:
    assert finished(Tiny([])).result().store_uri is None


def test_runs_rows_name_the_job_and_its_times(uri: str) -> None:
    before = datetime.now(UTC)
    job = finished(datasets=[Numbers()])
    (row,) = open_store(uri).table("runs").to_pylist()
    assert (row["job_id"], row["run_event_id"]) == (job.job_id, job.job_id)
    assert before <= row["submitted_at"] <= row["completed_at"] <= datetime.now(UTC)
    assert (row["entity_type"], row["entity_id"]) == ("dataset", "numbers")


def test_the_capability_is_given_lists_the_config_and_no_cache() -> None:
    def look(models: Any, datasets: Any, metrics: Any, config: Any, use_cache: Any) -> list[float]:
        assert [type(part) for part in (models, datasets, metrics)] == [list] * 3
        return [len(models), len(datasets), len(metrics), config["x"], use_cache is False]

    job = finished(Sees(look), datasets=[Numbers(), Numbers()], models=(Parity(),), config={"x": 7.0})
    assert job.status is JobStatus.COMPLETED, job.exception()
    rows = open_store(job.result().store_uri.rsplit("/tiny/")[0]).table("tiny").to_pylist()
    assert [row["value"] for row in rows] == [1, 2, 0, 7, 1]


def test_a_report_comes_inline_while_it_is_small_and_as_an_artifact_when_it_is_large() -> None:
    assert finished(Tiny(report="# fine")).result().report == jobs.Report("# fine")
    report = finished(Tiny(report="x" * 300_000)).result().report
    assert report.content is None
    assert Path(report.uri).read_text() == "x" * 300_000
    assert finished(Tiny(report="# fine"), report_threshold=None).result().report is None


def test_a_large_report_goes_to_the_artifact_store(kind: str, uri: str, tmp_path: Path) -> None:
    place = {"uri": str(tmp_path / "reports")}
    for given in (place, jobs.ArtifactStoreConfig(**place), tmp_path / "reports"):
        jobs.configure_job_backend(kind, analytics_store=jobs.AnalyticsStoreConfig(uri=uri), artifact_store=given)
        report = finished(Tiny(report="x" * 300_000)).result().report
        assert (report.kind, report.content) == ("artifact", None)
        assert Path(report.uri).is_relative_to(tmp_path / "reports")
        assert Path(report.uri).read_text() == "x" * 300_000
    assert finished(Tiny(report="# fine")).result().report.kind == "inline_text"


def test_a_report_that_cannot_be_published_fails_its_job_before_anything_is_stored(
    kind: str, uri: str, tmp_path: Path
) -> None:
    jobs.configure_job_backend(kind, analytics_store=uri, artifact_store={"uri": str(tmp_path / "file" / "reports")})
    (tmp_path / "file").touch()
    job = finished(Tiny(report="x" * 300_000))
    assert job.status is JobStatus.FAILED
    assert "Could not publish" in str(job.exception())
    assert job.stored is False


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (3, TypeError, "artifact_store is a int"),
        ({}, ValueError, "needs a uri"),
        ({"uri": " "}, ValueError, "needs a uri"),
        ({"url": "x"}, ValueError, "Did you mean 'uri'"),
        ({"uri": "/reports/*"}, ValueError, "without glob patterns"),
        ({"uri": "s3://bucket/x?secret=y"}, ValueError, "query credentials"),
        ({"uri": "ftp://host/x"}, ValueError, "unsupported artifact store"),
        ({"uri": "/x", "storage_options": 3}, TypeError, "must be a mapping"),
    ],
)
def test_an_artifact_store_that_names_no_place_is_refused(
    kind: str, uri: str, given: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        jobs.configure_job_backend(kind, analytics_store=uri, artifact_store=given)


def test_further_keywords_go_to_the_capability_if_it_takes_them(uri: str) -> None:
    finished(Tiny([2.0]), scale=3.0).result()
    assert open_store(uri).table("tiny")["value"].to_pylist() == [6.0]
    with pytest.raises(TypeError, match=r"'scael'.*Did you mean 'scale'"):
        jobs.submit_capability(Tiny(), scael=3.0)


def test_specs_are_built_where_they_are_used() -> None:
    spec = ObjectSpec({"_target_": "parts.Numbers", "n": 9, "name": "nine"}, "digest-of-nine", "nine")
    job = finished(Sees(lambda models, datasets, *_: [len(datasets[0])]), datasets=[spec])
    assert job.status is JobStatus.COMPLETED, job.exception()


# Status mapping


def test_first_look_is_pending_later_ones_running_and_the_end_completed(held: Callable[..., Held], kind: str) -> None:
    one = held()
    assert one.job.status is JobStatus.PENDING
    if kind == "inline":
        one.release()  # a second look runs it
        assert one.job.status is JobStatus.COMPLETED
        return
    assert one.job.status is JobStatus.RUNNING
    assert one.job.status is JobStatus.RUNNING
    one.release()
    assert one.job.wait(LIMIT_S) is JobStatus.COMPLETED


def test_an_exception_of_the_run_maps_to_failed() -> None:
    assert finished(Tiny(error="boom")).status is JobStatus.FAILED


def test_cancellation_maps_to_cancelled(held: Callable[..., Held]) -> None:
    one = held()
    assert one.job.cancel() is True
    assert one.job.wait(LIMIT_S) is JobStatus.CANCELLED
    with pytest.raises(jobs.JobCancelledError, match=one.job.job_id):
        one.job.result()
    assert one.job.exception() is None


@pytest.mark.parametrize("error", [None, "boom"])
def test_terminal_states_never_change(error: str | None) -> None:
    job = finished(Tiny(error=error))
    end = job.status
    assert end.is_terminal
    assert job.cancel() is False
    assert [job.status, job.wait(0), job.status] == [end] * 3


def test_a_loop_over_status_comes_to_an_end() -> None:
    job = jobs.submit_capability(Tiny())
    deadline = time.monotonic() + 60
    while not job.status.is_terminal:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert job.status is JobStatus.COMPLETED


# Timeouts


def test_a_result_that_is_not_there_in_time_is_a_timeout_and_cancels_nothing(held: Callable[..., Held]) -> None:
    one = held()
    with pytest.raises(jobs.JobTimeoutError, match="goes on") as caught:
        one.job.result(timeout=0)
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, jobs.JobError)
    assert caught.value.job_id == one.job.job_id
    one.release()
    assert one.job.result(timeout=LIMIT_S).capability_id == "tests.tiny"


def test_a_wait_that_times_out_returns_the_status_and_cancels_nothing(held: Callable[..., Held]) -> None:
    one = held()
    assert one.job.wait(timeout=0) is JobStatus.PENDING
    one.release()
    assert one.job.wait(timeout=LIMIT_S) is JobStatus.COMPLETED


# Errors


def test_a_failed_job_raises_chained_to_the_cause() -> None:
    job = finished(Tiny(error=KeyError("lost key")))
    with pytest.raises(jobs.JobFailedError, match=f"{job.job_id}.*KeyError: 'lost key'") as caught:
        job.result()
    assert type(caught.value.__cause__) is KeyError
    assert caught.value.__cause__ is job.exception()


@pytest.mark.parametrize("name", ["UnpicklableError", "TwoArgumentsError"])
def test_an_exception_that_no_pickle_carries_still_has_its_words(name: str) -> None:
    job = finished(Raises(name))
    kind, message, trace, _ = job.error_info()
    assert kind == f"parts.{name}"
    assert "words of it" in message
    assert "in run" in trace
    assert "words of it" in str(job.exception())


class Raises(Tiny):
    """Raises what cannot travel, made in the worker."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def run(self, *args: Any, **kwargs: Any) -> Any:
        if self.name == "UnpicklableError":
            raise UnpicklableError("words of it")
        raise TwoArgumentsError("words", "of it")


def test_sys_exit_in_a_run_is_its_failure() -> None:
    job = finished(Tiny(error=SystemExit(3)))
    assert job.status is JobStatus.FAILED
    assert job.error_info().kind == "SystemExit"


def test_exception_is_none_unless_failed(held: Callable[..., Held]) -> None:
    assert finished().exception() is None
    one = held()
    assert one.job.exception() is None
    assert one.job.error_info() == ErrorInfo("", "", "")


# Submission


def test_use_cache_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"use_cache=True is not supported.*shares no cache"):
        jobs.submit_capability(Tiny(), use_cache=True)
    assert jobs.list_jobs() == []


def test_every_submission_is_a_new_job(uri: str) -> None:
    capability = Tiny()
    first, second = finished(capability), finished(capability)
    assert first.job_id != second.job_id
    assert open_store(uri).table("tiny").num_rows == 2


def test_a_handle_says_who_and_when() -> None:
    before = datetime.now(UTC)
    job = finished(job_name="  mine ")
    assert job.job_name == "mine"
    assert before <= job.created_at <= datetime.now(UTC)
    assert job.created_at.utcoffset().total_seconds() == 0
    assert finished().job_name == "tests.tiny"
    assert job.job_id in repr(job)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"datasets": Numbers()}, TypeError, "datasets is a Numbers; it must be a list"),
        ({"job_name": ""}, ValueError, "job_name"),
        ({"job_name": 3}, TypeError, "job_name"),
        ({"job_name": "x" * 257}, ValueError, "at most 256 UTF-8 bytes"),
        ({"resources": 2}, TypeError, "resources is 2"),
        ({"resources": {"num_gpus": 1.5}}, ValueError, "whole GPUs"),
        ({"resources": {"num_cpus": -1}}, ValueError, "num_cpus is -1"),
        ({"resources": {"num_cpus": "2"}}, TypeError, "num_cpus is '2'"),
        ({"provenance": {"user": "ann"}}, TypeError, "Did you mean 'user_id'"),
        ({"report_threshold": "high"}, TypeError, "report_threshold"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_submitted(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        jobs.submit_capability(Tiny(), **arguments)
    assert jobs.list_jobs() == []


def test_a_class_is_no_capability() -> None:
    with pytest.raises(TypeError, match="capability is the class Tiny"):
        jobs.submit_capability(Tiny)


def test_provenance_comes_from_the_environment_the_call_and_the_submission(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPER_PROVENANCE_USER_ID", "environment")
    monkeypatch.setenv("SWEEPER_PROVENANCE_CLUSTER_ID", "environment")
    monkeypatch.setenv("SWEEPER_PROVENANCE_EXECUTOR", "environment")
    jobs.configure_provenance(user_id="call", executor="call", workspace_id="call")
    try:
        finished(datasets=[Numbers()], provenance={"user_id": "submission"})
    finally:
        jobs.configure_provenance(user_id=None, executor=None, workspace_id=None)
    (row,) = open_store(uri).table("runs").to_pylist()
    assert [row[k] for k in ("user_id", "executor", "workspace_id", "cluster_id", "environment", "request_id")] == [
        "submission",
        "call",
        "call",
        "environment",
        None,
        None,
    ]


# Listing


def test_jobs_are_listed_newest_first_through_three_filters() -> None:
    made = [finished(Tiny(error="boom" if n == 1 else None), job_name=f"job {n}") for n in range(4)]
    assert jobs.list_jobs() == made[::-1]
    assert jobs.list_jobs(limit=2) == [made[3], made[2]]
    assert jobs.list_jobs(limit=0) == []
    assert jobs.list_jobs(status_filter=JobStatus.FAILED) == [made[1]]
    assert len(jobs.list_jobs(status_filter=[JobStatus.FAILED, JobStatus.COMPLETED])) == 4
    assert jobs.list_jobs(submitted_before_ts=made[2].created_at.timestamp()) == [made[1], made[0]]
    assert jobs.get_job(made[0].job_id) is made[0]


@pytest.mark.parametrize(
    "filters", [{"status_filter": "failed"}, {"status_filter": 3}, {"limit": "2"}, {"submitted_before_ts": "now"}]
)
def test_wrong_filters_are_type_errors_that_say_what_is_allowed(filters: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="must be a"):
        jobs.list_jobs(**filters)


def test_an_unknown_job_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="No job with ID 'x'"):
        jobs.get_job("x")


def test_listing_runs_nothing_and_waits_for_nothing(held: Callable[..., Held]) -> None:
    one = held()
    for _ in range(3):
        assert jobs.list_jobs(status_filter=JobStatus.COMPLETED) == []
    assert one.job.exception() is None


# Reconfiguration


def test_a_new_backend_does_not_disturb_jobs_of_the_one_before(
    kind: str, held: Callable[..., Held], tmp_path: Path
) -> None:
    one = held()
    jobs.configure_job_backend(kind, analytics_store=tmp_path / "other")
    assert jobs.list_jobs() == []
    one.release()
    assert one.job.result(timeout=LIMIT_S).store_uri.startswith(str(tmp_path / "store"))


def test_a_backend_that_cannot_be_made_leaves_the_active_one(uri: str) -> None:
    job = finished()
    with pytest.raises(ValueError, match=r"'ray-simpel'.*Did you mean 'ray-simple'"):
        jobs.configure_job_backend("ray-simpel", analytics_store=uri)
    with pytest.raises(ValueError, match=r"'url'.*Did you mean 'uri'"):
        jobs.configure_job_backend("inline", analytics_store={"url": uri})
    assert jobs.get_job(job.job_id) is job


def test_without_a_backend_submitting_says_to_configure_one_and_the_list_is_empty() -> None:
    jobs.shutdown_job_backend(wait=False)
    with pytest.raises(RuntimeError, match="configure_job_backend"):
        jobs.submit_capability(Tiny())
    with pytest.raises(RuntimeError, match="configure_job_backend"):
        jobs.get_job("x")
    assert jobs.list_jobs() == []
    jobs.shutdown_job_backend()
