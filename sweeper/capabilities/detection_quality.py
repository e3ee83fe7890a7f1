"""Checks a detection dataset without a model: its boxes, its classes, and images that are there twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.box_checks import BoxChecks
from sweeper.capabilities.class_names import ClassNames
from sweeper.capabilities.detection_quality_rows import (
    DetectionQualityFindings,
    DetectionQualityRecord,
    QualityRows,
    report,
)
from sweeper.capabilities.detection_tally import DetectionTally
from sweeper.capabilities.findings import balance_of
from sweeper.capabilities.scenes import scenes_of
from sweeper.errors import PartError
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel


@dataclass(frozen=True, kw_only=True)
class DetectionQualityRun(CapabilityRun):
    """What was found in one dataset."""

    found: DetectionQualityFindings

    def extract(self) -> list[DetectionQualityRecord]:
        """One row per summary value, per value of a class, and per box or image that is listed."""
        return list(QualityRows(self.run_uid, metadata_id(self.dataset_metadata[0]), self.found).rows())

    def collect_md_report(self, threshold: float) -> str:
        """What each check found, with the clearest cases, and the classes. The threshold is not used."""
        return report(metadata_id(self.dataset_metadata[0]), self.found)


class DetectionQuality(BuiltinCapability):
    """Boxes that are empty, tiny, outside of the image or doubled, class balance, and duplicates among the images.

    Parameters
    ----------
    tiny_side
        A box is tiny if its shorter side is below so many pixels.
    edge_tolerance
        A box is outside if it reaches further beyond the edge of the image than so many pixels.
    double_overlap
        Two boxes of one class are doubles from this overlap on (intersection over union), in (0, 1].
    near_distance
        Largest Hamming distance, in bits, between the perceptual hashes of near duplicates among the images
        (`imagehash.phash`, 64 bits).
    listed
        How many cases of each check are listed, the clearest first; all are counted.

    Values
    ------
    contents.images, contents.boxes
        How many there are.
    contents.boxes_per_image
        The mean number of boxes in an image.
    crowds.share
        The share of the boxes that stand for a crowd.
    empty.share
        The share of the boxes with a side that is not above 0. Lower is better.
    tiny.share
        The share of the boxes whose shorter side is below `tiny_side` pixels. Lower is better.
    wholly_outside.share
        The share of the boxes with nothing inside of their image. Lower is better.
    partly_outside.share
        The share of the boxes that reach beyond the edge of their image. Lower is better.
    exact_doubles.share, near_doubles.share
        The share of the boxes with the place, or nearly the place, of another one of their class. Lower is better.
    two_classes.share
        The share of the boxes with the place of a box of another class. Lower is better.
    unknown_class.share
        The share of the boxes whose label has no name in `index2label`. Lower is better.
    no_boxes.share
        The share of the images without a box.
    exact_duplicates.share
        The share of the images whose pixels are those of an earlier image. Lower is better.
    near_duplicates.share
        The share of the images that look like an earlier one without having its pixels. Lower is better.
    class_balance.evenness
        1 if all classes have the same number of boxes, and 0 if all boxes are of one class. Higher is better.
    class_balance.imbalance_ratio
        The number of boxes of the largest class by that of the smallest one that has any. Lower is better.
    class_balance.empty_classes
        The number of classes without a box. Lower is better.

    Raises
    ------
    PartError
        An argument is out of range.

    Notes
    -----
    Images are read one at a time. Of each its id, a digest and a hash are kept, about 100 bytes.
    `sweeper.capabilities.box_checks.BoxChecks` says what each check finds.
    """

    id = "sweeper.detection_quality"
    supports_datasets = Arity.ONE

    def __init__(
        self,
        *,
        tiny_side: float = 4.0,
        edge_tolerance: float = 0.5,
        double_overlap: float = 0.9,
        near_distance: int = 2,
        listed: int = 20,
    ) -> None:
        self._checks = BoxChecks(tiny_side, edge_tolerance, double_overlap)
        if near_distance < 0 or listed < 0:
            raise PartError(
                f"DetectionQuality got near_distance={near_distance}, listed={listed}; allowed: each from 0."
            )
        self._near_distance, self._listed = near_distance, listed

    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
    ) -> DetectionQualityRun:
        """Check one dataset.

        Parameters
        ----------
        models, datasets, metrics, config, use_cache
            As `BuiltinCapability.run` says.

        Raises
        ------
        PartError
            The arguments are wrong in number or kind, the dataset is empty, or a datum has no image or no boxes.
        """
        inputs = self.check(models, datasets, metrics, config, use_cache)
        (dataset,) = inputs.datasets
        names = ClassNames.of(dict(dataset.metadata))
        tally = DetectionTally(self._checks, names.names.keys(), self._listed)
        for scene in scenes_of(dataset):
            tally.add(scene)
        return DetectionQualityRun(
            capability_id=self.id, **inputs.metadata(), found=_found(tally, names, self._near_distance)
        )


def _found(tally: DetectionTally, names: ClassNames, near_distance: int) -> DetectionQualityFindings:
    classes = sorted(names.names.keys() | tally.boxes.keys())
    counts = np.array([tally.boxes[index] for index in classes], np.int64)
    return DetectionQualityFindings(
        n_images=len(tally.ids),
        n_boxes=tally.boxes.total(),
        n_crowds=tally.crowds.total(),
        names=names,
        boxes={index: tally.boxes[index] for index in classes},
        images={index: tally.images[index] for index in classes},
        crowds={index: tally.crowds[index] for index in classes},
        balance=balance_of(counts, [names[index] for index in classes]) if counts.any() else None,
        checks=tally.found(near_distance),
    )
