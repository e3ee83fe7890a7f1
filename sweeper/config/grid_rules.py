"""The rules of the grid, as a config writes them: `exclude`, `only`, `union` and `zip`, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping

from sweeper.config.value_checks import each, flag, known_keys, mapping, one_of, text, wrong
from sweeper.errors import ConfigError
from sweeper.planning.grid import CROSSED, Grid, Part, Rule
from sweeper.vocabulary import AXES

GRID_RULES = ("exclude", "only", "union", "zip")
"""Keys of the root that hold these rules."""
_EXAMPLES = {
    "exclude": "[{model: svm, dataset: 'digits*'}]",
    "only": "[{model: svm, dataset: 'digits*'}]",
    "union": "[{model: svm, dataset: digits}, {model: 'k*'}]",
    "zip": "[[dataset, model]]",
}
OPTIONAL = "optional"
"""The key of a rule that may match nothing."""


def grid_from_config(
    parts: Mapping[str, tuple[Part, ...]], values: Mapping[str, int], root: Mapping[str, object]
) -> Grid:
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


def _rules(where: str, value: object, allowed: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(_rule(f"{where}[{index}]", rule, allowed) for index, rule in enumerate(_list(where, value)))


def _rule(where: str, value: object, allowed: tuple[str, ...]) -> Rule:
    rule = mapping(where, value)
    known_keys(where, rule, allowed)
    globs = each(text)
    patterns = {axis: globs(f"{where}.{axis}", rule[axis]) for axis in AXES if axis in rule}
    if not patterns and "name" not in rule:
        raise ConfigError(f"{where} names no axis; write e.g. {{model: 'svm*', dataset: digits}}.")
    optional = flag(f"{where}.{OPTIONAL}", rule.get(OPTIONAL, False))
    return Rule(patterns, f"{where} {rule['name']!r}" if rule.get("name") else where, optional)


def _zips(value: object) -> tuple[tuple[str, ...], ...]:
    axis = one_of(CROSSED)
    groups = tuple(each(axis)(f"zip[{i}]", group) for i, group in enumerate(_list("zip", value)))
    names = [name for group in groups for name in group]
    if len(names) != len(set(names)) or any(len(group) < 2 for group in groups):
        raise ConfigError(f"zip must be a list of lists of two or three different axes, got {value!r}.")
    return groups


def _list(where: str, value: object) -> list[object]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(where, value, f"a list, such as {_EXAMPLES[where]}")
    return value
