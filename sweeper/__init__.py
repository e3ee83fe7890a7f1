"""Declarative sweeps of capability x dataset x model x metric on Ray, with one analytics store.

Importing this package loads none of ray, pyarrow, torch or scikit-learn; the names below load what they need when
they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper._version import __version__
from sweeper.common.later_names import later_names

if TYPE_CHECKING:
    from sweeper.api import SweepResult, plan, sweep
    from sweeper.messages.live import Live
    from sweeper.records import Record
    from sweeper.store import open_store

__all__ = ["Live", "Record", "SweepResult", "__version__", "open_store", "plan", "sweep"]

_HOMES = {
    "Live": "sweeper.messages.live",
    "Record": "sweeper.records",
    "SweepResult": "sweeper.api",
    "open_store": "sweeper.store",
    "plan": "sweeper.api",
    "sweep": "sweeper.api",
}


if not TYPE_CHECKING:  # a type checker that saw `__getattr__` would take every name
    __getattr__, __dir__ = later_names(__name__, _HOMES, __all__)
