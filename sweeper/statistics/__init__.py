"""How sure a measured value is: intervals of values and of differences, and what may be concluded from them.

Everything here is pure: it takes arrays and numbers, and reads nothing. docs/statistics.md says in words what each
interval is; the table `tests/statistics/coverage.csv` says how often each one covers the truth in simulation.
"""

from __future__ import annotations

from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.calibration import calibration_interval
from sweeper.statistics.confusion import LabelMetric
from sweeper.statistics.labels import label_interval
from sweeper.statistics.losses import loss_interval
from sweeper.statistics.shares import share_interval

__all__ = [
    "Interval",
    "LabelMetric",
    "Level",
    "calibration_interval",
    "label_interval",
    "loss_interval",
    "share_interval",
]
