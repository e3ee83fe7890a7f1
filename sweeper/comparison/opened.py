"""Opens the stores that words on the command line name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.errors import ConfigError

if TYPE_CHECKING:
    from sweeper.messages.requests import StoreLocation
    from sweeper.store import Store


class StoreOpener:
    """Opens stores with the options of the one that the config names.

    Parameters
    ----------
    location
        Of that one.
    """

    def __init__(self, location: StoreLocation) -> None:
        self._location = location

    def __call__(self, uri: str, *, must_exist: bool = True) -> Store:
        """The store at a path or URI.

        Raises
        ------
        ConfigError
            It must exist, and there is none.
        """
        from sweeper.store.store import open_at  # not before it is needed: so is what it imports

        options = self._location.storage_options if "://" in uri else {}
        store = open_at(replace(self._location, uri=uri, storage_options=options))
        if must_exist and not store.files.is_there():
            raise ConfigError(f"There is no analytics store at {store.uri}. Name the folder of one, or its URI.")
        return store
