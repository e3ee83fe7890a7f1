"""Run one request in a worker: build, run, record, receipt."""

from __future__ import annotations

from sweeper.common import clock
from sweeper.isolation import process_state
from sweeper.messages.receipts import CapabilityRunRef
from sweeper.messages.requests import JobInfo, RunRequest, log_path
from sweeper.worker.blocks import PredictionsLost
from sweeper.worker.capability_run import run_capability
from sweeper.worker.capture import captured
from sweeper.worker.driver_environment import use_import_paths, use_working_folder
from sweeper.worker.inferred import Inference
from sweeper.worker.interrupts import Interrupted
from sweeper.worker.passed_over import log_passed_over
from sweeper.worker.recording import record_failure, record_result


def execute(request: RunRequest, job_info: JobInfo, inference: Inference | None = None) -> CapabilityRunRef:
    """Run one request and write what it measured; the receipt is returned only once that is durable.

    An exception of the run is written as a failed attempt, if the request is one, and raised again.
    """
    use_import_paths(job_info.paths)
    use_working_folder((request.capability, *request.datasets, *request.models, *request.metrics))
    started_at = clock.now()
    identity = request.attempt.fingerprint if request.attempt is not None else ""
    with captured(log_path(request)) as log, process_state.isolated(identity):
        try:
            output = run_capability(request, inference)
            log_passed_over(output.run, log)
            return record_result(request, job_info, output, started_at, inference, log)
        except (Interrupted, PredictionsLost):
            raise
        except BaseException as error:  # whatever user code raises is the result of this attempt
            record_failure(request, job_info, error, started_at, inference, log)
            raise
