"""Estimate how much memory an object takes.

Counted are the buffers that the object can be seen to reach (`nbytes` of arrays and tensors, `sys.getsizeof` of other
objects), up to a bounded number of objects. Not counted is memory that a C library allocates on its own, nor what an
object loads later.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FunctionType, ModuleType

MAX_VISITS = 20_000
"""Objects visited for one estimate."""
MAX_ITEMS = 256
"""Items of one container that are visited; the others are taken to be like them."""


def estimated_bytes(root: object) -> int:
    """Estimated size of an object and of everything that it reaches."""
    total, visits = 0.0, 0
    seen: set[int] = set()
    pending: list[tuple[object, float]] = [(root, 1.0)]
    while pending and visits < MAX_VISITS:
        item, weight = pending.pop()
        if id(item) in seen or isinstance(item, type | ModuleType | FunctionType):
            continue
        seen.add(id(item))
        visits += 1
        total += weight * _own_bytes(item)
        children = _children(item)
        visited = children[:MAX_ITEMS]
        share = weight * len(children) / len(visited) if visited else weight
        pending.extend((child, share) for child in visited)
    return int(total)


def _own_bytes(item: object) -> int:
    nbytes = _buffer_bytes(item)
    return sys.getsizeof(item, 64) if nbytes is None else nbytes


def _buffer_bytes(item: object) -> int | None:
    """`nbytes` of an array or tensor of any library."""
    try:
        nbytes = getattr(item, "nbytes", None)
    except Exception:  # noqa: BLE001 - an attribute of a foreign object may run any code; no estimate may fail a run
        return None
    return nbytes if isinstance(nbytes, int) else None


def _children(item: object) -> list[object]:
    if isinstance(item, str | bytes | bytearray | int | float) or _buffer_bytes(item) is not None:
        return []
    if isinstance(item, Mapping):
        return [*item.values()]
    if isinstance(item, list | tuple | set | frozenset):
        return [*item]
    attributes = getattr(item, "__dict__", None)
    return [*attributes.values()] if isinstance(attributes, dict) else []
