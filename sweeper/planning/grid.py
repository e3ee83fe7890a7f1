"""Axes become combinations: arity, union, zip, tasks and rules, applied before anything runs. Pure.

Everything that can be decided of a choice is decided once per choice, so that a combination costs next to nothing.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, reduce
from operator import or_

from sweeper.errors import ConfigError, near_match
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

    combinations: list[Combination]
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


def _united(grid: Grid, left_out: Counter[str]) -> list[Combination]:
    """The sub-grids one after the other; what several of them cover stands where the first has it."""
    subs = [list(_sub_grid(grid, sub, left_out)) for sub in grid.union or (Rule({}, ""),)]
    return subs[0] if len(subs) == 1 else list(dict.fromkeys(itertools.chain(*subs)))


def _sub_grid(grid: Grid, sub: Rule, left_out: Counter[str]) -> Iterator[Combination]:
    chosen = {axis: [p for p in grid.parts.get(axis, ()) if _selects(sub, p)] for axis in AXES}
    found = _all_points(grid, chosen, left_out)
    if not _needs_a_look(sub, chosen):
        return found
    matching = _Matching((sub,), every=True, without_parts=True)
    return (c for c in found if matching.bits(c))


def _all_points(grid: Grid, chosen: Mapping[str, Sequence[Part]], left_out: Counter[str]) -> Iterator[Combination]:
    for capability in chosen["capability"]:
        takes = _takes(capability)
        _check_not_empty(capability, takes, grid)
        runs = _runs(_like_the_capability(chosen, takes, capability), takes, grid.zip)
        if not all(runs):
            missing = any(takes[a] is not Arity.ZERO and not chosen[a] for a in CROSSED)
            left_out["arity"] += 0 if missing else math.prod(max(len(run), 1) for run in runs)
        elif grid.values:
            yield from _swept_points(grid, capability, runs)
        else:
            yield from _plain_points(capability, runs)


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


def _plain_points(capability: Part, runs: Sequence[Sequence[Step]]) -> Iterator[Combination]:
    """Combinations where nothing is swept: their tuples of choices are made once per slot and shared."""
    named = [[{a: tuple(p.first for p in slot) for a, slot in step.items()} for step in run] for run in runs]
    choice = capability.first
    if len(named) == len(CROSSED):
        columns = [[step[axis] for step in run] for axis, run in zip(CROSSED, named, strict=True)]
        return (Combination(choice, d, m, k) for d, m, k in itertools.product(*columns))
    merged = ({a: slot for step in steps for a, slot in step.items()} for steps in itertools.product(*named))
    return (Combination(choice, *(by_axis[axis] for axis in CROSSED)) for by_axis in merged)


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
                f"Select one: '{axis}=[NAME]' (`--info defaults` lists what there is)."
            )


# What stays


Parts = Choice | tuple[Choice, ...]


class _Bits(dict[Parts, int]):
    """Bits of what stands on one axis of a combination, worked out once for each that occurs."""

    def __init__(self, of: Callable[[tuple[Choice, ...]], int]) -> None:
        self._of = of

    def __missing__(self, parts: Parts) -> int:
        self[parts] = bits = self._of((parts,) if isinstance(parts, Choice) else parts)
        return bits


class _Matching:
    """Which rules a combination matches, one bit for each rule.

    Parameters
    ----------
    every
        Whether all parts on an axis must match, or one of them.
    without_parts
        Whether an axis that a capability does not take matches a rule that names it.
    """

    def __init__(self, rules: Sequence[Rule], *, every: bool, without_parts: bool = False) -> None:
        self._rules, self._test, self._without_parts = rules, all if every else any, without_parts
        self.axes = [_Bits(lambda parts, axis=axis: self._on_axis(parts, axis)) for axis in AXES]

    def bits(self, combination: Combination) -> int:
        a, b, c, d = self.axes
        capability, datasets, models, metrics = combination
        return a[capability] & b[datasets] & c[models] & d[metrics]

    def _on_axis(self, parts: tuple[Choice, ...], axis: str) -> int:
        return sum(1 << i for i, rule in enumerate(self._rules) if self._matches(rule.patterns.get(axis), parts))

    def _matches(self, globs: tuple[str, ...] | None, parts: tuple[Choice, ...]) -> bool:
        if globs is None:
            return True
        if not parts:
            return self._without_parts
        if any(NAME_SEPARATOR in glob and _covers_joint(glob, parts) for glob in globs):
            return True
        return self._test(any(matches(part, glob) for glob in globs) for part in parts)


def _ruled(combinations: list[Combination], grid: Grid, left_out: Counter[str]) -> list[Combination]:
    """Keep what some rule of `only` matches and none of `exclude`, and see that each rule matches something."""
    kept = combinations
    if grid.only:
        only = _Matching(grid.only, every=True)
        _check_used(grid.only, [only.bits(c) for c in combinations])
        kept = [c for c in kept if only.bits(c)]
        left_out["only"] += len(combinations) - len(kept)
    if grid.exclude:
        exclude, before = _Matching(grid.exclude, every=False), len(kept)
        _check_used(grid.exclude, [exclude.bits(c) for c in combinations])
        kept = [c for c in kept if not exclude.bits(c)]
        left_out["exclude"] += before - len(kept)
    return kept


def _check_used(rules: Sequence[Rule], bits: Sequence[int]) -> None:
    if not bits:  # something else left out everything
        return
    met = reduce(or_, bits, 0)
    for index, rule in enumerate(rules):
        if not rule.optional and not met >> index & 1:
            raise ConfigError(
                f"{rule.where} ({rule.text()}) matches no combination. Correct or remove it, or add `optional: true` "
                "to it."
            )


def _like_tasks(combinations: list[Combination], grid: Grid, left_out: Counter[str]) -> list[Combination]:
    """Leave out combinations whose parts are made for more than one task."""
    tasks = sorted({c.runtime.task for axis in AXES for c in _choices(grid, axis) if c.runtime.task is not None})
    if len(tasks) < 2:
        return combinations
    bit = {task: 1 << index for index, task in enumerate(tasks)}
    of = _Bits(lambda parts: reduce(or_, (bit[p.runtime.task] for p in parts if p.runtime.task is not None), 0))
    named = ((c, of[c.capability] | of[c.datasets] | of[c.models] | of[c.metrics]) for c in combinations)
    kept = [c for c, bits in named if not bits & (bits - 1)]
    left_out["task"] += len(combinations) - len(kept)
    return kept


def _choices(grid: Grid, axis: str) -> list[Choice]:
    return [choice for part in grid.parts.get(axis, ()) for choice in part.variants.values()]


# Globs


def matches(choice: Choice, glob: str) -> bool:
    """Whether a glob covers a choice by its own name or, for a variant, by the name of its choice."""
    pattern = _compiled(glob)
    return bool(pattern.fullmatch(choice.name) or pattern.fullmatch(choice.base))


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob), re.DOTALL)


def _covers_joint(glob: str, parts: tuple[Choice, ...]) -> bool:
    globs = glob.split(NAME_SEPARATOR)
    return len(globs) == len(parts) and all(matches(p, g) for p, g in zip(parts, globs, strict=True))


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
                    f"{rule.where}: {axis}: {glob!r} matches nothing; selected are {', '.join(names) or 'none'}.{hint}"
                )
