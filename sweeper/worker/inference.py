"""Run a model over a dataset once, for every capability run that reads its predictions."""

from __future__ import annotations

from dataclasses import replace

from sweeper.messages.failures import ErrorInfo
from sweeper.messages.requests import InferenceRequest, PredictionCacheEntry
from sweeper.worker import prediction_cache
from sweeper.worker.capture import captured
from sweeper.worker.driver_environment import use_import_paths, use_working_folder
from sweeper.worker.inferred import Inference
from sweeper.worker.interrupts import Interrupted
from sweeper.worker.leakage import ImageObserver, LeakageCheck
from sweeper.worker.loaded_pass import LoadedPass, loaded
from sweeper.worker.object_cache import is_cached
from sweeper.worker.shards import Part, TheseBatches
from sweeper.worker.stores import open_store


def infer(request: InferenceRequest, paths: tuple[str, ...] = (), job_id: str = "") -> Inference:
    """Run a model over a dataset once for each augmentation of the capability, or read stored predictions.

    Others may help with an inference that has a `job_id` and a `board`.
    """
    use_import_paths(paths)
    use_working_folder((request.model, request.dataset))
    with captured(request.log) as log:
        try:
            return (
                _infer(request, job_id)
                if request.cache_entry is None
                else _stored_or_made(request, request.cache_entry, job_id)
            )
        except Interrupted:
            raise
        except BaseException as error:
            if log is not None:
                log.write(ErrorInfo.of(error).trace)
            raise


def _stored_or_made(request: InferenceRequest, entry: PredictionCacheEntry, job_id: str) -> Inference:
    store = open_store(entry.store)
    stored = prediction_cache.read(store, entry.key)
    if stored is not None:
        return stored
    inference = _infer(request, job_id)
    return replace(inference, note=prediction_cache.write(store, entry.key, inference))


def _infer(request: InferenceRequest, job_id: str) -> Inference:
    with loaded(request) as whole:
        leakage = LeakageCheck(request.model, request.dataset)
        observer = leakage.observer()
        parts = _parts(request, job_id, whole, observer)
        return Inference(
            whole.put_together(parts),
            whole.model.metadata,
            whole.dataset.metadata,
            seconds=sum(part.seconds for part in parts),
            warnings=leakage.warnings(whole.dataset.metadata["id"]),
        )


def _parts(request: InferenceRequest, job_id: str, whole: LoadedPass, observer: ImageObserver | None) -> list[Part]:
    """All batches: those that this worker makes, those of others, and then those that were lost with others."""
    on_inputs = None if observer is None else observer.add
    if request.board is None:
        return [whole.make(TheseBatches(range(whole.total)), on_inputs)]
    from sweeper.worker.shard_workers import OfFirstWorker  # with Ray

    batches = OfFirstWorker(request.board, job_id, whole.total, whole.load_s, hashes=observer is not None)
    parts = [whole.make(batches, on_inputs), *batches.parts()]
    if observer is not None:
        observer.join(part.hashes for part in parts[1:])
    if missing := whole.missing(parts):
        parts.append(whole.make(TheseBatches(missing), on_inputs))
    return parts


def _own_log(request: InferenceRequest, worker: str) -> str | None:
    return None if request.log is None else f"{request.log.removesuffix('.log')}-{worker[:8]}.log"


def help_inference(request: InferenceRequest, paths: tuple[str, ...], job_id: str, worker: str) -> None:
    """Make some batches of the inference that another worker has begun as `job_id`, if it is still worth it."""
    from sweeper.worker.shard_workers import OfFurtherWorker

    use_import_paths(paths)
    use_working_folder((request.model, request.dataset))
    batches = OfFurtherWorker(str(request.board), job_id, worker)
    wanted = batches.join(has_loaded=is_cached(request.model) and is_cached(request.dataset))
    if not wanted:
        return
    with captured(_own_log(request, worker)), loaded(request) as whole:
        observer = ImageObserver() if wanted.hashes else None
        repeated = None if wanted.repeated is None else whole.repeat(wanted.repeated)
        part = whole.make(batches, None if observer is None else observer.add)
        batches.hand_in(replace(part, hashes=observer and observer.hashes(), repeated=repeated))
