"""The analytics store: durable writes of constant cost, lookups by name, views for people.

Importing this package does not import Arrow: that happens when something of it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.errors import DamagedFileWarning

if TYPE_CHECKING:
    from sweeper.store.attempt_states import AttemptState
    from sweeper.store.journal import boot_id
    from sweeper.store.parquet import keep_freed_memory
    from sweeper.store.schema import AttemptRow
    from sweeper.store.store import Store, open_store
    from sweeper.store.tables import Column, Table

__all__ = [
    "AttemptRow",
    "AttemptState",
    "Column",
    "DamagedFileWarning",
    "Store",
    "Table",
    "boot_id",
    "keep_freed_memory",
    "open_store",
]

_LATER = {
    "AttemptRow": "schema",
    "AttemptState": "attempt_states",
    "Column": "tables",
    "Store": "store",
    "Table": "tables",
    "keep_freed_memory": "parquet",
    "boot_id": "journal",
    "open_store": "store",
}


if not TYPE_CHECKING:  # a type checker that saw this function would take every name

    def __getattr__(name: str):
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)  # not asked for again
        return value
