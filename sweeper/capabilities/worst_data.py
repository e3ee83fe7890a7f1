"""The data that a look at a model's errors begins with: where it was confidently wrong, and most uncertain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sweeper.capabilities.judgements import Judgements, ids_of
from sweeper.capabilities.thumbnails import picture_of
from sweeper.checks import returned
from sweeper.errors import PartError

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions
    from sweeper.common.maite_types import TaskDataset

PICTURES = 20
"""So many data of each reason have a picture at most, however many are listed: a report is to stay small."""
Reason = Literal["confidently_wrong", "most_uncertain"]


@dataclass(frozen=True)
class WorstDatum:
    """One datum that is worth a look.

    Attributes
    ----------
    reason
        `confidently_wrong`: predicted wrongly, with one of the highest confidences. `most_uncertain`: predicted with
        one of the lowest confidences, rightly or not.
    place
        From 1 for the clearest case.
    number, datum_id
        Its place in the dataset, from 0, and `metadata["id"]`.
    label, prediction
        Class indices.
    confidence
        The score of the predicted class.
    picture
        The URI of a small picture, as `thumbnails.picture_of` makes it; `None` where there is none.
    """

    reason: Reason
    place: int
    number: int
    datum_id: str
    label: int
    prediction: int
    confidence: float
    picture: str | None = None

    @property
    def is_right(self) -> bool:
        """Whether it was predicted rightly."""
        return self.label == self.prediction


def worst_data(
    judgements: Judgements, number: int, predictions: Predictions, dataset: TaskDataset | None
) -> tuple[WorstDatum, ...]:
    """Up to `number` data for each reason; equally clear cases in the order of the dataset.

    Parameters
    ----------
    judgements
        Of these predictions. Where the confidences tell nothing apart, there are no most uncertain data, and without
        confidences none at all.
    number
        How many of each reason.
    predictions
        Whose metadata have the ids.
    dataset
        Where the images of the clearest cases are read for their pictures, `PICTURES` of each reason; `None` for none.
    """
    chosen = _chosen(judgements, number)
    every = {one for numbers in chosen.values() for one in numbers}
    ids = ids_of(predictions, judgements, every)
    shown = {one for numbers in chosen.values() for one in numbers[:PICTURES]}
    pictures = {} if dataset is None else {one: _picture(dataset, one) for one in sorted(shown)}
    return tuple(
        WorstDatum(
            reason,
            place,
            one,
            ids[one],
            int(judgements.labels[one]),
            int(judgements.predictions[one]),
            float(judgements.confidence[one]),
            pictures.get(one),
        )
        for reason, numbers in chosen.items()
        for place, one in enumerate(numbers, start=1)
    )


def _chosen(judgements: Judgements, number: int) -> dict[Reason, Sequence[int]]:
    if judgements.confidences == "none":
        return {}
    wrong = np.flatnonzero(~judgements.right)
    surest = wrong[np.argsort(-judgements.confidence[wrong], kind="stable")[:number]]
    least_sure = np.argsort(judgements.confidence, kind="stable")[:number]
    uncertain = [] if judgements.confidences == "one" else least_sure.tolist()
    return {"confidently_wrong": surest.tolist(), "most_uncertain": uncertain}


def _picture(dataset: TaskDataset, number: int) -> str | None:
    image = image_of(dataset, number)
    return None if image is None else picture_of(image)


def image_of(dataset: TaskDataset, number: int) -> object | None:
    """The image of one datum; `None` where it can no longer be read: predictions may outlive their images."""
    try:
        image, _, _ = returned.datum(dataset[number], str(dataset.metadata["id"]), number)
    except (OSError, PartError):
        return None
    return image
