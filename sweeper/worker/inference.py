"""Run a model over a dataset once, for every capability run that reads its predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from sweeper.errors import PartError
from sweeper.messages.failures import ErrorInfo
from sweeper.messages.requests import InferenceRequest, PredictionCacheEntry
from sweeper.messages.shards import Answer, Joining, PassInfo
from sweeper.worker import activity, kept_parts, outcomes, prediction_cache
from sweeper.worker.blocks import BlockStore, InMemory, PredictionsLost
from sweeper.worker.capture import captured
from sweeper.worker.driver_environment import use_import_paths, use_working_folder
from sweeper.worker.inferred import Inference
from sweeper.worker.interrupts import Interrupted
from sweeper.worker.leakage import LeakageCheck
from sweeper.worker.loaded_pass import LoadedPass, loaded
from sweeper.worker.object_cache import is_cached
from sweeper.worker.shards import AllBatches, Batches, Cursor, Part
from sweeper.worker.stores import open_store

if TYPE_CHECKING:
    from sweeper.worker.shard_workers import OfFurtherWorker

KEEP_S, KEEP_BLOCKS = 60.0, 8
"""Of a pass whose predictions outlive their sweep, what was made so far is written so often."""


def infer(
    request: InferenceRequest, paths: tuple[str, ...] = (), job_id: str = "", blocks: BlockStore | None = None
) -> Inference:
    """Run a model over a dataset once for each augmentation of the capability, or read stored predictions.

    Others may help with an inference that has a `job_id` and a `shard_board`. Batches are kept in `blocks`, by default
    in memory.
    """
    blocks = blocks or InMemory()
    use_import_paths(paths)
    use_working_folder((request.model, request.dataset))
    with captured(request.log) as log:
        try:
            entry = request.cache_entry
            make = partial(_infer, request, job_id, blocks)
            inference = make() if entry is None else _stored_or_made(entry, make)
            if request.outcomes is not None:
                inference = outcomes.kept(inference, request.outcomes)
            return inference if log is None else replace(inference, log=log.written)
        except (Interrupted, PredictionsLost):
            raise
        except BaseException as error:
            if log is not None:
                log.write(ErrorInfo.of(error).trace)
            raise


def _stored_or_made(entry: PredictionCacheEntry, make: Callable[[], Inference]) -> Inference:
    store = open_store(entry.store)
    stored = prediction_cache.read(store, entry.key)
    if stored is not None:
        return stored
    try:
        inference = make()
    except PartError:  # it may be that what was kept does not fit: who tries again begins anew
        kept_parts.remove(entry)
        raise
    if inference.is_in_blocks:  # its parts stay: one file would have to be in memory as a whole
        return inference
    note = prediction_cache.write(store, entry.key, inference)
    kept_parts.remove(entry)
    return replace(inference, note=note)


def _infer(request: InferenceRequest, job_id: str, blocks: BlockStore) -> Inference:
    with loaded(request, blocks) as whole:
        leakage = LeakageCheck(request.model, request.dataset)
        observer = leakage.observer()
        parts = _parts(request, job_id, whole, hashes=observer is not None)
        if observer is not None:
            observer.join(part.hashes for part in parts if part.repeated is None)
        return Inference(
            whole.put_together(parts),
            whole.model.metadata,
            whole.dataset.metadata,
            seconds=sum(part.seconds for part in parts),
            warnings=leakage.warnings(whole.dataset.metadata["id"]),
        )


def _parts(request: InferenceRequest, job_id: str, whole: LoadedPass, *, hashes: bool) -> list[Part]:
    """All batches: those that were kept, those that this worker makes, those of others, and those lost with others."""
    if request.shard_board is None or not whole.can_be_shared:
        return [whole.make(Cursor(AllBatches(whole.total), range(whole.total)), hashes=hashes)]
    from sweeper.worker.shard_workers import OfFirstWorker  # with Ray

    folder = kept_parts.Folder(request.cache_entry, whole.shape)
    kept = [*folder.read(whole.store, hashes=hashes)]
    activity.made(whole.data_in(kept))
    todo = whole.missing(kept)
    batches = OfFirstWorker(request.shard_board, job_id, PassInfo(whole.shape, todo, whole.load_s, hashes))
    parts = [*kept, *whole.compared_with(kept)]
    parts += _made(folder, whole, batches, todo, hashes)
    parts += batches.parts()
    lost = whole.missing(parts)
    parts += _made(folder, whole, AllBatches(len(lost)), lost, hashes)
    if any(part.is_in_blocks for part in parts):
        folder.complete(parts)
    return parts


def _made(
    folder: kept_parts.Folder, whole: LoadedPass, batches: Batches, todo: Sequence[int], hashes: bool
) -> list[Part]:
    """What this worker makes. Where predictions outlive their sweep, the parts do that are made until then."""
    rest_s, most_blocks = (KEEP_S, KEEP_BLOCKS) if folder.is_there else (float("inf"), float("inf"))
    cursor = Cursor(batches, todo, rest_s)
    parts: list[Part] = []
    while not (part := whole.make(cursor, hashes=hashes, most_blocks=most_blocks)).is_empty:
        parts.append(part)
        if cursor.rests or part.is_in_blocks:
            folder.write(part)
    return parts


def _own_log(request: InferenceRequest, worker: str) -> str | None:
    return None if request.log is None else f"{request.log.removesuffix('.log')}-{worker[:8]}.log"


def help_inference(
    request: InferenceRequest, paths: tuple[str, ...], job_id: str, worker: str, blocks: BlockStore
) -> bool:
    """Make some batches of the inference that another worker has begun as `job_id`, if it is still worth it.

    Returns
    -------
    bool
        Whether it came too early: that worker has not got so far.
    """
    from sweeper.worker.shard_workers import OfFurtherWorker

    use_import_paths(paths)
    use_working_folder((request.model, request.dataset))
    batches = OfFurtherWorker(str(request.shard_board), job_id, worker)
    for module in ("maite.tasks", "sweeper.capabilities.predictions"):  # a second, while the first worker begins
        import_module(module)
    joining = batches.join(has_loaded=is_cached(request.model) and is_cached(request.dataset))
    if not isinstance(joining, Joining):
        return joining is Answer.WAIT
    with captured(_own_log(request, worker)) as log:
        try:
            _help(request, batches, joining, blocks)
        except Exception as error:
            if log is not None:
                log.write(ErrorInfo.of(error).trace)
            raise
    return False


def _help(request: InferenceRequest, batches: OfFurtherWorker, joining: Joining, blocks: BlockStore) -> None:
    with loaded(request, blocks) as whole:
        if whole.shape != joining.info.shape:
            raise PartError(f"The dataset differs from that of the first worker: {whole.shape}, {joining.info.shape}.")
        repeated = whole.repeat(joining.repeated)
        part = whole.make(Cursor(batches, joining.info.todo), hashes=joining.info.hashes)
        batches.hand_in([repeated, part])
