"""The notebook of the five steps runs from its first cell to its last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from patience import LIMIT_S

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.py"


def test_the_five_steps_run_as_a_script(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(NOTEBOOK)], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.rsplit(" ", 1)[1] for line in lines[:2]] == ["pending", "pending"]
    assert lines[2] in ("running", "completed")
    assert "# Evaluation" in lines
    assert sum(line.startswith("digits") and "accuracy" in line for line in lines[-2:]) == 1
    assert 0.9 < float(lines[-1].rsplit(" ", 1)[1]) <= 1


def test_it_is_made_of_cells_that_name_the_five_steps() -> None:
    cells = [line for line in NOTEBOOK.read_text(encoding="utf-8").splitlines() if line.startswith("# %%")]
    steps = ["Configure", "Submit", "Inspect", "Retrieve", "List"]
    assert [cell for cell, step in zip(cells[2:], steps, strict=False) if step in cell] == cells[2:7]
