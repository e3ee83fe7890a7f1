"""Write what became of each datum of an inference into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.messages.requests import OutcomesRequest
from sweeper.worker.stores import open_store

if TYPE_CHECKING:
    from sweeper.capabilities.outcomes import Outcomes
    from sweeper.store.outcome_files import Column
    from sweeper.worker.inferred import Inference


def kept(inference: Inference, asked: OutcomesRequest) -> Inference:
    """The same inference with the id of its table by datum, which is written now, if it has one.

    Where that fails, it is noted: the values of the inference are right without it.
    """
    try:
        return replace(inference, inference_id=_written(inference, asked))
    except Exception as error:  # noqa: BLE001 - metadata are of any class, and each store fails in ways of its own
        note = f"what became of each datum could not be written to the store: {type(error).__name__}: {error}"
        return replace(inference, note="; ".join(filter(None, (inference.note, note))))


def _written(inference: Inference, asked: OutcomesRequest) -> str | None:
    from sweeper.capabilities.outcomes import outcomes_of

    found = {label: outcomes_of(predictions, asked.keys) for label, predictions in inference.predictions.items()}
    columns = {label: _columns(outcomes) for label, outcomes in found.items() if outcomes is not None}
    return open_store(asked.store).write_outcomes(columns) if columns else None


def _columns(outcomes: Outcomes) -> Mapping[str, Column]:
    return {"datum_id": outcomes.datum_id, **outcomes.columns, **outcomes.metadata}
