"""Private copies of what travels between parts: inputs, targets, metadata, predictions.

Whoever gets one may write into it. Arrays keep their memory layout, since sums may depend on it, and tensors their
place in a graph of gradients; torch is not imported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, cast

import numpy as np

_SHARED: tuple[type, ...] = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, np.generic)
"""What nobody can write into, or what is no data."""


def private(value: Any) -> Any:
    """A copy of data that shares nothing that can be written into; what cannot be copied is returned as it is.

    Arrays and tensors of any device, lists, tuples and dictionaries of them at any depth, objects with such attributes
    (the targets of a detector, say), and whatever `copy.deepcopy` takes.
    """
    try:
        return _private(value)
    except RecursionError:  # it holds itself
        return deep(value)


def deep(value: Any) -> Any:
    """`copy.deepcopy`, or the object itself where that cannot be: an open file, a lock, a session of a runtime."""
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - copying runs the code of a foreign class, which may raise anything
        return value


def _private(value: Any) -> Any:
    copier = _BY_TYPE.get(cast("type[Any]", type(value)))
    return copier(value) if copier is not None else _other(value)


def _itself(value: Any) -> Any:
    return value


def _array(value: Any) -> Any:
    return deep(value) if value.dtype.hasobject else value.copy("K")


def _list(value: Any) -> Any:
    return [_private(item) for item in value]


def _tuple(value: Any) -> Any:
    return tuple([_private(item) for item in value])


def _dict(value: Any) -> Any:
    return {key: _private(item) for key, item in value.items()}


def _other(value: Any) -> Any:
    if isinstance(value, _SHARED):
        return value
    if isinstance(value, np.ndarray):
        return deep(cast("Any", value)) if value.dtype.hasobject else np.array(value, order="K", subok=True)
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return cast("Any", type(value))._make([_private(item) for item in cast("Any", value)])
    if (tensor := _tensor(value)) is not None:
        return tensor
    return _by_attributes(value) if _is_plain(cast("type[Any]", type(value))) else deep(value)


def _tensor(value: Any) -> Any:
    """The clone of a tensor; `None` for anything else. `deepcopy` refuses those that gradients flow through."""
    try:
        clone = getattr(value, "clone", None) if hasattr(value, "detach") else None
        return clone() if callable(clone) else None
    except Exception:  # noqa: BLE001 - an attribute of a foreign object may run any code
        return None


def _is_plain(kind: type[Any]) -> bool:
    """Whether objects of a class are their attributes and nothing else."""
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


def _by_attributes(value: Any) -> Any:
    twin = object.__new__(type(value))
    twin.__dict__.update({name: _private(item) for name, item in vars(value).items()})
    return twin


_BY_TYPE: dict[type, Callable[[Any], Any]] = {
    **dict.fromkeys((int, float, str, bytes, bool, complex, type(None), range), _itself),
    **dict.fromkeys((np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_), _itself),
    np.ndarray: _array,
    list: _list,
    tuple: _tuple,
    dict: _dict,
}
