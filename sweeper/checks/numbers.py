"""Read numbers from what other libraries return, as numpy arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.number | np.bool_]
"""An array of numbers or truth values."""
DETECTION = ("boxes", "labels", "scores")
"""What the predictions of an object detector contain by MAITE's protocol."""


class Batch(Protocol):
    """What a model, a dataset or an augmentation gives for several data: a sequence, an array or a tensor."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> object: ...

    def __iter__(self) -> Iterator[object]: ...


def numpy_of(value: Any) -> npt.NDArray[Any]:
    """An array-like as a numpy array; tensors are detached and brought to the CPU first, without importing torch."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if "bfloat16" in str(getattr(value, "dtype", "")):  # numpy does not have this type
            value = value.float()
    return np.asarray(value)


def is_array(value: object) -> bool:
    """Whether a value is an array or a tensor of any library."""
    return hasattr(value, "__array__") or hasattr(value, "detach")


def numeric(value: object) -> Numbers | None:
    """An array, a tensor, a number or nested lists of numbers as an array of numbers; `None` for anything else."""
    if not is_array(value) and not isinstance(value, list | tuple | int | float | complex):
        return None
    try:
        array = _joined(value) if isinstance(value, list | tuple) else numpy_of(value)
        if array.dtype.hasobject:  # they may be numbers all the same
            array = array.astype(np.float64)
    except (ValueError, TypeError, RuntimeError):  # ragged, or of something other than numbers
        return None
    return array if array.dtype.kind in "biufc" else None


def _joined(values: Sequence[object]) -> npt.NDArray[Any]:
    return np.stack([numpy_of(value) for value in values]) if values and is_array(values[0]) else np.asarray(values)


def arrays_in(value: object, seen: set[int] | None = None) -> Iterator[Numbers]:
    """Every array of numbers in a value: in containers, and in the attributes of objects (boxes, scores).

    A `None` in a list, where a number should be, is given as NaN.
    """
    seen = set() if seen is None else seen
    array = numeric(value)
    if array is not None:
        yield array
    elif value is None:
        yield np.array([np.nan])
    elif id(value) not in seen:
        seen.add(id(value))
        for inside in _inside(value):
            yield from arrays_in(inside, seen)


def _inside(value: object) -> list[object]:
    if isinstance(value, str | bytes):
        return []
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype.hasobject):
        return [*value]
    if isinstance(value, Mapping):
        return [item for item in value.values() if item is not None]
    names = [name for name in DETECTION if hasattr(value, name)] or [*getattr(value, "__dict__", ())]
    return [item for name in names if (item := getattr(value, name)) is not None]


def datum_name(metadata: Any, index: int, first: int) -> str:
    """What messages call one datum of a batch: its id, or if that cannot be read its position.

    Parameters
    ----------
    metadata
        Of the batch.
    index, first
        Position in the batch, and of the batch's first datum in the dataset.
    """
    try:
        return repr(metadata[index]["id"])
    except (KeyError, IndexError, TypeError):
        return f"number {first + index}"
