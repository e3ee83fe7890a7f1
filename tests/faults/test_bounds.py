"""A run that prints and fails without end costs a bounded log, a bounded row and a bounded message."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import ray
from command_line import typed
from invariant import assert_nothing_lost
from packaging.version import Version
from sweep_process import SweepProcess

from sweeper.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("empty_folder")]
ZERO = "{arity: {datasets: ZERO, models: ZERO, metrics: ZERO}}"
NO_PARTS = f"_sweep_:{ZERO}".replace(" ", "")
GRID = ["capability=[]", f"+capability.a={{_target_:fault_parts.Endless,{NO_PARTS}}}"]
EVALUATE = ["capability=[evaluate]", "dataset=[digits]", "model=[]", "metric=[accuracy]",
            "+model.endless={_target_:fault_parts.EndlessModel,_sweep_:{task:image_classification}}"]  # fmt: skip


@pytest.mark.parametrize("grid", [GRID, EVALUATE], ids=["run", "inference"])
def test_a_run_without_end_has_bounded_words(grid: list[str], backend: str):
    status, out, err = typed(*grid, backend, "log_limit=20 KB", "error_limit=2 KB")
    assert status == 1, err
    assert len(out) + len(err) < 60_000
    store = open_store("analytics_store")
    (row,) = store.attempts().to_pylist()
    assert (row["status"], row["error_type"]) == ("failed", "ValueError")
    for text in (row["error_message"], row["traceback"]):
        assert len(text.encode()) < 2300
        assert "error_limit says how many are kept" in text
    if "inline" not in backend:
        log = Path(row["log_uri"])
        assert log.stat().st_size <= 20_000
        text = log.read_text()
        assert text.startswith("a line that is printed again and again")
        assert "bytes were left out here; log_limit says how many are kept" in text
        assert "Traceback (most recent call last):" in text
    assert sum(os.path.getsize(path) for path in Path("analytics_store").rglob("*") if path.is_file()) < 200_000
    assert_nothing_lost(store, [row["fingerprint"]])


FLOOD = f"""
tiny:
  _target_: loud_parts.Flood
  _sweep_: {ZERO}
"""


@pytest.fixture
def logs_of_ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the next local Ray keeps its logs; a short name, since its sockets lie beside them."""
    with TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield Path(folder)


@pytest.mark.skipif(Version(ray.__version__) < Version("2.60"), reason="older releases of Ray may not bound it")
def test_ray_itself_bounds_what_is_not_printed_in_python_where_it_is_told_to(
    logs_of_ray: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As docs/security.md says."""
    monkeypatch.setenv("RAY_ROTATION_MAX_BYTES", "1000000")
    monkeypatch.setenv("RAY_ROTATION_BACKUP_COUNT", "1")
    assert SweepProcess(tmp_path, "capability=[tiny]", "job_backend.num_cpus=1", capability=FLOOD).wait() == 0
    sizes = [path.stat().st_size for path in logs_of_ray.rglob("worker-*.out*")]
    assert 1_000_000 <= sum(sizes) <= 2_000_000 * len(sizes)
    assert max(sizes) <= 1_000_000


@pytest.mark.parametrize("value", ["0", "999", "-1", "true", "x", "10 TB", "1e99", "[1]", "10 MB 3"])
@pytest.mark.parametrize("key", ["log_limit", "error_limit"])
def test_what_is_no_size_is_refused(key: str, value: str):
    status, out, err = typed("plan", f"{key}={value}")
    assert (status, out) == (2, "")
    assert f"{key} must be a number of bytes of at least 1000, such as 64000, 64 KB or 10 MB" in err
