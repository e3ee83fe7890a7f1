"""COCO's reference implementation, on detections and truth given as our targets."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sweeper.common.boxes import areas
from sweeper.common.detections import DetectionTarget


def coco_eval(detections: Sequence[DetectionTarget], truth: Sequence[DetectionTarget]) -> COCOeval:
    """What pycocotools finds for some images, accumulated. Image i has the id i + 1, a class its index."""
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        labels = sorted({int(label) for each in (*detections, *truth) for label in each.labels})
        images = [{"id": number + 1} for number in range(len(truth))]
        objects = [one for number, each in enumerate(truth) for one in _annotations(number, each)]
        known.dataset = {
            "info": {},
            "images": images,
            "annotations": [{**one, "id": place + 1} for place, one in enumerate(objects)],
            "categories": [{"id": label, "name": str(label)} for label in labels],
        }
        known.createIndex()
        answers = [one for number, each in enumerate(detections) for one in _annotations(number, each)]
        found = known.loadRes(answers) if answers else COCO()
        evaluation = COCOeval(known, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def _annotations(number: int, target: DetectionTarget) -> list[dict[str, object]]:
    crowd = np.zeros(len(target.labels), bool) if target.iscrowd is None else target.iscrowd
    area = areas(target.boxes) if target.area is None else target.area
    return [
        {
            "image_id": number + 1,
            "category_id": int(target.labels[place]),
            "bbox": [float(x0), float(y0), float(x1) - float(x0), float(y1) - float(y0)],
            "score": float(target.scores[place]),
            "iscrowd": int(crowd[place]),
            "area": float(area[place]),
        }
        for place, (x0, y0, x1, y1) in enumerate(target.boxes)
    ]
