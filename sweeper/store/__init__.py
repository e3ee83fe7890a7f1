"""The analytics store: durable writes of constant cost, lookups by name, views for people.

Importing this package does not import Arrow: that happens when something of it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeper.store.journal import kernel
    from sweeper.store.parquet import DamagedFileWarning, keep_freed_memory
    from sweeper.store.schema import AttemptRow
    from sweeper.store.states import AttemptState
    from sweeper.store.store import Store, open_store

__all__ = ["AttemptRow", "AttemptState", "DamagedFileWarning", "Store", "keep_freed_memory", "kernel", "open_store"]

_LATER = {
    "AttemptRow": "schema",
    "AttemptState": "states",
    "DamagedFileWarning": "parquet",
    "Store": "store",
    "keep_freed_memory": "parquet",
    "kernel": "journal",
    "open_store": "store",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)  # asked once
    return found
