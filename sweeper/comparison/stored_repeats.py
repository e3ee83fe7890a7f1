"""Which swept keys only repeat a run, as the sweeps of a store said."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from sweeper.errors import StoreError
from sweeper.store import sweep_files

if TYPE_CHECKING:
    from sweeper.store import Store


def stored_repeats(store: Store, sweep_ids: Iterable[str], name: str | None = None) -> tuple[str, ...]:
    """The `aggregate` of all of these sweeps together; of those with this name or id alone where one is given.

    Sweeps whose file cannot be read are passed over: `check` names them.
    """
    keys: dict[str, None] = {}
    for sweep_id in sweep_ids:
        with suppress(StoreError):
            header = sweep_files.read_header(store.files, sweep_id)
            said = header.settings.get("aggregate")
            if name in (None, header.sweep_id, header.name) and isinstance(said, list | tuple):
                keys |= dict.fromkeys(map(str, said))
    return tuple(keys)
