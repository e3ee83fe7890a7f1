"""The files of a project: two choices and the sweep that runs them. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from pathlib import PurePath

from sweeper.cli.init.choice_file import choice_text
from sweeper.cli.init.drafts import Draft, Task
from sweeper.config.catalogue import MARK_OF_INIT

CONFIGS = "conf"
"""The folder of configs in the folder of a project."""
SWEEP = "my_sweep"
"""The config that runs it."""
COMMAND = f"python -m sweeper --config-dir {CONFIGS} --config-name {SWEEP}"
_METRICS: Mapping[Task, str] = {
    "image_classification": "[accuracy, f1_macro, ece]",
    "object_detection": "[coco_map, detection_f1]",
}
_OTHERS: Mapping[Task, str] = {
    "image_classification": "error_analysis, robustness, data_quality, shift",
    "object_detection": "detection_errors, robustness, detection_quality, detection_shift",
}
"""Capabilities that answer further questions on the same parts."""


def project_files(model: Draft, dataset: Draft) -> dict[str, str]:
    """The texts of the files by their paths in the folder of the project."""
    return {
        f"{CONFIGS}/model/{model.name}.yaml": choice_text(model),
        f"{CONFIGS}/dataset/{dataset.name}.yaml": choice_text(dataset),
        f"{CONFIGS}/{SWEEP}.yaml": _sweep(model, dataset),
    }


def choice_name(path: PurePath, taken: Container[str]) -> str:
    """A name for the choice of a file or folder, which no shipped choice has."""
    name = re.sub(r"\W+", "_", path.stem or path.name).strip("_").lower() or "mine"
    return f"my_{name}" if name in taken else name


def _sweep(model: Draft, dataset: Draft) -> str:
    return f"""{MARK_OF_INIT}
# One model on one dataset. Run it in the folder that {CONFIGS} is in: {COMMAND}
defaults:
  - config
  - override capability: [evaluate]  # more of them: {_OTHERS[model.task]}
  - override dataset: [{dataset.name}]
  - override model: [{model.name}]
  - override metric: {_METRICS[model.task]}  # sweeper ls metric
  - _self_
"""
