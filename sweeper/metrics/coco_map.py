"""COCO's average precision and recall as one metric."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.common.default_ids import describe, unless
from sweeper.metrics.coco_library import values_by_class
from sweeper.metrics.detection_metric import DetectionMetric
from sweeper.statistics.average_precision import KEYS, class_values, mean_over_classes, undefined
from sweeper.statistics.coco_matches import class_matches, surest

if TYPE_CHECKING:
    from sweeper.common.detections import DetectionTarget
    from sweeper.statistics.coco_matches import ClassMatches
    from sweeper.statistics.confusion import Floats
    from sweeper.statistics.resampling import Weights

_OF_EACH_CLASS = ("map", "mar_100")
_CLASS = re.compile(r".*_class_(\d+)")


class CocoMap(DetectionMetric):
    """COCO's mean average precision and recall, as faster-coco-eval computes them. Higher is better.

    The values are `map`, over overlaps of 0.5 to 0.95; `map_50` and `map_75`, at one overlap; `map_small`, `map_medium`
    and `map_large`, of objects of up to 32 x 32, of up to 96 x 96 and of more square pixels; and mean recalls: `mar_1`,
    `mar_10` and `mar_100` with so many detections of each class in an image, `mar_small`, `mar_medium` and `mar_large`.
    docs/detection.md defines them.

    Parameters
    ----------
    classwise
        Whether `map` and `mar_100` are also given of each class that an object has: `map_class_3`, `mar_100_class_3`.
    id
        Id of the metric.

    Values
    ------
    map
        Mean average precision over the classes and over overlaps of 0.5 to 0.95. Higher is better.
    map_50, map_75
        Mean average precision over the classes at an overlap of 0.5, or of 0.75. Higher is better.
    map_small, map_medium, map_large
        `map` of objects of up to 32 x 32, of up to 96 x 96, or of more square pixels. Higher is better.
    mar_1, mar_10, mar_100
        Mean recall over the classes and over overlaps of 0.5 to 0.95, with at most so many detections of a class in an
        image. Higher is better.
    mar_small, mar_medium, mar_large
        `mar_100` of objects of up to 32 x 32, of up to 96 x 96, or of more square pixels. Higher is better.

    Notes
    -----
    Images without objects or without detections count: a detection in an image without objects is wrong. A class
    without objects has no average precision, so detections of it change nothing. Where there are no objects of a size,
    its values are NaN; the reference implementation has -1 there, which a mean or a limit would take for a number.
    """

    def __init__(self, *, classwise: bool = False, id: str | None = None) -> None:
        self._classwise = classwise
        super().__init__(id or describe("coco_map", classwise=unless(classwise, False)))

    def reset(self) -> None:
        """Forget all images."""
        super().reset()
        self._detections: list[DetectionTarget] = []
        self._truth: list[DetectionTarget] = []
        self._found: list[ClassMatches] | None = None

    def add(self, detections: DetectionTarget, truth: DetectionTarget) -> None:
        """Keep the objects of an image, and its 100 surest detections of each class."""
        kept = surest(detections)
        self._detections.append(
            replace(
                detections,
                boxes=detections.boxes[kept],
                labels=detections.labels[kept],
                scores=detections.scores[kept],
                iscrowd=None,
                area=None,
            )
        )
        self._truth.append(truth)
        self._found = None

    def values(self) -> dict[str, float]:
        """The values of all images."""
        found = values_by_class(self._detections, self._truth)
        named = self._by_key({label: values[None] for label, values in found.items()}, 1)
        return {key: float(values[0]) for key, values in named.items()}

    def undefined(self) -> Mapping[str, str]:
        """Of keys without a value the reason."""
        return dict(undefined(self._matches()))

    def resampler(self) -> Callable[[Weights], Mapping[str, Floats]]:
        """See `DetectionMetric.resampler`. Values of images that each count once are those of `compute`."""
        matches = self._matches()
        return lambda weights: self._by_key({one.label: class_values(one, weights) for one in matches}, len(weights))

    def _by_key(self, classes: Mapping[int, Floats], rows: int) -> dict[str, Floats]:
        """R values of each key, from R x 12 of each class."""
        found: dict[str, Floats] = dict(zip(KEYS, mean_over_classes([*classes.values()], rows).T, strict=True))
        if self._classwise:
            for label, values in classes.items():
                found |= {f"{key}_class_{label}": values[:, KEYS.index(key)] for key in _OF_EACH_CLASS}
        return found

    def class_of(self, key: str) -> int | None:
        """The index of the class that a key is for; `None` where it is for all."""
        found = _CLASS.fullmatch(key)
        return int(found[1]) if found else None

    def is_envelope(self, key: str) -> bool:
        """An average precision does: it reads the best precision from each recall on. Recalls do not."""
        return key.startswith("map")

    def _matches(self) -> list[ClassMatches]:
        if self._found is None:
            self._found = class_matches(self._detections, self._truth)
        return self._found
