"""Objects that this process has read whole. Files of tables never change, so a view need not fetch one twice."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BYTES = 64 << 20


class FetchedObjects:
    """The newest ones, up to a number of bytes in all; several threads may use it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._objects: OrderedDict[str, pa.Buffer] = OrderedDict()
        self._bytes = 0

    def find(self, path: str) -> pa.Buffer | None:
        """The content of an object, if it is here."""
        return self._objects.get(path)

    def keep(self, path: str, data: pa.Buffer) -> None:
        """Keep a file that never changes: its name begins with a time. Schema files and those of sweeps do not."""
        if not path.rpartition("/")[2][:13].isdigit():
            return
        with self._lock:
            self._let_go(path)
            self._objects[path] = data
            self._bytes += data.size
            while self._bytes > MOST_BYTES:
                self._let_go(next(iter(self._objects)))

    def drop(self, path: str) -> None:
        """Fetch an object again, because this process has replaced or moved it."""
        with self._lock:
            self._let_go(path)

    def clear(self) -> None:
        """Fetch everything again."""
        with self._lock:
            self._objects.clear()
            self._bytes = 0

    def _let_go(self, path: str) -> None:
        if (data := self._objects.pop(path, None)) is not None:
            self._bytes -= data.size
