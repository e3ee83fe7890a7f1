"""The stores that a worker writes to, each opened once per process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.messages.requests import StoreLocation

if TYPE_CHECKING:
    from sweeper.store import Store

_stores: dict[str, Store] = {}


def open_store(location: StoreLocation) -> Store:
    """The store at a location; one object per process."""
    from sweeper.store.store import open_at

    if location.key not in _stores:
        _stores[location.key] = open_at(location)
    return _stores[location.key]
