"""Driver and workers are of one version of sweeper, or a worker refuses its task before it opens it.

What travels between them, how a run is measured and what is written may all differ between versions; a worker of
another one would fail somewhere inside, or measure what this driver does not ask for.
"""

from __future__ import annotations

import pickle
import platform
from typing import Any

from sweeper._version import __version__
from sweeper.errors import VersionError

_END = b"\n"
"""Ends the version in front of a pickle, which itself begins with the byte 0x80."""


def labelled(pickled: bytes) -> bytes:
    """A pickled message with the version of this process in front."""
    return __version__.encode() + _END + pickled


def opened(message: bytes | tuple[Any, ...]) -> tuple[Any, ...]:
    """What is in a message: one that is `labelled`, or a tuple that begins with the version.

    Raises
    ------
    VersionError
        It comes from another version of sweeper; it was not opened.
    """
    if not isinstance(message, bytes):
        refuse_other(message[0])
        return message[1:]
    version, _, pickled = message.partition(_END)
    refuse_other(version.decode(errors="replace"))
    return pickle.loads(pickled)


def refuse_other(version: str) -> None:
    """See that a task comes from this version of sweeper.

    Raises
    ------
    VersionError
        It does not; nothing was run or written.
    """
    if version != __version__:
        raise VersionError(
            f"The worker on {platform.node()} has sweeper {__version__} and the driver has {version}; nothing was run "
            f"there. Install sweeper {version} on every node of the cluster, or let Ray send it there with "
            "job_backend.runtime_env={py_modules: [FOLDER]}, where FOLDER is the driver's package folder sweeper, "
            f"or start the sweep from sweeper {__version__}."
        )
