"""The analytics store: durable writes of constant cost, lookups by name, views for people."""

from sweeper.store.journal import kernel
from sweeper.store.parquet import DamagedFileWarning, keep_freed_memory
from sweeper.store.schema import AttemptRow
from sweeper.store.store import Store, open_store
from sweeper.store.views import AttemptState

__all__ = ["AttemptRow", "AttemptState", "DamagedFileWarning", "Store", "keep_freed_memory", "kernel", "open_store"]
