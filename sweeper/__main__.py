"""`python -m sweeper` and the console script `sweeper`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module

from sweeper.arguments import may_run
from sweeper.cli import Asked, read, run_command
from sweeper.head_start import in_child


def main() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(run_command(sys.argv[1:], sys.stdout, sys.stderr, read=_read_beside_ray))


def _read_beside_ray(argv: Sequence[str]) -> Asked:
    """Read what is asked for; where something may run, Ray is imported meanwhile, which takes about as long."""
    if not may_run(argv) or not hasattr(os, "fork"):
        return read(argv)
    return in_child(partial(read, argv), meanwhile=partial(import_module, "sweeper.jobs.ray_simple"))


if __name__ == "__main__":
    main()
