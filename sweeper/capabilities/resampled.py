"""Any MAITE metric on resamples of the data: the predictions are made once, and scored again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.capabilities.batches import MetadataBatch
from sweeper.capabilities.predictions import number_of
from sweeper.isolation.copies import private_copy

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatumMetadata

    from sweeper.capabilities.predictions import Predictions
    from sweeper.common.maite_types import TaskMetric
    from sweeper.statistics.resampling import Resamples


def resampled(
    metric: TaskMetric, predictions: Predictions, resamples: Resamples, number: int
) -> Iterator[dict[str, float]]:
    """What a metric computes from each of `number` resamples, by its key; nothing where it raises.

    A resample may be one that it cannot score, such as one without a datum of some class.
    """
    given, targets = _joined(predictions.prediction_batches), _joined(predictions.target_batches)
    metadata: list[object] = [*metadata_of(predictions)]
    for weights in resamples.chunks(number):
        for row in weights:
            places = np.repeat(np.arange(len(row)), row)
            yield _computed(metric, _taken(given, places), _taken(targets, places), _taken(metadata, places))


def metadata_of(predictions: Predictions) -> Iterator[DatumMetadata]:
    """The metadata of each datum, to be read once."""
    for batch in predictions.metadata_batches:
        yield from batch.peek() if isinstance(batch, MetadataBatch) else batch


def _computed(
    metric: TaskMetric, given: Sequence[object], targets: Sequence[object], metadata: Sequence[Any]
) -> dict[str, float]:
    try:
        metric.reset()
        metric.update(given, targets, metadata)
        values = {str(key): number_of(value) for key, value in metric.compute().items()}
    except Exception:  # noqa: BLE001 - a foreign metric may raise anything for a resample that it cannot score
        return {}
    return {key: value for key, value in values.items() if value is not None}


def _joined(batches: Sequence[Sequence[object]]) -> npt.NDArray[np.generic] | list[object]:
    """All data in their order: one array where every batch is an array of one shape and dtype, else a list."""
    arrays = [batch for batch in batches if isinstance(batch, np.ndarray)]
    if len(arrays) == len(batches) and len({(batch.shape[1:], batch.dtype) for batch in arrays}) == 1:
        return np.concatenate(arrays)
    return [item for batch in batches for item in batch]


def _taken(data: npt.NDArray[np.generic] | list[object], places: npt.NDArray[np.intp]) -> Any:
    """The data at these places, as a private copy: an array, or a list."""
    if isinstance(data, np.ndarray):
        return data[places]
    return private_copy([data[place] for place in places.tolist()])
