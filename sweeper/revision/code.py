"""The code revision of a part: the modules that its targets come from, and what those import of the user's own tree.

Each file counts by its content. Which distributions are installed is the matter of `libraries`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sweeper.revision.imports import imported
from sweeper.revision.modules import Finder, Module
from sweeper.revision.recorded_paths import named
from sweeper.vocabulary import Choice, Combination

SCHEME = "modules:"
"""Before the digests of a code revision; what begins otherwise, a git commit, was written by an older version."""
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
_LENGTH = 16

Listing = Mapping[str, str]
"""Files by the name that people know, each with a digest of its content."""


class _Read(NamedTuple):
    """A module that was read."""

    digest: str
    imports: frozenset[str]


class Sources:
    """The user's own modules, each looked at once in the life of this object."""

    def __init__(self) -> None:
        self._finder = Finder()
        self._read: dict[Module, _Read] = {}
        self._modules: dict[Choice, tuple[Module, ...]] = {}
        self._tops: dict[Choice, frozenset[str]] = {}

    def listing(self, choice: Choice) -> Listing:
        """Every file of the user's own that a choice runs, as far as imports tell."""
        if choice not in self._modules:
            self._follow(choice)
        return {module.shown: self.digest(module) for module in self._modules[choice]}

    def installed(self, choice: Choice) -> frozenset[str]:
        """Top packages of installed distributions that a choice, or a module of the user's that it runs, names."""
        if choice not in self._tops:
            self._follow(choice)
        return self._tops[choice]

    def reached(self, spec: Any) -> tuple[Module, ...]:
        """Every module of the user's own that a spec runs."""
        return self._reached(spec)[0]

    def digest(self, module: Module) -> str:
        """Digest of the content of a module."""
        return self._module(module).digest

    def needed_by(self, module: Module) -> set[Module]:
        """The modules of the user's own that importing this one imports first, its packages among them."""
        names = {module.name, *self._module(module).imports}
        return {found for name in names for found in self._finder.own(name)} - {module}

    def _follow(self, choice: Choice) -> None:
        self._modules[choice], names = self._reached(choice.spec)
        tops = {name.partition(".")[0] for name in names}
        self._tops[choice] = frozenset(filter(self._finder.is_installed, tops))

    def _reached(self, spec: Any) -> tuple[tuple[Module, ...], set[str]]:
        """The modules of a spec, and every name that it or one of them imports."""
        pending = list(targets(spec))
        asked: set[str] = set()
        seen: set[Module] = set()
        while pending:
            name = pending.pop()
            if name in asked:
                continue
            asked.add(name)
            for module in self._finder.own(name):
                if module not in seen:
                    seen.add(module)
                    pending.extend(self._module(module).imports)
        return tuple(sorted(seen)), asked

    def _module(self, module: Module) -> _Read:
        if module not in self._read:
            self._read[module] = _read(module)
        return self._read[module]


_files: dict[tuple[Module, int, int, int], _Read] = {}
"""What this process has read, by name, size and times: to parse a file takes longer than everything else here."""


def _read(module: Module) -> _Read:
    try:
        known = os.stat(module.file)
        key = (module, known.st_size, known.st_mtime_ns, known.st_ctime_ns)
        if key not in _files:
            _files[key] = _parsed(module)
        return _files[key]
    except OSError:
        return _Read("unreadable", frozenset())


def _parsed(module: Module) -> _Read:
    with open(module.file, "rb") as file:
        source = file.read()
    names = imported(source, module.name, is_package=module.is_package) if module.file.endswith(".py") else frozenset()
    return _Read(_digest(source), names)


def targets(value: Any) -> Iterator[str]:
    """Dotted names in a spec at every depth: each `_target_`, and functions and classes that are named as text."""
    if isinstance(value, str):
        if _DOTTED.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from targets(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from targets(item)


class CodeRevisions:
    """Code revisions of the combinations of one sweep, each choice looked at once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._digests: dict[Choice, str] = {}
        self.listings: dict[str, Listing] = {}
        """What each digest of a revision stands for."""

    def text(self, combination: Combination) -> str:
        """What is recorded: a digest for each set of files that its parts run; none where all parts are installed."""
        digests = {self.of_choice(part) for part in combination.choices}
        return SCHEME + "+".join(sorted(filter(None, digests)))

    def of_choice(self, choice: Choice) -> str:
        """The digest of what one choice runs; empty where all of it is installed."""
        if choice not in self._digests:
            listing = self._sources.listing(choice)
            digest = _digest(json.dumps(listing, sort_keys=True).encode()) if listing else ""
            self._digests[choice] = digest
            self.listings[digest] = listing
        return self._digests[choice]


def digests_of(text: str) -> list[str]:
    """The digests in a recorded revision."""
    return [digest for digest in text.removeprefix(SCHEME).split("+") if digest]


def differing(before: Listing, now: Listing) -> str:
    """In words, which files differ; empty where that is not known."""
    files = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return named(files)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_LENGTH]
