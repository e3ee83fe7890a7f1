"""What only the Ray backend can show: the object store, workers, cancellation, resources, the runtime."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parts import Hits, Numbers, Parity, Sees, Tiny
from patience import LIMIT_S, until

from sweeper import jobs
from sweeper.jobs import JobStatus
from sweeper.messages.requests import AttemptInfo, ObjectSpec, Provenance, RunRequest, StoreLocation
from sweeper.store import open_store

pytestmark = pytest.mark.usefixtures("ray_session")


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture
def backend(uri: str) -> Iterator[Any]:
    made = jobs.RaySimpleJobBackend(uri)
    yield made
    made.close()


def _looking_after_ray() -> int:
    return sum(thread.name == "sweeper-ray-watch" for thread in threading.enumerate())


def values(uri: str) -> list[float]:
    return open_store(uri).table("tiny")["value"].to_pylist()


def request(uri: str, target: dict[str, Any], *, log_dir: str | None = None, attempt_id: str = "a" * 32) -> RunRequest:
    attempt = AttemptInfo(attempt_id, "f" * 64, "sweep", "config", "tiny", "", "", "", "{}")
    lazy = ObjectSpec({"_target_": "parts.Tiny", **target}, repr(sorted(target.items())))
    return RunRequest(lazy, (), (), (), None, StoreLocation(uri), Provenance(), attempt, log_dir)


ONE_CPU = {"num_cpus": 1.0}


# Objects on their way


def test_a_large_live_object_is_packed_once_for_many_submissions(backend: Any, tmp_path: Path, uri: str) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    dataset = Numbers(builds=str(notes), nbytes=20_000_000)
    see = Sees(lambda models, datasets, *_: [datasets[0].ballast.nbytes, datasets[0].ballast.flags.writeable])
    submitted = [backend.submit_capability(see, datasets=[dataset]) for _ in range(20)]
    assert {job.wait(LIMIT_S) for job in submitted} == {JobStatus.COMPLETED}
    assert len(list(notes.glob(f"packed-{os.getpid()}-*"))) == 1
    assert 1 <= len(list(notes.glob("opened-*"))) <= 2, "each worker opens it once"
    assert sorted(set(values(uri))) == [0.0, 20_000_000.0], "the array is a view of shared memory"


def test_a_small_object_travels_as_it_is_at_each_submission(backend: Any, uri: str) -> None:
    dataset = Numbers(3)
    see = Sees(lambda models, datasets, *_: [len(datasets[0])])
    backend.submit_capability(see, datasets=[dataset]).result(LIMIT_S)
    dataset.n = 4
    backend.submit_capability(see, datasets=[dataset]).result(LIMIT_S)
    assert sorted(values(uri)) == [3.0, 4.0]


def test_a_large_object_changed_in_place_is_packed_anew_when_asked(backend: Any, uri: str) -> None:
    dataset = Numbers(nbytes=100_000)
    see = Sees(lambda models, datasets, *_: [datasets[0].ballast.sum()])
    for _ in range(2):
        backend.submit_capability(see, datasets=[dataset]).result(LIMIT_S)
        dataset.ballast = dataset.ballast + np.uint8(1)
    backend.forget(dataset)
    backend.submit_capability(see, datasets=[dataset]).result(LIMIT_S)
    assert sorted(values(uri)) == [0.0, 0.0, 200_000.0]


def test_a_worker_keeps_what_it_built_from_a_spec(backend: Any, tmp_path: Path) -> None:
    target = {"_target_": "parts.Numbers", "n": 2, "builds": str(tmp_path)}
    lazy = ObjectSpec(target, f"numbers in {tmp_path}")
    see = Sees(lambda models, datasets, *_: [len(datasets[0])])
    submitted = [backend.submit_capability(see, datasets=[lazy]) for _ in range(20)]
    assert {job.wait(LIMIT_S) for job in submitted} == {JobStatus.COMPLETED}
    assert 1 <= len(list(tmp_path.glob("built-*"))) <= 2


def test_metrics_begin_each_run_anew(backend: Any, uri: str) -> None:
    lazy = ObjectSpec({"_target_": "parts.Hits"}, "hits")

    def look(models: Any, datasets: Any, metrics: Any, *_: Any) -> list[float]:
        metrics[0].update([np.eye(2)[0]], [np.eye(2)[0]])
        return [metrics[0].all]

    for metric in (lazy, Hits()):
        for _ in range(4):
            backend.submit_capability(Sees(look), metrics=[metric]).result(LIMIT_S)
    assert values(uri) == [1.0] * 8


# Cancellation, timeouts, death


def test_a_queued_job_is_taken_back_and_never_runs(backend: Any, tmp_path: Path) -> None:
    busy = [backend.submit_capability(Tiny(until=str(tmp_path / "go"))) for _ in range(2)]
    queued = backend.submit_capability(Tiny(started=str(tmp_path / "ran")))
    assert queued.cancel() is True
    assert queued.wait(LIMIT_S) is JobStatus.CANCELLED
    (tmp_path / "go").touch()
    assert [job.wait(LIMIT_S) for job in busy] == [JobStatus.COMPLETED] * 2
    assert not (tmp_path / "ran").exists()


def test_what_ran_before_the_cancellation_stays(backend: Any, tmp_path: Path, uri: str) -> None:
    job = backend.submit_capability(Tiny(started=str(tmp_path / "effect"), until=str(tmp_path / "never")))
    until((tmp_path / "effect").exists)
    job.cancel()
    assert job.wait(LIMIT_S) is JobStatus.CANCELLED
    assert (tmp_path / "effect").exists()


def test_wait_returns_when_the_job_ends_and_does_not_look_in_steps(
    backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(seconds: float) -> None:
        raise AssertionError("wait() sleeps")

    job = backend.submit_capability(Tiny(sleep_s=0.5))
    monkeypatch.setattr(time, "sleep", refuse)
    assert job.wait() is JobStatus.COMPLETED


def test_a_timeout_above_zero_is_kept(backend: Any, tmp_path: Path) -> None:
    job = backend.submit_capability(Tiny(until=str(tmp_path / "go")))
    begin = time.monotonic()
    with pytest.raises(jobs.JobTimeoutError):
        job.result(timeout=0.3)
    assert time.monotonic() - begin >= 0.3
    (tmp_path / "go").touch()
    job.result(LIMIT_S)


def test_a_dead_worker_is_a_failure_that_counts_as_lost(backend: Any) -> None:
    job = backend.submit_capability(Tiny(exit_status=1))
    assert job.wait(LIMIT_S) is JobStatus.FAILED
    assert backend.is_lost(job)
    assert job.error_info().kind == "ray.exceptions.WorkerCrashedError"
    ordinary = backend.submit_capability(Tiny(error="boom"))
    ordinary.wait(LIMIT_S)
    assert not backend.is_lost(ordinary)


def test_max_retries_runs_again_what_lost_its_worker_and_nothing_else(uri: str, tmp_path: Path) -> None:
    retrying = jobs.RaySimpleJobBackend(uri, max_retries=1)
    job = retrying.submit_capability(DiesOnce(str(tmp_path / "first")))
    assert job.wait(LIMIT_S) is JobStatus.COMPLETED
    notes = tmp_path / "notes"
    notes.mkdir()
    failing = retrying.submit_capability(Counted(str(notes)))
    assert failing.wait(LIMIT_S) is JobStatus.FAILED
    assert len(list(notes.iterdir())) == 1
    with pytest.raises(ValueError, match="max_retries is 'many'"):
        jobs.RaySimpleJobBackend(uri, max_retries="many")


class DiesOnce(Tiny):
    """Kills its worker where it has not been before."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.mark = mark

    def run(self, *args: Any, **kwargs: Any) -> Any:
        if not Path(self.mark).exists():
            Path(self.mark).touch()
            os._exit(1)
        return super().run(*args, **kwargs)


class Counted(Tiny):
    """Fails, and leaves a note each time."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder

    def run(self, *args: Any, **kwargs: Any) -> Any:
        Path(self.folder, str(time.monotonic_ns())).touch()
        raise ValueError("always")


# Resources


def test_fractions_of_a_processor_are_kept(backend: Any, tmp_path: Path) -> None:
    (tmp_path / "started").mkdir()
    go = str(tmp_path / "go")
    four = [
        backend.submit_capability(
            Tiny(started=str(tmp_path / "started" / str(n)), until=go), resources={"num_cpus": 0.5}
        )
        for n in range(4)
    ]
    until(lambda: len(list((tmp_path / "started").iterdir())) == 4)
    Path(go).touch()
    assert [job.wait(LIMIT_S) for job in four] == [JobStatus.COMPLETED] * 4


def test_a_shape_of_resources_makes_one_remote_function(backend: Any) -> None:
    submitted = [backend.submit_capability(Tiny(), resources={"num_cpus": n}) for n in (1, 1, 0.5, 1.0)]
    assert {job.wait(LIMIT_S) for job in submitted} == {JobStatus.COMPLETED}
    assert len(backend._tasks) == 2


def test_a_job_that_no_cluster_of_this_size_can_run_warns(backend: Any) -> None:
    with pytest.warns(RuntimeWarning, match="num_gpus=1 and no node of the cluster has more than 0"):
        job = backend.submit_capability(Tiny(), resources={"num_gpus": 1})
    job.cancel()
    assert job.wait(LIMIT_S) is JobStatus.CANCELLED


# What the runner uses


def test_wait_any_returns_what_has_ended(backend: Any, uri: str, tmp_path: Path) -> None:
    slow = backend.submit(request(uri, {"until": str(tmp_path / "go")}), resources=ONE_CPU, name="slow")
    quick = backend.submit(request(uri, {}), resources=ONE_CPU, name="quick")
    assert backend.wait_any([slow, quick], timeout=LIMIT_S) == [quick]
    assert backend.wait_any([slow], timeout=0.1) == []
    (tmp_path / "go").touch()
    assert backend.wait_any([slow], timeout=LIMIT_S) == [slow]
    assert backend.wait_any([], timeout=0) == []
    assert backend.list_jobs() == [], "a sweep remembers its own handles"


def test_wait_any_tells_failures_from_the_others(backend: Any, uri: str) -> None:
    pending = [
        backend.submit(request(uri, {"error": "boom"} if n % 2 else {}), resources=ONE_CPU, name=str(n))
        for n in range(4)
    ]
    ended: list[Any] = []
    while len(ended) < 4:
        ended += backend.wait_any([job for job in pending if job not in ended], timeout=LIMIT_S)
    assert [job.status for job in pending] == [JobStatus.COMPLETED, JobStatus.FAILED] * 2


def test_a_failed_attempt_is_written_by_the_worker_with_its_log(backend: Any, uri: str, tmp_path: Path) -> None:
    asked = request(uri, {"error": "boom", "text": "hello"}, log_dir=str(tmp_path / "logs"))
    job = backend.submit(asked, resources=ONE_CPU, name="x")
    assert job.wait(LIMIT_S) is JobStatus.FAILED
    (row,) = open_store(uri).attempts().to_pylist()
    assert (row["status"], row["error_type"], row["error_message"]) == ("failed", "ValueError", "boom")
    assert row["attempt_id"] == job.job_id
    assert row["submitted_at"] <= row["started_at"] <= row["finished_at"]
    assert "in run" in row["traceback"]
    assert job.log == row["log_uri"] == f"{tmp_path}/logs/ffffffffffff-aaaaaaaa.log"
    log = Path(job.log).read_text()
    assert log.startswith("hello\nhello (stderr)\nTraceback")
    assert log.endswith("ValueError: boom\n")


def test_a_quiet_run_leaves_no_log(backend: Any, uri: str, tmp_path: Path) -> None:
    job = backend.submit(request(uri, {}, log_dir=str(tmp_path / "logs")), resources=ONE_CPU, name="x")
    job.result(LIMIT_S)
    assert job.log is None
    assert not (tmp_path / "logs").exists()


def test_the_start_is_reported_only_where_it_is_asked_for(backend: Any, uri: str, tmp_path: Path) -> None:
    job = backend.submit(request(uri, {"until": str(tmp_path / "go")}), resources=ONE_CPU, name="x", report_start=True)
    until(lambda: job.started_at is not None)
    assert 0 <= (job.started_at - job.created_at).total_seconds() < LIMIT_S
    other = backend.submit(request(uri, {}, attempt_id="b" * 32), resources=ONE_CPU, name="y")
    (tmp_path / "go").touch()
    assert [job.wait(LIMIT_S), other.wait(LIMIT_S)] == [JobStatus.COMPLETED] * 2
    assert other.started_at is None


def test_a_warmed_up_worker_has_the_modules(backend: Any, uri: str) -> None:
    backend.warm_up(["wave", "no_such_module_anywhere"])
    see = Sees(lambda *_: ["wave" in sys.modules])
    for _ in range(4):
        backend.submit_capability(see).result(LIMIT_S)
    assert values(uri) == [1.0] * 4


# The runtime


def test_address_and_runtime_env_warn_where_ray_runs_already(uri: str) -> None:
    with pytest.warns(RuntimeWarning, match="address and runtime_env have no effect"):
        jobs.RaySimpleJobBackend(uri, address="local", runtime_env={"env_vars": {"A": "1"}})


def test_shutdown_without_waiting_leaves_jobs_and_ray(uri: str, tmp_path: Path) -> None:
    import ray

    jobs.configure_job_backend("ray-simple", analytics_store=uri)
    job = jobs.submit_capability(Tiny(until=str(tmp_path / "go")))
    jobs.shutdown_job_backend(wait=False)
    assert not (tmp_path / "go").exists()  # so it did not wait for the job
    assert ray.is_initialized()
    (tmp_path / "go").touch()
    assert job.wait(LIMIT_S) is JobStatus.COMPLETED


def test_close_leaves_a_ray_that_another_started(backend: Any) -> None:
    import ray

    backend.close()
    assert ray.is_initialized()


def test_backends_of_one_ray_look_after_it_together(uri: str) -> None:
    before = _looking_after_ray()
    backends = [jobs.RaySimpleJobBackend(uri) for _ in range(4)]
    assert _looking_after_ray() - before <= 2, "one thread connects, and one asks"
    for each in backends:
        each.close()
    assert backends[0].submit_capability(Tiny()).wait(LIMIT_S) is JobStatus.COMPLETED
    assert {each.gone for each in backends} == {None}


def test_shutdown_waits_for_known_jobs_then_stops_ray_whoever_started_it(uri: str, tmp_path: Path) -> None:
    import ray

    backend = jobs.RaySimpleJobBackend(uri)
    completed = backend.submit_capability(Tiny(started=str(tmp_path / "s"), sleep_s=0.5))
    failed = backend.submit_capability(Tiny(error="boom"))
    backend.shutdown(wait=True)
    assert not ray.is_initialized()
    assert completed.status is JobStatus.COMPLETED, "handles keep their end"
    assert completed.result().capability_id == "tests.tiny"
    assert type(failed.exception()) is ValueError
    assert values(uri) == [1.0]


def test_a_job_whose_ray_is_gone_says_so_and_starts_no_other(uri: str, tmp_path: Path) -> None:
    import ray

    backend = jobs.RaySimpleJobBackend(uri)
    job = backend.submit_capability(Tiny(until=str(tmp_path / "never")))
    replaced = jobs.RaySimpleJobBackend(uri, address="local", num_cpus=1, force_reinit=True)
    assert job.status is JobStatus.FAILED
    assert "shut down before" in str(job.exception())
    assert replaced.submit_capability(Tiny()).wait(LIMIT_S) is JobStatus.COMPLETED
    assert (replaced.max_parallel({"num_cpus": 1}), replaced.max_parallel({"num_cpus": 0.25})) == (1, 4)
    replaced.close()
    assert not ray.is_initialized(), "it had started this one"
    assert job.wait() is JobStatus.FAILED
    assert not ray.is_initialized()


def test_num_cpus_is_refused_for_a_ray_that_runs(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To which this process is not connected, or it would not ask for one."""
    monkeypatch.setattr("ray.is_initialized", lambda: False)
    with pytest.raises(ValueError, match=r"num_cpus=2.*names one that runs"):
        jobs.RaySimpleJobBackend(uri, address="auto", num_cpus=2)


def test_importing_the_package_does_not_import_ray() -> None:
    code = (
        "import sys, sweeper.jobs as j\n"
        "j.configure_job_backend('inline', analytics_store='s')\n"
        "print('ray' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# Identity and recovery are this process's own


def test_jobs_are_known_to_the_backend_object_that_took_them(uri: str) -> None:
    first, second = jobs.RaySimpleJobBackend(uri), jobs.RaySimpleJobBackend(uri)
    job = first.submit_capability(Tiny())
    assert first.list_jobs() == [job]
    assert second.list_jobs() == []
    with pytest.raises(KeyError):
        second.get_job(job.job_id)
    job.result(LIMIT_S)


def test_parts_of_a_notebook_cell_travel_by_value(uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "cell.py"
    script.write_text(
        "from __future__ import annotations\n"
        "from datetime import datetime\n"
        "from sweeper import jobs\n"
        "from sweeper.records import Record\n"
        "class Row(Record, table_name='mine'):\n"
        "    value: float\n"
        "    day: datetime | None = None\n"
        "class Run:\n"
        "    run_uid, capability_id = 'u', 'mine'\n"
        "    def extract(self): return [Row(run_uid='u', value=0.5)]\n"
        "class LocalError(Exception): pass\n"
        "class Mine:\n"
        "    id = 'mine'\n"
        "    def run(self, models, datasets, metrics, config, use_cache):\n"
        "        if config: raise LocalError(config)\n"
        "        return Run()\n"
        f"jobs.configure_job_backend('ray-simple', analytics_store={uri!r})\n"
        "print(jobs.submit_capability(Mine()).result(300).run_uid)\n"
        "job = jobs.submit_capability(Mine(), config='oh')\n"
        "job.wait(300)\n"
        "print(isinstance(job.exception(), LocalError), job.exception())\n"
        "jobs.shutdown_job_backend(wait=False)\n"
    )
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out.splitlines() == ["u", "True oh"]
    assert open_store(uri).table("mine")["value"].to_pylist() == [0.5]


def test_predictions_of_live_objects_are_shared(backend: Any, uri: str, tmp_path: Path) -> None:
    from sweeper.capabilities.evaluate import Evaluate

    model, dataset, capability = Parity(passes=str(tmp_path)), Numbers(8), Evaluate()
    handle = backend.predict(model=model, dataset=dataset, capability=capability, resources=ONE_CPU)
    submitted = [
        backend.submit_capability(
            capability, models=[model], datasets=[dataset], metrics=[Hits(f"hits {n}")], predictions=handle
        )
        for n in range(3)
    ]
    assert [job.wait(LIMIT_S) for job in submitted] == [JobStatus.COMPLETED] * 3, submitted[0].exception()
    assert len(list(tmp_path.glob("pass-*"))) == 1
    assert open_store(uri).table("maite_evaluation")["output_value"].to_pylist() == [1.0] * 3
    assert len(handle.result(LIMIT_S).predictions[""]) == 8


def test_cached_predictions_spare_the_next_inference(backend: Any, uri: str, tmp_path: Path) -> None:
    from sweeper.capabilities.evaluate import Evaluate
    from sweeper.messages.requests import PredictionCacheEntry

    entry = PredictionCacheEntry(StoreLocation(uri), "everything they depend on")

    def passes() -> int:
        handle = backend.predict(
            model=Parity(passes=str(tmp_path)),
            dataset=Numbers(8),
            capability=Evaluate(),
            resources=ONE_CPU,
            cache_entry=entry,
        )
        assert len(handle.result(LIMIT_S).predictions[""]) == 8
        return len(list(tmp_path.glob("pass-*")))

    assert [passes(), passes()] == [1, 1]
    (kept,) = Path(uri).rglob("*.npz")
    kept.write_bytes(kept.read_bytes()[:50])
    assert [passes(), passes()] == [2, 2], "what cannot be opened is made anew, and replaced"


def test_an_inference_that_fails_fails_its_readers_with_its_cause(backend: Any, uri: str) -> None:
    from sweeper.capabilities.evaluate import Evaluate

    model, dataset = Parity(error="no weights"), Numbers()
    handle = backend.predict(model=model, dataset=dataset, capability=Evaluate(), resources=ONE_CPU)
    job = backend.submit_capability(
        Evaluate(), models=[model], datasets=[dataset], metrics=[Hits()], predictions=handle
    )
    assert job.wait(LIMIT_S) is JobStatus.FAILED
    assert (type(job.exception()), str(job.exception())) == (ValueError, "no weights")
    assert handle.failed


def test_readers_of_predictions_build_neither_model_nor_dataset(backend: Any, uri: str, tmp_path: Path) -> None:
    from sweeper.capabilities.evaluate import Evaluate

    for name in ("model", "dataset"):
        (tmp_path / name).mkdir()
    model = ObjectSpec({"_target_": "parts.Parity", "builds": str(tmp_path / "model")}, f"model {tmp_path}")
    dataset = ObjectSpec({"_target_": "parts.Numbers", "builds": str(tmp_path / "dataset")}, f"dataset {tmp_path}")
    handle = backend.predict(model=model, dataset=dataset, capability=Evaluate(), resources=ONE_CPU)
    submitted = [
        backend.submit_capability(Evaluate(), models=[model], datasets=[dataset], metrics=[Hits()], predictions=handle)
        for _ in range(6)
    ]
    assert {job.wait(LIMIT_S) for job in submitted} == {JobStatus.COMPLETED}, submitted[0].exception()
    assert [len(list((tmp_path / name).glob("built-*"))) for name in ("model", "dataset")] == [1, 1]
    rows = open_store(uri).table("maite_evaluation").to_pylist()
    assert {(row["dataset_id"], row["model_id"]) for row in rows} == {("numbers", "parity")}
