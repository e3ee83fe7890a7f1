"""A small sweep to judge: a model that is always right, one that is right half of the time, and what disturbs it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from command_line import typed, write_configs

CONF = """
defaults:
  - config
  - override capability: [evaluate]
  - override dataset: []
  - override model: []
  - override metric: [accuracy]
  - _self_
job_backend: {kind: inline}
dataset:
  many: {_target_: parts.Numbers, n: 200, name: many}
  few: {_target_: parts.Numbers, n: 20, name: few}
model:
  right: {_target_: requirement_parts.Model, id: right, wrong_every: null}
  half: {_target_: report_parts.Same}
exclude: []
"""
BROKEN = "+model.broken={_target_: parts.Parity, name: broken, error: no weights}"
STOPS = "+model.stops={_target_: requirement_parts.Stops}"
STOPPED = Path("stopped")
ENOUGH = "requirements=[{name: enough, metric: accuracy, min: 0.95}]"


class Model:
    """A model that knows whether a number is odd, but for each number that `wrong_every` divides."""

    def __init__(self, id: str, wrong_every: int | None) -> None:
        self.metadata, self._wrong_every = {"id": id}, wrong_every

    def __call__(self, batch: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        return [np.eye(2)[(int(x[0]) + self._is_wrong(int(x[0]))) % 2] for x in batch]

    def _is_wrong(self, number: int) -> bool:
        return self._wrong_every is not None and number % self._wrong_every == 0


class Stops(Model):
    """A model that interrupts its process, as Ctrl-C does, the first time that it is asked."""

    def __init__(self) -> None:
        super().__init__("stops", None)

    def __call__(self, batch: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        if not STOPPED.exists():
            STOPPED.touch()
            os.kill(os.getpid(), signal.SIGINT)
        return super().__call__(batch)


def swept(*overrides: str) -> tuple[int, str, str]:
    """Run the small sweep, with overrides; exit status, stdout and stderr."""
    folder = write_configs(Path("conf"), {"judged": CONF})
    return typed("--config-dir", str(folder), "--config-name", "judged", *overrides)
