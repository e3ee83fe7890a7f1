"""Parts that print in every way that a program can; so does the import of this module."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from typing import Any

from parts import Tiny, TinyRun

from sweeper.vocabulary import Arity

SAID = "said aloud"


def speak() -> None:
    """By Python's streams, the descriptor, C, and a child that inherits it."""
    print(SAID)
    print(SAID, file=sys.__stdout__, flush=True)
    os.write(1, f"{SAID}\n".encode())
    c = ctypes.CDLL(None)
    c.puts(SAID.encode())
    c.fflush(None)
    subprocess.run([sys.executable, "-c", f"print({SAID!r})"], check=False)


class Loud(Tiny):
    """Speaks when it is built and when it runs."""

    id = "tests.loud"
    supports_datasets = supports_models = supports_metrics = Arity.ZERO

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        speak()

    def run(self, *args: Any, **keywords: Any) -> TinyRun:
        speak()
        return super().run(*args, **keywords)


class Flood(Tiny):
    """Writes 20 MB to a descriptor, as C code does."""

    id = "tests.flood"
    supports_datasets = supports_models = supports_metrics = Arity.ZERO

    def run(self, *args: Any, **keywords: Any) -> TinyRun:
        for _ in range(200):
            os.write(1, b"x" * 99_999 + b"\n")
        return super().run(*args, **keywords)


class Hostile(Loud):
    """Closes the streams of its process after it has spoken."""

    def run(self, *args: Any, **keywords: Any) -> TinyRun:
        run = super().run(*args, **keywords)
        sys.stdout.close()
        return run


speak()
