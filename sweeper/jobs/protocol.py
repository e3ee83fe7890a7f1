"""The contract of job backends: the life of a job, its handle, and what it returns."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from sweeper.messages.receipts import CapabilityRunRef

if TYPE_CHECKING:
    from sweeper.messages.doing import Activity
    from sweeper.messages.failures import ErrorInfo
    from sweeper.messages.requests import OutcomesRequest, PredictionCacheEntry, RunRequest

T_co = TypeVar("T_co", covariant=True)


class JobStatus(enum.Enum):
    """Where a job is in its life: PENDING, RUNNING, then one of the three ends, which never changes again.

    Readiness of a task does not tell queued from running, so the first look at an unfinished job says PENDING and
    every later one RUNNING; a wait that timed out looks twice. SCHEDULING is reported by no backend here; it is known
    so that code written for backends that do report it can name it.
    """

    PENDING = "pending"
    SCHEDULING = "scheduling"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the job has come to its end."""
        return self in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)


class Job(Protocol[T_co]):
    """Handle of one submission. Looking at it or waiting for it never cancels it."""

    @property
    def job_id(self) -> str:
        """Unique among the jobs of a backend."""
        ...

    @property
    def created_at(self) -> datetime:
        """When it was submitted, UTC."""
        ...

    @property
    def job_name(self) -> str:
        """For people; the capability's id where nothing else was given."""
        ...

    @property
    def status(self) -> JobStatus:
        """Where the job is now, without waiting."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the job is known to have ended, without asking anybody."""
        ...

    @property
    def started_at(self) -> datetime | None:
        """When the worker began, UTC by the driver's clock; known only where the submission asked for it."""
        ...

    @property
    def process_has_ended(self) -> bool:
        """Whether the process that it began in is known to have ended, which its status may tell only much later."""
        ...

    @property
    def log(self) -> str | None:
        """The file with what the run printed, once there is one."""
        ...

    def wait(self, timeout: float | None = None) -> JobStatus:
        """Block until the end or for `timeout` seconds (`None`: for ever) and return the status; no end is raised."""
        ...

    def result(self, timeout: float | None = None) -> T_co:
        """Wait for the end and return what the job returned.

        Raises
        ------
        JobTimeoutError
            It has not ended after `timeout` seconds. It goes on.
        JobCancelledError
            It was cancelled.
        JobFailedError
            It ended with an exception, which is the `__cause__`.
        """
        ...

    def exception(self) -> BaseException | None:
        """The exception of a failed job; `None` for any other and while it has not ended. Does not wait."""
        ...

    def error_info(self) -> ErrorInfo:
        """`exception()` in words: its innermost cause's type and message, and the worker's traceback.

        Empty texts where there is none.
        """
        ...

    @property
    def stored(self) -> bool | None:
        """Whether the run has written its results, or may have, as far as that is known now. Does not wait.

        True: its results are in the store, also where it was cancelled too late. False: they are not, since it never
        began, failed, or was interrupted in time. `None`: not known, while it runs, or since it was killed or failed
        while it wrote. Of a job of a sweep the driver may have rows still to write.
        """
        ...

    def raised_as(self) -> tuple[str, ...]:
        """What was raised because of that cause, from it outwards, a line each; nothing while that is not known."""
        ...

    def cancel(self, *, force: bool = False) -> bool:
        """Ask for the end of the job.

        Once that is accepted, the job is CANCELLED, for good. A queued run is taken back. One that runs is interrupted:
        Python code and sleeps end within a second, C code is ended by force where a backend can do that, after a while
        or, with `force`, at once. What the run did before stays, and `stored` says whether it wrote results.

        A job of a sweep keeps its time of grace: without `force` it is taken back from a queue, and if it runs, it
        finishes, and its status says how.

        Returns
        -------
        bool
            Whether the request was made; `False` once the job has ended. A job that was cancelled and still runs can
            be cancelled by force.
        """
        ...


class InferenceJob(Job[object], Protocol):
    """The job of one inference pass; `submit(..., predictions=handle)` waits for it and reads what it returns."""

    @property
    def failed(self) -> bool:
        """Whether the pass ended without predictions."""
        ...

    @property
    def nbytes(self) -> int:
        """What its predictions take of the object store, estimated; 0 while that is not known."""
        ...

    @property
    def note(self) -> str:
        """What the user should know of it once it has ended; mostly empty."""
        ...


class HelpJob(Job[object], Protocol):
    """The job of a worker that helps with an inference."""

    @property
    def came_early(self) -> bool:
        """Whether it has ended because the pass was not far enough."""
        ...

    def dismiss(self) -> None:
        """Have it end: its inference is over. What it made of that is given up."""
        ...


class JobBackend(Protocol):
    """Where capability runs are submitted by hand: notebooks, scripts."""

    def submit_capability(self, capability: object, **kwargs: object) -> Job[CapabilityRunRef]:
        """Submit one run; see `sweeper.jobs.submit_capability`."""
        ...

    def list_jobs(
        self,
        limit: int | None = None,
        status_filter: JobStatus | Sequence[JobStatus] | None = None,
        submitted_before_ts: float | None = None,
    ) -> Sequence[Job[CapabilityRunRef]]:
        """Jobs of this backend object, newest first; see `sweeper.jobs.list_jobs`."""
        ...

    def get_job(self, job_id: str) -> Job[CapabilityRunRef]:
        """The job with this id; KeyError where this backend object has none."""
        ...

    def shutdown(self, wait: bool = True) -> None:
        """Wait for the known jobs and end the runtime; with `wait=False` do neither."""
        ...


class RunnerBackend(Protocol):
    """What a sweep needs of a backend. Jobs submitted this way are remembered by the caller alone."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person is to know of where it runs, a line each."""
        ...

    @property
    def shares_predictions(self) -> bool:
        """Whether one inference can be read by several runs; else `predict` is not asked for, and each run infers."""
        ...

    @property
    def outlives_driver(self) -> bool:
        """Whether its jobs go on without the driver, and the sweep that resumes this one finds them again."""
        ...

    @property
    def default_window(self) -> int:
        """How many submissions in flight keep every worker busy."""
        ...

    def cluster_resources(self) -> Mapping[str, float]:
        """The most that one node has, by Ray's names: `CPU`, `GPU`, custom resources. No task can have more."""
        ...

    @property
    def tells_starts(self) -> bool:
        """Whether `activity` says what has started, once it has been going on for a second."""
        ...

    def activity(self) -> Activity | None:
        """What workers are doing, as they report it; `None` while that is not known.

        Never waits, and may be asked from any thread, often.
        """
        ...

    def max_parallel(self, resources: Mapping[str, float]) -> int:
        """How many tasks that ask for this can run at once, as things are now; at least 1."""
        ...

    def submit(
        self,
        request: RunRequest,
        *,
        resources: Mapping[str, float],
        name: str,
        predictions: InferenceJob | None = None,
        report_start: bool = False,
    ) -> Job[CapabilityRunRef]:
        """Submit one run, with no retries. While all places are taken, it may go out only at the next `wait_any`."""
        ...

    def predict(
        self,
        *,
        model: object,
        dataset: object,
        capability: object,
        resources: Mapping[str, float],
        cache_entry: PredictionCacheEntry | None = None,
        report_start: bool = False,
        of_sweep: bool = False,
        log: str | None = None,
        shards: bool = False,
        outcomes: OutcomesRequest | None = None,
        read_ahead: int | None = None,
    ) -> InferenceJob:
        """Submit one inference pass; model, dataset and capability are live objects or `ObjectSpec`.

        With a `cache_entry` it is made only if it is not there, and is there afterwards. One `of_sweep` that runs
        finishes when it is cancelled without force. What it prints goes to the local file `log`. Only with `shards`
        may others help with it. With `outcomes`, what became of each datum is written there. `read_ahead` says how
        many threads read the dataset meanwhile; `None` leaves that to its class.
        """
        ...

    def help(self, inference: InferenceJob) -> HelpJob | None:
        """Have one more worker make batches of a pass that another one has begun; `None` where that cannot be."""
        ...

    def wait_any(self, jobs: Collection[Job[object]], timeout: float | None) -> list[Job[object]]:
        """Block until some of these jobs have ended, or for `timeout` seconds; those that have, in no order."""
        ...

    @property
    def gone(self) -> str | None:
        """What of the runtime is no longer there, in words; what is in flight is lost then. `None`: all is well."""
        ...

    def is_lost(self, job: Job[object]) -> bool:
        """Whether a failed job ended without its code having a say: a dead worker or node, memory, a lost object."""
        ...

    def lacked_predictions(self, job: Job[object]) -> bool:
        """Whether a failed job could not read the predictions that it was given, because they are gone."""
        ...

    def warm_up(self, modules: Sequence[str]) -> None:
        """Have the workers import these modules while the driver does something else. Does not wait."""
        ...

    def close(self) -> None:
        """Give back what this backend opened, and nothing else."""
        ...


class BackendSettings(Protocol):
    """What a config says of the job backend."""

    @property
    def kind(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def runtime_env(self) -> Mapping[str, object] | None: ...
    @property
    def num_cpus(self) -> float | None: ...
    @property
    def start_timeout_s(self) -> float | None: ...
    @property
    def upload_limit(self) -> float: ...
