"""How long 1,000 resamples of COCO's mAP take: 1,000 images with 7 objects and 100 detections each.

    python tests/benchmarks/bench_detection.py [CLASSES]

Prints the seconds of matching the boxes once, of all resamples, and the most memory of the process.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from sweeper.common.detections import DetectionTarget
from sweeper.statistics.average_precision import resampled_values
from sweeper.statistics.coco_matches import class_matches
from sweeper.statistics.resampling import Resamples

IMAGES, OBJECTS, DETECTIONS, RESAMPLES = 1000, 7, 100, 1000


def image(random: np.random.Generator, classes: int) -> tuple[DetectionTarget, DetectionTarget]:
    """Detections and truth: each object is found with a small error, among detections of nothing."""
    number = int(random.poisson(OBJECTS))
    boxes, labels = _boxes(random, number), random.integers(0, classes, number)
    found = np.concatenate([boxes + random.normal(0, 4, boxes.shape), _boxes(random, DETECTIONS - number)])
    said = np.concatenate([labels, random.integers(0, classes, DETECTIONS - number)])
    scores = np.concatenate([random.beta(4, 2, number), random.beta(1, 5, DETECTIONS - number)])
    truth = DetectionTarget(boxes.astype(np.float32), labels, np.ones(number, np.float32))
    return DetectionTarget(found.astype(np.float32), said, scores.astype(np.float32)), truth


def _boxes(random: np.random.Generator, number: int) -> np.ndarray:
    corners = random.uniform(0, 400, (number, 2))
    return np.concatenate([corners, corners + random.uniform(15, 180, (number, 2))], axis=1)


def main(classes: int) -> None:
    random = np.random.default_rng(0)
    pairs = [image(random, classes) for _ in range(IMAGES)]
    start = time.perf_counter()
    matches = class_matches([found for found, _ in pairs], [truth for _, truth in pairs])
    matched = time.perf_counter()
    resampled_values(matches, Resamples("bench", IMAGES).weights(0, RESAMPLES))
    done = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    times = f"{matched - start:.1f} s of matching, {done - matched:.1f} s of {RESAMPLES} resamples"
    print(f"{classes} classes: {times}, {memory} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
