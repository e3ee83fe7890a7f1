"""Targets of a classification must be one-hot: any other vector has no class, or several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sweeper.checks.detections import box_problem, entry, first_problem
from sweeper.checks.numbers import Batch, Numbers, datum_name, numeric

SUM_TOLERANCE = 1e-3
"""The sum of the entries of a soft target may differ from 1 by this much, because of rounding."""


@dataclass
class TargetSummary:
    """What was found in the targets of one dataset.

    Attributes
    ----------
    wrong, soft
        The first datum whose target is not a distribution over the classes, or is one and not one-hot, with its values.
    single
        The first datum whose target is not a vector but a single number, a text or nothing, with it.
    boxes
        The first datum whose boxes or labels are not those of a detection, and what is wrong.
    occurring
        The class indices that occur.
    length
        Number of classes; `None` if the targets are not vectors.
    seen
        How many targets were read.
    """

    wrong: str | None = None
    soft: str | None = None
    single: str | None = None
    boxes: str | None = None
    occurring: set[int] = field(default_factory=set[int])
    length: int | None = None
    seen: int = 0

    def add(self, batch: Batch, metadata: Sequence[object] | None, first: int) -> None:
        """Read one batch; `first` is the position of its first datum in the dataset."""
        self.seen += len(batch)
        vectors = _vectors(batch)
        if vectors is None:
            self._add_each(batch, metadata, first)
            return
        if self.length is None:
            self.length = vectors.shape[1]
        if vectors.shape[1] != self.length:
            self._note_wrong(f"{datum_name(metadata, 0, first)} has {vectors.shape[1]} entries, others {self.length}")
            return
        self.occurring.update(np.flatnonzero((vectors != 0).any(axis=0)).tolist())
        odd = np.flatnonzero(~one_hot(vectors))
        if len(odd):
            self._add_odd(vectors[odd], [datum_name(metadata, int(index), first) for index in odd])

    def _add_odd(self, vectors: Numbers, names: Sequence[str]) -> None:
        for name, vector, soft in zip(names, vectors, distributions(vectors), strict=True):
            description = f"{name} has {_shown(vector)}"
            if soft:
                self.soft = self.soft or description
            else:
                self._note_wrong(description)

    def _note_wrong(self, description: str) -> None:
        self.wrong = self.wrong or description

    def _add_each(self, batch: Batch, metadata: Sequence[object] | None, first: int) -> None:
        """Read a batch that is not of vectors, or of vectors of several lengths."""
        self.boxes = self.boxes or first_problem(batch, metadata, first, box_problem)
        for index, target in enumerate(batch):
            indices = numeric(entry(target, "labels"))
            if indices is not None and indices.dtype.kind in "iu":
                self.occurring.update(np.unique(indices).tolist())
            else:
                self._add_one(target, index, metadata, first)

    def _add_one(self, target: object, index: int, metadata: Sequence[object] | None, first: int) -> None:
        """Read a target that is a vector with a length of its own, or not a vector."""
        array = numeric(target)
        if array is None or not array.ndim:
            if self.single is None and (array is not None or target is None or isinstance(target, str)):
                shown = f"{target!r:.60}" if array is None else f"{array.item():g}"
                self.single = f"{datum_name(metadata, index, first)} has {shown}"
            if array is not None and array.dtype.kind in "iu":
                self.occurring.add(int(array))
        elif array.ndim == 1 and len(array):
            self.add([array], metadata and metadata[index : index + 1], first + index)
        elif not array.size:
            self._note_wrong(f"{datum_name(metadata, index, first)} has {_shown(array)}")


def summarize_targets(batches: Iterable[Batch], metadata: Iterable[Sequence[object]]) -> TargetSummary:
    """What is found in batches of targets; of targets that are not vectors (boxes, masks) only the labels are read."""
    summary, first = TargetSummary(), 0
    for batch, data in zip(batches, metadata, strict=True):
        summary.add(batch, data, first)
        first += len(batch)
    return summary


def one_hot(vectors: Numbers) -> npt.NDArray[np.bool_]:
    """Which of N x K vectors have one entry of exactly 1 and others of exactly 0."""
    ones = vectors == 1
    return (ones | (vectors == 0)).all(axis=1) & (ones.sum(axis=1) == 1)


def distributions(vectors: Numbers) -> npt.NDArray[np.bool_]:
    """Which of N x K vectors are finite, nowhere negative and sum to 1."""
    values = vectors.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        return (
            np.isfinite(values).all(axis=1)
            & (values >= 0).all(axis=1)
            & (np.abs(values.sum(axis=1) - 1) <= SUM_TOLERANCE)
        )


def _vectors(batch: Batch) -> Numbers | None:
    """B x K array of numbers, `None` if the batch is anything else."""
    array = numeric(batch)
    return array if array is not None and array.ndim == 2 and array.shape[1] else None


def _shown(vector: Numbers) -> str:
    values = ", ".join(f"{value:g}" for value in vector[:8].tolist())
    return f"[{values}{', ...' if len(vector) > 8 else ''}]"
