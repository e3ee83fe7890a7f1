"""A real shell on a pseudo-terminal, in which a command line is typed and the Tab key pressed."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import pytest
from patience import LIMIT_S
from places import ROOT

_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x07")
_BLANKS = " \t\n\"'><=;|&(:"
_START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
_SET_UP = {
    "bash": "PS1='% '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'",
    "zsh": "PS1='% '; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; setopt no_beep",
}
_PROGRAM = """#!/bin/sh
# Completion is asked of sweeper; of every other command line the words are shown as they arrive.
case "$1 $2 $3" in
completion*) exec {python} -m sweeper "$@" ;;
"-m sweeper completion") exec {python} "$@" ;;
esac
printf '\\nGOT'; printf '<%s>' "$@"; printf 'END\\n'
"""


class Shell:
    """An interactive shell that has read the script of `sweeper completion`, in a folder of its own."""

    def __init__(self, name: str, folder: Path, programs: Path) -> None:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"there is no {name} on this machine")
        for command in ("sweeper", "python"):
            path = programs / command
            path.write_text(_PROGRAM.format(python=sys.executable))
            path.chmod(0o755)
        self._name, self._folder, self._programs = name, folder, programs

    def __enter__(self) -> Shell:
        self._ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (50, 200))
        self._process = subprocess.Popen(
            _START[self._name], cwd=self._folder, env=self._environment(), stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.typed(f"{_SET_UP[self._name]}; source <(sweeper completion {self._name}); sweeper ready\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def typed(self, keys: str) -> list[str]:
        """The words that the command gets from these keys, of which the last is Return."""
        return re.findall("<(.*?)>", self._until("END\r", keys).rpartition("GOT")[2], re.DOTALL)

    def shown(self, keys: str, last: str) -> str:
        """What is on the terminal after these keys, once `last` is; the line is given up afterwards."""
        found = self._until(last, keys)
        self.typed("\x15sweeper next\n")  # Ctrl-U empties the line
        return found

    def _environment(self) -> Mapping[str, str]:
        path = os.pathsep.join([str(self._programs), os.environ.get("PATH", "")])
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "BASH_ENV", "ENV")}
        return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "TERM": "dumb", "HISTFILE": ""}

    def _until(self, last: str, keys: str) -> str:
        os.write(self._ours, keys.encode())
        read, gives_up = b"", time.monotonic() + LIMIT_S
        while last not in (text := _CODE.sub("", read.decode(errors="replace"))):
            if not select.select([self._ours], [], [], max(0.0, gives_up - time.monotonic()))[0]:
                raise TimeoutError(f"{last!r} was not shown for {LIMIT_S:g} s, but {text!r}")
            read += os.read(self._ours, 65536)
        return text
