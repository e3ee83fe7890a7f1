"""Classification data with metadata under the control of a test, and models that answer what the data say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


class Sliced:
    """Data whose images are their own number; each has what `metadata` says of its number beside its id."""

    def __init__(
        self,
        labels: Sequence[int],
        metadata: Mapping[str, Sequence[Any]] | None = None,
        *,
        names: Sequence[str] = ("cat", "dog", "owl"),
        ids: Sequence[Any] | None = None,
        id: str = "sliced",
        shape: Sequence[int] = (1, 2, 2),
    ) -> None:
        self._labels, self._more, self._shape = list(labels), dict(metadata or {}), tuple(shape)
        self._ids = list(range(len(self._labels))) if ids is None else list(ids)
        self.metadata = {"id": id, "index2label": dict(enumerate(names))}
        self.read: list[int] = []

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Any, Any, dict[str, Any]]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        self.read.append(index)
        target = np.zeros(len(self.metadata["index2label"]), np.float32)
        target[self._labels[index]] = 1
        more = {key: values[index] for key, values in self._more.items() if values[index] is not ...}
        return np.full(self._shape, index, np.float32), target, {"id": self._ids[index], **more}


class Told:
    """A model that answers what it was told of the image with this number. It notes in a file what it was asked."""

    def __init__(self, answers: Any, *, id: str = "told", names: Sequence[str] = (), file: str | None = None) -> None:
        self._answers, self._file = answers, file
        self.metadata: dict[str, Any] = {"id": id, **({"index2label": dict(enumerate(names))} if names else {})}

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        numbers = [int(np.asarray(image).flat[0]) for image in batch]
        if self._file is not None:
            with Path(self._file).open("a") as file:
                file.writelines(f"{number}\n" for number in numbers)
        return [np.asarray(self._answers[number]) for number in numbers]


class Alternating(Told):
    """A model of three classes that is right on every datum but each third one."""

    def __init__(self, size: int, file: str | None = None, id: str = "alternating") -> None:
        classes = [(number + (number % 3 == 2)) % 3 for number in range(size)]
        super().__init__(0.1 + 0.7 * np.eye(3)[classes], file=file, id=id)


class Rotating(Sliced):
    """Data of three classes in turn, at two sites and at as many temperatures as there are data."""

    def __init__(self, size: int, id: str = "rotating") -> None:
        sites = ["rome" if number < size // 2 else "oslo" for number in range(size)]
        temperatures = [number / 2 for number in range(size)]
        super().__init__([number % 3 for number in range(size)], {"site": sites, "celsius": temperatures}, id=id)
