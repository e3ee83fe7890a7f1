"""Parts of the sweeps whose stores are kept here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np


class Fails:
    """A model that raises."""

    metadata: ClassVar[dict[str, Any]] = {"id": "fails", "index2label": {i: str(i) for i in range(10)}}

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        raise ValueError("no weights")


class Slow:
    """A model that takes a minute."""

    metadata: ClassVar[dict[str, Any]] = {"id": "slow", "index2label": {i: str(i) for i in range(10)}}

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        time.sleep(60)
        return [np.full(10, 0.1) for _ in batch]


class Undefined:
    """A metric whose value is not a number."""

    metadata: ClassVar[dict[str, Any]] = {"id": "undefined"}

    def reset(self) -> None: ...

    def update(self, *_: Any) -> None: ...

    def compute(self) -> dict[str, float]:
        return {"undefined": float("nan")}
