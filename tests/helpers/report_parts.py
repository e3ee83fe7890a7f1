"""A small real sweep to report on: what completes, what fails, values by strength, and runs with reports."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import parts
from store_parts import BEGAN, ScoreRun, attempt

from sweeper.cli import value_text
from sweeper.cli.commands import run_command
from sweeper.cli.tables.wished import Wished
from sweeper.messages.requests import Provenance
from sweeper.report import leaderboard
from sweeper.store import Store, open_store

SCRIPT = "<script>alert(1)</script>"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
REPORT = f"""# Findings

| check | found |
|---|---:|
| doubles | 3 |

![a pixel](data:image/png;base64,{PIXEL}) ![elsewhere](https://example.org/x.png)

<b>bold?</b> [good](https://example.org/) [bad](javascript:alert(2))
"""
CONF = f"""
defaults:
  - config
  - override capability: [evaluate, robustness]
  - override dataset: []
  - override model: []
  - override metric: []
  - _self_
name: small
capability:
  robustness:
    augmentation: {{_target_: report_parts.Drift}}
    severities: [0.5, 1.0]
  findings:
    _target_: parts.Tiny
    report: |-
{"".join(f"      {line}{chr(10)}" for line in REPORT.splitlines())}
    _sweep_: {{arity: {{datasets: ONE, models: ONE, metrics: ZERO}}, report: 0.5}}
dataset:
  ten: {{_target_: parts.Numbers, n: 10}}
  four: {{_target_: parts.Numbers, n: 4, name: four}}
model:
  parity: {{_target_: parts.Parity}}
  broken: {{_target_: parts.Parity, name: broken, error: "weights are gone\\nand more"}}
  same: {{_target_: report_parts.Same}}
metric:
  hits: {{_target_: report_parts.Hits}}
exclude: [{{capability: findings, model: same}}]
"""


class Hits(parts.Hits):
    """The share of right answers, which says its direction."""

    higher_is_better = True


class Same:
    """A model that has one answer, and is right half of the time."""

    def __init__(self) -> None:
        self.metadata = {"id": "same"}

    def __call__(self, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.eye(2)[0] for _ in batch]


class Drift:
    """An augmentation that adds its severity to a number: at 1 what was odd is even."""

    def __init__(self, severity: float, seed: int = 0) -> None:
        self.severity = severity
        self.metadata = {"id": f"drift[{severity:g}]"}

    def __call__(self, batch: Any) -> Any:
        inputs, targets, metadata = batch
        return [x + self.severity for x in inputs], targets, metadata


def fill(folder: Path, *overrides: str) -> Store:
    """Run the sweep into `folder / "store"`: 14 combinations complete and 6 fail."""
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "small.yaml").write_text(CONF)
    where = ["--config-dir", str(conf), "--config-name", "small", f"analytics_store.uri={folder / 'store'}"]
    out, err = io.StringIO(), io.StringIO()
    status = run_command([*where, "job_backend.kind=inline", *overrides], out, err)
    assert status in (0, 1), err.getvalue()
    store = open_store(folder / "store")
    _record_script(store)
    return store


def _record_script(store: Store) -> None:
    """A completed attempt by whoever writes to the store without a config, which would refuse the name."""
    store.record(
        ScoreRun([0.5]),
        provenance=Provenance(job_id="hostile", submitted_at=BEGAN, completed_at=BEGAN),
        attempt=replace(attempt("hostile"), model=SCRIPT, dataset=SCRIPT, sweep_name=SCRIPT),
        started_at=BEGAN,
        finished_at=BEGAN,
    )


def tables_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The tables of rows of the view `results`, as a terminal shows them where nothing is compared."""
    return value_text.leaderboards(leaderboard.leaderboards(rows), Wished())
