"""The analytics store: durable writes of constant cost, lookups by name, views for people.

Importing this package does not import Arrow: that happens when something of it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.common.later_names import later_names
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

_HOMES = {
    "AttemptRow": "sweeper.store.schema",
    "AttemptState": "sweeper.store.attempt_states",
    "Column": "sweeper.store.tables",
    "Store": "sweeper.store.store",
    "Table": "sweeper.store.tables",
    "boot_id": "sweeper.store.journal",
    "keep_freed_memory": "sweeper.store.parquet",
    "open_store": "sweeper.store.store",
}

if not TYPE_CHECKING:  # a type checker that saw `__getattr__` would take every name
    __getattr__, __dir__ = later_names(__name__, _HOMES, __all__)
