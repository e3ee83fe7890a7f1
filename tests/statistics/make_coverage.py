"""How often the 95 % intervals cover the truth, in simulation: makes the table beside this file.

    OPENBLAS_NUM_THREADS=1 python tests/statistics/make_coverage.py > tests/statistics/coverage.csv

It takes about half an hour on two processors. A row is a cell for one metric: `given` is the share of 2,000 simulated
datasets that have bounds, `covered` the share of those whose bounds contain the true value, `wrong` the share of all
datasets that have bounds without it, `width` the mean width of the bounds in standard errors, and `reason` why most of
the others have none.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, fields
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

from simulated_data import Classified, Population

from sweeper.statistics import (
    Interval,
    Level,
    calibration_interval,
    label_interval,
    loss_interval,
    share_interval,
)
from sweeper.statistics.clusters import INDEPENDENT, Clusters

DATASETS = 2_000
PROCESSES = 4
STANDARD = Level()
ACCURACIES = (0.5, 0.8, 0.9, 0.95, 0.99)
CLASSES_BY_SIZE = (
    (50, 2, 0.0),
    (50, 2, 0.4),
    (100, 4, 0.0),
    (100, 2, 0.2),
    (200, 5, 0.1),
    (200, 10, 0.0),
    (500, 10, 0.04),
    (1_000, 10, 0.02),
    (2_000, 10, 0.025),
    (2_000, 20, 0.01),
    (2_000, 100, 0.0),
)
"""Number of data, number of classes, and share of the rare class: it has a support of 20 or more."""


class Cell(NamedTuple):
    """One row of the table for each metric: a population, and how many data or clusters are drawn from it."""

    size: int
    population: Population


class Coverage(NamedTuple):
    given: float
    covered: float
    wrong: float
    width: float
    """Mean width of the bounds, in standard errors of the value."""
    reason: str


def cells() -> Iterator[Cell]:
    for accuracy in ACCURACIES:
        for size, classes, rare in CLASSES_BY_SIZE:
            for uneven in (False, True):
                yield Cell(size, Population(accuracy, classes, rare, uneven, sharpened=uneven))
        for size in (30, 100):
            for cluster_size in (3, 10):
                for correlation in (0.05, 0.3, 0.8):
                    yield Cell(size, Population(accuracy, 2, 0.0, False, False, cluster_size, correlation))


def intervals(data: Classified, level: Level, clusters: Clusters = INDEPENDENT) -> dict[str, Callable[[], Interval]]:
    right = data.labels == data.predictions
    of = (data.labels, data.predictions, level, clusters)
    return {
        "accuracy": lambda: share_interval(right, level, clusters),
        "recall_macro": lambda: label_interval("recall", *of),
        "balanced_accuracy": lambda: label_interval("balanced_accuracy", *of),
        "precision_macro": lambda: label_interval("precision", *of),
        "f1_macro": lambda: label_interval("f1", *of),
        "brier": lambda: loss_interval(data.brier, right, level, clusters),
        "log_loss": lambda: loss_interval(data.log_loss, right, level, clusters),
        "ece": lambda: calibration_interval(data.confidence, right, 15, level, clusters),
    }


def coverage(cell: Cell, datasets: int, level: Level = STANDARD, seed: int = 0) -> Mapping[str, Coverage]:
    """How the intervals of every metric did in this cell."""
    rng = np.random.default_rng([seed, cell.size, round(1000 * cell.population.accuracy), cell.population.classes])
    found: dict[str, list[Interval]] = {}
    for _ in range(datasets):
        data = cell.population.draw(rng, cell.size)
        clusters = Clusters.by(data.clusters.tolist()) if cell.population.cluster_size else INDEPENDENT
        for name, interval in intervals(data, level, clusters).items():
            found.setdefault(name, []).append(interval())
    return {name: summed_up(each, cell.population.truth[name]) for name, each in found.items()}


def summed_up(found: list[Interval], truth: float) -> Coverage:
    known = [each for each in found if each.is_known]
    hits = sum(each.low <= truth <= each.high for each in known)  # type: ignore[operator]
    reasons = Counter(re.sub(r"\d[\d.,e+]*", "#", each.method) for each in found if not each.is_known)
    widths = [(each.high - each.low) / each.stderr for each in known if each.stderr]  # type: ignore[operator]
    return Coverage(
        len(known) / len(found),
        hits / len(known) if known else float("nan"),
        (len(known) - hits) / len(found),
        float(np.mean(widths)) if widths else float("nan"),
        reasons.most_common(1)[0][0] if reasons else "",
    )


def rows(cell: Cell) -> list[list[object]]:
    return [
        [
            name,
            cell.size,
            *astuple(cell.population),
            *(f"{x:.4f}" for x in found[:3]),
            f"{found.width:.2f}",
            found.reason,
        ]
        for name, found in coverage(cell, DATASETS).items()
    ]


def main() -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    names = [field.name for field in fields(Population)]
    writer.writerow(["metric", "data_or_clusters", *names, "given", "covered", "wrong", "width", "reason"])
    with ProcessPoolExecutor(PROCESSES) as pool:
        for each in pool.map(rows, cells(), chunksize=1):
            writer.writerows(each)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
