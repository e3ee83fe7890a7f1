"""COCO's average precision and recall of each class, computed by faster-coco-eval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.common.boxes import areas
from sweeper.statistics.matching import crowd_of

if TYPE_CHECKING:
    from sweeper.common.detections import DetectionTarget
    from sweeper.statistics.matching import Floats

    Annotation: TypeAlias = dict[str, object]

BOXES_AT_ONCE = 200_000
"""The library wants a dictionary for each box, so classes are evaluated in groups of about so many."""


def values_by_class(detections: Sequence[DetectionTarget], truth: Sequence[DetectionTarget]) -> dict[int, Floats]:
    """The values of each class that an object has, by its index: 12, in the order of `average_precision.KEYS`.

    NaN where the class has no object that counts. Classes do not depend on each other.
    """
    found: dict[int, Floats] = {}
    for labels in _groups(_boxes_by_class(detections, truth)):
        found |= _values(labels, detections, truth)
    return found


def _boxes_by_class(detections: Iterable[DetectionTarget], truth: Iterable[DetectionTarget]) -> Mapping[int, int]:
    """How many boxes there are of each class that an object has."""
    objects = Counter(label for each in truth for label in each.labels.tolist())
    boxes = Counter(label for each in detections for label in each.labels.tolist() if label in objects)
    return objects + boxes


def _groups(numbers: Mapping[int, int]) -> Iterator[list[int]]:
    group: list[int] = []
    size = 0
    for label in sorted(numbers):
        if group and size + numbers[label] > BOXES_AT_ONCE:
            yield group
            group, size = [], 0
        group.append(label)
        size += numbers[label]
    if group:
        yield group


def _values(
    labels: Sequence[int], detections: Sequence[DetectionTarget], truth: Sequence[DetectionTarget]
) -> dict[int, Floats]:
    from faster_coco_eval import COCO, COCOeval_faster

    objects, boxes = ([*_annotations(labels, targets)] for targets in (truth, detections))
    images = sorted({int(str(one["image_id"])) for one in (*objects, *boxes)})
    known = COCO(
        {
            "images": [{"id": image} for image in images],
            "annotations": objects,
            "categories": [{"id": label, "name": str(label)} for label in labels],
        }
    )
    evaluation = COCOeval_faster(known, known.loadRes(boxes), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    precision, recall = (np.asarray(evaluation.eval[name], np.float64) for name in ("precision", "recall"))
    return {label: _of_class(precision[:, :, place], recall[:, place]) for place, label in enumerate(labels)}


def _of_class(precision: Floats, recall: Floats) -> Floats:
    """The values of one class, from its T x 101 x A x M precisions and T x A x M recalls."""
    whole = precision[:, :, 0, -1]
    values = [whole.mean(), whole[0].mean(), whole[5].mean(), *precision[..., 1:, -1].mean(axis=(0, 1))]
    values += [*recall[:, 0].mean(axis=0), *recall[:, 1:, -1].mean(axis=0)]
    found = np.array(values, np.float64)
    return np.where(found < 0, np.nan, found)  # the library has -1 where nothing counts


def _annotations(labels: Sequence[int], targets: Sequence[DetectionTarget]) -> Iterator[Annotation]:
    number = 0
    for image, target in enumerate(targets):
        crowd, sizes = crowd_of(target), areas(target.boxes) if target.area is None else target.area
        for place in np.flatnonzero(np.isin(target.labels, labels)).tolist():
            number += 1
            x0, y0, x1, y1 = target.boxes[place].tolist()
            yield {
                "id": number,
                "image_id": image,
                "category_id": int(target.labels[place]),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": float(sizes[place]),
                "iscrowd": int(crowd[place]),
                "score": float(target.scores[place]),
            }
