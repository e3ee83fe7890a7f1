"""Write what became of each datum of an inference into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.errors import StoreError
from sweeper.messages.requests import OutcomesRequest
from sweeper.worker.stores import open_store

if TYPE_CHECKING:
    from sweeper.capabilities.outcomes import Outcomes
    from sweeper.store.outcome_files import Column
    from sweeper.worker.inferred import Inference


def kept(inference: Inference, asked: OutcomesRequest) -> Inference:
    """The same inference with the id of its table by datum, which is written now, if it has one.

    Where the store does not take it, that is noted: the values of the inference are right without it.
    """
    from sweeper.capabilities.outcomes import outcomes_of

    found = {label: outcomes_of(predictions, asked.keys) for label, predictions in inference.predictions.items()}
    columns = {label: _columns(outcomes) for label, outcomes in found.items() if outcomes is not None}
    if not columns:
        return inference
    try:
        return replace(inference, inference_id=open_store(asked.store).write_outcomes(columns))
    except (StoreError, OSError) as error:
        note = f"what became of each datum could not be written to the store: {error}"
        return replace(inference, note="; ".join(filter(None, (inference.note, note))))


def _columns(outcomes: Outcomes) -> Mapping[str, Column]:
    return {"datum_id": outcomes.datum_id, **outcomes.columns, **outcomes.metadata}
