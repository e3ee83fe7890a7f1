"""How long the built-in capabilities take on the bundled digits, evaluation beside that of `maite.tasks`.

python tests/benchmarks/bench_capabilities.py [--repeats 5]

Each is run once before it is measured, so that no import and no first fit counts; the rest is the median. Robustness at
five severities stands beside five evaluations of MAITE with the same augmentation; for the others nobody else has the
same. That of error analysis has its own inference in it, which a sweep shares.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from maite import tasks
from sklearn.linear_model import LogisticRegression
from tabulate import tabulate

from sweeper.augmentations import LowLight, SensorNoise
from sweeper.capabilities import DataQuality, ErrorAnalysis, Evaluate, Robustness, Shift
from sweeper.datasets import Augmented, Digits
from sweeper.metrics import SklearnMetric
from sweeper.models import SklearnClassifier

SEVERITIES = (0.1, 0.2, 0.3, 0.4, 0.5)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median of some runs after one that does not count."""
    work()
    return median(timed(work) for _ in range(repeats))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def evaluated(model: object, dataset: object, metric: object, augmentations: Sequence[object]) -> None:
    """What MAITE itself does, whose progress bars are not shown."""
    for augmentation in augmentations:
        with redirect_stderr(io.StringIO()):
            tasks.evaluate(model=model, dataset=dataset, metric=metric, augmentation=augmentation, batch_size=64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    digits, model = Digits(), SklearnClassifier(LogisticRegression(max_iter=1000), Digits("train"))
    accuracy = SklearnMetric("sklearn.metrics.accuracy_score", key="accuracy")
    reads: dict[str, list[object]] = {"models": [model], "datasets": [digits], "metrics": [accuracy]}
    noises = [SensorNoise(severity) for severity in SEVERITIES]
    dark = Augmented(digits, LowLight(0.5))
    maite = partial(evaluated, model, digits, accuracy)
    by_name: dict[str, tuple[Callable[[], object], Callable[[], object] | None]] = {
        "evaluate": (partial(Evaluate().run, **reads), partial(maite, [None])),
        "robustness, 5 severities": (partial(Robustness(SensorNoise, SEVERITIES).run, **reads), partial(maite, noises)),
        "error_analysis": (partial(ErrorAnalysis().run, models=[model], datasets=[digits]), None),
        "data_quality": (partial(DataQuality().run, datasets=[digits]), None),
        "shift": (partial(Shift().run, datasets=[digits, dark]), None),
    }
    rows: list[list[object]] = []
    for name, (work, reference) in by_name.items():
        ours, theirs = seconds(work, repeats), None if reference is None else seconds(reference, repeats)
        rows.append([name, ours, theirs, None if theirs is None else ours / theirs])
    print(tabulate(rows, ["capability", "seconds", "maite.tasks, s", "ratio"], floatfmt=".3f"))


if __name__ == "__main__":
    main()
