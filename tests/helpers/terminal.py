"""A real pseudo-terminal of a given width, and what a command shows on it."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from patience import LIMIT_S
from places import HELPERS, ROOT

_CODE = re.compile(r"\x1b\[[0-9;]*m")
_VARIABLES = ("COLUMNS", "NO_COLOR")
"""What would change what is shown, and may be set where the tests run."""


def on_terminal(
    words: Sequence[str], columns: int, folder: Path = ROOT, *, stderr: bool = False, **variables: str
) -> str:
    """What `python WORDS` shows on a terminal with so many columns; what it says on stderr only where that is asked."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    path = os.pathsep.join([str(ROOT), str(HELPERS)])
    kept = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env={**kept, "PYTHONPATH": path, "PYTHONUTF8": "1", "TERM": "xterm-256color", **variables},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs if stderr else subprocess.DEVNULL,
    )
    os.close(theirs)
    try:
        return _read(ours).replace("\r\n", "\n")
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def _read(terminal: int) -> str:
    """All that is shown until the process has closed the terminal."""
    shown, gives_up = b"", time.monotonic() + LIMIT_S
    while select.select([terminal], [], [], max(0.0, gives_up - time.monotonic()))[0]:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # Linux: nobody has it open any more
            return shown.decode()
        if not read:  # macOS says so in this way
            return shown.decode()
        shown += read
    raise TimeoutError(f"nothing was shown for {LIMIT_S:g} s")


def without_colour(text: str) -> str:
    """A text without the codes for colour."""
    return _CODE.sub("", text)
