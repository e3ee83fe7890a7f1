"""Targets of a classification are one-hot: whatever else has no class, or more than one, and no argmax tells which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks.numbers import datum_name, numeric

if TYPE_CHECKING:
    import numpy.typing as npt

SUM_TOLERANCE = 1e-3
"""By so much the entries of a soft target may miss the sum of 1, as rounded ones do."""


@dataclass
class Targets:
    """What was found in the targets of one dataset.

    Attributes
    ----------
    wrong, soft
        The first datum whose target is no distribution over the classes, or is one and not one-hot, with its values.
    single
        The first datum whose target is no vector but one number, a text or nothing, with it.
    occurring
        The class indices that occur.
    length
        Number of classes; `None` where the targets are no vectors.
    seen
        How many were looked at.
    """

    wrong: str | None = None
    soft: str | None = None
    single: str | None = None
    occurring: set[int] = field(default_factory=set[int])
    length: int | None = None
    seen: int = 0

    def add(self, batch: Sequence[Any], metadata: Any, first: int) -> None:
        """Look at one batch; `first` is the position of its first datum in the dataset."""
        self.seen += len(batch)
        vectors = _vectors(batch)
        if vectors is None:
            self._add_each(batch, metadata, first)
            return
        if self.length is None:
            self.length = vectors.shape[1]
        if vectors.shape[1] != self.length:
            self._say_wrong(f"{datum_name(metadata, 0, first)} has {vectors.shape[1]} entries, others {self.length}")
            return
        self.occurring.update(np.flatnonzero((vectors != 0).any(axis=0)).tolist())
        odd = np.flatnonzero(~one_hot(vectors))
        if len(odd):
            self._add_odd(vectors[odd], [datum_name(metadata, int(index), first) for index in odd])

    def _add_odd(self, vectors: npt.NDArray[Any], names: Sequence[str]) -> None:
        for name, vector, soft in zip(names, vectors, distributions(vectors), strict=True):
            said = f"{name} has {_shown(vector)}"
            if soft:
                self.soft = self.soft or said
            else:
                self._say_wrong(said)

    def _say_wrong(self, said: str) -> None:
        self.wrong = self.wrong or said

    def _add_each(self, batch: Sequence[Any], metadata: Any, first: int) -> None:
        """A batch of what is no vector, or of vectors of several lengths."""
        for index, target in enumerate(batch):
            labels = target.get("labels") if isinstance(target, Mapping) else getattr(target, "labels", None)
            found = numeric(labels)
            if found is not None and found.dtype.kind in "iu":
                self.occurring.update(np.unique(found).tolist())
            else:
                self._add_one(target, index, metadata, first)

    def _add_one(self, target: Any, index: int, metadata: Any, first: int) -> None:
        """A target that is a vector of a length of its own, or no vector."""
        found = numeric(target)
        if found is None or not found.ndim:
            if found is not None or target is None or isinstance(target, str):
                shown = f"{target!r:.60}" if found is None else f"{found.item():g}"
                self.single = self.single or f"{datum_name(metadata, index, first)} has {shown}"
            if found is not None and found.dtype.kind in "iu":
                self.occurring.add(int(found))
        elif found.ndim == 1 and len(found):
            self.add([found], metadata and metadata[index : index + 1], first + index)
        elif not found.size:
            self._say_wrong(f"{datum_name(metadata, index, first)} has {_shown(found)}")


def look_at(batches: Iterable[Any], metadata: Iterable[Any]) -> Targets:
    """What is found in batches of targets; those that are no vectors (boxes, masks) are only asked for their labels."""
    found, first = Targets(), 0
    for batch, data in zip(batches, metadata, strict=True):
        found.add(batch, data, first)
        first += len(batch)
    return found


def one_hot(vectors: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of N x K vectors have one entry of exactly 1 and others of exactly 0."""
    ones = vectors == 1
    return (ones | (vectors == 0)).all(axis=1) & (ones.sum(axis=1) == 1)


def distributions(vectors: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which of N x K vectors are finite, nowhere negative and sum to 1."""
    values = vectors.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        return (
            np.isfinite(values).all(axis=1)
            & (values >= 0).all(axis=1)
            & (np.abs(values.sum(axis=1) - 1) <= SUM_TOLERANCE)
        )


def _vectors(batch: Any) -> npt.NDArray[Any] | None:
    """B x K array of numbers, `None` where the batch is no such thing."""
    found = numeric(batch)
    return found if found is not None and found.ndim == 2 and found.shape[1] else None


def _shown(vector: npt.NDArray[Any]) -> str:
    values = ", ".join(f"{value:g}" for value in vector[:8].tolist())
    return f"[{values}{', ...' if len(vector) > 8 else ''}]"
