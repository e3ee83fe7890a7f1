"""Predictions that outlive their sweep: written beside the store's tables, found again by what they depend on.

They are pickles, like everything that travels to a worker: whoever may write to the store may run code in its workers.
"""

from __future__ import annotations

import logging
import pickle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweeper.store import Store

VERSION = 4
"""Part of the name: what an older version wrote is not read, and made anew."""
logger = logging.getLogger(__name__)


def take(store: Store, key: str) -> Any | None:
    """What was put under a key, `None` where there is nothing or it cannot be opened any more."""
    data = store.read_artifact(_path(key))
    if data is None:
        return None
    try:
        return pickle.loads(data)
    except Exception as error:  # noqa: BLE001 - a truncated file or a changed class fails in any way; inference helps
        logger.warning("Stored predictions %s cannot be opened and are made anew: %s", _path(key), error)
        return None


def put(store: Store, key: str, item: Any) -> None:
    """Keep an object under a key, replacing what was there."""
    store.write_artifact(_path(key), pickle.dumps(item, protocol=5))


def _path(key: str) -> str:
    return f"predictions/v{VERSION}/{key}.pickle"
