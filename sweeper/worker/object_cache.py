"""What a worker keeps: objects built once from their specs, the least recently used let go first.

No run sees what another did to an object. Models and datasets are shared, and one that a run has changed is let go;
from then on each run gets its own copy of it, as every metric, capability and augmentation is the run's own.

Sizes are estimates: the buffers that an object can be seen to reach (`nbytes` of arrays and tensors, `sys.getsizeof` of
the rest) up to a bounded number of objects; memory that a C library holds out of sight is not counted, nor is what an
object loads later. The bounds come from the environment variables `SWEEPER_KEEP_OBJECTS` (default 64) and
`SWEEPER_KEEP_BYTES` (default: a quarter of the machine's memory divided by the processors
that this process may use).
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import FunctionType, ModuleType
from typing import Any

from sweeper.common.processors import usable_processors
from sweeper.isolation import digests, guarded, process_state
from sweeper.isolation.copies import deep
from sweeper.messages.requests import ObjectSpec, PackedObject

MAX_VISITS = 20_000
"""Objects looked at for one estimate."""
MAX_ITEMS = 256
"""Items of one container looked at; the others are taken to be like them."""


class Keep:
    """Objects by key, bounded by count and estimated bytes."""

    def __init__(self, max_objects: int, max_bytes: float) -> None:
        self._max_objects, self._max_bytes = max_objects, max_bytes
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._states: dict[str, bytes | None] = {}
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """The object with this key; made and kept where there is none. One too large to keep is still returned."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        made = make()
        self._put(key, made)
        return made

    def drop(self, key: str) -> None:
        """Let go of one object, if it is there."""
        if key in self._kept:
            self.nbytes -= self._kept.pop(key)[1]
            self._states.pop(key, None)
            _release_gpu_memory()

    def state(self, key: str) -> bytes | None:
        """The digest of an object that is kept, as it was when this was first asked."""
        if key not in self._states:
            self._states[key] = digests.of_state(self._kept[key][0])
        return self._states[key]

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        self._states.clear()
        self.nbytes = 0
        _release_gpu_memory()

    def _put(self, key: str, made: Any) -> None:
        size = estimated_bytes(made)
        self._kept[key] = (made, size)
        self.nbytes += size
        evicted = 0
        while self._kept and (len(self._kept) > self._max_objects or self.nbytes > self._max_bytes):
            gone, (_, size) = self._kept.popitem(last=False)
            self._states.pop(gone, None)
            self.nbytes -= size
            evicted += 1
        if evicted:
            _release_gpu_memory()


def kept(part: Any) -> Any:
    """The object of an `ObjectSpec` or of a packed live object, one per process; anything else is returned as it is."""
    if isinstance(part, ObjectSpec):
        return _keep().get(part.key, lambda: build(part))
    if isinstance(part, PackedObject):
        return _keep().get(part.key, part.unpack)
    return part


def is_kept(part: Any) -> bool:
    """Whether `kept` would return at once."""
    key = _key(part)
    return key is None or key in _keep()


def fresh(part: Any) -> Any:
    """An object of the caller's own: of a spec as it was built, of a packed object as it was packed, else a copy."""
    if not isinstance(part, ObjectSpec):
        return part.unpack() if isinstance(part, PackedObject) else deep(part)
    pristine: bytes | None = _keep().get(f"pristine {part.key}", lambda: _pristine(part))
    if pristine is None:
        return build(part)
    if changes := _changes.get(part.key):
        process_state.redo(changes)
    return pickle.loads(pristine)


def _pristine(spec: ObjectSpec) -> bytes | None:
    """The pickle of an object as it was built; `None` where none can be made, and it is built for each run."""
    built = build(spec)
    try:
        pickled = pickle.dumps(built, protocol=5)
        pickle.loads(pickled)
    except Exception:  # noqa: BLE001 - pickling runs the code of a foreign class, which may raise anything
        return None
    return pickled


class Use(guarded.Source):
    """One run's use of a model or a dataset; to be settled when the run has ended.

    An object that the run changed is let go, and each later run of this process gets its own copy of what it was: it
    counts its calls, say, or writes into its own arrays. An object that the caller handed over is copied first.
    """

    def __init__(self, part: Any) -> None:
        self._part, self._key = part, _key(part)
        self._taken = False
        self._found: Any = _NOTHING
        self._object: Any = None
        self._before: bytes | None = None

    def get(self) -> Any:
        if not self._taken:
            self._object, self._taken = self._take(), True
        return self._object

    def peek(self) -> Any:
        return self.get() if self._taken or self._key in _changing else self._shared()

    def kind(self) -> type[Any] | None:
        if self._taken:
            return type(self._object)
        if self._found is not _NOTHING:
            return type(self._found)
        return type(kept(self._part)) if is_kept(self._part) else _class_of(self._part)

    def load(self) -> None:
        """Build or unpack the object now, if that was not done, so that what is wrong with it shows."""
        if self._key in _changing:
            self.get()
        else:
            self._shared()

    def settle(self) -> None:
        """The run has ended: see what it did to the object."""
        if self._before is not None and self._key is not None and digests.of_state(self._object) != self._before:
            _keep().drop(self._key)
            _changing.add(self._key)

    def _take(self) -> Any:
        if self._key is None or self._key in _changing:
            return fresh(self._part)
        item = self._shared()
        if self._key in _keep():
            self._before = _keep().state(self._key)
        return item

    def _shared(self) -> Any:
        """The object that runs share; where it was built before, what that changed of the process is changed again."""
        if self._found is _NOTHING:
            changes = _changes.get(self._key) if self._key is not None else None
            if changes and is_kept(self._part):
                process_state.redo(changes)
            self._found = kept(self._part)
        return self._found


_NOTHING = object()
_changing: set[str] = set()
"""Objects that a run of this process has changed."""


def _key(part: Any) -> str | None:
    return part.key if isinstance(part, (ObjectSpec, PackedObject)) else None


def _class_of(part: Any) -> type[Any] | None:
    """The class that a spec names, if its module is imported already."""
    if not isinstance(part, ObjectSpec):
        return None
    module, _, name = str(part.target.get("_target_", "")).rpartition(".")
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) else None


def build(spec: ObjectSpec) -> Any:
    """Instantiate a spec as Hydra does; containers become plain lists and dictionaries unless it says otherwise.

    Seeded from the spec, whatever ran before. What that changes of the process is remembered, see
    `sweeper.isolation.process_state`.
    """
    _take_up_changed_code(spec)
    with process_state.own_generators():
        made = [change for module in _modules(spec.target) for change in _imported(module)]
        before = process_state.snapshot()
        process_state.seed(spec.digest)
        built = instantiate(spec.target)
        _changes[spec.key] = [*made, *process_state.changes(before)]
    return built


def _take_up_changed_code(spec: ObjectSpec) -> None:
    """See that modules of the user's that changed since this process imported them are imported again."""
    if spec.code:
        from sweeper.revision.reload import reload_changed_modules

        for module in reload_changed_modules(spec.target, spec.digest, spec.code):
            _changes.pop(module, None)


_changes: dict[str, list[process_state.Change]] = {}
"""What building a spec has changed of this process, by its key, and importing a module, by its name."""


def _imported(module: str) -> list[process_state.Change]:
    """Import a module, or change again what its import has changed."""
    if module in _changes:
        process_state.redo(_changes[module])
    else:
        before = process_state.snapshot()
        with suppress(Exception):  # building says what is wrong with it
            importlib.import_module(module)
        _changes[module] = process_state.changes(before)
    return _changes[module]


def _modules(target: Any) -> Iterator[str]:
    """The modules of all targets in a spec, in order."""
    if isinstance(target, Mapping):
        if isinstance(path := target.get("_target_"), str) and (module := _module(path)):
            yield module
        target = list(target.values())
    for inside in target if isinstance(target, list | tuple) else ():
        yield from _modules(inside)


def _module(path: str) -> str | None:
    """The module in a dotted path: the longest that there is."""
    parts = path.split(".")[:-1]
    for end in range(len(parts), 0, -1):
        name = ".".join(parts[:end])
        with suppress(Exception):  # finding a module imports what it is in
            if name in sys.modules or importlib.util.find_spec(name) is not None:
                return name
    return None


def instantiate(target: Mapping[str, Any]) -> Any:
    """Build what a resolved mapping with `_target_` describes, nested ones included."""
    from hydra.utils import instantiate as hydra_instantiate

    return hydra_instantiate({"_convert_": "all", **target})


def clear() -> None:
    """Let go of everything that this process keeps, and forget what changed."""
    _keep().clear()
    _changing.clear()


def estimated_bytes(root: Any) -> int:
    """Size of an object and what it reaches, as the head of this module says."""
    total, visits = 0.0, 0
    seen: set[int] = set()
    pending: list[tuple[Any, float]] = [(root, 1.0)]
    while pending and visits < MAX_VISITS:
        item, weight = pending.pop()
        if id(item) in seen or isinstance(item, type | ModuleType | FunctionType):
            continue
        seen.add(id(item))
        visits += 1
        total += weight * _own_bytes(item)
        inside = _inside(item)
        looked_at = inside[:MAX_ITEMS]
        share = weight * len(inside) / len(looked_at) if looked_at else weight
        pending.extend((child, share) for child in looked_at)
    return int(total)


def _own_bytes(item: Any) -> int:
    nbytes = _buffer_bytes(item)
    return sys.getsizeof(item, 64) if nbytes is None else nbytes


def _buffer_bytes(item: Any) -> int | None:
    """`nbytes` of an array or tensor of any library."""
    try:
        nbytes = getattr(item, "nbytes", None)
    except Exception:  # noqa: BLE001 - an attribute of a foreign object may run any code; no estimate may fail a run
        return None
    return nbytes if isinstance(nbytes, int) else None


def _inside(item: Any) -> list[Any]:
    if isinstance(item, str | bytes | bytearray | int | float) or _buffer_bytes(item) is not None:
        return []
    if isinstance(item, Mapping):
        return [*item.values()]
    if isinstance(item, list | tuple | set | frozenset):
        return [*item]
    attributes = getattr(item, "__dict__", None)
    if not isinstance(attributes, dict):
        return []
    return [*attributes.values()]


def _release_gpu_memory() -> None:
    """Give freed GPU memory back to the device, where torch has taken any."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()


_process_keep: Keep | None = None


def _keep() -> Keep:
    global _process_keep
    if _process_keep is None:
        _process_keep = Keep(int(os.environ.get("SWEEPER_KEEP_OBJECTS", "64")), _max_bytes())
    return _process_keep


def _max_bytes() -> float:
    if said := os.environ.get("SWEEPER_KEEP_BYTES"):
        return float(said)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not known on every platform
        memory = 8 << 30
    return memory / 4 / usable_processors()
