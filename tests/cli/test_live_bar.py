"""What a real pseudo-terminal shows of the bar while something lasts: it ticks, and says what goes on."""

from __future__ import annotations

import re
from pathlib import Path

from terminal import on_terminal

from sweeper.cli.tables.cells import width_of

PARTS = """
import time
from pathlib import Path

import numpy as np


class Slow:
    metadata = {"id": "slow", "index2label": {n: str(n) for n in range(10)}}

    def __init__(self, pause_s):
        time.sleep(pause_s)
        self._pause_s = pause_s

    def __call__(self, batch):
        time.sleep(self._pause_s / 8)
        return [np.eye(10)[1]] * len(batch)
"""
LASTS = "+model.slow_to_load={_target_: slow_for_the_bar.Slow, pause_s: 2.5}"
COLUMNS = 60


def test_the_bar_of_an_inline_sweep_says_what_goes_on_although_the_driver_is_busy(tmp_path: Path):
    (tmp_path / "slow_for_the_bar.py").write_text(PARTS)
    words = ["capability=[evaluate]", "dataset=[digits]", "metric=[accuracy]", "model=[]", LASTS]
    shown = on_terminal(["-m", "sweeper", *words, "job_backend.kind=inline"], COLUMNS, tmp_path, stderr=True)
    live = shown[: shown.index("evaluate: accuracy")]
    lines = [line.strip() for line in re.split(r"[\r\n]+|\x1b\[A", live)]
    assert max(map(width_of, lines)) <= COLUMNS
    assert len({found for line in lines for found in re.findall(r"\[(\d\d:\d\d)", line)}) >= 4
    for said in (r"loading slow_to_load \(\d+ s\)", r"pre.*…?.*of 540 data \(\d+ s\)"):
        assert any(re.fullmatch(f"running 1, submitted 1: {said}", line) for line in lines)
