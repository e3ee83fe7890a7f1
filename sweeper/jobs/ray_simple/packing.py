"""Live objects and messages, pickled for their way to a worker."""

from __future__ import annotations

import pickle
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar
from uuid import uuid4

import ray
from ray.cloudpickle.cloudpickle import dumps

from sweeper._version import __version__
from sweeper.messages import versions
from sweeper.messages.requests import JobInfo, PackedObject, RunRequest

INLINE_BYTES = 16 * 1024
"""A packed object up to this size travels in each request; a larger one lies in the object store."""
T = TypeVar("T")

MAX_STRONG = 64
"""Objects that take no weak reference are held, so that their ids stay theirs; at most so many, oldest let go first."""


Pickled = tuple[bytes, list[bytearray]]
"""A pickle and its buffers."""


@dataclass(frozen=True)
class RayPackedObject(PackedObject):
    """A pickled object: the pickle and its buffers, or a reference to both in Ray's object store."""

    key: str
    content: ray.ObjectRef[tuple[bytes, list[pickle.PickleBuffer]]] | Pickled

    @property
    def is_large(self) -> bool:
        """Whether it lies in the object store."""
        return isinstance(self.content, ray.ObjectRef)

    def unpack(self) -> object:
        """A fresh copy; large arrays in it are read-only views of the object store, as always with Ray."""
        data, buffers = ray.get(self.content) if isinstance(self.content, ray.ObjectRef) else self.content
        return pickle.loads(data, buffers=buffers)


def pack(item: object) -> RayPackedObject:
    buffers: list[pickle.PickleBuffer] = []
    data = dumps(item, protocol=5, buffer_callback=buffers.append)
    if len(data) + sum(buffer.raw().nbytes for buffer in buffers) > INLINE_BYTES:
        return RayPackedObject(uuid4().hex, ray.put((data, buffers)))
    copies = [bytearray(buffer.raw()) for buffer in buffers]
    return RayPackedObject(sha256(b"".join([data, *copies])).hexdigest(), (data, copies))


def message(request: RunRequest, job_info: JobInfo) -> bytes | tuple[str, RunRequest, JobInfo]:
    """Request and job info, pickled here at a third of the cost where no reference in it needs Ray's own pickling."""
    parts = (request.capability, *request.datasets, *request.models, *request.metrics, request.config)
    large = any(isinstance(part, RayPackedObject) and part.is_large for part in (*parts, *request.extra.values()))
    return (
        (__version__, request, job_info) if large else versions.labelled(pickle.dumps((request, job_info), protocol=5))
    )


class IdentityCache(Generic[T]):
    """Remembers what was made of an object, by identity.

    An id is used again once its object is gone, so an entry counts only while its object is known to be alive: by a
    weak reference that removes the entry, or by holding the object.
    """

    def __init__(self, make: Callable[[object], T], worth_it: Callable[[T], bool]) -> None:
        self._make, self._worth_it = make, worth_it
        self._weak: dict[int, tuple[weakref.ref[object], T]] = {}
        self._strong: OrderedDict[int, tuple[object, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._weak) + len(self._strong)

    def of(self, item: object) -> T:
        """What was made of this very object; made now if it was not before, or was not worth remembering."""
        key = id(item)
        weak = self._weak.get(key)
        if weak is not None and weak[0]() is item:
            return weak[1]
        if key in self._strong:
            return self._strong[key][1]
        made = self._make(item)
        if self._worth_it(made):
            self._remember(key, item, made)
        return made

    def forget(self, item: object) -> None:
        """Make it anew next time, because the object has changed."""
        self._weak.pop(id(item), None)
        self._strong.pop(id(item), None)

    def clear(self) -> None:
        """Forget everything."""
        self._weak.clear()
        self._strong.clear()

    def _remember(self, key: int, item: object, made: T) -> None:
        try:
            reference = weakref.ref(item, lambda dead: self._drop(key, dead))
        except TypeError:  # tuples, slotted classes
            self._strong[key] = (item, made)
            if len(self._strong) > MAX_STRONG:
                self._strong.popitem(last=False)
        else:
            self._weak[key] = (reference, made)

    def _drop(self, key: int, dead: weakref.ref[object]) -> None:
        if (entry := self._weak.get(key)) is not None and entry[0] is dead:
            del self._weak[key]
