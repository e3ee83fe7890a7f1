"""What many messages have in common: pickled once by who sends it, and opened once by each process that gets it."""

from __future__ import annotations

import pickle
from functools import cached_property, lru_cache
from typing import Any, ClassVar

KEPT = 1024
"""So many are kept open in a process; the least recently used one is opened anew when it comes again."""


class PickledOnce:
    """The base of a frozen dataclass of plain values, of which one object is part of many messages.

    Whoever opens two messages gets the same object twice, so nobody may change what it holds.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @cached_property
    def _pickled(self) -> bytes:
        fields: dict[str, object] = self.__dataclass_fields__
        return pickle.dumps((type(self), tuple(getattr(self, name) for name in fields)), protocol=5)

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return _opened, (self._pickled,)


@lru_cache(KEPT)
def _opened(pickled: bytes) -> object:
    kind, values = pickle.loads(pickled)
    return kind(*values)
