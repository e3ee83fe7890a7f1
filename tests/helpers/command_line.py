"""What tests of the command line and of config folders share."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from sweeper.cli.commands import run_command


def typed(*argv: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command line, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    status = run_command(argv, out, err)
    return status, out.getvalue(), err.getvalue()


def write_configs(folder: Path, files: Mapping[str, str]) -> str:
    """Write config files by their names without `.yaml`, sub-folders included; returns the folder."""
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return str(folder)
