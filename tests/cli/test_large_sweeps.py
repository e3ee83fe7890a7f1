"""What is shown of a sweep that is too large to be looked through."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from command_line import typed, write_configs

from sweeper.store import open_store

pytestmark = pytest.mark.usefixtures("empty_folder")
MODELS, DATASETS = 45, 46
SHOWN = 44 * MODELS
"""As many datasets as fit into 2,000 combinations."""
ARITY = {"datasets": "ONE", "models": "ONE", "metrics": "ZERO"}


@pytest.fixture
def large(empty_folder: Path) -> list[str]:
    """The words that select a grid of 2,070 combinations, which do nothing."""
    axes = {
        "capability": {"tiny": {"_target_": "parts.Tiny", "_sweep_": {"arity": ARITY}}},
        "dataset": {f"d{n:02d}": {"_target_": "parts.Numbers", "name": f"d{n:02d}"} for n in range(DATASETS)},
        "model": {f"m{n:02d}": {"_target_": "parts.Parity", "name": f"m{n:02d}"} for n in range(MODELS)},
    }
    nothing = [{f"override {axis}": []} for axis in (*axes, "metric")]
    config = {"defaults": ["config", *nothing, "_self_"], **axes, "exclude": []}
    folder = write_configs(empty_folder / "conf", {"large": json.dumps(config)})
    return ["--config-dir", folder, "--config-name", "large", "--store", "results", "job_backend.kind=inline"]


def test_the_first_tables_are_shown_and_the_command_that_shows_all(large: list[str], empty_folder: Path):
    status, ran, err = typed(*large)
    assert status == 0, err
    status, idle, err = typed(*large, "rerun=missing")
    assert status == 0, err
    total = MODELS * DATASETS
    for out, counted in ((ran, f"{total} completed; 0 skipped"), (idle, f"nothing to run; {total} skipped")):
        assert counted in out
        assert f"the tables are of the first {SHOWN:,} of {total:,} combinations" in out
        header = next(line for line in out.splitlines() if line.startswith("tiny"))
        assert header.split()[2:] == [f"d{n:02d}" for n in range(44)]
        assert sum(line.startswith("m") for line in out.splitlines()) == MODELS
        command = re.search(r"all values: python -m sweeper (.*)", out)
        assert command is not None
        status, answer, err = typed(*shlex.split(command[1]), "--format", "json")
        assert status == 0, err
        values = {(row["model"], row["dataset"]): row["value"] for row in json.loads(answer)}
        assert len(values) == total
        assert None not in values.values()
    assert len(open_store("results").sweep_ids()) == 2
    everything = typed(*large, "rerun=missing", "--all-combinations")[1]
    assert "the tables are of the first" not in everything
    assert f"d{DATASETS - 1}" in everything
    assert len(json.loads(typed(*large, "rerun=missing", "--json")[1])["results"]) == total
