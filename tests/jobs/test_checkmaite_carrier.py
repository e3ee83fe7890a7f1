"""What the backend that submits through checkmaite does without it: runs in Ray tasks, texts, the file of jobs."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import typed, write_configs
from parts import Tiny

from sweeper.common.clock import now
from sweeper.errors import StoreError, VersionError
from sweeper.jobs import configure_job_backend, submission
from sweeper.jobs.checkmaite_ray import job_list
from sweeper.jobs.checkmaite_ray.carrier import Carrier, failure_in
from sweeper.jobs.import_paths import import_paths
from sweeper.jobs.locations import artifact_location, store_location
from sweeper.messages.failures import WorkerFailure
from sweeper.messages.requests import JobInfo
from sweeper.store import open_store
from sweeper.store.job_files import KeptJob, SweepJobs, read, write

TINY = "tiny: {_target_: parts.Tiny, _sweep_: {arity: {datasets: ZERO, models: ZERO, metrics: ZERO}}}"


@pytest.fixture
def in_a_worker(ray_session: None, tmp_path: Path) -> Callable[..., Any]:
    """Runs a capability as a worker of checkmaite does: in a task that Ray starts again where its worker died."""
    import ray

    from sweeper.jobs.ray_simple.packing import message

    def run(capability: object) -> Any:
        places = store_location(tmp_path / "store"), artifact_location(None)
        request = submission.prepare(capability, *places, datasets=[], models=[], metrics=[])
        info = JobInfo("j1", now(), "ray", import_paths())
        packed = message(_packed(request.request), info)
        assert isinstance(packed, bytes)
        carrier = Carrier("tests.tiny", "key", packed)
        return ray.get(ray.remote(max_retries=1)(Carrier.run).remote(carrier))

    return run


def _packed(request: Any) -> Any:
    from dataclasses import replace

    from sweeper.jobs.ray_simple.packing import pack

    return replace(request, capability=pack(request.capability))


def test_what_checkmaite_is_given_has_neither_rows_nor_a_report(in_a_worker: Callable[..., Any], tmp_path: Path):
    run = in_a_worker(Tiny((2.0,)))
    assert run.extract() == []
    with pytest.raises(NotImplementedError):
        run.collect_md_report(threshold=0.5)
    (row,) = open_store(tmp_path / "store").table("tiny").to_pylist()
    assert (row["run_uid"], row["value"], row["job_id"]) == (run.run_uid, 2.0, "j1")


def test_a_failure_arrives_whole_though_its_text_alone_is_kept(in_a_worker: Callable[..., Any]):
    with pytest.raises(Exception, match="ValueError") as caught:
        in_a_worker(Tiny(error="two\nlines, and \u00fc"))
    found = failure_in(str(caught.value))
    assert isinstance(found, WorkerFailure)
    assert (found.info.kind, found.info.message) == ("ValueError", "two\nlines, and \u00fc")
    assert "in run" in found.info.trace
    assert (found.info.is_unwritten, found.chain) == (False, ())


def test_a_run_whose_worker_died_is_not_run_again_by_ray(in_a_worker: Callable[..., Any]):
    with pytest.raises(Exception, match="the worker of the run died") as caught:
        in_a_worker(Tiny(exit_status=7))
    assert failure_in(str(caught.value)) is None


def test_another_version_in_a_worker_is_an_error_of_its_own(ray_session: None):
    with pytest.raises(Exception, match="sweeper") as caught:
        Carrier("tiny", "key", b"0.0.1\n").run()
    assert isinstance(failure_in(str(caught.value)), VersionError)


def test_a_carrier_of_a_job_that_left_no_rows_has_another_key():
    carrier = Carrier("tiny", "key", b"text")
    keys = [carrier.again(times).key for times in range(3)]
    assert keys[0] == "key"
    assert len(set(keys)) == 3
    assert carrier.again(1).message == b"text"


def test_equal_keys_are_one_job_for_checkmaite():
    carrier: Any = Carrier("tiny", "key", b"")
    assert carrier._RUN_TYPE.compute_uid(capability_id="tiny", config=carrier._create_config()) == "key"


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ({"j1": "running", "j2": "scheduling"}, "still running or waiting for a place: 2"),
        ({"j1": "completed"}, "no longer known: 1, as its registry has forgotten them"),
    ],
)
def test_what_is_said_of_jobs_that_a_sweep_left(statuses: dict[str, str], said: str):
    left = SweepJobs("scope", "session", {"j1": KeptJob("f1", "a1"), "j2": KeptJob("f2", "a2")})
    assert said in job_list.found_again(left, "session", statuses)


def test_the_jobs_of_a_sweep_are_written_together_and_a_damaged_file_is_named(tmp_path: Path):
    files = open_store(tmp_path / "store").files
    kept = job_list.JobList(files, "scope", "session")
    kept.begin("20260101T000000-abc")
    for number in range(100):
        kept.add(f"j{number}", KeptJob(f"f{number}", f"a{number}"))
    kept.write_now_and_then()
    path = tmp_path / "store" / ".sweeper" / "jobs" / "20260101T000000-abc.json"
    assert read(files, "20260101T000000-abc") == SweepJobs("scope", "session")  # written a moment ago
    kept.write()
    left = job_list.left_by(files, "20260101T000000-abc")
    jobs = {f"j{number}": KeptJob(f"f{number}", f"a{number}") for number in range(100)}
    assert left == SweepJobs("scope", "session", jobs)
    assert os.listdir(path.parent) == [path.name]
    path.write_bytes(path.read_bytes().replace(b"scope", b"scape", 2))
    with pytest.raises(StoreError, match="not known which jobs of that sweep still run"):
        job_list.left_by(files, "20260101T000000-abc")
    (damaged,) = open_store(tmp_path / "store").check().damaged
    assert path.name in damaged
    write(files, "20260101T000000-abc", SweepJobs("scope", "session"))
    assert open_store(tmp_path / "store").check().sound


@pytest.mark.skipif(importlib.util.find_spec("checkmaite") is not None, reason="the extra is installed")
def test_without_the_extra_that_is_said_and_nothing_is_run(empty_folder: Path):
    conf = write_configs(empty_folder / "conf", {"capability/tiny": TINY})
    status, _, err = typed("--config-dir", conf, "capability=tiny", "job_backend.kind=ray")
    assert status == 2
    assert "which is not installed. Run pip install" in err


def test_it_is_for_sweeps_alone(tmp_path: Path):
    with pytest.raises(ValueError, match=r"checkmaite\.jobs\.configure_job_backend"):
        configure_job_backend("ray", analytics_store=str(tmp_path))
