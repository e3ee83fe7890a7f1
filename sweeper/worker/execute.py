"""What happens in a worker: build, run, record, receipt."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sweeper.checks import returned, rules, watch
from sweeper.common.log_file import LogFile
from sweeper.errors import StoreError
from sweeper.isolation import guarded, process_state
from sweeper.messages.failures import ErrorInfo
from sweeper.messages.receipts import CapabilityRunRef, Report
from sweeper.messages.requests import InferenceRequest, JobInfo, ObjectSpec, RunRequest, StoreLocation, log_path
from sweeper.worker import checkmaite_adapter, object_cache, prediction_cache
from sweeper.worker.capture import captured
from sweeper.worker.interrupts import Interrupted
from sweeper.worker.leakage import Look, leaks
from sweeper.worker.passed_over import note_passed_over
from sweeper.worker.run_reports import collect

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions
    from sweeper.store import Store


@dataclass(frozen=True, eq=False)
class Inference:
    """What one inference task returns: predictions by augmentation label, what they were made of, and in how long."""

    predictions: Mapping[str, Predictions]
    model_metadata: Any
    dataset_metadata: Any
    seconds: float
    """Of the passes alone, without what was loaded for them; those of the first time, where they were kept since."""
    warnings: tuple[str, ...] = ()
    """What must be known beside every value that is computed from these predictions, a line each."""

    def own(self) -> Inference:
        """The same for another reader, which may write into what is not read-only."""
        return replace(self, predictions={label: made.own() for label, made in self.predictions.items()})


def execute(request: RunRequest, job_info: JobInfo, inference: Inference | None = None) -> CapabilityRunRef:
    """Run one request and write what it measured; the receipt is returned only once that is durable.

    An exception of the run is written as a failed attempt, where the request is one, and raised again.
    """
    use_paths(job_info.paths)
    use_folder((request.capability, *request.datasets, *request.models, *request.metrics))
    started_at = datetime.now(UTC)
    identity = request.attempt.fingerprint if request.attempt is not None else ""
    with captured(log_path(request)) as log, process_state.isolated(identity):
        try:
            made = _run(request, inference)
            note_passed_over(made.run, log)
            return _record(request, job_info, made, started_at, inference)
        except Interrupted:
            raise
        except BaseException as error:  # whatever user code raises is the result of this attempt
            _record_failure(request, job_info, error, started_at, inference, log)
            raise


def infer(request: InferenceRequest, paths: tuple[str, ...] = ()) -> Inference:
    """Run a model over a dataset once for each augmentation that the capability names, or read it from the cache."""
    use_paths(paths)
    use_folder((request.model, request.dataset))
    if request.cache_entry is None:
        return _infer(request)
    store = open_store(request.cache_entry.store)
    found = prediction_cache.take(store, request.cache_entry.key)
    if isinstance(found, Inference):
        return found
    made = _infer(request)
    prediction_cache.put(store, request.cache_entry.key, made)
    return made


def _infer(request: InferenceRequest) -> Inference:
    from sweeper.capabilities.predictions import BATCH_SIZE, predict

    uses = object_cache.Use(request.model), object_cache.Use(request.dataset)
    with process_state.isolated(""), _settled(uses):
        model, dataset = guarded.model(uses[0]), guarded.dataset(uses[1])
        for use in uses:
            use.get()
        capability = object_cache.fresh(request.capability)
        passes = capability.augmentations() if hasattr(capability, "augmentations") else {"": None}
        size = getattr(capability, "batch_size", BATCH_SIZE)
        process_state.seed(_identity(request.model, model) + _identity(request.dataset, dataset))
        look = Look(request.model, request.dataset)
        see = look.watcher()
        began = time.perf_counter()
        made: dict[str, Predictions] = {}
        for label, augmentation in passes.items():
            made[label] = predict(model, dataset, augmentation, size, on_inputs=None if made else see)
        took = time.perf_counter() - began
        return Inference(made, model.metadata, dataset.metadata, took, look.warnings(dataset.metadata["id"]))


def _identity(part: Any, item: Any) -> str:
    """What the random generators are seeded from: the digest of a spec, else what the object calls itself."""
    if isinstance(part, ObjectSpec):
        return part.digest
    metadata = getattr(item, "metadata", None)
    return str(metadata.get("id")) if isinstance(metadata, Mapping) else type(item).__name__


def use_paths(paths: tuple[str, ...]) -> None:
    """Import from where the driver does, first of all; folders that this machine does not have are passed over."""
    if tuple(sys.path[: len(paths)]) != paths:
        known = [path for path in paths if os.path.exists(path)]
        sys.path[:] = [*known, *(path for path in sys.path if path not in known)]


def use_folder(parts: Iterable[Any]) -> None:
    """Go where the driver is, if a spec names relative paths and this machine has that folder."""
    folder = next((part.folder for part in parts if isinstance(part, ObjectSpec) and part.folder), None)
    if folder is not None and folder != os.getcwd() and os.path.isdir(folder):
        os.chdir(folder)


class _Made(NamedTuple):
    """What a capability returned, and what must be known beside its values."""

    run: Any
    warnings: tuple[str, ...]


def _run(request: RunRequest, inference: Inference | None) -> _Made:
    built = object_cache.fresh(request.capability)
    capability = checkmaite_adapter.adapted(built)
    keywords = {name: object_cache.fresh(value) for name, value in request.extra.items()}
    metrics = [object_cache.fresh(metric) for metric in request.metrics]
    model_uses, dataset_uses = [*map(object_cache.Use, request.models)], [*map(object_cache.Use, request.datasets)]
    allowed = rules.allowed_by(request.rules, built, metrics)
    with _settled([*model_uses, *dataset_uses]) as uses, rules.under(allowed), watch.over(allowed) as looking:
        known = () if inference is None else _verified(inference)
        if inference is None:
            _load(uses)
        else:
            keywords["predictions"] = inference.predictions
        models = [guarded.model(use, inference and inference.model_metadata) for use in model_uses]
        datasets = [guarded.dataset(use, inference and inference.dataset_metadata) for use in dataset_uses]
        keywords |= {"config": _config(request.config), "use_cache": False}
        if request.attempt is None:
            asked = (*request.models, *request.datasets, *request.metrics)
            process_state.seed(" ".join(map(_identity, asked, (*models, *datasets, *metrics))))
        run = capability.run(models=models, datasets=datasets, metrics=metrics, **keywords)
        known = (*known, *looking.finish(), *guarded.unchecked(models), *guarded.unread(datasets, looking))
        known = (*known, *_left_behind())
        if looking.asked_models:
            known = (*known, *leaks(request.models, request.datasets, dataset_uses))
    returned.run(run, built)
    own: Any = getattr(run, "warnings", ())
    # Whatever else a foreign run calls so is not meant for the store.
    return _Made(run, (*known, *map(str, own)) if isinstance(own, list | tuple) else known)


def _left_behind() -> list[str]:
    return [f"unchecked: a run before it in its process left {what} changed" for what in process_state.left_behind()]


def _verified(inference: Inference) -> tuple[str, ...]:
    """Refuse predictions that the run may not read; what must be known beside what comes of them."""
    checked = (line for made in inference.predictions.values() for line in made.verify())
    return (*inference.warnings, *checked)


def _load(uses: Iterable[object_cache.Use]) -> None:
    """Where a run reads no predictions, a part that cannot be built fails it, whether the capability looks or not."""
    for use in uses:
        use.load()


@contextmanager
def _settled(uses: Sequence[object_cache.Use]) -> Generator[Sequence[object_cache.Use]]:
    """See afterwards what was done to the parts in use."""
    try:
        yield uses
    finally:
        for use in uses:
            use.settle()


def _config(config: Any) -> Any:
    """A run's config is built where a choice file describes an object, and handed on as it is where it is data."""
    if isinstance(config, Mapping) and "_target_" in config:
        return object_cache.instantiate(config)
    return object_cache.fresh(config)


def _record(
    request: RunRequest, job_info: JobInfo, made: _Made, started_at: datetime, inference: Inference | None
) -> CapabilityRunRef:
    from sweeper.store import boot_id

    finished_at = datetime.now(UTC)
    who = request.provenance.of_job(
        job_id=job_info.job_id,
        backend=job_info.backend,
        submitted_at=job_info.submitted_at,
        completed_at=finished_at,
    )
    store, run = open_store(request.store), made.run
    report = _report(request, run, store, job_info.job_id)
    uri = store.record(
        run,
        provenance=who,
        attempt=request.attempt,
        started_at=started_at,
        finished_at=finished_at,
        inference_s=inference and inference.seconds,
        host=_host(),
        report_uri=report.uri if report is not None else None,
        warnings="\n".join(dict.fromkeys(made.warnings)) or None,
        may_wait=request.boot_id is not None and request.boot_id == boot_id(),
    )
    return CapabilityRunRef(run.run_uid, run.capability_id, uri, report=report)


def _report(request: RunRequest, run: Any, store: Store, job_id: str) -> Report | None:
    """The run's report; in a sweep always a file, for nobody keeps the receipt, and no reason to lose a measurement."""
    if request.attempt is None:
        return collect(run, request.report_threshold, store, job_id)
    try:
        return collect(run, request.report_threshold, store, job_id, max_inline=0)
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 - told in the log of the combination
        print(ErrorInfo.of(error).trace, file=sys.stderr)  # noqa: T201
        return None


def _record_failure(
    request: RunRequest,
    job_info: JobInfo,
    error: BaseException,
    started_at: datetime,
    inference: Inference | None,
    log: LogFile | None,
) -> None:
    info = ErrorInfo.of(error)
    if log is not None:
        log.write(info.trace)
    if request.attempt is None:
        return
    from sweeper.store import AttemptRow

    row = AttemptRow.of(
        request.attempt,
        status="failed",
        submitted_at=job_info.submitted_at,
        started_at=started_at,
        finished_at=datetime.now(UTC),
        inference_s=inference and inference.seconds,
        error_type=info.kind,
        error_message=info.message,
        traceback=info.trace,
        host=_host(),
        log_uri=log.path if log is not None else None,
    )
    try:
        open_store(request.store).write_attempts([row])
    except (StoreError, OSError) as unwritten:  # the run's own error is the one to be told of
        error.add_note(f"This failed attempt could not be written to the store either: {unwritten}")


_stores: dict[tuple[str, str], Store] = {}


def open_store(location: StoreLocation) -> Store:
    """The store at a place; one object per process."""
    from sweeper import store

    key = (location.uri, repr(sorted(location.storage_options.items())))
    if key not in _stores:
        _stores[key] = store.open_store(location.uri, location.storage_options)
    return _stores[key]


@cache
def _host() -> str:
    return platform.node()
