"""From overrides, or from a mapping, to a sweep as plain data: compose, check, type."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.common.secrets import redacted, secret_values
from sweeper.config import resume
from sweeper.config.choice_files import check_choice_files, check_root_keys
from sweeper.config.choices import resolved_value
from sweeper.config.classification import ROOT_FIELDS
from sweeper.config.composition import Composed, assignments
from sweeper.config.forgotten_override import selections_added
from sweeper.config.grid_rules import grid_from_config
from sweeper.config.hydra_errors import as_config_error
from sweeper.config.hydra_session import Session, notes_on_replaced_files, open_session
from sweeper.config.limit import LIMIT, with_limit
from sweeper.config.live_parts import NO_LIVE, LiveParts
from sweeper.config.load_notes import notes_on
from sweeper.config.settings import settings_of, settings_to_store
from sweeper.config.sweep_config import SweepConfig
from sweeper.config.variants import Names, SweptKeyReach, names_of, parts_of
from sweeper.errors import ConfigError
from sweeper.messages import bounds
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from omegaconf import DictConfig


def load(
    overrides: Sequence[str], *, multirun: bool = False, live: LiveParts = NO_LIVE, **where: str | None
) -> SweepConfig:
    """Compose and check a sweep.

    Parameters
    ----------
    overrides
        As on the command line.
    multirun
        Whether overrides may sweep, as they may too where the config says `hydra.mode: MULTIRUN`; all that they sweep
        over becomes one grid.
    live
        Objects in the place of specs. On their axes only those choices of the config stay that an override selects.
    **where
        `config_name`, `config_dir` and `config_path`, as on the command line.

    Raises
    ------
    ConfigError
        Anything in the config or the overrides is wrong.
    """
    resumed_id, others = resume.split_off_resume(overrides)
    with open_session(**where) as session, as_config_error(session):
        if resumed_id is not None:
            return _resuming_with(live, _load_resuming(session, resumed_id, others))
        composed = Composed(session, others, multirun=multirun)
        if composed.plain.get("resume") is not None:
            return _resuming_with(live, _load_resuming(session, None, others))
        check_choice_files(session, composed.sorted.selections, composed.plain)
        added = selections_added(session.folders, session.config_name, overrides)
        kept = {line.lstrip("+").partition("=")[0] for line in overrides}
        config = _checked(composed, session, overrides, live=live, kept=kept)
        return replace(config, notes=(*config.notes, *added))


def overrides_to_show(overrides: Sequence[str], *, multirun: bool = False, **where: str | None) -> list[str]:
    """Overrides as those of one composition, for Hydra to show; unchanged where nothing may be swept.

    Raises
    ------
    ConfigError
        They do not make one composition.
    """
    with open_session(**where) as session, as_config_error(session):
        composed = Composed(session, overrides, multirun=multirun)
        return composed.sorted.lines() if composed.is_multirun else list(overrides)


def load_mapping(config: Mapping[str, object], *, live: LiveParts = NO_LIVE, **where: str | None) -> SweepConfig:
    """A sweep from a config that is composed already, as a mapping or a `DictConfig`; `live` are choices beside it.

    Raises
    ------
    ConfigError
        Anything in it is wrong.
    """
    from omegaconf import OmegaConf

    with open_session(**where) as session, as_config_error(session):
        cfg = OmegaConf.create(dict(config))
        if cfg.get("resume") is not None:
            resume.refuse_axes(config)
            return _resuming_with(live, _resuming_config(_root(resume.without_what_is_taken_over(cfg)), session))
        composed = Composed(session, (), multirun=False, ready=cfg)
        return _checked(composed, session, live=live, kept=AXES)


def _checked(
    composed: Composed, session: Session, overrides: Sequence[str] = (), *, live: LiveParts, kept: Collection[str]
) -> SweepConfig:
    cfg = composed.at(())
    check_root_keys(cfg, session)
    names = names_of(cfg, _files(session))
    _refuse_changing_names(composed, session, names)
    root = _root(cfg)
    parts = with_limit(live.beside(parts_of(composed, cfg, names), kept), root.get(LIMIT))
    if not parts["capability"]:
        raise ConfigError("No capability is selected, so there is nothing to run. Select one: 'capability=[evaluate]'.")
    _refuse_swept_root(composed, cfg, root)
    settings = settings_of(root, _default_name(composed, session))
    live.refuse_reuse(settings)
    with bounds.applying(settings.bounds):  # the class of a capability may have to be imported
        grid = grid_from_config(parts, composed.values, root)
    return SweepConfig(
        grid=grid,
        settings=settings,
        notes=(*notes_on_replaced_files(session.folders), *notes_on(composed, settings, parts)),
        overrides=redacted(overrides, secret_values(root)),
        stored_settings=settings_to_store({**root, "name": settings.name}),
        live=live.objects,
    )


def _resuming_with(live: LiveParts, config: SweepConfig) -> SweepConfig:
    """A config that resumes a sweep, with the objects that this one was given."""
    live.refuse_reuse(config.settings)
    return replace(config, live=live.objects)


def _load_resuming(session: Session, resumed_id: str | None, overrides: Sequence[str]) -> SweepConfig:
    """A config without a grid that resumes the sweep of this id; of the id in its files where there is none."""
    cfg, overridden = resume.composed_settings(session, overrides)
    root = _root(resume.without_what_is_taken_over(cfg))
    if resumed_id is not None:
        root["resume"] = resumed_id
    return _resuming_config(root, session, overrides, overridden)


def _resuming_config(
    root: Mapping[str, object],
    session: Session,
    overrides: Sequence[str] = (),
    overridden_keys: frozenset[str] = frozenset(),
) -> SweepConfig:
    settings = settings_of(root, session.config_name)
    shown = redacted([f"resume={settings.resume}", *overrides], secret_values(root))
    rules = {key: root[key] for key in resume.NARROWING if key in overridden_keys and key in root}
    return SweepConfig(
        grid_from_config({}, {}, rules), settings, overrides=shown, root=root, overridden_keys=overridden_keys
    )


def _root(cfg: DictConfig) -> dict[str, object]:
    """The settings and rules of a config, resolved; one that is `???` is refused as missing."""
    present = set(cfg)  # `in` takes what is `???` for absent
    return {key: resolved_value(cfg, (key,)) for key in ROOT_FIELDS if key in present and key not in AXES}


def _default_name(composed: Composed, session: Session) -> str:
    """The name of the sweep file, or else of the primary config."""
    lines = [line for line in composed.sorted.selections if line.lstrip("+").startswith("sweep=")]
    return lines[-1].split("=", 1)[1] if lines else session.config_name


def _files(session: Session) -> Mapping[str, Mapping[str, object]]:
    return {axis: session.files(axis) for axis in AXES}


def _refuse_changing_names(composed: Composed, session: Session, names: Names) -> None:
    """A swept config group may change what choices are, not which there are."""
    files = _files(session)
    groups = [group.key for group in composed.sorted.groups]
    for point in assignments(composed.values, groups) if groups else ():
        if names_of(composed.at(point), files) != names:
            raise ConfigError(
                f"{', '.join(groups)}: sweeping over it changes which choices are selected; run one sweep for each."
            )


def _refuse_swept_root(composed: Composed, cfg: DictConfig, root: Mapping[str, object]) -> None:
    """A setting has one value in a sweep, also where it interpolates what is swept."""
    for key in SweptKeyReach(composed, cfg).of_paths([(name,) for name in root]) if composed.values else ():
        for index in range(1, composed.values[key]):
            other = _root(composed.at(((key, index),)))
            for name in root:
                if other.get(name) != root[name]:
                    raise ConfigError(
                        f"{key} is swept and changes {name}, which must have one value for the whole sweep."
                    )
