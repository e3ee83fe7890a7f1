"""Write the result or the failure of one run to the store."""

from __future__ import annotations

import platform
import sys
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sweeper.common import clock
from sweeper.common.log_file import LogFile
from sweeper.messages.failures import ErrorInfo, mark_unwritten
from sweeper.messages.outcome import Status
from sweeper.messages.receipts import CapabilityRunRef, HandedRows, Report
from sweeper.messages.requests import JobInfo, RunRequest
from sweeper.worker.capability_run import RunOutput
from sweeper.worker.inferred import Inference
from sweeper.worker.interrupts import Interrupted, begin_to_write
from sweeper.worker.run_reports import collect, keep_at
from sweeper.worker.stores import open_store

if TYPE_CHECKING:
    from sweeper.store import Store


def record_result(
    request: RunRequest,
    job_info: JobInfo,
    output: RunOutput,
    started_at: datetime,
    inference: Inference | None,
    log: LogFile | None,
) -> CapabilityRunRef:
    """Write what a run measured, or have the driver write it; the receipt says which."""
    from sweeper.store import boot_id

    started_at, finished_at = clock.span_after(started_at, job_info.submitted_at)
    provenance = request.provenance.of_job(
        job_id=job_info.job_id,
        backend=job_info.backend,
        submitted_at=job_info.submitted_at,
        completed_at=finished_at,
    )
    store, run = open_store(request.store), output.run
    report = _report(request, run, store, job_info.job_id)
    handed: list[HandedRows] = []
    of_sweep = request.attempt is not None and request.boot_id is not None
    begin_to_write()
    uri = store.record(
        run,
        provenance=provenance,
        attempt=request.attempt,
        started_at=started_at,
        finished_at=finished_at,
        inference_s=inference and inference.seconds,
        inference_id=inference and inference.inference_id,
        logs=(log and log.written, inference and inference.log),
        host=_host(),
        report_uri=report.uri if report is not None else None,
        warnings="\n".join(dict.fromkeys(output.warnings)) or None,
        may_wait=request.boot_id is not None and request.boot_id == boot_id(),
        hand_over=handed.append if of_sweep else None,
    )
    return CapabilityRunRef(run.run_uid, run.capability_id, uri, report=report, rows=handed[0] if handed else None)


def record_failure(
    request: RunRequest,
    job_info: JobInfo,
    error: BaseException,
    started_at: datetime,
    inference: Inference | None,
    log: LogFile | None,
) -> None:
    """Write the traceback to the log of the run, and a failed attempt to the store if the request is an attempt.

    Where the store takes it from nobody here, the error is marked, and the driver writes it.
    """
    info = ErrorInfo.of(error)
    if log is not None:
        log.write(info.trace)
    if request.attempt is None:
        return
    from sweeper.store import AttemptRow

    started_at, finished_at = clock.span_after(started_at, job_info.submitted_at)
    row = AttemptRow.of(
        request.attempt,
        status=Status.FAILED.value,
        submitted_at=job_info.submitted_at,
        started_at=started_at,
        finished_at=finished_at,
        inference_s=inference and inference.seconds,
        error_type=info.kind,
        error_message=info.message,
        traceback=info.trace,
        host=_host(),
        log_uri=log.path if log is not None else None,
    )
    try:
        open_store(request.store).write_attempts([row])
    except Exception as store_error:  # noqa: BLE001 - each kind of store has its own; that of the run is to be told
        mark_unwritten(error)
        error.add_note(f"The worker could not write this failed attempt to the store: {store_error}")


def _report(request: RunRequest, run: object, store: Store, job_id: str) -> Report | None:
    """The run's own report. In a sweep the receipt is not kept, so it is always a file; its failure fails no run."""
    keep = store.write_artifact if request.artifacts is None else keep_at(request.artifacts)
    if request.attempt is None:
        return collect(run, request.report_threshold, keep, job_id)
    try:
        return collect(run, request.report_threshold, keep, job_id, max_inline=0)
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 - printed, so that it is in the log of the combination
        print(ErrorInfo.of(error).trace, file=sys.stderr)  # noqa: T201
        return None


@cache
def _host() -> str:
    return platform.node()
