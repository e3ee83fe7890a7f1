"""From a composed config to the parts of a grid: each choice with one variant per value of the keys that reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweeper.config.choices import choice_of, names_on, path_of, resolve
from sweeper.config.compose import Assignment, Composed, assignments, references
from sweeper.config.targets import described_by_class
from sweeper.grid import Part
from sweeper.spec import AXES, Choice

if TYPE_CHECKING:
    from omegaconf import DictConfig


def parts_of(composed: Composed, files: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[Part, ...]]:
    """The selected choices of each axis, in the order of their selection.

    Parameters
    ----------
    files
        The choice files of each axis by name.

    Raises
    ------
    ConfigError
        A choice is not well formed or cannot be resolved.
    """
    cfg = composed.at(())
    named = references(cfg) if composed.values else set[str]()
    found = {axis: list(names_on(cfg, axis, files[axis])) for axis in AXES}
    owners = _owners(composed, found, named, cfg)
    return {axis: tuple(_part(composed, axis, name, owners) for name in names) for axis, names in found.items()}


def _owners(
    composed: Composed, found: Mapping[str, Sequence[str]], named: set[str], cfg: DictConfig
) -> dict[str, tuple[str, str] | None]:
    """The one choice that a swept key can reach, `None` for a key that may reach any."""
    paths = {".".join(path_of(axis, name)): (axis, name) for axis, names in found.items() for name in names}
    bases = {str(node["_base_"]) for axis in AXES for node in _inline(cfg, axis)}
    groups = {group.key for group in composed.folded.groups}

    def owner(key: str) -> tuple[str, str] | None:
        for path, (axis, name) in paths.items():
            if key.startswith(f"{path}.") and key not in groups:
                pointed_at = any(other == path or other.startswith(f"{path}.") for other in named)
                return None if pointed_at or name in bases else (axis, name)
        return None

    return {key: owner(key) for key in composed.values}


def _inline(cfg: DictConfig, axis: str) -> list[Any]:
    return [node for node in (cfg.get(axis) or {}).values() if hasattr(node, "keys") and "_base_" in node]


def _part(composed: Composed, axis: str, name: str, owners: Mapping[str, tuple[str, str] | None]) -> Part:
    keys = [key for key, owner in owners.items() if owner in (None, (axis, name))]
    points = assignments(composed.values, keys)
    choices = {point: _choice(composed, axis, name, point) for point in points}
    reaching = tuple(key for key in keys if _reaches(key, choices))
    variants: dict[tuple[int, ...], Choice] = {}
    for point, choice in choices.items():
        at = {key: index for key, index in point if key in reaching}
        variants.setdefault(tuple(at.values()), replace(choice, name=name + _suffix(composed, axis, name, point, at)))
    return Part(axis, name, reaching, variants)


def _choice(composed: Composed, axis: str, name: str, point: Assignment) -> Choice:
    choice = choice_of(axis, name, resolve(composed.at(point), path_of(axis, name)))
    return described_by_class(choice) if axis == "capability" else choice


def _reaches(key: str, choices: Mapping[Assignment, Choice]) -> bool:
    """Whether the choice differs between two assignments that differ in this key alone."""
    seen: dict[Assignment, set[str]] = {}
    for point, choice in choices.items():
        rest = tuple(pair for pair in point if pair[0] != key)
        seen.setdefault(rest, set()).add(choice.canonical)
    return any(len(texts) > 1 for texts in seen.values())


def _suffix(composed: Composed, axis: str, name: str, point: Assignment, at: Mapping[str, int]) -> str:
    own = ".".join(path_of(axis, name)) + "."
    said = (f"{key.removeprefix(own)}={composed.label(key, index, composed.at(point))}" for key, index in at.items())
    return f"[{','.join(said)}]" if at else ""
