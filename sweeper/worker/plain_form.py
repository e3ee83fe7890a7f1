"""Values as one file of arrays and JSON, which holds no code: whoever opens it runs nothing that is in it.

Numbers, text, bytes, lists, tuples, dictionaries, numpy arrays and torch tensors come back as they were, to the bit.
"""

from __future__ import annotations

import io
import json
import struct
import sys
from base64 import b64decode, b64encode
from importlib import import_module
from math import isfinite
from typing import Any

import numpy as np

ALIGNED = 64
"""Arrays begin at multiples of this in the file."""
_TORCH = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")


class NotPlainError(TypeError):
    """A value, named in the message, has no such form."""


def to_file(value: object) -> bytes:
    """The file of a value.

    Raises
    ------
    NotPlainError
        It holds something that has no such form.
    """
    writer = _Writer()
    try:
        tree = json.dumps(writer.form(value), allow_nan=False)
    except (RecursionError, ValueError) as error:
        raise NotPlainError(f"something that cannot be written down ({error})") from error
    file = io.BytesIO()
    np.savez(file, tree=np.frombuffer(tree.encode(), np.uint8), data=np.frombuffer(bytes(writer.data), np.uint8))
    return file.getvalue()


def from_file(content: bytes) -> object:
    """The value in a file that `to_file` made; anything may be raised for another one."""
    with np.load(io.BytesIO(content), allow_pickle=False) as parts:
        return _Reader(parts["data"]).value(json.loads(parts["tree"].tobytes()))


class _Writer:
    """Values as JSON, their arrays aside. What is no text, number or list is a pair of its kind and its content."""

    def __init__(self) -> None:
        self.data = bytearray()

    def form(self, value: Any) -> object:
        kind: type = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is list:
            return [self.form(item) for item in value]
        if kind is float:
            return value if isfinite(value) else {"float": struct.pack("<d", value).hex()}
        if kind is tuple:
            return {"tuple": [self.form(item) for item in value]}
        if kind is dict:
            return {"dict": [[self.form(key), self.form(item)] for key, item in value.items()]}
        if kind is bytes:
            return {"bytes": b64encode(value).decode()}
        if isinstance(value, np.generic):
            return {"scalar": self._array(np.asarray(value), value)}
        if kind is np.ndarray:
            return {"array": [*self._array(value, value), bool(value.flags.writeable)]}
        return self._tensor(value)

    def _array(self, array: np.ndarray[Any, Any], shown: object) -> list[object]:
        described = array.dtype.str
        if array.dtype.hasobject or array.dtype.names is not None or np.dtype(described) != array.dtype:
            raise NotPlainError(f"{_named(shown)} of {array.dtype}")
        order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        self.data += bytes(-len(self.data) % ALIGNED)
        begin = len(self.data)
        self.data += array.tobytes(order)
        return [described, list(array.shape), order, begin]

    def _tensor(self, value: Any) -> object:
        torch = sys.modules.get("torch")
        if torch is None or type(value) is not torch.Tensor or not _is_simple(value):
            raise NotPlainError(_named(value))
        name = str(value.dtype).removeprefix("torch.")
        raw = value.contiguous().reshape(-1).view(torch.uint8).numpy()
        return {"tensor": [name, list(value.shape), self._array(raw, value)]}


def _is_simple(tensor: Any) -> bool:
    """Whether its numbers are all there is to it."""
    plain = tensor.device.type == "cpu" and not tensor.is_sparse and not tensor.requires_grad
    return plain and not (tensor.is_conj() or tensor.is_neg()) and str(tensor.dtype).removeprefix("torch.") in _TORCH


def _named(value: object) -> str:
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


class _Reader:
    def __init__(self, data: np.ndarray[Any, Any]) -> None:
        self._data = data

    def value(self, form: Any) -> Any:
        if isinstance(form, list):
            return [self.value(item) for item in form]
        if not isinstance(form, dict):
            return form
        ((kind, content),) = form.items()
        return getattr(self, _READERS[kind])(content)

    def float_(self, content: str) -> float:
        return struct.unpack("<d", bytes.fromhex(content))[0]

    def tuple_(self, content: list[object]) -> tuple[object, ...]:
        return tuple(map(self.value, content))

    def dict_(self, content: list[list[object]]) -> dict[object, object]:
        return {self.value(key): self.value(item) for key, item in content}

    def bytes_(self, content: str) -> bytes:
        return b64decode(content)

    def scalar(self, content: list[Any]) -> Any:
        return self._array(content)[()]

    def array(self, content: list[Any]) -> Any:
        *described, writeable = content
        array = self._array(described)
        array.flags.writeable = writeable
        return array

    def tensor(self, content: list[Any]) -> Any:
        torch = import_module("torch")
        name, shape, described = content
        if name not in _TORCH:
            raise ValueError(f"{name} is no type of a stored tensor")
        return torch.from_numpy(self._array(described)).view(getattr(torch, name)).reshape(shape)

    def _array(self, content: list[Any]) -> np.ndarray[Any, Any]:
        described, shape, order, begin = content
        dtype = np.dtype(described)
        if dtype.hasobject:
            raise ValueError("a stored array holds objects")
        count = int(np.prod(shape, dtype=np.int64))
        raw = self._data[begin : begin + count * dtype.itemsize]
        return raw.copy().view(dtype).reshape(shape, order=order)


_READERS = {
    "float": "float_",
    "tuple": "tuple_",
    "dict": "dict_",
    "bytes": "bytes_",
    "scalar": "scalar",
    "array": "array",
    "tensor": "tensor",
}
