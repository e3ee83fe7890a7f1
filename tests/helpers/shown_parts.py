"""Parts of which a test decides how they end: what is shown of them is what is so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import parts
import report_parts

CONF = """
defaults:
  - config
  - override capability: [evaluate]
  - override dataset: []
  - override model: [fickle, same]
  - override metric: []
  - _self_
name: small
dataset:
  ten: {_target_: parts.Numbers, n: 10}
metric:
  hits: {_target_: report_parts.Hits}
"""


class Fickle(parts.Parity):
    """A model that is always right, and raises while a file is there.

    `place` is the path of that file, word by word: the content of a file that a spec names by its path is watched.
    """

    def __init__(self, place: Sequence[str]) -> None:
        super().__init__(name="fickle")
        self.file = Path("/", *place)

    def __call__(self, batch: Any) -> Any:
        if self.file.exists():
            raise ValueError("no weights today")
        return super().__call__(batch)


class Odd(report_parts.Hits):
    """A metric that has no number for a model that is right half of the time."""

    def compute(self) -> dict[str, Any]:
        (found,) = super().compute().values()
        return {"odd": math.nan if found == 0.5 else found}


class Nothing(parts.Tiny):
    """A capability that runs and measures nothing."""

    id = "tests.nothing"

    def __init__(self) -> None:
        super().__init__(values=())


class Half:
    """A model that is right half of the time, with the other answer than `report_parts.Same`."""

    def __init__(self) -> None:
        self.metadata: Mapping[str, Any] = {"id": "half"}

    def __call__(self, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.eye(2)[1] for _ in batch]


def write_conf(folder: Path) -> Path:
    """A sweep of a model that may fail and one that may not; returns the file whose presence makes it fail."""
    flag = folder / "broken"
    words = str(list(flag.parts[1:])).replace("'", "")
    (folder / "small.yaml").write_text(CONF)
    write_model(folder, "fickle", f"{{_target_: shown_parts.Fickle, place: {words}}}")
    write_model(folder, "same", "{_target_: report_parts.Same}")
    return flag


def write_model(folder: Path, name: str, spec: str) -> Path:
    """A choice of a model; returns its file."""
    file = folder / "model" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{name}: {spec}\n")
    return file
