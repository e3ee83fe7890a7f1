"""Capabilities of checkmaite, and others derived from its base class, as choices of a sweep.

Nothing here imports checkmaite: the driver reads its source (`source`, `check`), a worker is handed its objects
(`adapter`), and only those two places know how its capabilities differ from what a worker expects.
"""

from sweeper.checkmaite.adapter import adapted
from sweeper.checkmaite.check import check_config, heavy_modules

__all__ = ["adapted", "check_config", "heavy_modules"]
