"""Hydra and OmegaConf end here: overrides and files come in, plain data leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sweeper.common.secrets import redacted, secret_values
from sweeper.config import resuming, schema
from sweeper.config.algebra import grid_of
from sweeper.config.choices import resolve
from sweeper.config.compose import Composed, assignments
from sweeper.config.files import check_choice_files, check_root_keys
from sweeper.config.messages import as_config_error
from sweeper.config.parts import Names, Reach, names_of, parts_of
from sweeper.config.retyped import one_number
from sweeper.config.schema import DEFAULT_STORE, BackendSettings, Settings
from sweeper.config.session import Session, open_session, replaced_files
from sweeper.config.targets import check_targets
from sweeper.errors import ConfigError
from sweeper.planning.grid import Grid, Part
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from sweeper.messages.asked import AskedSweep

__all__ = [
    "DEFAULT_STORE",
    "BackendSettings",
    "Settings",
    "SweepConfig",
    "check_targets",
    "folded_overrides",
    "load",
    "load_mapping",
]


@dataclass(frozen=True)
class SweepConfig:
    """One sweep as plain data."""

    grid: Grid
    settings: Settings
    notes: tuple[str, ...] = ()
    """What the user should know of how it was composed."""
    overrides: tuple[str, ...] = ()
    """The command line behind it, without what is secret in it."""
    said: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The runtime fields of its root as they were said, without where the store is and what may be secret."""
    root: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Of a config that resumes a sweep: its runtime fields as they are, secrets included."""
    given: frozenset[str] = frozenset()
    """And the keys of these that the command line sets."""
    asked: AskedSweep | None = field(default=None, repr=False)
    """What the sweep that it resumes asked for, once that has been read."""

    def after(self, asked: AskedSweep) -> SweepConfig:
        """A config that resumes a sweep, once it is known what that one asked for and with which settings.

        Raises
        ------
        ConfigError
            One of these settings is no longer allowed.
        """
        root = resuming.root_after(self.root, self.given, asked.about.settings)
        settings = schema.settings_of(root, asked.about.name)
        notes = (*self.notes, *resuming.moved(asked.about.working_folder))
        return replace(self, settings=settings, said=schema.storable(root), asked=asked, notes=notes)


def load(overrides: Sequence[str], *, multirun: bool = False, **where: str | None) -> SweepConfig:
    """Compose and check a sweep.

    Parameters
    ----------
    overrides
        As on the command line.
    multirun
        Whether overrides may sweep, as they may too where the config says `hydra.mode: MULTIRUN`; all that they sweep
        over becomes one grid.
    **where
        `config_name`, `config_dir` and `config_path`, as on the command line.

    Raises
    ------
    ConfigError
        Anything in the config or the overrides is wrong.
    """
    wanted, others = resuming.taken_out(overrides)
    with open_session(**where) as session, as_config_error(session):
        if wanted is not None:
            return _resuming(session, wanted, others)
        composed = Composed(session, others, multirun=multirun)
        if composed.plain.get("resume") is not None:
            return _resuming(session, None, others)
        check_choice_files(session, composed.folded.selections, composed.plain)
        return _checked(composed, session, overrides)


def folded_overrides(overrides: Sequence[str], *, multirun: bool = False, **where: str | None) -> list[str]:
    """Overrides as those of one composition, for Hydra to show; as they are where nothing may be swept.

    Raises
    ------
    ConfigError
        They cannot be folded.
    """
    with open_session(**where) as session, as_config_error(session):
        composed = Composed(session, overrides, multirun=multirun)
        return composed.folded.lines() if composed.is_multirun else list(overrides)


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
        if given.get("resume") is not None:
            resuming.refuse_axes(given)
            return _resumed(_root(given), session)
        composed = Composed(session, (), multirun=False, given=given)
        return _checked(composed, session)


def _checked(composed: Composed, session: Session, overrides: Sequence[str] = ()) -> SweepConfig:
    cfg = composed.at(())
    check_root_keys(cfg, session)
    names = names_of(cfg, {axis: session.files(axis) for axis in AXES})
    _refuse_changing_names(composed, session, names)
    parts = parts_of(composed, cfg, names)
    if not parts["capability"]:
        raise ConfigError("No capability is selected, so there is nothing to run. Select one: 'capability=[evaluate]'.")
    root = _root(cfg)
    _refuse_swept_root(composed, cfg, root)
    settings = schema.settings_of(root, _name(composed, session))
    return SweepConfig(
        grid=grid_of(parts, composed.values, root),
        settings=settings,
        notes=(
            *replaced_files(session.folders),
            *_idle_params(composed),
            *_idle_keys(composed, parts),
            *_alike_but_for_type(composed, parts),
            *_idle_settings(settings, parts),
        ),
        overrides=redacted(overrides, secret_values(root)),
        said=schema.storable({**root, "name": settings.name}),
    )


def _resuming(session: Session, wanted: str | None, overrides: Sequence[str]) -> SweepConfig:
    """A config that resumes a sweep, the one that its file names where the command line does not: without a grid."""
    cfg, given = resuming.composed_settings(session, overrides)
    root = _root(cfg)
    return _resumed(root if wanted is None else {**root, "resume": wanted}, session, overrides, given)


def _resumed(
    root: Mapping[str, Any], session: Session, overrides: Sequence[str] = (), given: frozenset[str] = frozenset()
) -> SweepConfig:
    settings = schema.settings_of(root, session.config_name)
    kept = redacted([f"resume={settings.resume}", *overrides], secret_values(root))
    return SweepConfig(Grid({}), settings, overrides=kept, root=root, given=given)


def _root(cfg: DictConfig) -> dict[str, Any]:
    return {key: resolve(cfg, (key,)) for key in schema.ROOT_FIELDS if key in cfg and key not in AXES}


def _name(composed: Composed, session: Session) -> str:
    chosen = [line.split("=", 1)[1] for line in composed.folded.selections if line.lstrip("+").startswith("sweep=")]
    return chosen[-1] if chosen else session.config_name


def _refuse_changing_names(composed: Composed, session: Session, names: Names) -> None:
    """A swept config group may change what choices are, not which there are."""
    files = {axis: session.files(axis) for axis in AXES}
    groups = [group.key for group in composed.folded.groups]
    for point in assignments(composed.values, groups) if groups else ():
        if names_of(composed.at(point), files) != names:
            raise ConfigError(
                f"{', '.join(groups)}: sweeping over it changes which choices are selected; run one sweep for each."
            )


def _refuse_swept_root(composed: Composed, cfg: DictConfig, root: Mapping[str, Any]) -> None:
    """A setting has one value in a sweep, also where it interpolates what is swept."""
    for key in Reach(composed, cfg).of_paths([(name,) for name in root]) if composed.values else ():
        for index in range(1, composed.values[key]):
            other = _root(composed.at(((key, index),)))
            for name in root:
                if other.get(name) != root[name]:
                    raise ConfigError(
                        f"{key} is swept and changes {name}, which must have one value for the whole sweep."
                    )


def _idle_params(composed: Composed) -> list[str]:
    """As in Hydra, the params of the sweeper wait for a multirun."""
    if composed.is_multirun or not composed.params:
        return []
    return [f"hydra.sweeper.params ({', '.join(composed.params)}) wait for --multirun or hydra.mode: MULTIRUN"]


def _idle_keys(composed: Composed, parts: Mapping[str, Sequence[Part]]) -> list[str]:
    """Keys whose values make no difference; one that is given a single value, as by choice(1), is set and not swept."""
    reached = {key for axis in parts.values() for part in axis for key in part.keys}
    one = {swept.key for swept in composed.folded.swept if len({repr(o.value()) for o in swept.overrides}) == 1}
    idle = [key for key, count in composed.values.items() if count > 1 and key not in reached | one]
    return [f"{key} is swept and changes none of the selected choices" for key in idle]


def _alike_but_for_type(composed: Composed, parts: Mapping[str, Sequence[Part]]) -> list[str]:
    """Swept values that are one number and two types, such as 1 and 1.0: seldom meant."""
    reaching = {key for axis in parts.values() for part in axis for key in part.keys}
    found = [(swept.key, one_number([o.value() for o in swept.overrides])) for swept in composed.folded.swept]
    return [
        f"{key}: {' and '.join(group)} differ in the type of a number alone, and make a variant each"
        for key, groups in found
        if key in reaching
        for group in groups
    ]


def _idle_settings(settings: Settings, parts: Mapping[str, Sequence[Part]]) -> list[str]:
    """What the inline backend cannot do, where it is asked for."""
    at = settings.job_backend
    if at.kind != "inline":
        return []
    choices = [choice for axis in parts.values() for part in axis for choice in part.variants.values()]
    limits = [settings.timeout_s, *(choice.runtime.timeout_s for choice in choices)]
    given = {
        "timeout_s": any(limit is not None for limit in limits),
        "job_backend.address": at.address is not None,
        "job_backend.num_cpus": at.num_cpus is not None,
        "job_backend.runtime_env": bool(at.runtime_env),
    }
    idle = ", ".join(key for key, is_given in given.items() if is_given)
    return [f"no effect with job_backend.kind=inline, which runs everything in this process: {idle}"] if idle else []
