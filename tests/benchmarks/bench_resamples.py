"""What 1,000 resamples cost: drawing the weights, and accuracy, macro F1 and calibration error of all of them.

OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_resamples.py [--data 100000] [--classes 100] [--resamples 1000]

Seconds of processor time, on one processor.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator

import numpy as np

from sweeper.statistics.resampling import Resamples
from sweeper.statistics.weighted import LabelCounts, calibration_errors, means


def timed(work: Callable[[], object], spent: dict[str, float], name: str) -> None:
    began = time.process_time()
    work()
    spent[name] = spent.get(name, 0.0) + time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--data", 100_000), ("--classes", 100), ("--resamples", 1_000)):
        parser.add_argument(name, type=int, default=default)
    asked = parser.parse_args()
    rng, spent = np.random.default_rng(0), dict[str, float]()
    labels = rng.integers(0, asked.classes, asked.data)
    predictions = np.where(rng.random(asked.data) < 0.8, labels, rng.integers(0, asked.classes, asked.data))
    confidence, right = rng.random(asked.data), labels == predictions
    counts: list[LabelCounts] = []
    timed(lambda: counts.append(LabelCounts(labels, predictions)), spent, "macro F1")
    chunks: Iterator[np.ndarray] = Resamples("bench", asked.data).chunks(asked.resamples)
    weights: list[np.ndarray] = []
    while True:
        timed(lambda: weights.extend([next(chunks, np.zeros((0, 0)))]), spent, "drawing weights")
        drawn = weights.pop()
        if not len(drawn):
            break
        timed(lambda drawn=drawn: means(drawn, right.astype(np.float64)), spent, "accuracy")
        timed(lambda drawn=drawn: counts[0].values("f1", drawn), spent, "macro F1")
        timed(lambda drawn=drawn: calibration_errors(drawn, confidence, right), spent, "calibration error")
    for name, seconds in spent.items():
        print(f"{name}: {seconds:.2f} s")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
