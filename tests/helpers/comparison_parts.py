"""A dataset whose data belong together."""

from __future__ import annotations

from typing import Any

from sweeper.datasets import Digits


class Marked(Digits):
    """Digits of which each datum has a group, `groups` of them in all."""

    def __init__(self, groups: int) -> None:
        super().__init__(id="marked")
        self._groups = groups

    def __getitem__(self, index: int) -> Any:
        image, target, metadata = super().__getitem__(index)
        return image, target, {**metadata, "group": index % self._groups}
