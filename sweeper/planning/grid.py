"""Axes become combinations: arity, union, zip, tasks and rules, applied before anything runs. Pure.

Everything that can be decided of a choice is decided once per choice, so that a combination costs next to nothing.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import and_, or_

from sweeper.common.columns import Column, product_codes
from sweeper.common.globs import covers_choice, covers_slot
from sweeper.errors import ConfigError, near_match
from sweeper.planning.combinations import Combinations
from sweeper.vocabulary import AXES, NAME_SEPARATOR, Arity, Choice, Combination

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
    optional: bool = False
    """Whether it may match nothing, as one that speaks of choices which are not always selected."""

    def text(self) -> str:
        """What it says, for messages: `model: svm | knn, dataset: digits`."""
        return ", ".join(f"{axis}: {' | '.join(globs)}" for axis, globs in self.patterns.items())


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
    """Every combination that remains, and how many were left out by what."""

    combinations: Combinations
    left_out: Mapping[str, int]
    """By `arity`, `task`, `only` and `exclude`, in this order; each counts what those before it let pass."""

    @property
    def total(self) -> int:
        """How many there were before anything was left out."""
        return len(self.combinations) + sum(self.left_out.values())


def expand(grid: Grid) -> Expansion:
    """All combinations in the order of the selections: capability, dataset, model, metric.

    A combination matches a rule where it has parts on each axis that the rule names and they match: for `exclude`
    one of them does, for `only` all do. A glob with `" + "` is compared with a pair or set name by name, in order.

    Raises
    ------
    ConfigError
        An axis that a capability needs is empty, zipped axes are of unequal length, or a rule matches nothing.
    """
    for rule in (*grid.union, *grid.only, *grid.exclude):
        _check_globs(rule, grid)
    left_out: Counter[str] = Counter()
    combinations = _united(grid, left_out)
    combinations = _like_tasks(combinations, grid, left_out)
    return Expansion(_ruled(combinations, grid, left_out), {name: n for name, n in left_out.items() if n})


# From parts to combinations


def _united(grid: Grid, left_out: Counter[str]) -> Combinations:
    """The sub-grids one after the other; what several of them cover stands where the first has it."""
    subs = [_sub_grid(grid, sub, left_out) for sub in grid.union or (Rule({}, ""),)]
    return subs[0] if len(subs) == 1 else Combinations.joined(subs).distinct()


def _sub_grid(grid: Grid, sub: Rule, left_out: Counter[str]) -> Combinations:
    chosen = {axis: [p for p in grid.parts.get(axis, ()) if _selects(sub, p)] for axis in AXES}
    found = Combinations.joined(_all_points(grid, chosen, left_out))
    if not _needs_a_look(sub, chosen):
        return found
    return found.where(_matching((sub,), found, every=True, without_parts=True))


def _all_points(grid: Grid, chosen: Mapping[str, Sequence[Part]], left_out: Counter[str]) -> Iterator[Combinations]:
    for capability in chosen["capability"]:
        takes = _takes(capability)
        _check_not_empty(capability, takes, grid)
        runs = _runs(_like_the_capability(chosen, takes, capability), takes, grid.zip)
        if not all(runs):
            missing = any(takes[a] is not Arity.ZERO and not chosen[a] for a in CROSSED)
            left_out["arity"] += 0 if missing else math.prod(max(len(run), 1) for run in runs)
        elif grid.values:
            yield Combinations.of(_swept_points(grid, capability, runs))
        else:
            yield _plain_points(capability, runs)


def _takes(capability: Part) -> dict[str, Arity]:
    arity = capability.first.runtime.arity or {}
    return {axis: arity.get(f"{axis}s", Arity.ONE) for axis in CROSSED}


def _like_the_capability(
    chosen: Mapping[str, Sequence[Part]], takes: Mapping[str, Arity], capability: Part
) -> Mapping[str, Sequence[Part]]:
    """On axes of which a capability takes all, those of its own task: one of another task would leave out the whole."""
    task = capability.first.runtime.task
    if task is None or Arity.MANY not in takes.values():
        return chosen
    return {
        axis: [p for p in parts if takes.get(axis) is not Arity.MANY or p.first.runtime.task in (None, task)]
        for axis, parts in chosen.items()
    }


Step = Mapping[str, Slot]
"""Slots of the axes that advance together."""


def _runs(
    chosen: Mapping[str, Sequence[Part]], takes: Mapping[str, Arity], zipped: Sequence[tuple[str, ...]]
) -> list[list[Step]]:
    """What is crossed: a list of steps for each axis, or for each group of zipped axes at the place of its first."""
    groups = [group for group in zipped if all(takes[axis] is Arity.ONE for axis in group)]
    together = {axis: group for group in groups for axis in group}
    runs: list[list[Step]] = []
    for axis in CROSSED:
        group = together.get(axis)
        if group is None:
            runs.append([{axis: slot} for slot in _slots(chosen[axis], takes[axis])])
        elif axis == min(group, key=CROSSED.index):
            runs.append(_zip(group, chosen))
    return runs


def _slots(parts: Sequence[Part], arity: Arity) -> list[Slot]:
    if arity is Arity.ZERO:
        return [()]
    if arity is Arity.ONE:
        return [(part,) for part in parts]
    if arity is Arity.TWO:
        return list(itertools.permutations(parts, 2))
    return [tuple(parts)] if parts else []


def _zip(group: tuple[str, ...], chosen: Mapping[str, Sequence[Part]]) -> list[Step]:
    lengths = {axis: len(chosen[axis]) for axis in group}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{axis} has {n}" for axis, n in lengths.items())
        raise ConfigError(f"zip: [{', '.join(group)}] needs axes of one length; {counts}. Select as many of each.")
    return [{a: (p,) for a, p in zip(group, row, strict=True)} for row in zip(*(chosen[a] for a in group), strict=True)]


def _plain_points(capability: Part, runs: Sequence[Sequence[Step]]) -> Combinations:
    """Combinations where nothing is swept."""
    steps = [[{"capability": (capability,)}], *runs]
    columns = {
        axis: Column([tuple(part.first for part in step[axis]) for step in run], codes)
        for run, codes in zip(steps, product_codes([len(run) for run in steps]), strict=True)
        for axis in run[0]
    }
    return Combinations(columns[axis] for axis in AXES)


def _swept_points(grid: Grid, capability: Part, runs: Sequence[Sequence[Step]]) -> Iterator[Combination]:
    """Each point once for each assignment of the swept keys that reach any of its parts."""
    for steps in itertools.product(*runs):
        by_axis = {axis: slot for step in steps for axis, slot in step.items()}
        slots = [by_axis[axis] for axis in CROSSED]
        parts = (capability, *itertools.chain(*slots))
        keys = [key for key in grid.values if any(key in part.keys for part in parts)]
        for indices in itertools.product(*(range(grid.values[key]) for key in keys)):
            at = dict(zip(keys, indices, strict=True))
            yield Combination(_at(capability, at), *(tuple(_at(part, at) for part in slot) for slot in slots))


def _at(part: Part, values: Mapping[str, int]) -> Choice:
    return part.variants[tuple(values[key] for key in part.keys)]


def _check_not_empty(capability: Part, takes: Mapping[str, Arity], grid: Grid) -> None:
    for axis in CROSSED:
        if takes[axis] is not Arity.ZERO and not grid.parts.get(axis):
            raise ConfigError(
                f"Capability {capability.base!r} takes {takes[axis].name} {axis}, and no {axis} is selected. "
                f"Select one: '{axis}=[NAME]' (`sweeper ls {axis}` lists what there is)."
            )


# What stays


def _matching(
    rules: Sequence[Rule], combinations: Combinations, *, every: bool, without_parts: bool = False
) -> list[int]:
    """Which rules each combination matches, one bit for each rule.

    Parameters
    ----------
    every
        Whether all parts on an axis must match, or one of them.
    without_parts
        Whether an axis that a capability does not take matches a rule that names it.
    """

    def bits(axis: str, slot: tuple[Choice, ...]) -> int:
        if not slot and without_parts:
            return -1
        return sum(1 << i for i, rule in enumerate(rules) if _on_axis(rule.patterns.get(axis), slot, every))

    columns = _by_axis(combinations, bits)
    if not reduce(and_, (reduce(or_, column.values, 0) for column in columns)):  # as with rules on what is not selected
        return [0] * len(combinations)
    return list(reduce(partial(map, and_), columns))


def _on_axis(globs: tuple[str, ...] | None, slot: tuple[Choice, ...], every: bool) -> bool:
    return globs is None or covers_slot(globs, slot, every=every)


def _by_axis(combinations: Combinations, bits: Callable[[str, tuple[Choice, ...]], int]) -> list[Column[int]]:
    """The bits of what stands on each axis, worked out once for each that occurs."""
    return [column.mapped(partial(bits, axis)) for axis, column in zip(AXES, combinations.axes, strict=True)]


def _ruled(combinations: Combinations, grid: Grid, left_out: Counter[str]) -> Combinations:
    """Keep what some rule of `only` matches and none of `exclude`, and see that each rule matches something."""
    only, exclude = _matched(combinations, grid)
    if all(only) and not any(exclude):
        return combinations
    left_out["only"] += only.count(0)
    left_out["exclude"] += sum(map(bool, itertools.compress(exclude, only)))
    return combinations.where(matched and not left for matched, left in zip(only, exclude, strict=True))


def kept_by_rules(combinations: Combinations, grid: Grid) -> list[bool]:
    """Whether some rule of `only` matches each combination, and none of `exclude` does.

    Raises
    ------
    ConfigError
        A rule matches no combination.
    """
    return [bool(matched and not left) for matched, left in zip(*_matched(combinations, grid), strict=True)]


def _matched(combinations: Combinations, grid: Grid) -> tuple[list[int], list[int]]:
    """Which rules of `only` and which of `exclude` each combination matches; without any `only` all match."""
    only = _matching(grid.only, combinations, every=True) if grid.only else [1] * len(combinations)
    exclude = _matching(grid.exclude, combinations, every=False)
    _check_used(grid.only, only)
    _check_used(grid.exclude, exclude)
    return only, exclude


def _check_used(rules: Sequence[Rule], bits: Sequence[int]) -> None:
    if not bits:  # something else left out everything
        return
    met = reduce(or_, set(bits), 0)
    for index, rule in enumerate(rules):
        if not rule.optional and not met >> index & 1:
            raise ConfigError(
                f"{rule.where} ({rule.text()}) matches no combination. Correct or remove it, or add `optional: true` "
                "to it."
            )


def _like_tasks(combinations: Combinations, grid: Grid, left_out: Counter[str]) -> Combinations:
    """Leave out combinations whose parts are made for more than one task."""
    tasks = sorted({c.runtime.task for axis in AXES for c in _choices(grid, axis) if c.runtime.task is not None})
    if len(tasks) < 2:
        return combinations
    bit = {None: 0, **{task: 1 << index for index, task in enumerate(tasks)}}
    columns = _by_axis(combinations, lambda _, slot: reduce(or_, (bit[part.runtime.task] for part in slot), 0))
    kept = combinations.where(not bits & (bits - 1) for bits in reduce(partial(map, or_), columns))
    left_out["task"] += len(combinations) - len(kept)
    return kept


def _choices(grid: Grid, axis: str) -> list[Choice]:
    return [choice for part in grid.parts.get(axis, ()) for choice in part.variants.values()]


# Globs


def matches(choice: Choice, glob: str) -> bool:
    """Whether a glob covers a choice by its own name or, for a variant, by the name of its choice."""
    return covers_choice(glob, choice)


def _selects(sub: Rule, part: Part) -> bool:
    """Whether a sub-grid takes in a choice, for some of its variants at least."""
    globs = sub.patterns.get(part.axis)
    single = [g for glob in globs or () for g in glob.split(NAME_SEPARATOR)]
    return globs is None or any(matches(c, g) for c in part.variants.values() for g in single)


def _needs_a_look(sub: Rule, chosen: Mapping[str, Sequence[Part]]) -> bool:
    """Whether a sub-grid says more than which choices it takes in: which variants, or which pairs."""
    for axis, globs in sub.patterns.items():
        if any(NAME_SEPARATOR in glob for glob in globs):
            return True
        if any(not any(matches(c, g) for g in globs) for p in chosen[axis] for c in p.variants.values()):
            return True
    return False


def _check_globs(rule: Rule, grid: Grid) -> None:
    """Each glob covers a selected choice, so that a misspelt name is not taken for a rule that is met."""
    if rule.optional:
        return
    for axis, globs in rule.patterns.items():
        choices = _choices(grid, axis)
        for glob in (g for joint in globs for g in joint.split(NAME_SEPARATOR)):
            if not any(matches(c, glob) for c in choices):
                names = list(dict.fromkeys(choice.base for choice in choices))
                hint = near_match(glob, names) or " A rule that need not match takes `optional: true`."
                raise ConfigError(
                    f"{rule.where}: {axis}: {glob!r} matches nothing.{hint} Selected are {', '.join(names) or 'none'}."
                )
