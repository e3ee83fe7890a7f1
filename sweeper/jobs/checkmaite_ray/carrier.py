"""What travels through checkmaite in the place of a capability: a request, and in a worker its run."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from typing import NoReturn

from sweeper.errors import VersionError
from sweeper.messages.failures import ErrorInfo, WorkerFailure
from sweeper.messages.receipts import CapabilityRunRef

_MARK = "sweeper-failure:"
"""In front of a failure in a text of checkmaite, which keeps of an exception its text alone."""


class RunFailedError(Exception):
    """A run failed; the text has all that the driver is to know, since checkmaite hands over nothing else."""


class RunDiedError(Exception):
    """The worker of a run died. Ray starts it again for checkmaite; `retries` says whether it is to be tried again."""


class CarriedRun:
    """What checkmaite takes for a finished run. Its rows and its report are in the store already, so it has none."""

    def __init__(self, receipt: CapabilityRunRef) -> None:
        self.run_uid, self.capability_id = receipt.run_uid, str(receipt.capability_id)

    def extract(self) -> list[object]:
        """No rows."""
        return []

    def collect_md_report(self, threshold: float) -> NoReturn:
        """No report."""
        raise NotImplementedError


class Carrier:
    """Has of a capability what checkmaite asks for. Two with equal keys are one job, as long as it has not failed."""

    def __init__(self, capability_id: str, key: str, message: bytes) -> None:
        self.id, self.key, self.message = capability_id, key, message

    def again(self, times: int) -> Carrier:
        """The same under a key of its own, for one that completed so often and has no rows."""
        return Carrier(self.id, f"{self.key} | again {times}" if times else self.key, self.message)

    @property
    def _RUN_TYPE(self) -> Carrier:  # noqa: N802 - checkmaite's name
        return self

    def _create_config(self) -> None:
        return None

    def compute_uid(self, **_: object) -> str:
        """What checkmaite tells equal submissions by."""
        return self.key

    def run(self, **_: object) -> CarriedRun:
        """Run the request in a worker.

        Raises
        ------
        RunFailedError
            The run, or what came before it, raised; its text is read with `failure_in`.
        RunDiedError
            This is a second start of the same task.
        """
        from sweeper.worker.ray_tasks import run_capability

        if _starts_again():
            raise RunDiedError("the worker of the run died")
        try:
            receipt: CapabilityRunRef = pickle.loads(run_capability(self.message))
        except WorkerFailure as failure:
            raise RunFailedError(_packed(failure)) from None
        except VersionError as error:
            raise RunFailedError(_packed(WorkerFailure.of(error))) from None
        return CarriedRun(receipt)


def failure_in(text: str) -> BaseException | None:
    """The exception of a run in what checkmaite says of a failed job; `None` where no run had a say."""
    _, found, rest = text.partition(_MARK)
    if not found:
        return None
    words, chain = json.loads(rest.splitlines()[0])
    info = ErrorInfo(*words)
    if info.kind == f"{VersionError.__module__}.{VersionError.__qualname__}":
        return VersionError(info.message)
    return WorkerFailure(info, chain=tuple(chain))


def _packed(failure: WorkerFailure) -> str:
    """A failure as one line."""
    return f"{failure}\n{_MARK}{json.dumps([failure.info, failure.chain])}"


def _starts_again() -> bool:
    """Whether Ray has started this task before. The counter is private to Ray: without it, no start is a second one."""
    with suppress(ImportError, AttributeError, KeyError):
        from ray._private.worker import global_worker

        return vars(global_worker)["core_worker"].get_current_task_attempt_number() > 0
    return False
