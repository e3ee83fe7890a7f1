"""The rules of the grid, as a config writes them: `exclude`, `only`, `union` and `zip`, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweeper.config import schema
from sweeper.errors import ConfigError
from sweeper.planning.grid import CROSSED, Grid, Part, Rule
from sweeper.vocabulary import AXES

OPTIONAL = "optional"
"""The key of a rule that may match nothing."""


def grid_of(parts: Mapping[str, tuple[Part, ...]], values: Mapping[str, int], root: Mapping[str, Any]) -> Grid:
    """The grid that a config declares.

    Raises
    ------
    ConfigError
        A rule is not of the form that it must have.
    """
    return Grid(
        parts=parts,
        values=values,
        union=_rules("union", root.get("union"), (*AXES, "name", OPTIONAL)),
        zip=_zips(root.get("zip")),
        only=_rules("only", root.get("only"), (*AXES, OPTIONAL)),
        exclude=_rules("exclude", root.get("exclude"), (*AXES, OPTIONAL)),
    )


def _rules(where: str, given: Any, allowed: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(_rule(f"{where}[{index}]", rule, allowed) for index, rule in enumerate(_list(where, given)))


def _rule(where: str, given: Any, allowed: tuple[str, ...]) -> Rule:
    said = schema.mapping(where, given)
    schema.known_keys(where, said, allowed)
    globs = schema.each(schema.text)
    patterns = {axis: globs(f"{where}.{axis}", said[axis]) for axis in AXES if axis in said}
    if not patterns and "name" not in said:
        raise ConfigError(f"{where} names no axis; write e.g. {{model: 'svm*', dataset: digits}}.")
    optional = schema.flag(f"{where}.{OPTIONAL}", said.get(OPTIONAL, False))
    return Rule(patterns, f"{where} {said['name']!r}" if said.get("name") else where, optional)


def _zips(given: Any) -> tuple[tuple[str, ...], ...]:
    axis = schema.one_of(*CROSSED)
    groups = tuple(schema.each(axis)(f"zip[{i}]", group) for i, group in enumerate(_list("zip", given)))
    names = [name for group in groups for name in group]
    if len(names) != len(set(names)) or any(len(group) < 2 for group in groups):
        raise ConfigError(f"zip must be a list of lists of two or three different axes, got {given!r}.")
    return groups


def _list(where: str, given: Any) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise schema.wrong(where, given, "a list")
    return given
