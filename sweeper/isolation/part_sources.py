"""Where the object behind a stand-in comes from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class PartSource(ABC):
    """Gives the object behind a stand-in when it is needed."""

    @abstractmethod
    def get(self) -> Any:
        """The object, for whatever the run does with it."""

    @abstractmethod
    def read_only(self) -> Any:
        """The object, for reading its metadata only."""

    @abstractmethod
    def known_class(self) -> type | None:
        """Its class, `None` while that is not known without loading the object."""


class LiveObject(PartSource):
    """An object that is there, and belongs to the caller."""

    def __init__(self, item: object) -> None:
        self._item = item

    def get(self) -> object:
        return self._item

    def read_only(self) -> object:
        return self._item

    def known_class(self) -> type:
        return type(self._item)


class CopiedObject(LiveObject):
    """A copy that a run made of a part for itself. The checks count it as the original."""

    def __init__(self, original: PartSource, item: object) -> None:
        super().__init__(item)
        self._original = original

    def read_only(self) -> object:
        return self._original.read_only()
