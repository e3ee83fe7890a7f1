"""What a trial saw of values, in a few words each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweeper.checks.detections import entry, is_detection
from sweeper.checks.numbers import DETECTION, Numbers, is_array, numeric
from sweeper.checks.targets import one_hot

SHOWN = 5
"""So many items of a sequence are named."""


def array_text(value: object) -> str:
    """Type, shape, dtype and range of an input: `float32 array of 1 x 8 x 8, from 0 to 1`."""
    array = numeric(value) if is_array(value) else None
    kind = type(value).__name__
    if array is None:
        return kind
    shape = " x ".join(map(str, array.shape)) or "no dimensions"
    return f"{kind} of {array.dtype}, {shape}{_range(array)}"


def _range(array: Numbers) -> str:
    if not array.size:
        return ", empty"
    if not np.isfinite(array).all():
        return ", with values that are NaN or infinite"
    return f", from {array.min():g} to {array.max():g}"


def names_text(names: object) -> str:
    """`index2label`: how many classes, and the first of them."""
    if not isinstance(names, Mapping) or not names:
        return "none"
    return f"{len(names)} classes: {_listed([_named(key, names) for key in names])}"


def keys_text(metadata: Mapping[str, Any]) -> str:
    """Metadata by their keys and values, each cut short."""
    return _listed([f"{key}={value!r:.40}" for key, value in metadata.items()])


def target_text(target: object, names: Mapping[int, str]) -> str:
    """The form of a target: a class by name, a distribution, boxes, or its type."""
    if is_detection(target):
        return _detection_text(target, names)
    vector = numeric(target)
    if vector is None or vector.ndim != 1 or not vector.size:
        return array_text(target)
    label = int(vector.argmax())
    kind = "one-hot" if one_hot(vector[None])[0] else "a vector with the sum " + f"{vector.sum():g}"
    return f"{kind} of {len(vector)}, class {_named(label, names)}"


def _detection_text(value: object, names: Mapping[int, str]) -> str:
    labels = numeric(entry(value, "labels"))
    there = [name for name in DETECTION if entry(value, name) is not None]
    found = [] if labels is None else [_named(int(label), names) for label in labels.reshape(-1)]
    return f"{', '.join(there)} of {len(found)} objects" + (f": {_listed(found)}" if found else "")


def predictions_text(batch: Sequence[object], names: Mapping[int, str]) -> str:
    """What a model answered for a batch: the form of it, the sums of scores, and the first classes by name."""
    scores = numeric(batch)
    if scores is None or scores.ndim != 2 or not scores.size:
        first = _detection_text(batch[0], names) if is_detection(batch[0]) else array_text(batch[0])
        return f"{type(batch).__name__} of {len(batch)}, the first: {first}"
    sums = scores.sum(axis=1)
    classes = [_named(int(label), names) for label in scores[:SHOWN].argmax(axis=1)]
    return f"{array_text(scores)}, sums from {sums.min():g} to {sums.max():g}, first classes: {', '.join(classes)}"


def _named(label: int, names: Mapping[Any, Any]) -> str:
    return f"{label} ({names[label]})" if names.get(label, str(label)) != str(label) else str(label)


def _listed(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")
