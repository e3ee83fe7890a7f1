"""A module that has imported what is not its own, as most modules have."""

from __future__ import annotations

import os
from os import system as run_a_command
from subprocess import call
from typing import Any

from parts import Tiny

__all__ = ["Own", "call", "made", "os", "run_a_command"]


class Own(Tiny):
    """A capability that is given something that was built."""

    id = "tests.own"

    def __init__(self, given: Any = None) -> None:
        super().__init__()

    @classmethod
    def make(cls, given: Any = None) -> Own:
        return cls(given)


def made(given: Any = None) -> Own:
    return Own(given)
