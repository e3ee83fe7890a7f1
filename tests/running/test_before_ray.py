"""What stands before the start of Ray: whatever is imported there, every sweep waits for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WHEN_RAY_STARTS = """
import sys
from pathlib import Path
import ray
import sweeper

def init(**settings):
    Path("imported").write_text("\\n".join(sys.modules))
    raise RuntimeError("that was enough")

ray.init = init
try:
    sweeper.sweep(["rerun=all", "analytics_store.uri=store"])
except sweeper.errors.BackendError:
    print("not started")
"""


def test_neither_arrow_nor_numpy_nor_what_runs_in_workers_is_imported_before_ray_starts(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WHEN_RAY_STARTS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "not started"
    imported = set((tmp_path / "imported").read_text().split())
    assert "sweeper.jobs.ray_simple.backend" in imported
    assert not imported & {"numpy", "pyarrow", "sweeper.worker.execute", "sklearn", "torch", "maite", "obstore"}
