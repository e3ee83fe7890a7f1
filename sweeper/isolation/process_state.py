"""What a part can change of the process that it runs in: seeded before each run, put back after it.

The table `STATES` lists what is compared. What building a part changes (its module is imported, its constructor runs)
belongs to the part: it holds for the rest of that run, and again in each later run that uses the part, as it would if
each run had a process of its own. What could not be put back is in `not_restored`, and the process should run nothing
more.

Not put back, because modules stay loaded: `sys.path`, `sys.modules`, attributes of modules and classes, threads.
"""

from __future__ import annotations

import decimal
import gc
import hashlib
import locale
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO, TypeAlias

import numpy as np

from sweeper.isolation import torch_state

PERMANENT_VARIABLES = (b"KMP_",)
"""Environment variables that libraries with OpenMP set when they are imported: without them a second OpenMP fails."""

_numpy_random: Any = np.random
"""Its stub lacks the functions for the global generator."""
Environment: TypeAlias = Mapping[bytes, bytes]
"""Variables as `os.environ` holds them; on Windows they are text."""
Snapshot: TypeAlias = tuple[object, ...]
"""The value of each of `STATES`."""


@dataclass(frozen=True)
class State:
    """One thing that a part can change."""

    name: str
    read: Callable[[], object]
    restore: Callable[..., object]
    """Takes a value that `read` gave."""
    change: Callable[..., object] = lambda before, after: after
    """Describes a change that belongs to a part, from the values before and after it."""
    redo: Callable[..., object] | None = None
    """Makes such a change again; `None` if `restore` does."""


Change: TypeAlias = tuple[State, object]


def _environment() -> Environment:
    return vars(os.environ)["_data"].copy()  # a hundredth of the time of dict(os.environ)


def _restore_environment(before: Environment) -> None:
    _set_variables(_changed_variables(_environment(), before))


def _changed_variables(before: Environment, after: Environment) -> dict[bytes, bytes | None]:
    """New value of each variable that differs, `None` if it is gone."""
    keys = [key for key in {*before, *after} if not os.fsencode(key).startswith(PERMANENT_VARIABLES)]
    return {key: after.get(key) for key in keys if before.get(key) != after.get(key)}


def _set_variables(changed: Mapping[bytes, bytes | None]) -> None:
    for key, value in changed.items():
        name = os.fsdecode(key)
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = os.fsdecode(value)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


def _enter(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _filters() -> list[object]:
    return [*warnings.filters]


def _set_filters(filters: list[object]) -> None:
    warnings.filters[:] = filters  # pyright: ignore[reportIndexIssue] - a list, whatever its stub says
    with warnings.catch_warnings():  # makes the module notice that its filters have changed
        pass


def _new_filters(before: list[object], after: list[object]) -> list[object]:
    return [each for each in after if each not in before]


def _add_filters(added: list[object]) -> None:
    _set_filters([*added, *(each for each in warnings.filters if each not in added)])


def _use_generator(generator: np.random.BitGenerator) -> None:
    _numpy_random.set_bit_generator(generator)


def _no_change(before: object, after: object) -> None:
    """For a state that belongs to no part: it is put back as soon as the part is built."""


def _no_redo(change: None) -> None:
    """See `_no_change`."""


def _decimal() -> tuple[int, str]:
    context = decimal.getcontext()
    return context.prec, context.rounding


def _set_decimal(values: tuple[int, str]) -> None:
    context = decimal.getcontext()
    context.prec, context.rounding = values


def _set_locale(name: str) -> None:
    locale.setlocale(locale.LC_ALL, name)


def _streams() -> tuple[TextIO, TextIO, TextIO]:
    return sys.stdout, sys.stderr, sys.stdin


def _set_streams(streams: tuple[TextIO, TextIO, TextIO]) -> None:
    sys.stdout, sys.stderr, sys.stdin = streams


def _collect(enabled: bool) -> None:
    if enabled:
        gc.enable()
    else:
        gc.disable()


def _timer() -> bool:
    return signal.getitimer(signal.ITIMER_REAL)[0] > 0


def _stop_timer(was_running: bool) -> None:
    if not was_running:
        signal.setitimer(signal.ITIMER_REAL, 0)


_ON_LINUX = (
    (
        State("the processors", partial(os.sched_getaffinity, 0), lambda before: os.sched_setaffinity(0, before)),
        State(
            "the priority",
            partial(os.getpriority, os.PRIO_PROCESS, 0),
            lambda before: os.setpriority(os.PRIO_PROCESS, 0, before),
        ),
    )
    if hasattr(os, "sched_getaffinity")
    else ()
)
STATES = (
    State("os.environ", _environment, _restore_environment, _changed_variables, _set_variables),
    State("sys.stdout, stderr and stdin", _streams, _set_streams),
    State("the working folder", _folder, _enter),
    State("warnings.filters", _filters, _set_filters, _new_filters, _add_filters),
    State("numpy.seterr", np.geterr, lambda settings: np.seterr(**settings)),
    State("numpy's generator", _numpy_random.get_bit_generator, _use_generator, _no_change, _no_redo),
    State("torch", torch_state.read, torch_state.restore, torch_state.changed, torch_state.restore),
    State("decimal's context", _decimal, _set_decimal),
    State("the locale", partial(locale.setlocale, locale.LC_ALL), _set_locale),
    State("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    State("the garbage collector", gc.isenabled, _collect),
    State("an alarm", _timer, _stop_timer, _no_change, _no_redo),
    *_ON_LINUX,
)
_READERS = tuple(state.read for state in STATES)


def snapshot() -> Snapshot:
    """The value of each of `STATES`."""
    return tuple([read() for read in _READERS])


def changes(before: Snapshot) -> list[Change]:
    """What has changed since a snapshot, for `redo`; a state that belongs to no part is put back at once."""
    after = snapshot()
    if after == before:
        return []
    differ = [each for each in zip(STATES, before, after, strict=True) if each[1] != each[2]]
    for state, old, _ in differ:
        if state.redo is _no_redo:
            state.restore(old)
    described = [(state, state.change(old, new)) for state, old, new in differ]
    return [(state, change) for state, change in described if state.redo is None or change]


def redo(earlier: Iterable[Change]) -> None:
    """Change again what building a part has changed."""
    for state, change in earlier:
        (state.redo or state.restore)(change)


_not_restored: dict[str, None] = {}


def not_restored() -> list[str]:
    """The names of states that runs of this process have changed and that could not be put back."""
    return list(_not_restored)


def put_back(before: Snapshot) -> Snapshot:
    """Put every state back as it was at a snapshot, and return a new one; what stays different is `not_restored`."""
    after = snapshot()
    if after == before:
        return after
    for state, old, new in zip(STATES, before, after, strict=True):
        if old != new:
            _restore(state, old)
    return snapshot()


def _restore(state: State, value: object) -> None:
    with suppress(Exception):  # what was not restored is found below
        state.restore(value)
    now = state.read()
    if now != value and (state.redo is None or state.change(value, now)):
        _not_restored[state.name] = None


_last: Snapshot | None = None
"""The snapshot after the last run, if this process is dedicated to runs."""
_dedicated = False


def dedicate_process() -> None:
    """Declare that this process does nothing but runs: what one run left need not be read again for the next."""
    global _dedicated
    _dedicated = True


class isolated:  # noqa: N801 - used as a function; a generator would take twice the time
    """Isolates one run or one inference: seeds it from its identity, and puts everything in `STATES` back after it."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._before: Snapshot = ()

    def __enter__(self) -> None:
        # Between two tasks Ray sets variables, and the capture of output sets the streams.
        self._before = snapshot() if _last is None else (_environment(), _streams(), *_last[2:])
        seed(self._identity)

    def __exit__(self, *_: object) -> None:
        global _last
        now = put_back(self._before)
        _last = now if _dedicated else None


# Random generators


def seed(identity: str) -> None:
    """Seed `random`, numpy's global generator, and torch if it is loaded, from a text."""
    number = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest())
    random.seed(number)
    try:
        np.random.seed(number & 0xFFFFFFFF)
    except TypeError:  # a part has set another kind of generator
        _use_generator(np.random.MT19937(number & 0xFFFFFFFF))
        np.random.seed(number & 0xFFFFFFFF)
    torch_state.seed(number)


@contextmanager
def preserve_generators() -> Generator[None]:
    """Put the random generators of `seed` back afterwards."""
    numpy_generator = _numpy_random.get_bit_generator()
    states = random.getstate(), numpy_generator.state, torch_state.generators()
    try:
        yield
    finally:
        random.setstate(states[0])
        _use_generator(numpy_generator)
        numpy_generator.state = states[1]
        torch_state.set_generators(states[2])
