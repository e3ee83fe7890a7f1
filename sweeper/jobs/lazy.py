"""Stand-ins for a model and a dataset whose predictions are there already: the real ones are rarely needed then."""

from __future__ import annotations

from typing import Any

from sweeper import reuse


class LazyPart:
    """Has the metadata of a part; whatever else is asked for builds the part, once per worker, and asks that."""

    def __init__(self, part: Any, metadata: Any) -> None:
        self._part = part
        self.metadata = metadata

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_part":  # what pickle, copy and inspect look for is not the part's
            raise AttributeError(name)
        return getattr(reuse.kept(self._part), name)


class LazyModel(LazyPart):
    """A model that is loaded when it is called."""

    def __call__(self, batch: Any) -> Any:
        return reuse.kept(self._part)(batch)


class LazyDataset(LazyPart):
    """A dataset that is loaded when its data are asked for."""

    def __len__(self) -> int:
        return len(reuse.kept(self._part))

    def __bool__(self) -> bool:
        return True  # without this, asking whether there is a dataset would load it for its length

    def __getitem__(self, index: int) -> Any:
        return reuse.kept(self._part)[index]


def lazy(kind: type[LazyPart], part: Any, metadata: Any) -> Any:
    """The part itself where this process has it, else its stand-in."""
    return reuse.kept(part) if reuse.is_kept(part) else kind(part, metadata)
