"""The choices that there are, read from their files alone: Hydra composes nothing for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from sweeper.common.nested import mappings_in
from sweeper.config.choice_files import parsed
from sweeper.config.needed_extras import extra_of
from sweeper.config.sweep_section import ARITY_KEYS, SWEEP
from sweeper.errors import ConfigError, near_match
from sweeper.vocabulary import AXES

_ONE = "1"
_IN_WORDS = {"ONE": _ONE, "TWO": "2", "MANY": "all"}
GROUPS = (*AXES, "sweep")
"""The config groups whose files are choices."""
MARK_OF_INIT = "# Written by `sweeper init`."
"""The first line of each file that init writes begins so, and says nothing of the choice."""


@dataclass(frozen=True)
class Entry:
    """One choice file."""

    group: str
    """The config group: an axis, or `sweep`."""
    name: str
    """As it is selected: `svm`, or `checkmaite/od_map`."""
    path: Path
    is_shipped: bool
    text: str
    """The file as it stands."""
    summary: str
    """The first sentence of the comment that the file begins with."""
    spec: Mapping[str, Any]
    """What the file holds under the name of the choice, interpolations as they are written."""

    @property
    def folder(self) -> str:
        """The folder of configs that it is in: `model`, or `model/checkmaite`."""
        return f"{self.group}/{self.name}".rpartition("/")[0]

    @property
    def task(self) -> str:
        """The MAITE task that it belongs to; empty for any."""
        return str(self._section.get("task") or "")

    @property
    def arity(self) -> str:
        """Of a capability, how many datasets, models and metrics it takes; empty where the file does not say."""
        arity = self._section.get("arity")
        numbers = {key: str(arity.get(key)) for key in ARITY_KEYS} if isinstance(arity, Mapping) else {}
        said = {key: _IN_WORDS[number] for key, number in numbers.items() if number in _IN_WORDS}
        return ", ".join(f"{word} {key if word != _ONE else key.removesuffix('s')}" for key, word in said.items())

    @property
    def targets(self) -> list[str]:
        """Every class or function that it is made of, its own one first."""
        return [str(one["_target_"]) for one in mappings_in(self.spec) if isinstance(one.get("_target_"), str)]

    @property
    def extra(self) -> str:
        """The extra that has to be installed for it; empty where the core has all."""
        return next((extra for target in self.targets if (extra := extra_of(target))), "")

    @property
    def _section(self) -> Mapping[str, Any]:
        section = self.spec.get(SWEEP)
        return section if isinstance(section, Mapping) else {}

    def to_dict(self) -> dict[str, object]:
        """The entry as plain data."""
        return {
            "group": self.group,
            "name": self.name,
            "summary": self.summary,
            "task": self.task,
            "arity": self.arity,
            "extra": self.extra,
            "target": next(iter(self.targets), ""),
            "path": str(self.path),
            "is_shipped": self.is_shipped,
        }


def entries(folders: Sequence[Path], groups: Iterable[str] = GROUPS) -> list[Entry]:
    """The choices of these groups, as the search path resolves them; the last folder is the shipped one."""
    return [entry for group in groups for entry in sorted(_of_group(folders, group), key=_order)]


def named(folders: Sequence[Path], name: str) -> list[Entry]:
    """The choices of this name: `svm`, or `model/svm` where several groups have one.

    Raises
    ------
    ConfigError
        No group has it.
    """
    group, slash, rest = name.partition("/")
    groups, wanted = ([group], rest) if slash and group in GROUPS else (GROUPS, name)
    every = entries(folders, groups)
    found = [entry for entry in every if wanted in (entry.name, entry.name.rpartition("/")[2])]
    if not found:
        hint = near_match(wanted, [entry.name for entry in every])
        raise ConfigError(f"There is no choice {name!r} in the config groups.{hint} `sweeper ls` lists them.")
    return found


def _order(entry: Entry) -> tuple[str, str]:
    return entry.folder, entry.name


def _of_group(folders: Sequence[Path], group: str) -> Iterator[Entry]:
    seen: set[str] = set()
    for folder in folders:
        top = folder / group
        for path in sorted(top.rglob("*.yaml")):
            name = path.relative_to(top).with_suffix("").as_posix()
            if name not in seen:
                seen.add(name)
                yield _entry(group, name, path, is_shipped=folder == folders[-1])


def _entry(group: str, name: str, path: Path, *, is_shipped: bool) -> Entry:
    text = path.read_text(encoding="utf-8", errors="replace")
    content = parsed(text)
    own = content.get(name.rpartition("/")[2]) if isinstance(content, Mapping) else None
    return Entry(group, name, path, is_shipped, text, first_comment(text), own if isinstance(own, Mapping) else {})


def first_comment(text: str) -> str:
    """The first sentence before the first key: a line, and those that go on with it in lower case."""
    said = ""
    for line in takewhile(lambda line: line.startswith("#"), text.splitlines()):
        words = line.lstrip("# ").rstrip()
        if words.startswith("@package") or line.startswith(MARK_OF_INIT):
            continue
        if said and (said.endswith(".") or not words[:1].islower()):
            break
        said = f"{said} {words}".strip()
    return said
