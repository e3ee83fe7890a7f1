"""Parts of a dataset by the metadata of its data: one for each value of a key, or for each range of a number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.capabilities.outcomes import peeked
from sweeper.checks.numbers import datum_name
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.capabilities.predictions import Predictions

    Numbers: TypeAlias = npt.NDArray[np.intp]
    Floats: TypeAlias = npt.NDArray[np.float64]

Value: TypeAlias = str | int | float | bool
FEW_VALUES = 10
"""A number with at most so many different values is taken as it is, not in ranges: each value is a slice."""
MOST_SLICES = 200
"""A key of which the data have more different texts tells single data apart, not conditions."""
_LARGEST = 1e300
"""The difference of two numbers up to this is finite."""
_DIGITS = 15
"""So many digits of an edge are tried; with more, floats differ that are written alike."""
_NEAR = 0.05
"""A rounded edge is at most so far from the quantile, as a part of the distance between two edges."""


@dataclass(frozen=True, eq=False)
class Slice:
    """Some of the data.

    Attributes
    ----------
    key, value
        Which: the key of the metadata, and its value or range as text.
    low, high
        Of a range of a number: it has the data from `low` to below `high`; `None` where it has no end.
    data
        The numbers of its data in the dataset, ascending.
    """

    key: str
    value: str
    low: float | None
    high: float | None
    data: Numbers

    @property
    def name(self) -> str:
        """Key and value in one text."""
        return f"{self.key}={self.value}"


def keys_of(by: object, capability: str) -> tuple[str, ...]:
    """The keys of the metadata that a capability is to slice by, each once.

    Raises
    ------
    PartError
        It is neither a text nor a list of texts.
    """
    listed = [by] if isinstance(by, str) else by
    keys = [key for key in listed if isinstance(key, str)] if isinstance(listed, list | tuple) else []
    if not isinstance(listed, list | tuple) or len(keys) < len(listed):
        raise PartError(f"{capability} got by={by!r}; allowed is a key of the metadata, a text, or a list of them.")
    return tuple(dict.fromkeys(keys))


def slices_of(predictions: Predictions, keys: Sequence[str], bins: int) -> tuple[Slice, ...]:
    """The slices of each key, one key after another; those of one key have each datum once.

    Parameters
    ----------
    predictions
        Whose metadata are read, batch by batch.
    keys
        Of the metadata.
    bins
        How many ranges a number with more than `FEW_VALUES` different values is cut into, of about equally many data.

    Raises
    ------
    PartError
        A datum lacks a key, its value is no single text, number or truth value, or there are too many texts.
    """
    columns = _columns(predictions, keys) if keys else {}
    return tuple(one for key, values in columns.items() for one in slices_by(key, values, bins))


def _columns(predictions: Predictions, keys: Sequence[str]) -> Mapping[str, Sequence[Value]]:
    columns: dict[str, list[Value]] = {key: [] for key in keys}
    texts: dict[Value, Value] = {}
    first = 0
    for batch in map(peeked, predictions.metadata_batches):
        for index, metadata in enumerate(batch):
            for key, values in columns.items():
                value = _plain(metadata, key, datum_name(batch, index, first))
                # One object for all data with the same text: each batch was unpickled with its own.
                values.append(texts.setdefault(value, value) if isinstance(value, str) else value)
        first += len(batch)
    return columns


def _plain(metadata: Mapping[str, object], key: str, name: str) -> Value:
    """The value of one datum."""
    value = metadata.get(key)
    if value is None:
        raise PartError(
            f"by names {key!r}, and datum {name} has no such metadata; its keys: {sorted(map(str, metadata))}. Give it "
            "a value, such as 'unknown', or name another key."
        )
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a number of numpy or torch
        value = value.item()  # type: ignore[attr-defined]
    if not (isinstance(value, str) or (isinstance(value, int | float) and abs(value) <= _LARGEST)):
        raise PartError(
            f"by names {key!r}, and datum {name} has {value!r:.100} ({type(value).__name__}); allowed is a text, a "
            "finite number or a truth value. Write what is nested into keys of its own."
        )
    return value


def slices_by(key: str, values: Sequence[Value], bins: int) -> list[Slice]:
    """The slices of one key, from its value for each of N data: numbers by size, texts in alphabetical order.

    Raises
    ------
    PartError
        There are more than `MOST_SLICES` different texts.
    """
    kinds = set(map(type, values))
    if kinds <= {int, float}:
        floats = np.array(values, np.float64)  # of which large whole numbers may have fewer different ones
        if len(np.unique(floats)) > FEW_VALUES:
            return _ranges(key, floats, bins)
    texts = list(map(_text, values))
    names = list(dict.fromkeys(map(_text, sorted(set(values))))) if kinds <= {int, float} else sorted(set(texts))
    if len(names) > MOST_SLICES:
        raise PartError(
            f"by names {key!r}, of which the data have {len(names):,} different values; at most {MOST_SLICES} are "
            "possible. Name a key of conditions that many data share."
        )
    places = {name: place for place, name in enumerate(names)}
    groups = _grouped(np.array([places[text] for text in texts], np.intp), len(names))
    return [Slice(key, name, None, None, data) for name, data in zip(names, groups, strict=True)]


def _ranges(key: str, values: Floats, bins: int) -> list[Slice]:
    edges = edges_of(values, bins)
    groups = _grouped(np.searchsorted(edges, values, side="right"), len(edges) + 1)
    limits = list(zip([None, *edges], [*edges, None], strict=True))
    return [Slice(key, _range(low, high), low, high, data) for (low, high), data in zip(limits, groups, strict=True)]


def _grouped(of: Numbers, count: int) -> list[Numbers]:
    """The numbers of the data of each of `count` groups."""
    order = np.argsort(of, kind="stable")
    return np.split(order, np.cumsum(np.bincount(of, minlength=count))[:-1])


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"below {_text(high)}" if high is not None else "all"
    return f"{_text(low)} and above" if high is None else f"{_text(low)} to below {_text(high)}"


def _text(value: Value | None) -> str:
    """A value as it is shown: whole numbers without a point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def edges_of(values: Floats, bins: int) -> list[float]:
    """The edges between ranges with about equally many of N numbers, with as few digits as that allows.

    Each range has data. There are fewer than `bins` ranges where many numbers are equal.
    """
    lowest, highest = float(values.min()), float(values.max())
    quantiles = [float(edge) for edge in np.unique(np.quantile(values, np.arange(1, bins) / bins)) if edge > lowest]
    exact = _with_data(quantiles or [float(values[values > lowest].min())], values)
    near = _NEAR * min(np.diff([lowest, *exact, highest])[:-1].min(), highest - lowest)
    magnitude = math.floor(math.log10(highest - lowest))
    for digits in range(_DIGITS):
        rounded = [round(edge, digits - magnitude) for edge in exact]
        if np.abs(np.subtract(rounded, exact)).max() <= near and _with_data(rounded, values) == rounded:
            return rounded
    return exact


def _with_data(edges: Sequence[float], values: Floats) -> list[float]:
    """Those of ascending edges that have data above them, and below them down to the edge before."""
    possible = [edge for edge in edges if edge <= values.max()]
    counts = np.bincount(np.searchsorted(possible, values, side="right"), minlength=len(possible) + 1)
    return [edge for edge, n in zip(possible, counts[:-1], strict=True) if n]
