"""Private copies of what travels between parts: inputs, targets, metadata, predictions.

Who gets a copy may write into it. Arrays keep their memory layout, because sums may depend on it, and tensors their
place in a graph of gradients; torch is not imported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")

_SHARED: tuple[type, ...] = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, np.generic)
"""What nobody can write into, or what is not data."""


def private_copy(value: T) -> T:
    """A copy of data that shares nothing that can be written into; what cannot be copied is returned as it is.

    Arrays and tensors of any device, lists, tuples and dictionaries of them at any depth, objects with such attributes
    (the targets of a detector, say), and whatever `copy.deepcopy` takes.
    """
    try:
        return _copy(value)
    except RecursionError:  # it contains itself
        return deep_copy(value)


def deep_copy(value: T) -> T:
    """`copy.deepcopy`, or the object itself if that is not possible: an open file, a lock, a session of a runtime."""
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - copying runs the code of a foreign class, which may raise anything
        return value


def _copy(value: object) -> Any:
    copier = _BY_TYPE.get(type(value))
    return copier(value) if copier is not None else _copy_other(value)


def _itself(value: T) -> T:
    return value


def _copy_array(value: npt.NDArray[np.generic]) -> object:
    return deep_copy(value) if value.dtype.hasobject else value.copy("K")


def _copy_list(value: list[object]) -> object:
    return [_copy(item) for item in value]


def _copy_tuple(value: tuple[object, ...]) -> object:
    return tuple([_copy(item) for item in value])


def _copy_dict(value: dict[object, object]) -> object:
    return {key: _copy(item) for key, item in value.items()}


def _copy_other(value: object) -> object:
    if isinstance(value, _SHARED):
        return value
    if isinstance(value, np.ndarray):
        return deep_copy(value) if value.dtype.hasobject else np.array(value, order="K", subok=True)
    if isinstance(value, tuple) and (make := getattr(value, "_make", None)) is not None:
        return make([_copy(item) for item in value])
    if (tensor := _cloned_tensor(value)) is not None:
        return tensor
    return _copy_attributes(value) if _is_plain(type(value)) else deep_copy(value)


def _cloned_tensor(value: object) -> object | None:
    """The clone of a tensor; `None` for anything else. `deepcopy` refuses tensors that gradients flow through."""
    try:
        clone = getattr(value, "clone", None) if hasattr(value, "detach") else None
        return clone() if callable(clone) else None
    except Exception:  # noqa: BLE001 - an attribute of a foreign object may run any code
        return None


def _is_plain(kind: type) -> bool:
    """Whether objects of a class consist of their attributes and nothing else."""
    return (
        kind.__dictoffset__ != 0
        and kind.__basicsize__ <= _Plain.__basicsize__
        and not hasattr(kind, "__deepcopy__")
        and not hasattr(kind, "__setstate__")
        and kind.__new__ is object.__new__
        and all(
            getattr(kind, name) is getattr(object, name) for name in ("__reduce_ex__", "__reduce__", "__getstate__")
        )
    )


class _Plain:
    """The smallest object with attributes: slots and built-in bases make larger ones."""


def _copy_attributes(value: object) -> object:
    twin = object.__new__(type(value))
    twin.__dict__.update({name: _copy(item) for name, item in vars(value).items()})
    return twin


_BY_TYPE: dict[type, Callable[..., object]] = {
    **dict.fromkeys((int, float, str, bytes, bool, complex, type(None), range), _itself),
    **dict.fromkeys((np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_), _itself),
    np.ndarray: _copy_array,
    list: _copy_list,
    tuple: _copy_tuple,
    dict: _copy_dict,
}
