"""Whether an object was changed: a digest of everything that it holds."""

from __future__ import annotations

import copyreg
import hashlib
import pickle
import zlib
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

_NAMED = (type, FunctionType, BuiltinFunctionType, ModuleType)
"""What counts by its name: it holds no state of the object."""
_BUILDERS = (str, tuple)


def of_state(item: object) -> bytes | None:
    """A digest of an object's attributes and all that they hold; `None` if there is none.

    Two digests of one object in one process differ if its state differs; rarely, equal states have different digests.
    What a class's own `__getstate__` leaves out does not count, so that a cache need not be a change. What cannot be
    pickled (a lock, a session of a runtime, a lambda) counts by its type.
    """
    hashed = _Hash()
    try:
        _Pickler(hashed).dump(item)
    except Exception:  # noqa: BLE001 - pickling runs the code of foreign classes, which may raise anything
        return None
    return hashed.digest()


class _Hash:
    """A file for a pickle of which only the digest is kept."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.digest = self._sha.digest

    def write(self, data: bytes, /) -> int:
        self._sha.update(data)
        return len(data)

    def buffer(self, buffer: pickle.PickleBuffer) -> None:
        """Large arrays arrive here, and are not copied."""
        with buffer.raw() as raw:
            self._sha.update(b"%d %d;" % (raw.nbytes, zlib.crc32(raw)))


class _Pickler(pickle.Pickler):
    """Writes a pickle that nobody can read: by attributes, and without what cannot be pickled."""

    def __init__(self, hashed: _Hash) -> None:
        super().__init__(hashed, protocol=5, buffer_callback=hashed.buffer)

    def reducer_override(self, obj: object, /) -> Any:
        if isinstance(obj, _NAMED):
            return NotImplemented if any(obj is builder for builder in _BUILDERS) else _by_name(obj)
        if isinstance(obj, MethodType):
            return tuple, ((obj.__func__, obj.__self__),)
        kind = type(obj)
        if kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__:
            if kind.__getstate__ is object.__getstate__ and kind.__new__ is object.__new__:
                return _by_attributes(obj, kind)
        elif (array := _tensor_array(obj)) is not None:
            return tuple, ((str(kind), str(getattr(obj, "device", "")), str(getattr(obj, "dtype", "")), array),)
        return _reduced(obj, kind)


def _by_name(obj: object) -> tuple[object, ...]:
    return str, (f"{getattr(obj, '__module__', '')}.{getattr(obj, '__qualname__', getattr(obj, '__name__', ''))}",)


def _by_attributes(obj: object, kind: type) -> tuple[object, ...]:
    """Name and attributes; those in slots as `object` gives them. It is the state, so that it may contain itself."""
    return str, (f"{kind.__module__}.{kind.__qualname__}",), object.__getstate__(obj)


def _reduced(obj: object, kind: type) -> object:
    """What pickle would make of it, or the name of its type if pickle cannot."""
    try:
        registered = copyreg.dispatch_table.get(kind)
        return registered(obj) if registered is not None else obj.__reduce_ex__(5)
    except Exception:  # noqa: BLE001 - as above
        return _by_name(kind)


def _tensor_array(obj: Any) -> object | None:
    """A tensor's numbers as an array, without torch's own pickling, which writes a file; `None` for anything else."""
    try:
        return obj.detach().cpu().numpy() if hasattr(obj, "detach") and hasattr(obj, "cpu") else None
    except Exception:  # noqa: BLE001 - a type that numpy does not have, a tensor without numbers
        return None
