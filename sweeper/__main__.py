"""`python -m sweeper` and the console script `sweeper`.

Exit status: 0 all that was asked for is complete; 1 a combination failed; 2 the command line or the config is wrong,
or stdout could not be written; 3 a limit stopped the sweep; 4 an enforced requirement is not met; 130 interrupted
(Ctrl-C, SIGTERM, SIGHUP); 141 who read stdout had enough, as `| head` has. What is lost on stderr changes nothing.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from sweeper.cli.arguments import Arguments
from sweeper.cli.commands import load, run_command
from sweeper.cli.discreet import as_text
from sweeper.cli.forked import in_child
from sweeper.cli.streams import take_streams
from sweeper.cli.summary import INTERRUPTED

if TYPE_CHECKING:
    from sweeper.config import SweepConfig


def main() -> None:
    """Run the command line and leave with its exit status."""
    streams = take_streams()
    try:
        status = run_command(sys.argv[1:], as_text(streams.out), as_text(streams.err), load=_load_beside_ray)
        status = streams.status(status)
    except KeyboardInterrupt:  # one more, while the first is answered
        status = INTERRUPTED
    if status == INTERRUPTED:
        _leave_at_once(status)
    gc.freeze()  # or Python would look for cycles among all that is left, and then end
    sys.exit(status)


def _leave_at_once(status: int) -> NoReturn:
    """Leave without Python's usual end, which waits for what an interrupt was to stop, and may give another status.

    Where an interrupt has met an `exec` of text, as a dataclass is made with, Python ends as if nobody had answered it.
    What is left of Ray is ended by its guard.
    """
    with suppress(Exception, KeyboardInterrupt):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _load_beside_ray(args: Arguments) -> SweepConfig:
    """Compose the config; where something may run, Ray is imported meanwhile, which takes about as long."""
    if not args.may_run or not hasattr(os, "fork"):
        return load(args)
    return in_child(partial(load, args), meanwhile=partial(import_module, "sweeper.jobs.ray_simple.backend"))


if __name__ == "__main__":
    main()
