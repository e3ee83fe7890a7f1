"""The object cache of a worker: models and datasets that are built once and shared by its runs.

The cache is bounded by the number of objects and by their estimated size (`sweeper.worker.object_size`); the least
recently used object is dropped first. The bounds come from the environment variables `SWEEPER_KEEP_OBJECTS` (default
64) and `SWEEPER_KEEP_BYTES` (default: a quarter of the machine's memory, divided by the processors that this process
may use). How a run uses a shared object is in `sweeper.worker.part_use`.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sweeper.common.processors import usable_processors
from sweeper.isolation import digests, process_state
from sweeper.isolation.copies import deep_copy
from sweeper.messages.requests import ObjectSpec, PackedObject
from sweeper.worker.building import build, process_changes
from sweeper.worker.object_size import estimated_bytes

SMALL, MOST_SMALL = 64 * 1024, 1024
"""Pickles of at most so many bytes are kept apart, so many of them."""


class ObjectCache:
    """Objects by key, bounded by count and estimated bytes; small pickles do not count, and so drive no model out."""

    def __init__(self, max_objects: int, max_bytes: float) -> None:
        self._max_objects, self._max_bytes = max_objects, max_bytes
        self._entries: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self._digests: dict[str, bytes | None] = {}
        self._small: OrderedDict[str, bytes] = OrderedDict()
        self.nbytes = 0
        self.changed: set[str] = set()
        """Keys of objects that a run has changed: from then on each run gets its own copy."""

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str, create: Callable[[], object]) -> object:
        """The object with this key, created if it is not there. One that is too large to keep is returned as well."""
        if key in self._entries:
            self._entries.move_to_end(key)
            return self._entries[key][0]
        item = create()
        self._put(key, item)
        return item

    def pickled(self, key: str, create: Callable[[], bytes | None]) -> object:
        """As `get` for a pickle, or `None` for what has none."""
        if (small := self._small.get(key)) is not None:
            self._small.move_to_end(key)
            return small
        made = self._entries[key][0] if key in self._entries else create()
        if not isinstance(made, bytes) or len(made) > SMALL:
            return self.get(key, lambda: made)
        self._small[key] = made
        if len(self._small) > MOST_SMALL:
            self._small.popitem(last=False)
        return made

    def drop(self, key: str) -> None:
        """Remove one object, if it is there."""
        if key in self._entries:
            self.nbytes -= self._entries.pop(key)[1]
            self._digests.pop(key, None)
            _release_gpu_memory()

    def state_digest(self, key: str) -> bytes | None:
        """The digest of a cached object's state, as it was when this was first asked."""
        if key not in self._digests:
            self._digests[key] = digests.of_state(self._entries[key][0])
        return self._digests[key]

    def clear(self) -> None:
        """Remove every object, and forget which were changed."""
        self._entries.clear()
        self._small.clear()
        self._digests.clear()
        self.changed.clear()
        self.nbytes = 0
        _release_gpu_memory()

    def _put(self, key: str, item: object) -> None:
        size = estimated_bytes(item)
        self._entries[key] = (item, size)
        self.nbytes += size
        evicted = 0
        while self._entries and (len(self._entries) > self._max_objects or self.nbytes > self._max_bytes):
            oldest, (_, size) = self._entries.popitem(last=False)
            self._digests.pop(oldest, None)
            self.nbytes -= size
            evicted += 1
        if evicted:
            _release_gpu_memory()


def shared_instance(part: object) -> object:
    """The object of a spec or of a packed live object, one per process; anything else is returned as it is."""
    if isinstance(part, ObjectSpec):
        return process_cache().get(part.key, lambda: build(part))
    if isinstance(part, PackedObject):
        return process_cache().get(part.key, part.unpack)
    return part


def is_cached(part: object) -> bool:
    """Whether `shared_instance` would return at once."""
    key = cache_key(part)
    return key is None or key in process_cache()


def cache_key(part: object) -> str | None:
    """The key of a spec or of a packed object; `None` for a live object, which is not cached."""
    return part.key if isinstance(part, (ObjectSpec, PackedObject)) else None


def new_instance(part: object) -> Any:
    """An object for one caller alone: a spec as it was built, a packed object as it was packed, else a copy."""
    if not isinstance(part, ObjectSpec):
        return part.unpack() if isinstance(part, PackedObject) else deep_copy(part)
    pickled = process_cache().pickled(f"pristine {part.key}", lambda: _pickled_after_build(part))
    if not isinstance(pickled, bytes):
        return build(part)
    if changes := process_changes.get(part.key):
        process_state.redo(changes)
    return pickle.loads(pickled)


def _pickled_after_build(spec: ObjectSpec) -> bytes | None:
    """The pickle of an object as it was built; `None` if it cannot be pickled, and has to be built for each run."""
    built = build(spec)
    try:
        pickled = pickle.dumps(built, protocol=5)
        pickle.loads(pickled)
    except Exception:  # noqa: BLE001 - pickling runs the code of a foreign class, which may raise anything
        return None
    return pickled


def _release_gpu_memory() -> None:
    """Give freed GPU memory back to the device, if torch has taken any."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()


_process_cache: ObjectCache | None = None


def process_cache() -> ObjectCache:
    """The cache of this process, created when it is first needed."""
    global _process_cache
    if _process_cache is None:
        _process_cache = ObjectCache(int(os.environ.get("SWEEPER_KEEP_OBJECTS", "64")), _max_bytes())
    return _process_cache


def _max_bytes() -> float:
    if configured := os.environ.get("SWEEPER_KEEP_BYTES"):
        return float(configured)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not known on every platform
        memory = 8 << 30
    return memory / 4 / usable_processors()
