"""How an exception gets from a worker to the driver whole, whatever it is made of."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import NamedTuple

Dumps = Callable[[object], bytes]


class ErrorInfo(NamedTuple):
    """An exception in words."""

    kind: str
    """Name of the type, with its module unless it is a built-in."""
    message: str
    trace: str
    """The traceback as Python prints it, causes included; empty where there is none."""

    @classmethod
    def of(cls, error: BaseException) -> ErrorInfo:
        return cls(_kind(error), _message(error), _trace(error))


class WorkerFailure(Exception):  # noqa: N818 - never raised to a user: it carries their error
    """What a worker raises for an exception of the run: its words, and its pickle where that opens again.

    An exception that does not survive pickling, or whose class the driver cannot import, would otherwise reach the
    driver as an error about pickling.
    """

    def __init__(self, info: ErrorInfo, pickled: bytes | None = None) -> None:
        super().__init__(info, pickled)
        self.info = ErrorInfo(*info)
        self.pickled = pickled

    @classmethod
    def of(cls, error: BaseException, dumps: Dumps = pickle.dumps) -> WorkerFailure:
        return cls(ErrorInfo.of(error), _pickled(error, dumps))

    def __str__(self) -> str:
        return f"{self.info.kind}: {self.info.message}"

    def original(self) -> BaseException:
        """The exception of the run with the worker's traceback as its note, or else this one."""
        error: BaseException = self
        if self.pickled is not None:
            try:
                error = pickle.loads(self.pickled)
            except Exception:  # noqa: BLE001 - a foreign class may fail to open in any way; the words remain
                error = self
        if self.info.trace:
            error.add_note(f"Traceback of the worker:\n{self.info.trace.rstrip()}")
        return error


def _pickled(error: BaseException, dumps: Dumps) -> bytes | None:
    try:
        pickled = dumps(error)
        return pickled if isinstance(pickle.loads(pickled), type(error)) else None
    except Exception:  # noqa: BLE001 - pickling runs the code of a foreign class, which may raise anything
        return None


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # noqa: BLE001 - the __str__ of a foreign class may raise anything
        return f"(its text cannot be had: {type(broken).__name__})"


def _trace(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # noqa: BLE001 - formatting asks the same foreign class for its text
        return "".join(traceback.format_tb(error.__traceback__))
