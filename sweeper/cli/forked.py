"""Two things at once at the start of a command, on two cores: one in a forked child, one here."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

T = TypeVar("T")


def in_child(make: Callable[[], T], meanwhile: Callable[[], object]) -> T:
    """What `make` returns or raises, made in a child process while `meanwhile` runs in this one.

    What can be pickled comes back, and the child's `sys.path` with it. Where nothing does (the child was killed, an
    error is none that a user is meant to see), `make` is called here, and whatever is wrong shows itself. An error in
    `meanwhile` passes: it only begins what somebody needs later, who meets the same error then. Only for a process that
    has a single thread and nothing open yet: others must not be forked.
    """
    sys.stdout.flush()  # or the child would print what waits there once more
    sys.stderr.flush()
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        os.close(receiver)
        _answer(make, sender)
    os.close(sender)
    try:
        with suppress(Exception):
            meanwhile()
    finally:
        pickled = _received(child, receiver)
    if not pickled:
        return make()
    answer, error, sys.path[:] = pickle.loads(pickled)
    if error is not None:
        raise error
    return answer


def _received(child: int, receiver: int) -> bytes:
    """All that the child sends, once it has ended."""
    with open(receiver, "rb") as pipe:
        answer = pipe.read()
    with suppress(ChildProcessError):  # where SIGCHLD is ignored, as some supervisors do, nobody is left to wait for
        os.waitpid(child, 0)
    return answer


def _answer(make: Callable[[], object], sender: int) -> NoReturn:
    """Send what `make` returns or raises, as far as it can be sent, and end this process at once."""
    try:
        answer = _pickled(make)
        with open(sender, "wb") as pipe:
            pipe.write(answer)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _pickled(make: Callable[[], object]) -> bytes:
    from sweeper.errors import SweeperError

    try:
        return pickle.dumps((make(), None, sys.path))
    except (SweeperError, SystemExit, KeyboardInterrupt) as error:  # an import in the parent may swallow the interrupt
        return pickle.dumps((None, error, sys.path))
