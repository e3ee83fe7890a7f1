"""One composition for the whole grid, and one more for each value of a swept config group."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from sweeper.config.hydra_errors import composing
from sweeper.config.number_types import AsTyped, ConvertedValue, converted
from sweeper.config.overrides import parse, sort_overrides
from sweeper.config.refused_overrides import refuse_sweeps
from sweeper.config.sorted_overrides import SortedOverrides, SweptValue
from sweeper.config.swept_config import Assignment, SweptConfig
from sweeper.config.value_checks import mapping_or_empty
from sweeper.config.variant_names import value_label
from sweeper.errors import ConfigError

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from sweeper.config.hydra_session import Session


class Composed:
    """A composed config, and what it becomes under each assignment of the swept keys."""

    def __init__(
        self, session: Session, overrides: Sequence[str], *, multirun: bool, ready: DictConfig | None = None
    ) -> None:
        self._session = session
        self._ready = ready
        self._parsed = parse(overrides, session)
        self.sorted, first = self._first(multirun)
        self._bases: dict[tuple[str, ...], DictConfig] = {(): _without_hydra(first)}
        self._elsewhere: dict[tuple[str, ...], DictConfig] = {}
        self._as_typed = AsTyped()
        self.derived: dict[tuple[str, str], tuple[str, ...]] = {}
        """Choices that a `_base_` made, as (axis, name), with the names of their bases."""
        self._now = SweptConfig(self.sorted, self._base, self._with_choice, self._as_typed, self.derived)
        self._before = SweptConfig(self.sorted, self._base, self._with_choice, converted, self.derived)

    def _first(self, multirun: bool) -> tuple[SortedOverrides, DictConfig]:
        """The overrides sorted, and what Hydra composes from them.

        Whether they may sweep is known only then: a config may say `hydra.mode: MULTIRUN`.
        """
        sweeps = any(override.is_sweep_override() for override in self._parsed)
        sorted_overrides = sort_overrides(self._parsed, self._session, multirun=multirun or sweeps)
        first = self._ready if self._ready is not None else self._compose(sorted_overrides, ())
        _refuse_plugins(first)
        self.is_multirun = multirun or _is_multirun(first)
        self.params = _sweeper_params(first)
        if not self.is_multirun:
            refuse_sweeps(self._parsed)
            return sorted_overrides, first
        again = sort_overrides(self._parsed, self._session, multirun=True, params=self.params)
        if self._ready is not None:
            _refuse_selections(again)
        elif (again.selections, again.groups) != (sorted_overrides.selections, sorted_overrides.groups):
            first = self._compose(again, ())
        return again, first

    @property
    def plain(self) -> DictConfig:
        """What Hydra composed, before any value is set."""
        return self._bases[()]

    @property
    def values(self) -> dict[str, int]:
        """How many values each swept key has."""
        groups = {group.key: len(group.options) for group in self.sorted.groups}
        return groups | {swept.key: len(swept.overrides) for swept in self.sorted.swept}

    def at(self, assignment: Assignment) -> DictConfig:
        """The config with each of these keys at one of its values; keys that are not named keep their first value.

        What is ready for an assignment of keys may change with the next call; for none it is a copy of its own.
        """
        return self._now.at(assignment)

    def before(self, assignment: Assignment) -> DictConfig | None:
        """What older versions, which converted numbers, made of it; `None` where no number met one of another type."""
        return self._before.at(assignment) if self.retyped else None

    @property
    def retyped(self) -> Mapping[ConvertedValue, None]:
        """What older versions would have converted in all that was composed so far."""
        return self._as_typed.retyped

    def label(self, key: str, index: int, cfg: DictConfig) -> str:
        """The value of a swept key, as a variant's name shows it: an interpolation by the number or text behind it."""
        from omegaconf import OmegaConf

        for group in self.sorted.groups:
            if group.key == key:
                return group.labels[index]
        value = self._swept[key].overrides[index].value()
        if not isinstance(value, str) or "${" not in value:
            return value_label(value)
        found: object = OmegaConf.select(cfg, key)
        return value if OmegaConf.is_config(found) else value_label(found)

    @cached_property
    def _swept(self) -> Mapping[str, SweptValue]:
        return {swept.key: swept for swept in self.sorted.swept}

    def _base(self, options: tuple[str, ...]) -> DictConfig:
        if options not in self._bases:
            self._bases[options] = _without_hydra(self._compose(self.sorted, options))
        return self._bases[options]

    def _with_choice(self, options: tuple[str, ...], axis: str, name: str) -> DictConfig:
        """The config with one choice alone on an axis, for a `_base_` that is not itself selected."""
        others = [line for line in self.sorted.selections if line.lstrip("+~").split("=")[0] != axis]
        lines = (*others, *options, f"{'' if axis in self.plain else '+'}{axis}=[{name}]")
        if lines not in self._elsewhere:
            self._elsewhere[lines] = _without_hydra(self._load(lines))
        return self._elsewhere[lines]

    def _compose(self, sorted_overrides: SortedOverrides, more: Sequence[str]) -> DictConfig:
        return self._load((*sorted_overrides.selections, *more))

    def _load(self, selections: Sequence[str]) -> DictConfig:
        from hydra.types import RunMode

        with composing(self._session):
            return self._session.loader.load_configuration(
                self._session.config_name, list(selections), RunMode.RUN, from_shell=False
            )


def _refuse_plugins(cfg: DictConfig) -> None:
    from omegaconf import OmegaConf

    for kind in ("sweeper", "launcher"):
        target = str(OmegaConf.select(cfg, f"hydra.{kind}._target_") or "Basic")
        if not target.rpartition(".")[2].startswith("Basic"):
            raise ConfigError(
                f"The config sets hydra/{kind} to {target}: sweeper expands and runs the grid itself, so other "
                "sweepers and launchers of Hydra cannot be used; leave it out (job_backend.* says where jobs run)."
            )


def _is_multirun(cfg: DictConfig) -> bool:
    from omegaconf import OmegaConf

    mode: object = OmegaConf.select(cfg, "hydra.mode")
    return str(getattr(mode, "name", mode)) == "MULTIRUN"


def _refuse_selections(sorted_overrides: SortedOverrides) -> None:
    selected = [*sorted_overrides.selections, *(group.key for group in sorted_overrides.groups)]
    if selected:
        raise ConfigError(
            "hydra.sweeper.params of a config that is composed already can sweep values alone, and it has "
            f"{', '.join(selected)}. Give the overrides instead."
        )


def _sweeper_params(cfg: DictConfig) -> Mapping[str, object]:
    from omegaconf import OmegaConf

    params = OmegaConf.select(cfg, "hydra.sweeper.params")
    return mapping_or_empty("hydra.sweeper.params", OmegaConf.to_container(params) if params else None)


def _without_hydra(cfg: DictConfig) -> DictConfig:
    from omegaconf import open_dict

    with open_dict(cfg):
        cfg.pop("hydra", None)
    return cfg


def assignments(values: Mapping[str, int], keys: Sequence[str]) -> list[Assignment]:
    """Every assignment of these keys, in the order of a product."""
    return [tuple(zip(keys, point, strict=True)) for point in itertools.product(*(range(values[k]) for k in keys))]
