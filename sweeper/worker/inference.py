"""Run a model over a dataset once, for every capability run that reads its predictions."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.isolation import process_state, stand_ins
from sweeper.messages.failures import ErrorInfo
from sweeper.messages.requests import InferenceRequest, PredictionCacheEntry
from sweeper.worker import part_use, prediction_cache
from sweeper.worker.capture import captured
from sweeper.worker.driver_environment import use_import_paths, use_working_folder
from sweeper.worker.inferred import Inference
from sweeper.worker.interrupts import Interrupted
from sweeper.worker.leakage import LeakageCheck
from sweeper.worker.object_cache import new_instance
from sweeper.worker.part_use import PartUse
from sweeper.worker.stores import open_store

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions


def infer(request: InferenceRequest, paths: tuple[str, ...] = ()) -> Inference:
    """Run a model over a dataset once for each augmentation of the capability, or read stored predictions."""
    use_import_paths(paths)
    use_working_folder((request.model, request.dataset))
    with captured(request.log) as log:
        try:
            return _infer(request) if request.cache_entry is None else _stored_or_made(request, request.cache_entry)
        except Interrupted:
            raise
        except BaseException as error:
            if log is not None:
                log.write(ErrorInfo.of(error).trace)
            raise


def _stored_or_made(request: InferenceRequest, entry: PredictionCacheEntry) -> Inference:
    store = open_store(entry.store)
    stored = prediction_cache.read(store, entry.key)
    if stored is not None:
        return stored
    inference = _infer(request)
    return replace(inference, note=prediction_cache.write(store, entry.key, inference))


def _infer(request: InferenceRequest) -> Inference:
    from sweeper.capabilities.predictions import BATCH_SIZE, predict

    uses = PartUse(request.model), PartUse(request.dataset)
    with process_state.isolated(""), part_use.finishing(uses):
        model, dataset = stand_ins.for_model(uses[0]), stand_ins.for_dataset(uses[1])
        for use in uses:
            use.get()
        capability = new_instance(request.capability)
        passes = capability.augmentations() if hasattr(capability, "augmentations") else {"": None}
        batch_size = getattr(capability, "batch_size", BATCH_SIZE)
        process_state.seed(part_use.identity(request.model, model) + part_use.identity(request.dataset, dataset))
        leakage = LeakageCheck(request.model, request.dataset)
        observe = leakage.observer()
        began = time.perf_counter()
        predictions: dict[str, Predictions] = {}
        for label, augmentation in passes.items():
            on_inputs = None if predictions else observe  # every pass reads the same images
            predictions[label] = predict(model, dataset, augmentation, batch_size, on_inputs=on_inputs)
        seconds = time.perf_counter() - began
        warnings = leakage.warnings(dataset.metadata["id"])
        return Inference(predictions, model.metadata, dataset.metadata, seconds, warnings)
