"""Which parts of a config a value can reach, read off the interpolations without resolving them. Pure.

What is found may be too much, never too little: where an interpolation cannot be followed (a resolver, a nested one),
it is taken to read everything. What does not matter after all is dropped when the resolved specs are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Path = tuple[str, ...]

_SIMPLE = re.compile(r"\$\{([^${}:]+)\}")
_ENVIRONMENT = re.compile(r"\$\{oc\.env:[^${}]*\}")


def paths_read(raw: object, start: Path) -> set[Path] | None:
    """Paths that resolving the value at `start` can read, itself included; `None` for possibly everything.

    Parameters
    ----------
    raw
        The config as plain data with interpolations as they are written.
    """
    seen: set[Path] = set()
    todo = [start]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for place, text in _texts_on_the_way(raw, path):
            targets = _targets(place, text)
            if targets is None:
                return None
            todo.extend(targets)
    return seen


def reaches(paths: set[Path] | None, key: Path) -> bool:
    """Whether a key is, holds or lies in something that is read."""
    return paths is None or any(is_or_leads_to(path, key) for path in paths)


def is_or_leads_to(one: Path, other: Path) -> bool:
    """Whether one of two paths is the other, or leads to it."""
    return one[: len(other)] == other[: len(one)]


def path_of_key(key: str) -> Path:
    """`a.b[0].c` as a path."""
    return tuple(step for step in key.replace("[", ".").replace("]", "").split(".") if step)


def _texts_on_the_way(raw: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Texts with interpolations in the value at a path, or where the path itself leads through one."""
    value = raw
    for depth, step in enumerate(path):
        if isinstance(value, str):
            yield from _texts(value, path[:depth])
            return
        value = _item(value, step)
    yield from _texts(value, path)


def _item(value: object, step: str) -> object:
    if isinstance(value, Mapping):
        return value[step] if step in value else next((v for key, v in value.items() if str(key) == step), None)
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None


def _texts(value: object, place: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if "${" in value:
            yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*place, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*place, str(index)))


def _targets(place: Path, text: str) -> list[Path] | None:
    text = _ENVIRONMENT.sub("", text)
    if "${" in _SIMPLE.sub("", text):
        return None
    return [_absolute(place, key.strip()) for key in _SIMPLE.findall(text)]


def _absolute(place: Path, key: str) -> Path:
    """One leading dot is the mapping around the interpolation, each further one the mapping around that."""
    dots = len(key) - len(key.lstrip("."))
    steps = path_of_key(key[dots:])
    return (*place[: max(len(place) - dots, 0)], *steps) if dots else steps
