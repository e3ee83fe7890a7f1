"""A composed config with the values that overrides set in it: those that are given once, and those that are swept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sweeper.config.apply import apply, current
from sweeper.config.inline import merge_bases
from sweeper.config.overrides import Folded
from sweeper.config.reach import split
from sweeper.config.retyped import Numbers

if TYPE_CHECKING:
    from omegaconf import DictConfig

Assignment = tuple[tuple[str, int], ...]
"""Swept keys with the index of the value that each takes."""
Options = tuple[str, ...]
"""One override for each swept config group."""


class Valued:
    """What a composed config becomes under each assignment of the swept keys.

    Parameters
    ----------
    base
        The composed config with these options, before any value is set.
    with_choice
        The same with one choice alone on an axis, for a `_base_` that is not itself selected.
    numbers
        What becomes of a value that replaces another one.
    derived
        Takes what `merge_bases` says of each config.
    """

    def __init__(
        self,
        folded: Folded,
        base: Callable[[Options], DictConfig],
        with_choice: Callable[[Options, str, str], DictConfig],
        numbers: Numbers,
        derived: dict[tuple[str, str], tuple[str, ...]],
    ) -> None:
        self._folded, self._base, self._with_choice = folded, base, with_choice
        self._numbers, self._derived = numbers, derived
        self._with_values: dict[Options, DictConfig] = {}
        self._copies: dict[Options, DictConfig] = {}
        self._replaced: dict[Options, dict[str, Any]] = {}

    def at(self, assignment: Assignment) -> DictConfig:
        """See `Composed.at`."""
        index = dict(assignment)
        options = tuple(g.options[index.get(g.key, 0)] for g in self._folded.groups)
        if assignment and self._is_plainly_swept:
            return self._reused(options, index)
        cfg = copy.deepcopy(self._fixed(options))
        for swept in self._folded.swept:
            apply(cfg, swept.overrides[index.get(swept.key, 0)], self._numbers)
        for override in self._folded.after:
            apply(cfg, override, self._numbers)
        self._derived |= merge_bases(cfg, lambda axis, name: self._with_choice(options, axis, name), self._numbers)
        return cfg

    def _fixed(self, options: Options) -> DictConfig:
        """The config with all values that are not swept."""
        if options not in self._with_values:
            self._with_values[options] = copy.deepcopy(self._base(options))
            for override in self._folded.values:
                apply(self._with_values[options], override, self._numbers)
        return self._with_values[options]

    @cached_property
    def _is_plainly_swept(self) -> bool:
        """Whether a swept value replaces the one before it without a trace, so that one copy serves all of them."""
        keys = [split(swept.key) for swept in self._folded.swept]
        apart = not any(a != b and a == b[: len(a)] for a in keys for b in keys)
        mappings = any(isinstance(o.value(), dict) for swept in self._folded.swept for o in swept.overrides)
        return apart and not mappings and not self._derived and not self._folded.after

    def _reused(self, options: Options, index: Mapping[str, int]) -> DictConfig:
        """One copy of the config for all assignments: copying a large one takes longer than all that follows."""
        from omegaconf import OmegaConf

        if options not in self._copies:
            self._copies[options] = copy.deepcopy(self._fixed(options))
            self._replaced[options] = {s.key: current(self._fixed(options), s.key) for s in self._folded.swept}
        cfg, replaced = self._copies[options], self._replaced[options]
        for swept in self._folded.swept:
            value = self._numbers(swept.key, swept.overrides[index.get(swept.key, 0)].value(), replaced[swept.key])
            OmegaConf.update(cfg, swept.key, value, merge=False, force_add=True)
        return cfg
