"""One composition for the whole grid, and one more for each value of a swept config group."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sweeper.config.apply import apply
from sweeper.config.inline import merge_bases
from sweeper.config.overrides import Folded, fold

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from sweeper.config.session import Session

Assignment = tuple[tuple[str, int], ...]
"""Swept keys with the index of the value that each takes."""
_REFERENCE = re.compile(r"\$\{\s*([^:{}]+?)\s*\}")


class Composed:
    """A composed config, and what it becomes under each assignment of the swept keys."""

    def __init__(
        self, session: Session, overrides: Sequence[str], *, multirun: bool, given: DictConfig | None = None
    ) -> None:
        self._session = session
        self.folded = fold(overrides, session, multirun=multirun)
        first = given if given is not None else self._compose(self.folded, ())
        if multirun and (params := _sweeper_params(first)):
            self.folded = fold(overrides, session, multirun=True, params=params)
            first = self._compose(self.folded, ())
        self._bases: dict[tuple[str, ...], DictConfig] = {(): _without_hydra(first)}
        self._configured: dict[Assignment, DictConfig] = {}

    @property
    def values(self) -> dict[str, int]:
        """How many values each swept key has."""
        groups = {group.key: len(group.options) for group in self.folded.groups}
        return groups | {swept.key: len(swept.overrides) for swept in self.folded.swept}

    def at(self, assignment: Assignment) -> DictConfig:
        """The config with each of these keys at one of its values; keys that are not named keep their first value."""
        if assignment not in self._configured:
            self._configured[assignment] = self._configure(dict(assignment))
        return self._configured[assignment]

    def label(self, key: str, index: int, cfg: DictConfig) -> str:
        """The value of a swept key, as a variant's name shows it."""
        from hydra.core.override_parser.types import Override
        from omegaconf import OmegaConf

        for group in self.folded.groups:
            if group.key == key:
                return group.labels[index]
        value: Any = OmegaConf.select(cfg, key)
        plain: Any = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        return str(plain) if isinstance(plain, str) else Override._get_value_element_as_str(plain)  # pyright: ignore[reportPrivateUsage]

    def _configure(self, assignment: Mapping[str, int]) -> DictConfig:
        options = tuple(g.options[assignment.get(g.key, 0)] for g in self.folded.groups)
        cfg = self._base(options).copy()
        for override in self.folded.values:
            apply(cfg, override)
        for swept in self.folded.swept:
            apply(cfg, swept.overrides[assignment.get(swept.key, 0)])
        merge_bases(cfg, lambda axis, name: _without_hydra(self._compose(self.folded, (*options, f"{axis}=[{name}]"))))
        return cfg

    def _base(self, options: tuple[str, ...]) -> DictConfig:
        if options not in self._bases:
            self._bases[options] = _without_hydra(self._compose(self.folded, options))
        return self._bases[options]

    def _compose(self, folded: Folded, more: Sequence[str]) -> DictConfig:
        from hydra.types import RunMode

        return self._session.loader.load_configuration(
            self._session.config_name, [*folded.selections, *more], RunMode.RUN, from_shell=False
        )


def _sweeper_params(cfg: DictConfig) -> Mapping[str, Any]:
    from omegaconf import OmegaConf

    params: Any = OmegaConf.select(cfg, "hydra.sweeper.params")
    return OmegaConf.to_container(params) if params else {}  # pyright: ignore[reportReturnType]


def _without_hydra(cfg: DictConfig) -> DictConfig:
    from omegaconf import open_dict

    with open_dict(cfg):
        cfg.pop("hydra", None)
    return cfg


def references(cfg: DictConfig) -> set[str]:
    """Every key that some interpolation of the config names."""
    from omegaconf import OmegaConf

    return set(_REFERENCE.findall(OmegaConf.to_yaml(cfg, resolve=False)))


def assignments(values: Mapping[str, int], keys: Sequence[str]) -> list[Assignment]:
    """Every assignment of these keys, in the order of a product."""
    return [tuple(zip(keys, point, strict=True)) for point in itertools.product(*(range(values[k]) for k in keys))]
