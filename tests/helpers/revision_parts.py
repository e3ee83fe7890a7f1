"""Sweeps of a user's own parts in a folder of theirs, and what plans say of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import sweeper

PARTS = """
from {helper} import share

class Constant:
    \"\"\"Says how sure it is by what its weights hold.\"\"\"

    def __init__(self, weights=None):
        self.metadata = {{"id": "constant", "index2label": {{0: "cat", 1: "dog"}}}}
        self.share = share() if weights is None else float(open(weights).read())

    def __call__(self, batch):
        return [[self.share, 1 - self.share] for _ in batch]
"""
CONFIG = """
defaults:
  - config
  - override capability: [evaluate]
  - override dataset: []
  - override model: []
  - override metric: [accuracy]
  - _self_
exclude: []
job_backend: {{kind: inline}}
dataset:
  imgs: {dataset}
model:
  constant: {model}
"""
FOLDER = "{_target_: sweeper.datasets.ImageFolder, root: ./imgs}"


class Project:
    """A folder with a sweep file, a module of parts and its helper; names are unique, since modules stay loaded."""

    count = 0

    def __init__(self, folder: Path, store: Path, *, model: str = "", dataset: str = FOLDER) -> None:
        Project.count += 1
        self.folder, self.store = folder, store
        self.parts, self.helper = (f"{kind}_{os.getpid()}_{Project.count}" for kind in ("own_parts", "own_helper"))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.parts}.py").write_text(PARTS.format(helper=self.helper))
        (folder / f"{self.helper}.py").write_text("def share():\n    return 0.9\n")
        self.model, self.dataset = model or f"{{_target_: {self.parts}.Constant}}", dataset
        self.configure()

    def configure(self) -> None:
        self.model = self.model.replace("PARTS", self.parts)
        (self.folder / "small.yaml").write_text(CONFIG.format(model=self.model, dataset=self.dataset))

    def images(self, cats: int = 3, dogs: int = 1, folder: str = "imgs", shade: int = 10) -> None:
        for kind, count in (("cat", cats), ("dog", dogs)):
            home = self.folder / folder / kind
            home.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                Image.fromarray(np.full((4, 4), shade + index, np.uint8)).save(home / f"{index}.png")

    def _asked(self, overrides: tuple[str, ...]) -> Any:
        os.chdir(self.folder)
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))
        words = [f"analytics_store.uri={self.store}", *overrides]
        return {"config": words, "config_dir": str(self.folder), "config_name": "small"}

    def sweep(self, *overrides: str) -> sweeper.SweepResult:
        return sweeper.sweep(**self._asked(overrides), progress=False)

    def plan(self, *overrides: str) -> sweeper.Plan:
        """What `rerun=missing` would run."""
        return sweeper.plan(**self._asked(("rerun=missing", *overrides)))

    def verdict(self, *overrides: str) -> tuple[bool, str]:
        """Whether the one combination would run with `rerun=missing`, and why."""
        (item,) = self.plan(*overrides).items
        return item.run, item.reason


def caveats(result: sweeper.SweepResult) -> Iterator[str | None]:
    """What is said against each value of a sweep."""
    return (row["caveat"] for row in result.rows)
