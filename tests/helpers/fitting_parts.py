"""A model and a dataset that say beforehand what a small JSON file says of them, and count how often they are asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sweeper.common.facts import Facts
from sweeper.errors import PartError

asked: list[str] = []
"""The file of each question, in order."""


def read(path: str) -> dict[str, Any]:
    """What a file says; keys of mappings with class indices are whole numbers."""
    try:
        said = json.loads(Path(path).read_text())
    except FileNotFoundError as error:
        raise PartError(f"There is no file {path}.") from error
    if "needed" in said:
        raise PartError(f"{path} needs {said['needed']}")
    if "class_names" in said:
        said["class_names"] = {int(index): name for index, name in said["class_names"].items()}
    return said


def write(path: str, **said: object) -> str:
    Path(path).write_text(json.dumps(said))
    return path


class _Told:
    """The facts of a part with a file."""

    def __init__(self, path: str, **_: object) -> None:
        self.said = read(path)
        self.metadata = {"id": path, "index2label": self.said.get("class_names", {})}

    @classmethod
    def facts(cls, path: str, **_: object) -> Facts:
        asked.append(path)
        return Facts(path, **read(path))


class Network(_Told):
    """Every image is of the first class."""

    def __init__(self, path: str) -> None:
        super().__init__(path)

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        return [np.eye(self.said["n_classes"], dtype=np.float32)[0] for _ in batch]


class Photos(_Told):
    """Two white images, of the first and the second class."""

    def __init__(self, path: str, size: Any = None, grayscale: bool = False, classes: Any = None) -> None:
        super().__init__(path)

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        image = np.ones([self.said[key] for key in ("channels", "height", "width")], np.float32)
        return image, np.eye(self.said["n_classes"], dtype=np.float32)[index], {"id": index}


class Fixed(Photos):
    """Photos as they are: nothing can be set."""

    def __init__(self, path: str) -> None:
        super().__init__(path)


class Silent(Network):
    """Says nothing beforehand."""

    facts = None  # type: ignore[assignment]
