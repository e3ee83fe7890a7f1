"""A composed config with the values that overrides set in it: those that are given once, and those that are swept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from sweeper.config.apply_override import apply_override, current
from sweeper.config.inline_choices import merge_inline_choices
from sweeper.config.interpolations import path_of_key
from sweeper.config.number_types import ReplaceValue
from sweeper.config.sorted_overrides import SortedOverrides

if TYPE_CHECKING:
    from omegaconf import DictConfig

Assignment = tuple[tuple[str, int], ...]
"""Swept keys with the index of the value that each takes."""
Options = tuple[str, ...]
"""One override for each swept config group."""


class SweptConfig:
    """What a composed config becomes under each assignment of the swept keys.

    Parameters
    ----------
    base
        The composed config with these options, before any value is set.
    with_choice
        The same with one choice alone on an axis, for a `_base_` that is not itself selected.
    replace_value
        What becomes of a value that replaces another one.
    derived
        Takes what `merge_inline_choices` says of each config.
    """

    def __init__(
        self,
        overrides: SortedOverrides,
        base: Callable[[Options], DictConfig],
        with_choice: Callable[[Options, str, str], DictConfig],
        replace_value: ReplaceValue,
        derived: dict[tuple[str, str], tuple[str, ...]],
    ) -> None:
        self._overrides, self._base, self._with_choice = overrides, base, with_choice
        self._replace_value, self._derived = replace_value, derived
        self._with_values: dict[Options, DictConfig] = {}
        self._copies: dict[Options, DictConfig] = {}
        self._replaced: dict[Options, dict[str, object]] = {}

    def at(self, assignment: Assignment) -> DictConfig:
        """See `Composed.at`."""
        index = dict(assignment)
        options = tuple(g.options[index.get(g.key, 0)] for g in self._overrides.groups)
        if assignment and self._is_plainly_swept:
            return self._reused(options, index)
        cfg = copy.deepcopy(self._fixed(options))
        for swept in self._overrides.swept:
            apply_override(cfg, swept.overrides[index.get(swept.key, 0)], self._replace_value)
        for override in self._overrides.after:
            apply_override(cfg, override, self._replace_value)
        self._derived |= merge_inline_choices(
            cfg, lambda axis, name: self._with_choice(options, axis, name), self._replace_value
        )
        return cfg

    def _fixed(self, options: Options) -> DictConfig:
        """The config with all values that are not swept."""
        if options not in self._with_values:
            self._with_values[options] = copy.deepcopy(self._base(options))
            for override in self._overrides.values:
                apply_override(self._with_values[options], override, self._replace_value)
        return self._with_values[options]

    @cached_property
    def _is_plainly_swept(self) -> bool:
        """Whether a swept value replaces the one before it without a trace, so that one copy serves all of them."""
        keys = [path_of_key(swept.key) for swept in self._overrides.swept]
        apart = not any(a != b and a == b[: len(a)] for a in keys for b in keys)
        mappings = any(isinstance(o.value(), dict) for swept in self._overrides.swept for o in swept.overrides)
        return apart and not mappings and not self._derived and not self._overrides.after

    def _reused(self, options: Options, index: Mapping[str, int]) -> DictConfig:
        """One copy of the config for all assignments: copying a large one takes longer than all that follows."""
        from omegaconf import OmegaConf

        if options not in self._copies:
            self._copies[options] = copy.deepcopy(self._fixed(options))
            self._replaced[options] = {s.key: current(self._fixed(options), s.key) for s in self._overrides.swept}
        cfg, replaced = self._copies[options], self._replaced[options]
        for swept in self._overrides.swept:
            value = self._replace_value(
                swept.key, swept.overrides[index.get(swept.key, 0)].value(), replaced[swept.key]
            )
            OmegaConf.update(cfg, swept.key, value, merge=False, force_add=True)
        return cfg
