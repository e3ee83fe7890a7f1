"""The rows of an analysis of detection errors, in four tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from sweeper.capabilities.detection_error_analysis import DetectionAnalysis, GroupShares
from sweeper.capabilities.detection_error_counts import OVERLAP_BINS, WorstImage
from sweeper.capabilities.uncertainty import columns_of
from sweeper.records import Record
from sweeper.statistics.detection_errors import DETECTION_KINDS, IGNORED


class DetectionErrorRecord(Record, table_name="sweeper_detection_errors"):
    """The share of objects, or of detections, of one kind: of all, of a class, a size or a slice."""

    dataset_id: str
    model_id: str
    output_key: str
    """Side, kind and group in one text: `object.missed`, `detection.background[cat]`, `object.correct[site=rome]`."""
    output_value: float | None
    """Null where there is no object, or no detection."""
    scope: str
    """`overall`, `class`, `size` or `slice`."""
    side: str
    """`object` or `detection`."""
    kind: str
    """`correct`, or which error it is: see docs/detection-capabilities.md."""
    count: int
    """Number of objects, or detections, of this kind."""
    support: int
    """Number of objects, or detections, in all."""
    class_index: int | None = None
    class_name: str | None = None
    size: str | None = None
    """`small`, `medium` or `large`."""
    slice_key: str | None = None
    slice_value: str | None = None
    slice_low: float | None = None
    """Of a range of a number: from here on, or null if it has no lower end."""
    slice_high: float | None = None
    """Of a range of a number: below this, or null if it has no upper end."""
    place: int | None = None
    """Of a slice: 1 for the one where the fewest objects are found."""
    higher_is_better: bool | None = None
    n: int | None = None
    """Number of objects, or detections, that the value is a share of."""
    stderr: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None
    """How the bounds were computed; where there are none, `none: ` and the reason."""


class DetectionOverlapRecord(Record, table_name="sweeper_detection_overlaps"):
    """How many detections of one kind have an overlap in one range with the object that they are held against."""

    dataset_id: str
    model_id: str
    kind: str
    low: float
    """The overlaps are at least this."""
    high: float
    """The overlaps are below this; of the last range, at most."""
    n_detections: int


class DetectionConfusionRecord(Record, table_name="sweeper_detection_confusions"):
    """How many detections there are of one kind and class about objects of one class, and how many missed objects."""

    dataset_id: str
    model_id: str
    kind: str
    """A kind of detections, or `missed` of objects."""
    label_index: int | None
    """The class of the object; null for the background."""
    label_name: str | None
    predicted_index: int | None
    """The class of the detection; null for what is missed."""
    predicted_name: str | None
    n: int


class DetectionImageRecord(Record, table_name="sweeper_detection_images"):
    """One of the images with the most errors."""

    dataset_id: str
    model_id: str
    place: int
    """1 for the image with the most errors."""
    datum_id: str
    datum_number: int
    """Its place in the dataset, from 0."""
    n_errors: int
    """Detections that are not correct, and objects that are missed."""
    n_objects: int
    """Without crowds."""
    n_detections: int
    """Without those that have found a crowd."""
    n_missed: int
    n_double: int
    n_wrong_class: int
    n_badly_placed: int
    n_wrong_class_badly_placed: int
    n_background: int


class _Parts(TypedDict):
    run_uid: str
    dataset_id: str
    model_id: str


@dataclass(frozen=True)
class DetectionErrorRows:
    """Makes the rows of one run."""

    run_uid: str
    dataset_id: str
    model_id: str
    analysis: DetectionAnalysis

    def rows(self) -> Iterator[Record]:
        """All rows: the shares first, since the table of the first row is that of the values."""
        for group in self.analysis.groups:
            yield from self._shares(group)
        yield from self._overlaps()
        yield from self._confusions()
        for place, one in enumerate(self.analysis.worst, start=1):
            yield self._image(place, one)

    @property
    def _parts(self) -> _Parts:
        return {"run_uid": self.run_uid, "dataset_id": self.dataset_id, "model_id": self.model_id}

    def _shares(self, group: GroupShares) -> Iterator[DetectionErrorRecord]:
        part, name = group.part, f"[{group.name}]" if group.name else ""
        for kind, (count, share) in group.kinds.items():
            yield DetectionErrorRecord(
                **self._parts,
                output_key=f"{group.side}.{kind}{name}",
                output_value=share.value,
                scope=group.scope,
                side=group.side,
                kind=kind,
                count=count,
                support=group.support,
                class_index=group.class_index,
                class_name=group.name if group.scope == "class" else None,
                size=group.name if group.scope == "size" else None,
                slice_key=None if part is None else part.key,
                slice_value=None if part is None else part.value,
                slice_low=None if part is None else part.low,
                slice_high=None if part is None else part.high,
                place=group.place,
                higher_is_better=kind == "correct",
                **columns_of(share.interval),
            )

    def _overlaps(self) -> Iterator[DetectionOverlapRecord]:
        for kind, counts in zip(DETECTION_KINDS, self.analysis.overlaps, strict=True):
            for number in np.flatnonzero(counts).tolist():
                low, high = number / OVERLAP_BINS, (number + 1) / OVERLAP_BINS
                yield DetectionOverlapRecord(**self._parts, kind=kind, low=low, high=high, n_detections=counts[number])

    def _confusions(self) -> Iterator[DetectionConfusionRecord]:
        names = self.analysis.names
        for (kind, label, predicted), n in self.analysis.cells.items():
            yield DetectionConfusionRecord(
                **self._parts,
                kind=kind,
                label_index=label,
                label_name=None if label is None else names[label],
                predicted_index=predicted,
                predicted_name=None if predicted is None else names[predicted],
                n=n,
            )

    def _image(self, place: int, one: WorstImage) -> DetectionImageRecord:
        errors = one.errors
        return DetectionImageRecord(
            **self._parts,
            place=place,
            datum_id=one.datum_id,
            datum_number=one.number,
            n_errors=errors.errors,
            n_objects=int((errors.object_kinds != IGNORED).sum()),
            n_detections=int((errors.detection_kinds != IGNORED).sum()),
            n_missed=errors.count("missed"),
            n_double=errors.count("double"),
            n_wrong_class=errors.count("wrong_class"),
            n_badly_placed=errors.count("badly_placed"),
            n_wrong_class_badly_placed=errors.count("wrong_class_badly_placed"),
            n_background=errors.count("background"),
        )
