"""Capabilities of checkmaite, and others derived from its base class, as choices of a sweep.

Nothing here imports checkmaite: the driver reads its source (`source`, `check`), a worker is handed its objects
(`adapter`), and only those two places know how its capabilities differ from what a worker expects.
"""

from __future__ import annotations

from typing import Any

from sweeper.checkmaite.check import check_config, heavy_modules

__all__ = ["adapted", "check_config", "heavy_modules"]


def adapted(capability: Any) -> Any:
    """See `sweeper.checkmaite.adapter.adapted`; loaded where it is used, since no driver needs what it needs."""
    from sweeper.checkmaite.adapter import adapted

    return adapted(capability)
