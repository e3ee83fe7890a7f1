"""`python -m sweeper` and the console script `sweeper`."""

from __future__ import annotations

import sys

from sweeper.cli import run_command


def main() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(run_command(sys.argv[1:], sys.stdout, sys.stderr))


if __name__ == "__main__":
    main()
