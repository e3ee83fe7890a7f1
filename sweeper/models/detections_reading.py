"""Reads boxes, labels and scores from the outputs of a detector, for one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from sweeper.errors import PartError
from sweeper.models.box_formats import corners
from sweeper.models.detector_outputs import SeparateOutputs, UltralyticsOutput
from sweeper.models.placement import Placement
from sweeper.models.suppression import suppressed

if TYPE_CHECKING:
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Found:
    """What a network found in one image: N boxes as corners in pixels of what it got, with labels and scores."""

    boxes: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]

    def only(self, which: Array) -> Found:
        """Some of them, by truth values or indices."""
        return Found(self.boxes[which], self.labels[which], self.scores[which])


class Reader(Protocol):
    """Reads the outputs of a network."""

    @property
    def names(self) -> list[str]:
        """The outputs that it reads, in their order."""
        ...

    @property
    def is_of_one_image(self) -> bool:
        """Whether the network has to be given one image at a time."""
        ...

    def found(self, outputs: Sequence[Array], place: Placement, source: str) -> Found:
        """What was found in an image, as corners in its own pixels."""
        ...


@dataclass(frozen=True)
class SeparateReader:
    """Reads boxes, scores and labels in outputs of their own."""

    form: SeparateOutputs

    @property
    def names(self) -> list[str]:
        return [self.form.boxes, self.form.scores, *([] if self.form.labels is None else [self.form.labels])]

    @property
    def is_of_one_image(self) -> bool:
        return self.form.is_of_one_image

    def found(self, outputs: Sequence[Array], place: Placement, source: str) -> Found:
        found = of_separate(outputs, self.form, place.taken, source)
        return replace(found, boxes=place.back(found.boxes))


@dataclass(frozen=True)
class UltralyticsReader:
    """Reads the one output of a detector of Ultralytics; boxes are cut off at the edges of the image, as there."""

    form: UltralyticsOutput
    n_classes: int
    is_of_one_image: bool = False

    @property
    def names(self) -> list[str]:
        return [self.form.output]

    def found(self, outputs: Sequence[Array], place: Placement, source: str) -> Found:
        found = of_ultralytics(outputs[0], self.form, self.n_classes, source)
        return replace(found, boxes=place.clipped(place.back(found.boxes)))


def of_separate(outputs: Sequence[Array], form: SeparateOutputs, size: tuple[int, int], source: str) -> Found:
    """Boxes (D x 4), scores (D, or D x K) and labels (D) of one image.

    Raises
    ------
    PartError
        They do not go together, or a score is none in [0, 1].
    """
    boxes, scores = outputs[0], outputs[1].astype(np.float64)
    _check_shapes(outputs, form, source)
    if scores.ndim == 2:
        labels, scores = scores.argmax(axis=1), scores.max(axis=1, initial=0)
    else:
        labels = outputs[2]
    if not ((scores >= 0) & (scores <= 1)).all():  # NaN, too
        raise PartError(
            f"{source} gave scores from {scores.min():g} to {scores.max():g}; scores of detections are confidences in "
            "[0, 1]. Export it with its sigmoid or softmax."
        )
    found = Found(corners(boxes, form.box_format, form.box_units, size, source), labels.astype(np.int64), scores)
    return found.only(scores >= form.min_score)


def _check_shapes(outputs: Sequence[Array], form: SeparateOutputs, source: str) -> None:
    shapes = [output.shape for output in outputs]
    boxes, scores, *labels = shapes
    fit = len(boxes) == 2 and boxes[1] == 4 and len({shape[:1] for shape in shapes}) == 1
    per_class = len(scores) == 2 and not labels
    single = len(scores) == 1 and [len(shape) for shape in labels] == [1]
    if not (fit and (per_class or single)):
        names = (form.boxes, form.scores, form.labels or "no labels")
        listed = ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=False))
        raise PartError(
            f"{source} gave {listed} for an image; a detector gives boxes (D x 4), and scores and labels (D each) or "
            "scores of each class (D x K). Name the outputs with boxes=NAME, scores=NAME and labels=NAME."
        )


def of_ultralytics(output: Array, form: UltralyticsOutput, n_classes: int, source: str) -> Found:
    """What one output of Ultralytics says of an image; the best class of each place counts, as in its `predict`.

    Raises
    ------
    PartError
        It does not have the shape that it should have.
    """
    wanted = "D x 6" if form.is_suppressed else f"{4 + n_classes} x A (4 and one for each of {n_classes} classes)"
    if output.ndim != 2 or (output.shape[1] != 6 if form.is_suppressed else len(output) != 4 + n_classes):
        raise PartError(
            f"{source} gave an output of shape {output.shape} for an image; by its metadata it is {wanted}."
        )
    values = output.astype(np.float64)
    if form.is_suppressed:
        found = Found(values[:, :4], np.rint(values[:, 5]).astype(np.int64), values[:, 4])
        return found.only((found.scores >= form.min_score) & (found.scores > 0))
    scores = values[4:].max(axis=0)
    sure = (scores >= form.min_score) & (scores > 0)
    boxes = corners(values[:4, sure].T, "cxcywh", "pixels", (1, 1), source)
    found = Found(boxes, values[4:, sure].argmax(axis=0), scores[sure])
    return found.only(suppressed(found.boxes, found.labels, found.scores, form.most_overlap))
