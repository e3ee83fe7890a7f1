"""Which output of an ONNX classifier has the scores, and how they are read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.errors import PartError, near_match
from sweeper.models.onnx_header import MAPS, OnnxHeader, Value

if TYPE_CHECKING:
    import numpy.typing as npt

_FLOATS = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Scores:
    """The output with the scores.

    Parameters
    ----------
    output
        The output.
    labels
        The keys of its mappings in the order of the classes, where it has mappings; else empty.
    n_classes
        Number of classes, if the file tells.
    """

    output: Value
    labels: tuple[int | str, ...]
    n_classes: int | None

    def matrix(self, value: Any, n_images: int, source: str) -> npt.NDArray[Any]:
        """What the network gave for some images, as N x K scores.

        Raises
        ------
        PartError
            It is not that.
        """
        if self.labels:
            return np.array([[scores[label] for label in self.labels] for scores in value], dtype=np.float32)
        scores = np.asarray(value)
        while scores.ndim > 2 and scores.shape[-1] == 1:
            scores = scores[..., 0]
        if scores.ndim != 2 or len(scores) != n_images:
            raise PartError(
                f"{source} gave an array of shape {np.shape(value)} for {n_images} images; a classifier gives N x K."
            )
        return scores


def find_scores(header: OnnxHeader, name: object) -> Scores:
    """The output with the scores of the classes.

    Parameters
    ----------
    header
        Of the file.
    name
        The name of the output, or `None` to take the only one that can be it.

    Raises
    ------
    PartError
        No output, or more than one, can be it; there is none of this name; it has one score only.
    """
    output = _only(header) if name is None else _named(header, name)
    if output.kind == MAPS:
        return _of_maps(header, output)
    shape = output.shape
    n_classes = None if shape is None or len(shape) < 2 else shape[1]
    if n_classes == 1:
        raise PartError(
            f"{header.source}: its output {output} has one score for each image; a classifier has one for each class, "
            "also where there are two. Export it with both."
        )
    return Scores(output, (), n_classes)


def _of_maps(header: OnnxHeader, output: Value) -> Scores:
    if len(header.class_labels) != 1:
        raise PartError(
            f"{header.source}: its output {output} maps classes to scores, and the file has "
            f"{len(header.class_labels)} lists of classes to order them by. Export it with the option zipmap: false."
        )
    labels = header.class_labels[0]
    return Scores(output, labels, len(labels))


def _named(header: OnnxHeader, name: object) -> Value:
    by_name: Mapping[str, Value] = {value.name: value for value in header.outputs}
    if name not in by_name:
        raise PartError(
            f"{header.source} has no output {name!r}; it has {_listed(header.outputs)}.{near_match(str(name), by_name)}"
        )
    return by_name[str(name)]


def _only(header: OnnxHeader) -> Value:
    possible = [value for value in header.outputs if _may_be_scores(value)]
    if len(possible) != 1:
        what = "has no output of scores, N x K floats" if not possible else "has several outputs that may be the scores"
        raise PartError(
            f"{header.source} {what}; it has {_listed(header.outputs)}. Name the output of the scores with output=NAME."
        )
    return possible[0]


def _may_be_scores(value: Value) -> bool:
    if value.kind == MAPS:
        return True
    flat = value.shape is None or (len(value.shape) >= 2 and all(length == 1 for length in value.shape[2:]))
    return value.kind in _FLOATS and flat


def _listed(values: Sequence[Value]) -> str:
    return ", ".join(map(str, values))
