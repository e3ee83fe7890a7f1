"""Config folders with a grid of real parts of any size, for `sweeper` and for Hydra's own multirun."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

AXES = ("capability", "dataset", "model", "metric")
NAME = "grid"
"""The primary config of a sweep over all choices."""
ONE = "one"
"""A primary config that selects the first choice of each axis, as one for Hydra's own multirun does."""
_TRAIN = {"_target_": "sweeper.datasets.Digits", "split": "train", "test_fraction": 0.3, "seed": 0}


def names(axis: str, count: int) -> list[str]:
    """The choices of an axis."""
    return [f"{axis[0]}{axis[-1]}{index:04d}" for index in range(count)]


def spec(axis: str, index: int) -> dict[str, Any]:
    """What a choice says: a shipped part, the same for all choices of an axis but for one number."""
    made: dict[str, dict[str, Any]] = {
        "capability": {
            "_target_": "sweeper.capabilities.Evaluate",
            "batch_size": index + 1,
            "_sweep_": {"arity": dict.fromkeys(("datasets", "models", "metrics"), "ONE"), "reads_predictions": True},
        },
        "dataset": {**_TRAIN, "split": "test", "seed": index},
        "model": {
            "_target_": "sweeper.models.SklearnClassifier",
            "estimator": {"_target_": "sklearn.neighbors.KNeighborsClassifier", "n_neighbors": index + 1},
            "train": _TRAIN,
        },
        "metric": {"_target_": "sweeper.metrics.ExpectedCalibrationError", "bins": index + 1},
    }
    return made[axis]


def write(folder: Path, sizes: Sequence[int]) -> None:
    """A config folder whose config `grid` selects as many choices of each axis; JSON is YAML."""
    for axis, size in zip(AXES, sizes, strict=True):
        (folder / axis).mkdir(parents=True)
        for index, name in enumerate(names(axis, size)):
            (folder / axis / f"{name}.yaml").write_text(json.dumps({name: spec(axis, index)}))
    everything = {axis: names(axis, size) for axis, size in zip(AXES, sizes, strict=True)}
    _primary(folder / f"{NAME}.yaml", ["config", *({f"override {axis}": all_} for axis, all_ in everything.items())])
    _primary(folder / f"{ONE}.yaml", [{axis: all_[0]} for axis, all_ in everything.items()])


def _primary(path: Path, defaults: Sequence[str | Mapping[str, Any]]) -> None:
    path.write_text(json.dumps({"defaults": [*defaults, "_self_"]}))
