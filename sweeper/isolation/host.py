"""What a model answers on a device, brought to the memory of the host once, before anybody reads it.

Predictions travel to other workers, which may have no such device, and those of a whole dataset would fill it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any


def on_host(answers: Any) -> Any:
    """The same answers with every tensor of another device than the processor's as a tensor in the host's memory.

    They are detached from what they were computed from. Tensors in lists, tuples, mappings and attributes of objects
    (boxes, labels, scores) count too; objects that have some are changed, so the answers must be the caller's own.
    Tensors of one form in a list are moved together, since each move waits for the device. torch is not imported.
    """
    return _moved(answers) if "torch" in sys.modules else answers


def _moved(value: Any) -> Any:
    if _is_away(value):
        return value.detach().cpu()
    if isinstance(value, list | tuple):
        return _sequence(value)
    if isinstance(value, dict):
        return {key: _moved(item) for key, item in value.items()}
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict) and not isinstance(value, type):
        attributes.update({name: _moved(item) for name, item in attributes.items() if _may_hold(item)})
    return value


def _is_away(value: Any) -> bool:
    """Whether a value is a tensor that is not in the host's memory."""
    return hasattr(value, "detach") and getattr(getattr(value, "device", None), "type", "cpu") != "cpu"


def _may_hold(value: object) -> bool:
    return _is_away(value) or isinstance(value, list | tuple | dict)


def _sequence(values: Any) -> Any:
    items = _together(values) if _are_alike(values) else [_moved(value) for value in values]
    if isinstance(values, list):
        return items
    make = getattr(values, "_make", tuple)
    return make(items)


def _are_alike(values: Sequence[Any]) -> bool:
    """Whether all are tensors of one device, shape and type."""
    if len(values) < 2 or not all(map(_is_away, values)):
        return False
    return len({(value.device, value.shape, value.dtype) for value in values}) == 1


def _together(values: Sequence[Any]) -> list[Any]:
    """The tensors, moved as one, each with memory of its own again."""
    stack = sys.modules["torch"].stack
    return [row.clone() for row in stack([value.detach() for value in values]).cpu()]
