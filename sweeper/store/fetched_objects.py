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

    def find(self, path: str) -> pa.Buffer | None:
        """The content of an object, if it is here."""
        return self._objects.get(path)

    def keep(self, path: str, data: pa.Buffer) -> None:
        """Keep a file that never changes: its name begins with a time. Schema files and those of sweeps do not."""
        if not path.rpartition("/")[2][:13].isdigit():
            return
        with self._lock:
            self._objects[path] = data
            while sum(one.size for one in self._objects.values()) > MOST_BYTES:
                self._objects.popitem(last=False)

    def drop(self, path: str) -> None:
        """Fetch an object again, because this process has replaced or moved it."""
        with self._lock:
            self._objects.pop(path, None)

    def clear(self) -> None:
        """Fetch everything again."""
        with self._lock:
            self._objects.clear()
