"""How one run uses a model or a dataset that other runs of this worker share.

No run sees what another run did to an object. A shared object that a run has changed is dropped from the cache; from
then on each run gets its own copy of it. Metrics, capabilities and augmentations are never shared.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from sweeper.isolation import digests, process_state
from sweeper.isolation.part_sources import PartSource
from sweeper.messages.requests import ObjectSpec
from sweeper.worker.building import process_changes
from sweeper.worker.object_cache import cache_key, is_cached, new_instance, process_cache, shared_instance

_NOT_LOADED = object()


class PartUse(PartSource):
    """One run's use of a model or a dataset; call `finish` when the run has ended.

    An object that the run changed (it counts its calls, say, or writes into its own arrays) is dropped from the cache,
    and each later run of this process gets its own copy, as it was before. A live object of the caller is copied first.
    """

    def __init__(self, part: object) -> None:
        self._part, self._key, self._cache = part, cache_key(part), process_cache()
        self._in_use = False
        self._shared: object = _NOT_LOADED
        self._object: object = None
        self._digest_before: bytes | None = None

    def get(self) -> object:
        if not self._in_use:
            self._object, self._in_use = self._begin_use(), True
        return self._object

    def read_only(self) -> object:
        return self.get() if self._in_use or self._key in self._cache.changed else self._load_shared()

    def known_class(self) -> type | None:
        if self._in_use:
            return type(self._object)
        if self._shared is not _NOT_LOADED:
            return type(self._shared)
        return type(shared_instance(self._part)) if is_cached(self._part) else _imported_class(self._part)

    def load(self) -> None:
        """Build or unpack the object now, if that was not done, so that an error shows."""
        if self._key in self._cache.changed:
            self.get()
        else:
            self._load_shared()

    def finish(self) -> None:
        """The run has ended: find out whether it changed the object."""
        if self._digest_before is None or self._key is None:
            return
        if digests.of_state(self._object) != self._digest_before:
            self._cache.drop(self._key)
            self._cache.changed.add(self._key)

    def _begin_use(self) -> object:
        if self._key is None or self._key in self._cache.changed:
            return new_instance(self._part)
        item = self._load_shared()
        if self._key in self._cache:
            self._digest_before = self._cache.state_digest(self._key)
        return item

    def _load_shared(self) -> object:
        """The object that runs share. If it was built before, what that changed of the process is changed again."""
        if self._shared is _NOT_LOADED:
            changes = process_changes.get(self._key) if self._key is not None else None
            if changes and is_cached(self._part):
                process_state.redo(changes)
            self._shared = shared_instance(self._part)
        return self._shared


@contextmanager
def finishing(uses: Sequence[PartUse]) -> Generator[None]:
    """Finish the use of parts when the block ends, however it ends."""
    try:
        yield
    finally:
        for use in uses:
            use.finish()


def identity(part: object, item: object) -> str:
    """What the random generators are seeded from: the digest of a spec, or else the id of the object."""
    if isinstance(part, ObjectSpec):
        return part.digest
    metadata = getattr(item, "metadata", None)
    return str(metadata.get("id")) if isinstance(metadata, Mapping) else type(item).__name__


def _imported_class(part: object) -> type | None:
    """The class that a spec names, if its module is imported already."""
    if not isinstance(part, ObjectSpec):
        return None
    module, _, name = str(part.target.get("_target_", "")).rpartition(".")
    named = getattr(sys.modules.get(module), name, None)
    return named if isinstance(named, type) else None
