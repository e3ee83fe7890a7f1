"""Inferences that are stored beside the tables of a store, for later sweeps.

The key is a hash of everything that the predictions depend on. They are arrays and JSON (`plain_form`): who can write
to the store cannot run code in its workers.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sweeper.worker.plain_form import NotPlainError, from_file, to_file

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions
    from sweeper.checks.findings import Findings
    from sweeper.store import Store
    from sweeper.worker.inferred import Inference

VERSION = 5
"""Part of the file name. Predictions of an older version are not read, but computed again."""
FOLDER = f"predictions/v{VERSION}"
logger = logging.getLogger(__name__)


def read(store: Store, key: str) -> Inference | None:
    """What was stored under a key; `None` if there is nothing, or if it can no longer be opened."""
    data = store.read_artifact(_path(key))
    if data is None:
        return None
    try:
        return _inference(from_file(data))
    except Exception as error:  # noqa: BLE001 - a damaged file raises anything; inference helps
        logger.warning("Stored predictions %s cannot be opened and are computed again: %s", _path(key), error)
        return None


def write(store: Store, key: str, inference: Inference) -> str:
    """Store an inference under a key, and replace what was there. Returns why it was not stored, else nothing."""
    try:
        content = to_file(_plain(inference))
    except NotPlainError as error:
        return (
            f"predictions that hold {error} are not kept in the store, though predictions.persist is true: it keeps "
            "numbers, text, lists, mappings, numpy arrays and torch tensors"
        )
    store.write_artifact(_path(key), content)
    return ""


def _path(key: str) -> str:
    return f"{FOLDER}/{key}.npz"


def _plain(inference: Inference) -> dict[str, object]:
    return {
        "predictions": {label: _plain_predictions(each) for label, each in inference.predictions.items()},
        "model": dict(inference.model_metadata),
        "dataset": dict(inference.dataset_metadata),
        "seconds": inference.seconds,
        "warnings": inference.warnings,
    }


def _plain_predictions(predictions: Predictions) -> dict[str, object]:
    return {
        "predictions": predictions.prediction_batches,
        "targets": predictions.target_batches,
        "metadata": tuple(list(batch) for batch in predictions.metadata_batches),
        "findings": None if predictions.findings is None else asdict(predictions.findings),
    }


def _inference(plain: Any) -> Inference:
    from sweeper.worker.inferred import Inference

    predictions = {label: _predictions(**each) for label, each in plain["predictions"].items()}
    return Inference(predictions, plain["model"], plain["dataset"], plain["seconds"], plain["warnings"])


def _predictions(predictions: Any, targets: Any, metadata: Any, findings: Any) -> Predictions:
    from sweeper.capabilities.batches import MetadataBatch
    from sweeper.capabilities.predictions import Predictions

    return Predictions(predictions, targets, tuple(map(MetadataBatch, metadata)), _findings(findings))


def _findings(plain: dict[str, Any] | None) -> Findings | None:
    from sweeper.checks.findings import Findings
    from sweeper.checks.labels import LabelComparison

    if plain is None:
        return None
    return Findings(labels=LabelComparison(**plain.pop("labels")), **plain)
