"""How an exception gets from a worker to the driver whole, whatever it is made of."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, cast

from sweeper.common.secrets import hidden
from sweeper.common.text import shortened
from sweeper.errors import JobError, SweeperError
from sweeper.messages import bounds

Dumps = Callable[[object], bytes]
MOST_PICKLED = 1_000_000
"""An exception whose pickle is larger reaches the driver in words only."""


class ErrorInfo(NamedTuple):
    """An exception in words, those of its innermost cause first, each no longer than `error_limit` says.

    The cause is what `raise ... from` says, as Hydra does of a constructor or a module that fails, and the first
    exception of a group. What was merely being handled is no cause: a fallback that fails hides nothing.
    """

    kind: str
    """Name of the cause's type, with its module unless it is a built-in."""
    message: str
    """The cause's text."""
    trace: str
    """The traceback as Python prints it, causes included; empty where there is none."""
    is_unwritten: bool = False
    """Whether the worker could not write the failed attempt, so that the driver must."""

    @classmethod
    def of(cls, error: BaseException) -> ErrorInfo:
        cause = _chain(error)[-1]
        return cls(_kind(cause), _shown(_message(cause)), _shown(_trace(error)), _is_unwritten(error))


_UNWRITTEN = "_sweeper_unwritten"


def mark_unwritten(error: BaseException) -> None:
    """Have what is told of an error from now on say that its failed attempt could not be written."""
    object.__setattr__(error, _UNWRITTEN, True)  # whatever a foreign class makes of its attributes


def _is_unwritten(error: BaseException) -> bool:
    try:
        return object.__getattribute__(error, _UNWRITTEN) is True
    except AttributeError:
        return False


def raised_as(error: BaseException) -> tuple[str, ...]:
    """What was raised because of the innermost cause, from it outwards: type and first line of each."""
    return tuple(map(_headline, reversed(_chain(error)[:-1])))


class RunStoppedError(Exception):
    """A worker was interrupted, and the run that ended by that has written nothing."""

    def __str__(self) -> str:
        return "an interrupt ended the run before it wrote anything"


class PredictionsLostError(Exception):
    """The predictions that a run reads are gone, with the process that had made them. The run has written nothing."""

    def __str__(self) -> str:
        return "the predictions that it reads are gone, with the process that had made them"


class NotBegunError(Exception):
    """Runs share a task, and it ended before the turn of this one came. Nothing of it ran."""

    def __str__(self) -> str:
        return "its task ended before its turn came"


class WorkerFailure(Exception):  # noqa: N818 - never raised to a user: it carries their error
    """What a worker raises for an exception of the run: its words, its pickle where that opens again, its `raised_as`.

    An exception that does not survive pickling, or whose class the driver cannot import, would otherwise reach the
    driver as an error about pickling. `stored` says whether the run has written results, `None` that this is not known.
    """

    def __init__(
        self,
        info: ErrorInfo,
        pickled: bytes | None = None,
        chain: tuple[str, ...] = (),
        stored: bool | None = None,
    ) -> None:
        super().__init__(info, pickled, chain, stored)
        self.info = ErrorInfo(*info)
        self.pickled = pickled
        self.chain = chain
        self.stored = stored

    @classmethod
    def of(cls, error: BaseException, dumps: Dumps = pickle.dumps, stored: bool | None = None) -> WorkerFailure:
        return cls(ErrorInfo.of(error), _pickled(error, dumps), raised_as(error), stored)

    def __str__(self) -> str:
        return f"{self.info.kind}: {self.info.message}"

    def original(self) -> BaseException:
        """The exception of the run with the worker's traceback as its note, or else this one."""
        error: BaseException = self
        if self.pickled is not None:
            try:
                error = pickle.loads(self.pickled)
            except BaseException:  # noqa: BLE001 - a foreign class may fail to open in any way; the words remain
                error = self
        with suppress(Exception):  # a foreign class may keep its notes in a way of its own
            if self.info.trace:
                error.add_note(f"Traceback of the worker:\n{self.info.trace.rstrip()}")
        return error


def _pickled(error: BaseException, dumps: Dumps) -> bytes | None:
    try:
        pickled = dumps(error)
        if len(pickled) > MOST_PICKLED:
            return None  # the words of the error, which have a limit, tell enough of it
        return pickled if isinstance(pickle.loads(pickled), type(error)) else None
    except BaseException:  # noqa: BLE001 - pickling runs the code of a foreign class, which may raise anything
        return None


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, its cause, the cause of that, and so on."""
    chain = [error]
    while (cause := _cause(chain[-1])) is not None and all(cause is not known for known in chain):
        chain.append(cause)
    return chain


def _cause(error: BaseException) -> BaseException | None:
    if isinstance(error, SweeperError) and not isinstance(error, JobError):
        return None  # its text says what is wrong with what, which the cause alone does not
    if error.__cause__ is None and isinstance(error, BaseExceptionGroup):
        return cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error.__cause__


def _headline(error: BaseException) -> str:
    lines = _message(error).strip().splitlines()
    line = f"{_kind(error)}: {lines[0].rstrip(':')}" if lines else _kind(error)
    return _shown(line)


def _shown(text: str) -> str:
    """A text as it may be stored and shown: without secrets, and no longer than the user says."""
    allowed = bounds.current()
    return shortened(hidden(text, allowed.secrets), allowed.error_bytes)


def _kind(error: BaseException) -> str:
    kind = type(error)
    return _text(kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}")


def _message(error: BaseException) -> str:
    try:
        return _text(str(error))
    except BaseException as broken:  # noqa: BLE001 - the __str__ of a foreign class may raise anything
        return f"(its text cannot be had: {_kind(broken)})"


def _trace(error: BaseException) -> str:
    try:
        return _text("".join(traceback.format_exception(error)))
    except BaseException:  # noqa: BLE001 - formatting asks the same foreign class for its text
        frames = "".join(traceback.format_tb(error.__traceback__))
        return _text(f"Traceback (most recent call last):\n{frames}{_kind(error)}: {_message(error)}\n")


def _text(text: str) -> str:
    """Plain text that can be written anywhere: what has no UTF-8, such as half of a surrogate pair, is escaped."""
    return str.encode(text, "utf-8", "backslashreplace").decode()
