"""The backend of sweeps whose jobs checkmaite's own backend `ray` owns."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn
from uuid import uuid4

import ray

from sweeper.common import clock
from sweeper.common.capacity import max_parallel
from sweeper.jobs.checkmaite_ray.carrier import Carrier
from sweeper.jobs.checkmaite_ray.client import Client, Remote, connect
from sweeper.jobs.checkmaite_ray.earlier import EarlierJobs, StoredAttempts
from sweeper.jobs.checkmaite_ray.handle import LOOK_S, STEP_S, CheckmaiteJob, LostJobError
from sweeper.jobs.checkmaite_ray.job_list import JobList, found_again, left_by
from sweeper.jobs.checkmaite_ray.late_rows import LateRows
from sweeper.jobs.checkmaite_ray.threads import ClientThreads
from sweeper.jobs.import_paths import import_paths
from sweeper.jobs.locations import store_location
from sweeper.jobs.protocol import Job, JobStatus
from sweeper.jobs.ray_simple import cluster
from sweeper.jobs.ray_simple.packing import message
from sweeper.jobs.ray_simple.session import Session
from sweeper.jobs.submission import MAX_NAME_BYTES
from sweeper.messages.requests import AttemptInfo, JobInfo, RunRequest, log_path
from sweeper.store import Store
from sweeper.store.job_files import KeptJob, SweepJobs
from sweeper.store.store import open_at

BESIDE = 2
"""How many jobs wait for a place: their actors have started when one is free, and each takes memory."""
CANNOT = (
    "not done through checkmaite: no predictions are shared, each run makes its own; a worker that a run has changed "
    "is not replaced; each job in flight has a process of its own on the cluster, which takes seconds to start and up "
    "to 1 GB (max_in_flight)"
)


class CheckmaiteRayBackend:
    """Submits the runs of a sweep through checkmaite's backend `ray`, under a scope of the sweep's own.

    Parameters
    ----------
    store
        Where the runs write results, and this process which jobs there are.
    address, runtime_env, num_cpus, start_timeout_s, upload_limit
        As for `RaySimpleJobBackend`; the address is that of a cluster that runs.
    resumed
        Id of the sweep that is resumed: its jobs are found again. `None` for a new sweep.

    Raises
    ------
    ConnectionError, RuntimeError, TimeoutError, ValueError
        There is no such cluster, or checkmaite's registry cannot be started there.
    """

    shares_predictions = False
    outlives_driver = True
    tells_starts = False

    def __init__(
        self,
        store: object,
        *,
        address: str | None,
        runtime_env: Mapping[str, object] | None = None,
        num_cpus: float | None = None,
        start_timeout_s: float | None = None,
        upload_limit: float = 100.0,
        resumed: str | None = None,
    ) -> None:
        location = store_location(store)
        kept_in = open_at(location)
        left = left_by(kept_in.files, resumed)
        own = cluster.OwnModules(import_paths(), upload_limit)
        self._session = Session(address, runtime_env, num_cpus, False, False, start_timeout_s, own)
        try:
            cluster.refuse_blind_nodes(self._session.others, analytics_store=location)
            scope = left.scope if left is not None else f"sweeper-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
            self._client = connect(scope)
            self._job_list = JobList(kept_in.files, scope, _session_name())
            self._late_rows = LateRows(kept_in, resumed)
            self._earlier = EarlierJobs() if left is None else _earlier(left, self._client, kept_in)
            self._found = [] if left is None else _found(left, self._earlier)
            self._threads = ClientThreads(self._client)
        except BaseException:
            self._session.close()
            raise
        self._scope = scope

    @property
    def notes(self) -> Sequence[str]:
        """See `RunnerBackend.notes`."""
        jobs = (
            f"jobs go through checkmaite (scope {self._scope}) and do not end with this process: after its death, "
            "resume=<sweep_id> finds them"
        )
        return [*self._session.notes, jobs, CANNOT, *self._found]

    @property
    def default_window(self) -> int:
        """A job for each processor, and a few that wait."""
        return self._session.cpus + BESIDE

    @property
    def gone(self) -> str | None:
        """See `RunnerBackend.gone`."""
        return self._session.gone or self._threads.gone

    def submit(
        self,
        request: RunRequest,
        *,
        resources: Mapping[str, float],
        name: str,
        predictions: object = None,
        report_start: bool = False,
    ) -> CheckmaiteJob:
        """Submit one request, or find the job again that runs for its combination since before."""
        attempt = request.attempt
        if attempt is None or predictions is not None:
            raise ValueError("checkmaite's backend runs the requests of a sweep, without shared predictions.")
        self._job_list.begin(attempt.sweep_id)
        submitted_at = clock.after(request.newest_seen)
        job = CheckmaiteJob(attempt.attempt_id, name, submitted_at, log=log_path(request), reports_start=report_start)
        info = JobInfo(attempt.attempt_id, submitted_at, "ray", import_paths())
        # no driver may be there when it ends, so its worker writes all rows itself
        packed: Any = message(replace(request, boot_id=None), info)
        carrier = Carrier(attempt.capability, _key(request), packed)
        self._late_rows.add(attempt, self._earlier.take_lost(attempt.fingerprint))
        self._threads.submit(job, partial(self._send, job, carrier, dict(resources), attempt))
        return job

    def _send(
        self, job: CheckmaiteJob, carrier: Carrier, resources: Mapping[str, float], attempt: AttemptInfo
    ) -> tuple[Remote, bool]:
        """Submit it, or find the job that an earlier driver submitted for it, if that still can have rows."""
        if job.lost_before is not None:
            self._late_rows.add(attempt, self._earlier.lost_since(*job.lost_before))
        remote, found = self._submitted(carrier, _short(job.job_name) or carrier.id, resources, attempt.fingerprint)
        own = KeptJob(attempt.fingerprint, "" if found else attempt.attempt_id)
        self._job_list.add(remote.job_id, self._earlier.kept.get(remote.job_id, own))
        return remote, found

    def _submitted(
        self, carrier: Carrier, name: str, resources: Mapping[str, float], fingerprint: str
    ) -> tuple[Remote, bool]:
        times = 0
        while True:
            remote = self._client.submit_capability(carrier.again(times), job_name=name, resources=resources)
            found = self._earlier.is_known(remote.job_id)
            if not (found and self._is_rowless(remote, fingerprint)):
                return remote, found
            times += 1

    def _is_rowless(self, remote: Remote, fingerprint: str) -> bool:
        """Whether a job has completed and has no rows: checkmaite never submits its like again, and has no rows."""
        if remote.status.value != JobStatus.COMPLETED.value:
            return False
        return self._earlier.is_rowless(remote.job_id, fingerprint, remote.result(LOOK_S).run_uid)

    def predict(self, **_: object) -> NoReturn:
        """Never asked for: see `RunnerBackend.shares_predictions`."""
        raise RuntimeError("checkmaite's backend shares no predictions.")

    def help(self, inference: object) -> None:
        """Never: see `predict`."""

    def wait_any(self, jobs: Collection[Job[object]], timeout: float | None) -> list[Job[object]]:
        """See `RunnerBackend.wait_any`."""
        own = [job for job in jobs if isinstance(job, CheckmaiteJob)]
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            self._job_list.write_now_and_then()
            self._late_rows.write_now_and_then()
            if (gone := self.gone) is not None:
                for job in own:
                    job.lose(f"Ray is gone: {gone}.")
            if (ended := [job for job in own if job.ended]) or not own or time.monotonic() >= until:
                return [*ended]
            time.sleep(STEP_S)

    def is_lost(self, job: Job[object]) -> bool:
        """See `RunnerBackend.is_lost`."""
        return isinstance(job.exception(), LostJobError)

    def lacked_predictions(self, job: Job[object]) -> bool:
        """Never: each run makes its own."""
        return False

    def cluster_resources(self) -> Mapping[str, float]:
        """See `RunnerBackend.cluster_resources`."""
        return self._session.largest

    def activity(self) -> None:
        """Not known: its jobs run under the actors of checkmaite, and not under this process."""

    def max_parallel(self, resources: Mapping[str, float]) -> int:
        """See `RunnerBackend.max_parallel`."""
        return max_parallel(resources, self._session.nodes)

    def warm_up(self, modules: Sequence[str]) -> None:
        """Nothing: tasks of this process run in other workers than those of checkmaite's actors."""

    def close(self) -> None:
        """Leave the cluster, and what runs there."""
        self._threads.stop()
        self._job_list.write()
        self._late_rows.write()
        self._session.close()


def _session_name() -> str:
    return str(ray.get_runtime_context().get_session_name())


def _earlier(left: SweepJobs, client: Client, store: Store) -> EarlierJobs:
    """The jobs of the sweep that is resumed, as the registry and then the store know them."""
    statuses = {job.job_id: job.status.value for job in client.list_jobs(limit=None)}
    return EarlierJobs(left.jobs, statuses, StoredAttempts.of(store))


def _found(left: SweepJobs, earlier: EarlierJobs) -> list[str]:
    """What to say of them."""
    return [found_again(left, _session_name(), earlier.statuses)] if left.jobs or earlier.statuses else []


def _key(request: RunRequest) -> str:
    """A combination, by its names too: a sweep may keep several with one fingerprint."""
    attempt = request.attempt
    assert attempt is not None
    return " | ".join((attempt.fingerprint, attempt.capability, attempt.dataset, attempt.model, attempt.metric))


def _short(name: str) -> str:
    return name.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip()
