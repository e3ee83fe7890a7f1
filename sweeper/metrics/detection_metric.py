"""Base of the metrics of detection: they read the boxes of each image, in the order of the dataset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sweeper.checks.detections import detection_of
from sweeper.checks.numbers import datum_name
from sweeper.errors import PartError

if TYPE_CHECKING:
    from maite.protocols import DatumMetadata, MetricMetadata
    from maite.protocols import object_detection as od

    from sweeper.common.detections import DetectionTarget
    from sweeper.statistics.confusion import Floats
    from sweeper.statistics.resampling import Weights


class DetectionMetric(ABC):
    """A MAITE object-detection metric that is computed at the end, from what it keeps of each image.

    Predictions and targets have `boxes`, `labels` and `scores`, as attributes or as keys, of any array library. Which
    objects stand for a crowd (`iscrowd`) and how large they are (`area`) is read from targets that say so, such as
    `sweeper.datasets.DetectionTarget`. Where they do not, no object is a crowd, and its area is that of its box.

    Parameters
    ----------
    id
        Id of the metric.
    """

    higher_is_better = True

    def __init__(self, id: str) -> None:
        self.metadata: MetricMetadata = {"id": id}
        self.reset()

    def reset(self) -> None:
        """Forget all images."""
        self._images = 0

    def update(
        self,
        pred_batch: Sequence[od.ObjectDetectionTarget],
        target_batch: Sequence[od.ObjectDetectionTarget],
        metadata_batch: Sequence[DatumMetadata],
        /,
    ) -> None:
        """Add the detections and the truth of B images.

        Raises
        ------
        PartError
            They differ in number, or one of them is no detection.
        """
        if len(pred_batch) != len(target_batch):
            raise PartError(
                f"Metric {self.metadata['id']} got {len(pred_batch)} predictions for {len(target_batch)} targets; "
                "there must be one for each image."
            )
        for place, (given, wanted) in enumerate(zip(pred_batch, target_batch, strict=True)):
            name = datum_name(metadata_batch, place, self._images - place)
            self.add(self._read(given, "prediction", name), self._read(wanted, "target", name))
            self._images += 1

    def _read(self, item: object, what: str, datum: str) -> DetectionTarget:
        try:
            return detection_of(item)
        except PartError as error:
            raise PartError(f"Metric {self.metadata['id']}: the {what} of datum {datum} has {error}.") from error

    def compute(self) -> dict[str, float]:
        """Compute the values of all images since the last `reset`. One that is not defined is NaN; see `undefined`.

        Raises
        ------
        PartError
            There was no image.
        """
        if not self._images:
            raise PartError(f"Metric {self.metadata['id']} has nothing to score: the dataset is empty.")
        return self.values()

    @abstractmethod
    def add(self, detections: DetectionTarget, truth: DetectionTarget) -> None:
        """Keep what is needed of one image."""

    @abstractmethod
    def values(self) -> dict[str, float]:
        """The values of all images, by their keys, the most important first."""

    @abstractmethod
    def undefined(self) -> Mapping[str, str]:
        """Of keys without a value the reason."""

    @abstractmethod
    def resampler(self) -> Callable[[Weights], Mapping[str, Floats]]:
        """A function that gives, for R x N weights of the images, R values of each key.

        It matches no boxes again, so that a resample costs little.
        """

    def class_of(self, key: str) -> int | None:
        """The index of the class that a key is for; `None` where it is for all."""
        del key
        return None

    def is_envelope(self, key: str) -> bool:
        """Whether a value reads the largest of several noisy numbers; see `sweeper.statistics.resampled`."""
        del key
        return False
