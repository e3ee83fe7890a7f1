"""One inference on two nodes of a cluster: both make batches, and the values are those of one worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from patience import LIMIT_S
from places import HELPERS, ROOT
from ray_nodes import environment, ray_nodes
from shard_parts import Images

from sweeper.store import open_store

BATCH = 64
GRID = ["capability=[evaluate]", "dataset=[]", "model=[]", "metric=[accuracy,log_loss]", "exclude=[]"]


def swept(folder: Path, environ: dict[str, str], *more: str) -> dict[str, float]:
    """The values of a sweep of one model over one dataset, run in a process of its own."""
    notes = folder / "notes"
    notes.mkdir(parents=True)
    parts = [
        f"+model.m={{_target_: shard_parts.Together, folder: '{notes}'}}",
        "+dataset.images={_target_: shard_parts.Images}",
    ]
    command = [sys.executable, "-m", "sweeper", *GRID, *parts, "--store", str(folder / "store"), *more]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return {row["metric"]: row["value"] for row in open_store(folder / "store").results().to_pylist()}


@pytest.mark.slow
def test_a_node_that_has_room_helps_with_what_another_one_infers(tmp_path: Path):
    environ = {**environment(), "PYTHONPATH": os.pathsep.join([str(ROOT), str(HELPERS)])}
    with ray_nodes(environ, 2) as address:
        values = swept(tmp_path / "two", environ, f"job_backend.address={address}")
    made: Counter[str] = Counter()
    for note in (tmp_path / "two" / "notes").glob("* *"):
        process, _, size = note.name.split()
        made[process] += int(size)
    assert len(made) == 2, "each node has room for one worker"
    assert sum(made.values()) == len(Images()) + BATCH, "one batch is made twice, to compare the answers"
    assert values == swept(tmp_path / "alone", environ, "job_backend.kind=inline", "+model.m.slow=0")
