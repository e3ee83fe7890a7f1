"""Runs the examples of a page as a reader would who types them one after the other, in one folder."""

from __future__ import annotations

import runpy
import shlex
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from command_line import typed
from doc_pages import ROOT, Example
from packaging.requirements import Requirement

from sweeper.cli.command_table import COMMANDS
from sweeper.store import open_store

EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
LARGE = 10
"""Sweeps that leave open which capabilities they run are planned first, and not run if they have more combinations."""
INLINE = "job_backend.kind=inline"
TOOLS = {"pytest", "mkdocs"}
"""What contributors run and these tests are themselves a part of."""


@dataclass
class Reader:
    """Somebody who follows a page, in a folder of their own."""

    patch: pytest.MonkeyPatch
    names: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the Python examples of the page have defined so far."""
    said: str = ""
    """What the last command wrote to stdout."""
    status: int = 0
    """How the commands of this example end."""
    whole: bool = True
    """Whether the last command was run as it is written, and not only planned."""

    def follow(self, example: Example) -> None:
        """Do what an example says."""
        if example.needs:
            return
        self.status = example.status
        if path := example.own_file:
            _write(path, example.text)
        elif example.language == "bash":
            for line in _lines(example.text):
                self.type(line)
        elif example.language == "python":
            exec(compile(example.text, example.place, "exec"), self.names)
        elif example.language == "sql":
            open_store("analytics_store").sql(example.text)
        elif example.text.startswith("$ "):
            self._compare(example.text)

    def type(self, line: str) -> None:
        """Run a line of a shell: commands with `&&` between them, each perhaps with `> file`."""
        for words in _commands(line):
            words, _, target = _divided(words, ">")
            self._run(words)
            if target:
                Path(target[0]).write_text(self.said)

    def _compare(self, session: str) -> None:
        """Run each command behind a `$`, and look for the lines below it in what it says; `...` stands for any."""
        for part in session.removeprefix("$ ").split("\n$ "):
            command, _, shown = part.partition("\n")
            self.type(command)
            at = 0
            for text in shown.split("...\n") if self.whole else ():
                found = self.said.find(text.rstrip(), at)
                assert found >= 0, f"{command}\nshould say\n{text}\nand says\n{self.said}"
                at = found + len(text.rstrip())

    def _run(self, words: Sequence[str]) -> None:
        match words:
            case ["python", "-m", "sweeper", *argv] | ["sweeper", *argv]:
                self._sweeper(argv)
            case ["python", script, *argv]:
                self.patch.setattr(sys, "argv", [script, *argv])
                runpy.run_path(script, run_name="__main__")
            case ["pip", "install", *packages]:
                assert _unknown(packages) == set()
            case ["cd", folder]:
                self.patch.chdir(folder)
                self.patch.syspath_prepend(str(Path.cwd()))
            case [tool, *_] if tool in TOOLS:
                pass
            case _:
                raise AssertionError(f"these tests do not know how to run {shlex.join(words)}")

    def _sweeper(self, argv: Sequence[str]) -> None:
        runs = not argv or argv[0] not in COMMANDS or argv[0] == "run"
        inline = [*argv, INLINE] if runs else argv
        small = not runs or self.status != 0 or any(word.startswith("capability=[") for word in argv)
        self.whole = small or _size(inline) <= LARGE
        status, self.said, error = typed(*inline, *(() if self.whole else ("--dry-run",)))
        assert status == self.status, f"{shlex.join(argv)}\n{error}"
        assert self.said or status == 2


def _size(argv: Sequence[str]) -> int:
    """How many combinations a sweep would run."""
    status, said, error = typed(*(word for word in argv if word != "--json"), "--dry-run")
    assert status == 0, f"{shlex.join(argv)}\n{error}"
    (count,) = [line.split(": ")[1].split()[0] for line in said.splitlines() if " combinations: " in line]
    return int(count)


def _write(path: str, text: str) -> None:
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def _lines(text: str) -> Iterator[str]:
    """The lines of a shell's example, those that end in a backslash joined."""
    yield from (line for line in text.replace("\\\n", " ").splitlines() if line.split("#")[0].strip())


def _commands(line: str) -> Iterator[list[str]]:
    """The words of each command of a line, as a shell divides them."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    rest = list(lexer)
    while rest:
        words, _, rest = _divided(rest, "&&")
        yield words


def _divided(words: list[str], at: str) -> tuple[list[str], list[str], list[str]]:
    """What stands before a word, the word, and what stands behind it."""
    place = words.index(at) if at in words else len(words)
    return words[:place], words[place : place + 1], words[place + 1 :]


def _unknown(packages: Sequence[str]) -> set[str]:
    """The extras that a line of pip names and that this project does not have."""
    named = [word.replace(".[", "maite-sweeper[") for word in packages if not word.startswith("-") and word != "."]
    requirements = [Requirement(word) for word in named]
    return {extra for each in requirements if each.name == "maite-sweeper" for extra in each.extras} - EXTRAS
