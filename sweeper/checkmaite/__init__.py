"""Capabilities of checkmaite, and others derived from its base class, as choices of a sweep.

Nothing here imports checkmaite: the driver reads its source. What a worker does with its objects is in
`sweeper.worker.checkmaite_adapter`; nobody else knows how its capabilities differ from what a worker expects.
"""

from __future__ import annotations

from sweeper.checkmaite.check import check_config, heavy_modules

__all__ = ["check_config", "heavy_modules"]
