"""Predictions that are stored beside the tables of a store, for later sweeps.

The key is a hash of everything that the predictions depend on. They are pickles, like everything that travels to a
worker: who can write to the store can run code in its workers.
"""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.store import Store

VERSION = 4
"""Part of the file name. Predictions of an older version are not read, but computed again."""
logger = logging.getLogger(__name__)


def read(store: Store, key: str) -> object | None:
    """What was stored under a key; `None` if there is nothing, or if it can no longer be opened."""
    data = store.read_artifact(_path(key))
    if data is None:
        return None
    try:
        return pickle.loads(data)
    except Exception as error:  # noqa: BLE001 - a truncated file or a changed class raises anything; inference helps
        logger.warning("Stored predictions %s cannot be opened and are computed again: %s", _path(key), error)
        return None


def write(store: Store, key: str, predictions: object) -> None:
    """Store predictions under a key, and replace what was there."""
    store.write_artifact(_path(key), pickle.dumps(predictions, protocol=5))


def _path(key: str) -> str:
    return f"predictions/v{VERSION}/{key}.pickle"
