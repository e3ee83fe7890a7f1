"""Which keys a composed config has, read off its files without Hydra, whose import and composition take half a second.

Defaults lists are followed as Hydra follows them. Interpolations stay as they are written, and what cannot be read is
passed over: this is for who types a command line, not for running one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeper.config.choice_files import parsed
from sweeper.vocabulary import AXES

_HEADER = re.compile(r"^#\s*@package\s+(\S+)", re.MULTILINE)
_SELF = "_self_"
_GLOBAL = "_global_"
_BASE = "_base_"
_Body = tuple[str, Mapping[Any, Any]]
"""A package, and what a file contributes to it."""


@dataclass(frozen=True)
class Selection:
    """A line of a defaults list that selects choices."""

    config: str
    """The config that it stands in."""
    axis: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Sketch:
    """A config as far as its files tell."""

    content: dict[str, Any]
    """Nested mappings by their keys; `_base_` is followed."""
    groups: Mapping[str, tuple[str, ...]]
    """The config groups that a defaults list or the command line selects from, with what is selected."""
    selections: tuple[Selection, ...] = ()
    """Each line of a defaults list that selects from an axis and overrides nothing, the last one first."""


@dataclass(frozen=True)
class _Entry:
    """One entry of a defaults list: configs of a group, or the body of the file itself."""

    group: str
    names: tuple[str, ...]
    package: str | None = None
    selects: bool = False
    """Whether it is of the form `group: name`, which another selection may replace."""
    is_override: bool = False


_ITSELF = _Entry("", (_SELF,))


def sketch(folders: Sequence[Path], config_name: str, given: Mapping[str, tuple[str, ...]]) -> Sketch:
    """What the config of this name holds; `given` are the selections of the command line, by group."""
    reader = _Reader(folders, config_name, given)
    content: dict[str, Any] = {}
    for package, body in reader.whole():
        _merge(_at(content, package.split(".") if package else []), body)
    for axis in AXES:
        _follow_bases(_at(content, [axis]), axis, reader)
    return Sketch(content, reader.selected, tuple(reader.selections))


@dataclass
class _Reader:
    folders: Sequence[Path]
    config_name: str
    given: Mapping[str, tuple[str, ...]]
    selected: dict[str, tuple[str, ...]] = field(init=False)
    selections: list[Selection] = field(default_factory=list[Selection])

    def __post_init__(self) -> None:
        self.selected = {**self.given}

    def whole(self) -> list[_Body]:
        """The bodies of the primary config and of all that it includes, in the order in which they are merged."""
        return self._bodies(self.config_name, "")[::-1]

    def chosen(self, axis: str, name: str) -> list[_Body]:
        """The bodies of one choice, in the order in which they are merged."""
        return self._bodies(f"{axis}/{name}", "")[::-1]

    def _bodies(self, path: str, around: str, entry: _Entry = _ITSELF, inside: tuple[str, ...] = ()) -> list[_Body]:
        """From the last to the first, as Hydra goes: an `override` further down holds for what stands above it."""
        text = self._text(path)
        content = parsed(text)
        if not isinstance(content, Mapping) or path in inside:
            return []
        header = _HEADER.search(text)
        place = _package(around, entry.package or (f"{_GLOBAL}.{header[1]}" if header else _relative(path, inside)))
        found: list[_Body] = []
        for inner in reversed(self._entries(content, path)):
            if inner == _ITSELF:
                found.append((place, {key: value for key, value in content.items() if key != "defaults"}))
            elif not inner.is_override:
                found += self._included(inner, place, (*inside, path))
        return found

    def _entries(self, content: Mapping[Any, Any], path: str) -> list[_Entry]:
        entries = [*_entries(content.get("defaults"), _group(path))]
        if _ITSELF not in entries:
            entries.append(_ITSELF)
        if path == self.config_name:
            known = {*AXES, *(entry.group for entry in entries)}
            entries += [_Entry(group, names) for group, names in self.given.items() if group not in known]
        for entry in entries:
            if entry.is_override:
                self.selected.setdefault(entry.group, entry.names)
        return entries

    def _included(self, entry: _Entry, place: str, inside: tuple[str, ...]) -> Iterator[_Body]:
        names = entry.names
        if entry.selects and entry.package is None:
            if entry.group in AXES:
                self.selections.append(Selection(inside[-1], entry.group, names))
            names = self.selected.setdefault(entry.group, names)
        for name in reversed(names):
            yield from self._bodies(f"{entry.group}/{name}".lstrip("/"), place, entry, inside)

    def _text(self, path: str) -> str:
        for folder in self.folders:
            try:
                return (folder / f"{path}.yaml").read_text(encoding="utf-8", errors="replace")
            except (OSError, ValueError):
                continue
        return ""


def _group(path: str) -> str:
    return path.rpartition("/")[0]


def _relative(path: str, inside: tuple[str, ...]) -> str:
    """The package that a file has by its place, seen from the file that includes it."""
    return _group(path).removeprefix(_group(inside[-1]) if inside else "").strip("/").replace("/", ".")


def _package(around: str, package: str) -> str:
    """Where a body goes: relative to what includes it, unless `_global_` says otherwise."""
    whole = ".".join(part for part in (around, package) if part)
    return whole.rpartition(_GLOBAL)[2].strip(".")


def _entries(defaults: object, group: str) -> Iterator[_Entry]:
    """The entries of a defaults list in a config of this group, but for Hydra's own and for interpolated ones."""
    for entry in defaults if isinstance(defaults, list) else ():
        if entry == _SELF:
            yield _ITSELF
        elif isinstance(entry, Mapping):
            for words, value in entry.items():
                flags, _, key = str(words).rpartition(" ")
                path, _, package = key.partition("@")
                names = tuple(map(str, value if isinstance(value, list) else [value]))
                yield _Entry(_absolute(path, group), names, package or None, True, "override" in flags.split())
        else:
            path, _, package = str(entry).rpartition(" ")[2].partition("@")
            whole = _absolute(path, group)
            yield _Entry(_group(whole), (whole.rpartition("/")[2],), package or None)


def _absolute(path: str, group: str) -> str:
    return path.strip("/") if path.startswith("/") else f"{group}/{path}".strip("/")


def _at(content: dict[str, Any], steps: Sequence[str]) -> dict[str, Any]:
    for step in steps:
        if not isinstance(content.get(step), dict):
            content[step] = {}
        content = content[step]
    return content


def _merge(into: dict[str, Any], body: Mapping[Any, Any]) -> None:
    for key, value in body.items():
        if isinstance(value, Mapping):
            _merge(_at(into, [str(key)]), value)
        else:
            into[str(key)] = value


def _follow_bases(choices: dict[str, Any], axis: str, reader: _Reader) -> None:
    """Give each choice that begins with `_base_` the keys of its base too, and those of its base's base."""
    for choice in choices.values():
        seen: set[str] = set()
        while isinstance(choice, dict) and isinstance(base := choice.get(_BASE), str) and base not in seen:
            seen.add(base)
            whole = copy.deepcopy(_chosen(choices, axis, base, reader))
            further = whole.get(_BASE)
            _merge(whole, choice)
            choice.update(whole, _base_=further)


def _chosen(choices: dict[str, Any], axis: str, name: str, reader: _Reader) -> dict[str, Any]:
    """A choice that is selected, or else what its file holds."""
    found: Any = choices
    for step in name.split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, dict):
        return found
    brought: dict[str, Any] = {}
    for package, body in reader.chosen(axis, name):
        _merge(_at(brought, package.split(".")), body)
    return _at(brought, [axis, *name.split("/")])
