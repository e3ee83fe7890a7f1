"""Hydra and OmegaConf end here: overrides and files come in, plain data leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.config import schema
from sweeper.config.algebra import grid_of
from sweeper.config.choices import resolve
from sweeper.config.compose import Composed, references
from sweeper.config.messages import as_config_error
from sweeper.config.overrides import fold
from sweeper.config.parts import parts_of
from sweeper.config.schema import BackendSettings, Settings
from sweeper.config.session import Session, hydra_session, open_session, replaced_files
from sweeper.config.targets import check_targets
from sweeper.errors import ConfigError, near_match
from sweeper.grid import Grid
from sweeper.spec import AXES

if TYPE_CHECKING:
    from omegaconf import DictConfig

__all__ = [
    "BackendSettings",
    "Settings",
    "SweepConfig",
    "check_targets",
    "folded_overrides",
    "hydra_session",
    "load",
    "load_mapping",
]

LIBRARY = "part"
"""A root key for specs that choices share; it is hashed where it is used."""


@dataclass(frozen=True)
class SweepConfig:
    """One sweep as plain data."""

    grid: Grid
    settings: Settings
    notes: tuple[str, ...] = ()
    """What the user should know of how it was composed."""


def load(overrides: Sequence[str], *, multirun: bool = False, **where: str | None) -> SweepConfig:
    """Compose and check a sweep.

    Parameters
    ----------
    overrides
        As on the command line.
    multirun
        Whether overrides may sweep; all that they sweep over becomes one grid.
    **where
        `config_name`, `config_dir` and `config_path`, as on the command line.

    Raises
    ------
    ConfigError
        Anything in the config or the overrides is wrong.
    """
    with open_session(**where) as session, as_config_error(session):
        composed = Composed(session, overrides, multirun=multirun)
        return _checked(composed, session)


def folded_overrides(overrides: Sequence[str], **where: str | None) -> list[str]:
    """Overrides of `--multirun` as those of one composition, for Hydra to show.

    Raises
    ------
    ConfigError
        They cannot be folded.
    """
    with open_session(**where) as session, as_config_error(session):
        return fold(overrides, session, multirun=True).lines()


def load_mapping(config: Mapping[str, Any], **where: str | None) -> SweepConfig:
    """A sweep from a config that is composed already, as a mapping or a `DictConfig`.

    Raises
    ------
    ConfigError
        Anything in it is wrong.
    """
    from omegaconf import OmegaConf

    with open_session(**where) as session, as_config_error(session):
        given: Any = OmegaConf.create(dict(config))
        composed = Composed(session, (), multirun=False, given=given)
        return _checked(composed, session)


def _checked(composed: Composed, session: Session) -> SweepConfig:
    cfg = composed.at(())
    _refuse_unknown_root(cfg)
    root = {key: resolve(cfg, (key,)) for key in schema.ROOT_FIELDS if key in cfg and key not in AXES}
    parts = parts_of(composed, {axis: session.files(axis) for axis in AXES})
    if not parts["capability"]:
        raise ConfigError("No capability is selected, so there is nothing to run. Select one: 'capability=[evaluate]'.")
    return SweepConfig(
        grid=grid_of(parts, composed.values, root),
        settings=schema.settings_of(root, _name(composed, session)),
        notes=tuple(replaced_files(session.folders)),
    )


def _name(composed: Composed, session: Session) -> str:
    chosen = [line.split("=", 1)[1] for line in composed.folded.selections if line.lstrip("+").startswith("sweep=")]
    return chosen[-1] if chosen else session.config_name


def _refuse_unknown_root(cfg: DictConfig) -> None:
    """A root key of the user's own is fine where something interpolates it; else it is a mistake."""
    known = (*schema.ROOT_FIELDS, LIBRARY)
    strange = [str(key) for key in cfg if key not in known]
    used = {reference.split(".")[0] for reference in references(cfg)} if strange else set[str]()
    for key in strange:
        if key not in used:
            raise ConfigError(
                f"The config has no key {key!r}, and nothing interpolates it.{near_match(key, known)} "
                f"It has {', '.join(known)}."
            )
