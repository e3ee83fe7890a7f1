"""The errors of a classifier in numbers: of all data, and of each slice of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.capabilities.class_names import ClassNames
from sweeper.capabilities.worst_data import WorstDatum
from sweeper.statistics.bounds import Level
from sweeper.statistics.by_class import ClassValues, Confusion, class_values, confusions
from sweeper.statistics.reliability import CalibrationBin, calibration_bins
from sweeper.statistics.weakest import SliceAccuracy, slice_accuracies

if TYPE_CHECKING:
    from sweeper.capabilities.judgements import Judgements
    from sweeper.capabilities.slicing import Numbers, Slice


@dataclass(frozen=True)
class Errors:
    """What a model did on some of the data.

    Attributes
    ----------
    n
        Number of data.
    classes
        The values of each class that occurs as label or prediction.
    confusions
        How many data there are for each label and prediction that occur together.
    bins
        The calibration in ranges of confidence; empty where the model gives no probabilities.
    """

    n: int
    classes: tuple[ClassValues, ...]
    confusions: tuple[Confusion, ...]
    bins: tuple[CalibrationBin, ...]


@dataclass(frozen=True)
class SliceErrors:
    """The same for one slice. `key` to `high` are as in `sweeper.capabilities.slicing.Slice`."""

    key: str
    value: str
    low: float | None
    high: float | None
    accuracy: SliceAccuracy
    errors: Errors

    @property
    def name(self) -> str:
        """Key and value in one text."""
        return f"{self.key}={self.value}"


@dataclass(frozen=True)
class Analysis:
    """All that an error analysis finds.

    Attributes
    ----------
    level
        Of the intervals.
    names
        Of the classes.
    errors
        On all data.
    slices
        On each slice, the weakest first.
    worst
        The data that are worth a look.
    """

    level: Level
    names: ClassNames
    errors: Errors
    slices: tuple[SliceErrors, ...]
    worst: tuple[WorstDatum, ...]


def errors_of(judgements: Judgements, data: Numbers | None, level: Level, bins: int) -> Errors:
    """The errors on the data with these numbers; `None` for all data."""
    part = slice(None) if data is None else data
    labels, predictions = judgements.labels[part], judgements.predictions[part]
    has_probabilities = judgements.confidences in ("probabilities", "one")
    found = (
        calibration_bins(judgements.confidence[part], labels == predictions, bins, level) if has_probabilities else ()
    )
    return Errors(len(labels), class_values(labels, predictions, level), confusions(labels, predictions), found)


def slice_errors(judgements: Judgements, slices: Sequence[Slice], level: Level, bins: int) -> tuple[SliceErrors, ...]:
    """The errors on each slice, the weakest first."""
    right = judgements.right
    counts = [(int(np.count_nonzero(right[one.data])), len(one.data)) for one in slices]
    accuracies = slice_accuracies(counts, int(right.sum()), len(right), level)
    found = (
        SliceErrors(one.key, one.value, one.low, one.high, accuracy, errors_of(judgements, one.data, level, bins))
        for one, accuracy in zip(slices, accuracies, strict=True)
    )
    return tuple(sorted(found, key=lambda one: one.accuracy.place))
