"""The values of one number on R resamples as a short text: what is stored beside it for comparisons."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sweeper.statistics.confusion import Floats

_STEPS = 2**16 - 2
_NONE = 2**16 - 1
"""Stands for NaN."""


@dataclass(frozen=True, eq=False)
class StoredValues:
    """Values on the resamples of one dataset.

    Attributes
    ----------
    data
        A hash of the dataset, the ids of its data in their order, and their clusters: values with the same one are of
        the same resamples.
    size
        Number of data, or of clusters, that each resample draws.
    values
        R values, NaN where a resample has none.
    is_envelope
        As `sweeper.statistics.resampled.Resampled` has it.
    """

    data: str
    size: int
    values: Floats
    is_envelope: bool = False

    def content(self) -> dict[str, object]:
        """It as plain data: two bytes a value, which is a 65,534th of their range and far below what resamples tell."""
        finite = self.values[np.isfinite(self.values)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
        step = (high - low) / _STEPS or 1.0
        numbers = np.where(np.isfinite(self.values), np.rint((self.values - low) / step), _NONE)
        text = base64.b64encode(numbers.astype("<u2").tobytes()).decode()
        return {
            "data": self.data,
            "size": self.size,
            "is_envelope": self.is_envelope,
            "low": low,
            "step": step,
            "values": text,
        }

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> StoredValues:
        """What `content` gave.

        Raises
        ------
        ValueError, TypeError, LookupError
            It is something else.
        """
        numbers = np.frombuffer(base64.b64decode(content["values"], validate=True), "<u2").astype(np.float64)
        values = np.where(numbers == _NONE, np.nan, float(content["low"]) + numbers * float(content["step"]))
        return cls(str(content["data"]), int(content["size"]), values, bool(content.get("is_envelope", False)))
