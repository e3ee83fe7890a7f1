"""What a part can change of the process that it runs in: seeded before each run, put back after it.

One table says what is looked at. What building a part changes (its module is imported, its constructor runs) belongs to
the part: it holds for the rest of that run, and again in each later run that uses the part, as it would in a process of
that run's own. What cannot be put back is told by `left_behind`, and the process should run nothing more.

Not put back, since modules stay loaded: `sys.path`, `sys.modules`, attributes of modules and classes, threads.
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
from typing import Any

import numpy as np

from sweeper.isolation import torch_state

KEPT_VARIABLES = (b"KMP_",)
"""Environment variables that users of OpenMP set when they are imported: without them a second OpenMP is refused."""

_numpy_random: Any = np.random
"""Its stub lacks the functions for the global generator."""


@dataclass(frozen=True)
class State:
    """One thing that a part can change."""

    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], None]
    change: Callable[[Any, Any], Any] = lambda before, after: after
    """What is kept of a change that belongs to a part, from the values before and after it."""
    redo: Callable[[Any], None] | None = None
    """Makes such a change again; where it is `None`, `restore` does."""


Change = tuple[State, Any]


def _environment() -> Mapping[Any, Any]:
    return vars(os.environ)["_data"].copy()  # a hundredth of the time of dict(os.environ)


def _restore_environment(before: Mapping[Any, Any]) -> None:
    _set_variables(_changed_variables(_environment(), before))


def _changed_variables(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> dict[Any, Any]:
    """New value of each variable that differs, `None` where it is gone; both as `os.environ` holds them."""
    keys = [key for key in {*before, *after} if not os.fsencode(key).startswith(KEPT_VARIABLES)]
    return {key: after.get(key) for key in keys if before.get(key) != after.get(key)}


def _set_variables(changed: Mapping[Any, Any]) -> None:
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


def _filters() -> list[Any]:
    return [*warnings.filters]


def _set_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # pyright: ignore[reportIndexIssue] - a list, whatever its stub says
    with warnings.catch_warnings():  # tells the module that its filters have changed
        pass


def _new_filters(before: list[Any], after: list[Any]) -> list[Any]:
    return [each for each in after if each not in before]


def _add_filters(added: list[Any]) -> None:
    _set_filters([*added, *(each for each in warnings.filters if each not in added)])


def _set_numpy_errors(settings: Any) -> None:
    np.seterr(**settings)


def _use_generator(generator: Any) -> None:
    _numpy_random.set_bit_generator(generator)


def _no_change(before: Any, after: Any) -> None:
    """For what no part keeps: it is put back when the part is built."""


def _no_redo(change: None) -> None:
    """See `_no_change`."""


def _decimal() -> tuple[Any, ...]:
    context = decimal.getcontext()
    return context.prec, context.rounding


def _set_decimal(values: tuple[Any, ...]) -> None:
    context = decimal.getcontext()
    context.prec, context.rounding = values


def _set_locale(name: str) -> None:
    locale.setlocale(locale.LC_ALL, name)


def _streams() -> tuple[Any, ...]:
    return sys.stdout, sys.stderr, sys.stdin


def _set_streams(streams: tuple[Any, ...]) -> None:
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
    State("numpy.seterr", np.geterr, _set_numpy_errors),
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


def snapshot() -> tuple[Any, ...]:
    """The value of each of `STATES`."""
    return tuple([read() for read in _READERS])


def changes(before: tuple[Any, ...]) -> list[Change]:
    """What has changed since a snapshot, to be made again by `redo`; what no part keeps is put back at once."""
    after = snapshot()
    if after == before:
        return []
    differ = [each for each in zip(STATES, before, after, strict=True) if each[1] != each[2]]
    for state, old, _ in differ:
        if state.redo is _no_redo:
            state.restore(old)
    made = [(state, state.change(old, new)) for state, old, new in differ]
    return [(state, change) for state, change in made if state.redo is None or change]


def redo(made: Iterable[Change]) -> None:
    """Change again what building a part has changed."""
    for state, change in made:
        (state.redo or state.restore)(change)


_left: dict[str, None] = {}


def left_behind() -> list[str]:
    """What runs of this process have changed and could not be put back."""
    return list(_left)


def put_back(before: tuple[Any, ...]) -> tuple[Any, ...]:
    """Restore every state as it was at a snapshot, and return what is now; what stays different is `left_behind`."""
    after = snapshot()
    if after == before:
        return after
    for state, old, new in zip(STATES, before, after, strict=True):
        if old != new:
            _restore(state, old)
    return snapshot()


def _restore(state: State, value: Any) -> None:
    with suppress(Exception):  # what is not restored is seen below
        state.restore(value)
    now = state.read()
    if now != value and (state.redo is None or state.change(value, now)):
        _left[state.name] = None


_last: tuple[Any, ...] | None = None
"""What the last run left, where this process does nothing but runs."""
_only_runs = False


def does_nothing_but_runs() -> None:
    """Say so of this process: then what one run left is what the next finds, and need not be read again."""
    global _only_runs
    _only_runs = True


class isolated:  # noqa: N801 - used as a function; a generator would take twice the time
    """One run or one inference: seeded from its identity, and everything in `STATES` is put back after it."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self._before: tuple[Any, ...] = ()

    def __enter__(self) -> None:
        # Between two tasks Ray sets variables, and the log of a run its streams.
        self._before = snapshot() if _last is None else (_environment(), _streams(), *_last[2:])
        seed(self._identity)

    def __exit__(self, *_: object) -> None:
        global _last
        now = put_back(self._before)
        _last = now if _only_runs else None


# Random generators


def seed(identity: str) -> None:
    """Seed `random`, numpy's global generator, and torch where it is loaded, from a text."""
    number = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=8).digest())
    random.seed(number)
    try:
        np.random.seed(number & 0xFFFFFFFF)
    except TypeError:  # somebody put another kind of generator there
        _use_generator(np.random.MT19937(number & 0xFFFFFFFF))
        np.random.seed(number & 0xFFFFFFFF)
    torch_state.seed(number)


@contextmanager
def own_generators() -> Generator[None]:
    """Put the random generators of `seed` back afterwards."""
    of_numpy = _numpy_random.get_bit_generator()
    states = random.getstate(), of_numpy.state, torch_state.generators()
    try:
        yield
    finally:
        random.setstate(states[0])
        _use_generator(of_numpy)
        of_numpy.state = states[1]
        torch_state.set_generators(states[2])
