"""From a composed config to the parts of a grid: each choice with one variant per value of the keys that reach it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sweeper.config.capability_arity import described_by_class
from sweeper.config.choice_files import strings
from sweeper.config.choices import choice_of, names_on, path_of, resolved_value
from sweeper.config.composition import Composed, assignments
from sweeper.config.interpolations import Path, path_of_key, paths_read, reaches
from sweeper.config.number_types import ConvertedValue, with_former_choice
from sweeper.config.swept_config import Assignment
from sweeper.config.variant_names import with_distinct_names
from sweeper.errors import ConfigError
from sweeper.planning.grid import Part
from sweeper.vocabulary import AXES, Choice

if TYPE_CHECKING:
    from omegaconf import DictConfig

Names = Mapping[str, Sequence[str]]
"""The choices of each axis, in the order of their selection."""


def parts_of(composed: Composed, cfg: DictConfig, names: Names) -> dict[str, tuple[Part, ...]]:
    """The selected choices of each axis, in the order of their selection, with their variants.

    Parameters
    ----------
    cfg
        The config with all swept keys at their first value.

    Raises
    ------
    ConfigError
        A choice is not well formed or cannot be resolved, or a swept key changes only how a choice is run.
    """
    drafts = [_VariantBuilder(axis, name) for axis in AXES for name in names[axis]]
    candidates = SweptKeyReach(composed, cfg).of_choice
    by_keys: dict[tuple[str, ...], list[_VariantBuilder]] = {}
    for draft in drafts:
        by_keys.setdefault(tuple(candidates(draft.axis, draft.name)), []).append(draft)
    for keys, group in by_keys.items():
        for point in assignments(composed.values, keys):
            at = composed.at(point) if point else cfg
            before = composed.before(point)
            labels = {key: composed.label(key, i, at) for key, i in point}
            for draft in group:
                draft.add(point, labels, at, before, composed.retyped)
    made = [draft.part() for draft in drafts]
    return {axis: tuple(with_distinct_names(part for part in made if part.axis == axis)) for axis in AXES}


class SweptKeyReach:
    """Which swept keys may reach what, read off the interpolations."""

    def __init__(self, composed: Composed, cfg: DictConfig) -> None:
        from omegaconf import OmegaConf

        self._composed = composed
        self._keys = list(composed.values)
        self._groups = {group.key for group in composed.sorted.groups}
        self._raw: object = OmegaConf.to_container(cfg, resolve=False) if self._keys else {}
        self._pointing = {
            swept.key
            for swept in composed.sorted.swept
            if any("${" in text for o in swept.overrides for text in strings([o.value()]))
        }

    def of_choice(self, axis: str, name: str) -> list[str]:
        """Keys that may change a choice, in their order."""
        if not self._keys:
            return []
        bases = self._composed.derived.get((axis, name), ())
        return self.of_paths([path_of(axis, n) for n in (name, *bases)])

    def of_paths(self, paths: Iterable[Path]) -> list[str]:
        """Keys that may change what stands at some paths; those of swept config groups may change anything."""
        read = [paths_read(self._raw, path) for path in paths]
        keys = [k for k in self._keys if k in self._groups or any(reaches(seen, path_of_key(k)) for seen in read)]
        return self._keys if self._pointing.intersection(keys) else keys


@dataclass
class _VariantBuilder:
    """A choice at each assignment of the keys that may reach it."""

    axis: str
    name: str
    choices: dict[Assignment, Choice] = field(default_factory=dict[Assignment, Choice])
    labels: dict[Assignment, Mapping[str, str]] = field(default_factory=dict[Assignment, Mapping[str, str]])

    def add(
        self,
        point: Assignment,
        labels: Mapping[str, str],
        cfg: DictConfig,
        before: DictConfig | None,
        retyped: Mapping[ConvertedValue, None],
    ) -> None:
        """Make the choice of one point; `labels` are what its values are called."""
        self.labels[point] = labels
        choice = self._choice(cfg)
        choice = described_by_class(choice) if self.axis == "capability" else choice
        self.choices[point] = choice if before is None else with_former_choice(choice, self._choice(before), retyped)

    def _choice(self, cfg: DictConfig) -> Choice:
        return choice_of(self.axis, self.name, resolved_value(cfg, path_of(self.axis, self.name)))

    def part(self) -> Part:
        """The part, with the keys alone that make a difference."""
        keys = tuple(key for key, _ in next(iter(self.choices)) if self._differs(key))
        variants: dict[tuple[int, ...], Choice] = {}
        for point, choice in self.choices.items():
            named = replace(choice, name=self.name + self._suffix(keys, self.labels[point]))
            variants.setdefault(tuple(index for key, index in point if key in keys), named)
        return Part(self.axis, self.name, keys, variants)

    def _differs(self, key: str) -> bool:
        """Whether two assignments that differ in this key alone give different specs."""
        seen: dict[Assignment, list[Choice]] = {}
        for point, choice in self.choices.items():
            seen.setdefault(tuple(pair for pair in point if pair[0] != key), []).append(choice)
        if any(len({choice.canonical for choice in choices}) > 1 for choices in seen.values()):
            return True
        if any(choice.runtime != choices[0].runtime for choices in seen.values() for choice in choices):
            raise ConfigError(
                f"{key} is swept and changes only the _sweep_ of {self.axis}.{self.name}, which says how it runs and "
                "not what it is; give it one value."
            )
        return False

    def _suffix(self, keys: Sequence[str], labels: Mapping[str, str]) -> str:
        own = ".".join(path_of(self.axis, self.name)) + "."
        short = [_short(key, own) for key in keys]
        shown = [key if short.count(name) > 1 else name for key, name in zip(keys, short, strict=True)]
        assignments = (f"{name}={labels[key]}" for key, name in zip(keys, shown, strict=True))
        return f"[{','.join(assignments)}]" if keys else ""


def _short(key: str, own: str) -> str:
    """A swept key as a variant's name shows it: without the path of its choice, a config group by its package."""
    group, _, package = key.partition("@")
    return package.removeprefix(own) if package.startswith(own) else ((package and key) or group).removeprefix(own)


def names_of(cfg: DictConfig, files: Mapping[str, Mapping[str, object]]) -> dict[str, list[str]]:
    """The choices of each axis, in the order of their selection."""
    return {axis: list(names_on(cfg, axis, files[axis])) for axis in AXES}
