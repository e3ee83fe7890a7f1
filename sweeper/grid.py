"""Axes become combinations: arity, union, zip, tasks and rules, applied before anything runs. Pure.

Everything that can be decided of a choice is decided once per choice, so that a combination costs next to nothing.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sweeper.errors import ConfigError, near_match
from sweeper.spec import AXES, Arity, Choice, Combination

CROSSED = AXES[1:]
"""The axes that a capability may take, in the order of a combination."""
Slot = tuple["Part", ...]
"""What one combination takes of one axis."""


@dataclass(frozen=True, eq=False)
class Part:
    """One choice with its variants: a spec for each assignment of the swept keys that reach it."""

    axis: str
    base: str
    keys: tuple[str, ...]
    variants: Mapping[tuple[int, ...], Choice]
    """By the index of the value of each key, in the order of `keys`."""

    @property
    def first(self) -> Choice:
        return next(iter(self.variants.values()))


@dataclass(frozen=True)
class Rule:
    """A mapping axis -> globs; only `*` and `?` are wild. Axes that it does not name match anything."""

    patterns: Mapping[str, tuple[str, ...]]
    where: str
    """Its place in the config, for messages: `exclude[0]`."""


@dataclass(frozen=True)
class Grid:
    """The selected choices and the algebra over them."""

    parts: Mapping[str, tuple[Part, ...]]
    values: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many values each swept key has."""
    union: tuple[Rule, ...] = ()
    zip: tuple[tuple[str, ...], ...] = ()
    only: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Expansion:
    """Every combination that remains, and how many each rule left out."""

    combinations: list[Combination]
    left_out: Mapping[str, int]


def expand(grid: Grid) -> Expansion:
    """All combinations in the order of the selections: capability, dataset, model, metric.

    `exclude` drops a combination of which some part on each named axis matches; `only` keeps it where on each named
    axis every part matches.

    Raises
    ------
    ConfigError
        An axis that a capability needs is empty, zipped axes are of unequal length, or a rule matches nothing.
    """
    _check_patterns(grid)
    left_out: Counter[str] = Counter()
    everything = [c for sub in grid.union or (Rule({}, ""),) for c in _sub_grid(grid, sub, left_out)]
    combinations = list(dict.fromkeys(everything)) if len(grid.union) > 1 else everything
    kept = _filtered(combinations, _like_tasks(grid), "task", left_out)
    kept = _filtered(kept, _only(grid), "only", left_out)
    kept = _filtered(kept, _not_excluded(grid), "exclude", left_out)
    return Expansion(kept, dict(left_out))


# From parts to combinations


def _sub_grid(grid: Grid, sub: Rule, left_out: Counter[str]) -> Iterator[Combination]:
    chosen = {axis: [p for p in grid.parts.get(axis, ()) if _matches(p.first, sub, axis)] for axis in AXES}
    for capability in chosen["capability"]:
        arity = capability.first.runtime.arity or {}
        takes = {axis: arity.get(f"{axis}s", Arity.ONE) for axis in CROSSED}
        _check_not_empty(capability, takes, grid)
        points = list(_points(chosen, takes, _zipped(grid.zip, takes)))
        if not points:
            left_out["arity"] += 1
        firsts = {slot: tuple(p.first for p in slot) for slot in {s for slots in points for s in slots}}
        for slots in points:
            keys = _swept(grid, (capability, *itertools.chain(*slots))) if grid.values else []
            if keys:
                yield from _variants(capability, slots, keys, grid.values)
            else:
                yield Combination(capability.first, *(firsts[slot] for slot in slots))


def _points(
    chosen: Mapping[str, Sequence[Part]], takes: Mapping[str, Arity], zipped: Sequence[tuple[str, ...]]
) -> Iterator[tuple[Slot, ...]]:
    """Slots for dataset, model and metric; zipped axes advance together, at the place of the first of them."""
    together = {axis: group for group in zipped for axis in group}
    runs: list[list[dict[str, Slot]]] = []
    for axis in CROSSED:
        group = together.get(axis)
        if group is None:
            runs.append([{axis: slot} for slot in _slots(chosen[axis], takes[axis])])
        elif axis == min(group, key=CROSSED.index):
            runs.append(_zip(group, chosen))
    if not zipped:
        yield from itertools.product(*([slot for step in run for slot in step.values()] for run in runs))
        return
    for steps in itertools.product(*runs):
        merged = {axis: slot for step in steps for axis, slot in step.items()}
        yield tuple(merged[axis] for axis in CROSSED)


def _slots(parts: Sequence[Part], arity: Arity) -> list[Slot]:
    if arity is Arity.ZERO:
        return [()]
    if arity is Arity.ONE:
        return [(part,) for part in parts]
    if arity is Arity.TWO:
        return list(itertools.permutations(parts, 2))
    return [tuple(parts)] if parts else []


def _zipped(groups: Sequence[tuple[str, ...]], takes: Mapping[str, Arity]) -> list[tuple[str, ...]]:
    """The zip groups of a capability that takes one part of each of their axes."""
    return [group for group in groups if all(takes[axis] is Arity.ONE for axis in group)]


def _zip(group: tuple[str, ...], chosen: Mapping[str, Sequence[Part]]) -> list[dict[str, Slot]]:
    lengths = {axis: len(chosen[axis]) for axis in group}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{axis} has {n}" for axis, n in lengths.items())
        raise ConfigError(f"zip: [{', '.join(group)}] needs axes of one length; {counts}. Select as many of each.")
    return [{a: (p,) for a, p in zip(group, row, strict=True)} for row in zip(*(chosen[a] for a in group), strict=True)]


def _swept(grid: Grid, parts: Sequence[Part]) -> list[str]:
    return [key for key in grid.values if any(key in part.keys for part in parts)]


def _variants(
    capability: Part, slots: tuple[Slot, ...], keys: Sequence[str], values: Mapping[str, int]
) -> Iterator[Combination]:
    """One combination for each assignment of the swept keys that reach any of its parts."""
    for indices in itertools.product(*(range(values[key]) for key in keys)):
        at = dict(zip(keys, indices, strict=True))
        yield Combination(_at(capability, at), *(tuple(_at(part, at) for part in slot) for slot in slots))


def _at(part: Part, values: Mapping[str, int]) -> Choice:
    return part.variants[tuple(values[key] for key in part.keys)]


def _check_not_empty(capability: Part, takes: Mapping[str, Arity], grid: Grid) -> None:
    for axis in CROSSED:
        if takes[axis] is not Arity.ZERO and not grid.parts.get(axis):
            raise ConfigError(
                f"Capability {capability.base!r} takes {takes[axis].name} {axis}, and no {axis} is selected. "
                f"Select one: '{axis}=[NAME]' (`--info defaults` lists what there is)."
            )


# What stays


class RuleFilter:
    """Keeps what some rule matches (`only`), or what none does (`exclude`), and knows which rules never matched.

    A combination matches a rule where on each axis that the rule names some part matches, or with `every` all do.
    """

    def __init__(self, rules: Sequence[Rule], grid: Grid, *, every: bool, keep_matching: bool) -> None:
        self._rules, self._every, self._keep_matching = rules, every, keep_matching
        self._wanted = [
            {AXES.index(axis): {c for c in _choices(grid, axis) if _matches(c, rule, axis)} for axis in rule.patterns}
            for rule in rules
        ]
        self._hits = [0] * len(rules)

    def __call__(self, combination: Combination) -> bool:
        found = False
        for index, wanted in enumerate(self._wanted):  # every rule is tried, so that one that never matches is found
            if all(self._on_axis(combination[axis], choices) for axis, choices in wanted.items()):
                self._hits[index] += 1
                found = True
        return found is self._keep_matching

    def _on_axis(self, parts: Choice | tuple[Choice, ...], wanted: set[Choice]) -> bool:
        if isinstance(parts, Choice):
            return parts in wanted
        if len(parts) == 1:
            return parts[0] in wanted
        return bool(parts) and (all if self._every else any)(part in wanted for part in parts)

    def check_used(self) -> None:
        """Raise a ConfigError for a rule that matched no combination."""
        for rule, hits in zip(self._rules, self._hits, strict=True):
            if not hits:
                said = ", ".join(f"{axis}: {' | '.join(globs)}" for axis, globs in rule.patterns.items())
                raise ConfigError(f"{rule.where} ({said}) matches no combination. Remove it, or mend its globs.")


def _only(grid: Grid) -> RuleFilter | None:
    return RuleFilter(grid.only, grid, every=True, keep_matching=True) if grid.only else None


def _not_excluded(grid: Grid) -> RuleFilter | None:
    return RuleFilter(grid.exclude, grid, every=False, keep_matching=False) if grid.exclude else None


def _like_tasks(grid: Grid) -> Callable[[Combination], bool] | None:
    """A test that the parts name one task at most, where there is more than one to name."""
    tasks = {choice.runtime.task for axis in AXES for choice in _choices(grid, axis)}
    if len(tasks - {None}) < 2:
        return None
    return lambda combination: len({part.runtime.task for part in combination.parts} - {None}) < 2


def _choices(grid: Grid, axis: str) -> list[Choice]:
    return [choice for part in grid.parts.get(axis, ()) for choice in part.variants.values()]


def _filtered(
    combinations: list[Combination],
    keep: Callable[[Combination], bool] | None,
    name: str,
    left_out: Counter[str],
) -> list[Combination]:
    if keep is None:
        return combinations
    kept = [c for c in combinations if keep(c)]
    if isinstance(keep, RuleFilter):
        keep.check_used()
    left_out[name] += len(combinations) - len(kept)
    return kept


# Globs


def _matches(choice: Choice, rule: Rule, axis: str) -> bool:
    globs = rule.patterns.get(axis)
    return globs is None or any(matches(choice, glob) for glob in globs)


def matches(choice: Choice, glob: str) -> bool:
    """Whether a glob covers a choice by its own name or, for a variant, by the name of its choice."""
    pattern = _compiled(glob)
    return bool(pattern.fullmatch(choice.name) or pattern.fullmatch(choice.base))


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob), re.DOTALL)


def _check_patterns(grid: Grid) -> None:
    """Each glob of each rule covers a selected choice, so that a misspelt name is not taken for a rule that is met."""
    for rule in (*grid.union, *grid.only, *grid.exclude):
        for axis, globs in rule.patterns.items():
            choices = _choices(grid, axis)
            for glob in globs:
                if not any(matches(c, glob) for c in choices):
                    names = _names(choices)
                    raise ConfigError(
                        f"{rule.where}: {axis}: {glob!r} matches nothing; selected are {', '.join(names) or 'none'}."
                        f"{near_match(glob, names)}"
                    )


def _names(choices: Iterable[Choice]) -> list[str]:
    return list(dict.fromkeys(choice.base for choice in choices))
