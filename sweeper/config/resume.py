"""`resume=<sweep_id>`: the settings alone, since what runs is what that sweep asked for.

No choice file is read: that one was changed, or is gone, does not keep a sweep from being resumed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sweeper.config.apply_override import apply_override
from sweeper.config.choice_files import check_root_keys
from sweeper.config.classification import ROOT_FIELDS, SETTING_FIELDS
from sweeper.config.composition import Composed
from sweeper.config.grid_rules import GRID_RULES
from sweeper.config.interpolations import path_of_key, paths_read, reaches
from sweeper.config.limit import LIMIT
from sweeper.config.number_types import AsTyped
from sweeper.config.overrides import parse, sort_overrides
from sweeper.config.refused_overrides import refuse_sweeps
from sweeper.config.settings import SETTINGS
from sweeper.errors import ConfigError
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

    from sweeper.config.hydra_session import Session

RESUME = "resume"
NARROWING = ("only", "exclude")
"""Rules that may leave out more of what a sweep left."""
_DECIDED = (
    *AXES,
    *(rule for rule in GRID_RULES if rule not in NARROWING),
    *(LIMIT, "sweep", "rerun", "rerun_triggers", "duplicates", "name"),
)
"""What the sweep that is resumed has settled already."""
_NOT_THERE = re.compile(r"'?(?P<axis>" + "|".join(AXES) + r")'? cannot be overridden")


def split_off_resume(overrides: Sequence[str]) -> tuple[str | None, list[str]]:
    """The id that `resume=` names, the last one where there are several, and the other overrides."""
    mine = [line for line in overrides if line.lstrip("+").partition("=")[0] == RESUME]
    ids = [line.partition("=")[2].strip().strip("'\"") for line in mine]
    wanted = ids[-1] if ids and ids[-1] not in ("", "null") else None
    return wanted, [line for line in overrides if line not in mine]


def composed_settings(session: Session, overrides: Sequence[str]) -> tuple[DictConfig, frozenset[str]]:
    """The config without its axes, and the keys that the command line sets.

    Raises
    ------
    ConfigError
        The config is wrong, or an override would change what runs.
    """
    parsed = parse(overrides, session)
    refuse_sweeps(parsed)
    sorted_overrides = sort_overrides(parsed, session, multirun=False)
    for line in sorted_overrides.selections:
        _refuse_decided(line.lstrip("+~").partition("=")[0].partition("@")[0], line)
    for override in sorted_overrides.values:
        _refuse_decided(override.key_or_group, override.input_line)
    cfg = _without_axes(session, overrides)
    check_root_keys(cfg, session)
    _refuse_idle(cfg, sorted_overrides.values)
    return cfg, frozenset(override.key_or_group for override in sorted_overrides.values)


def without_what_is_taken_over(cfg: DictConfig) -> DictConfig:
    """A config without what is `???` in its root, which the sweep that is resumed has settled; but for the store."""
    from omegaconf import OmegaConf, open_dict

    with open_dict(cfg):
        for key in list(cfg):
            if key != "analytics_store" and OmegaConf.is_missing(cfg, key):
                del cfg[key]
    return cfg


def merged_root(
    root: Mapping[str, object], overridden_keys: frozenset[str], before: Mapping[str, object]
) -> dict[str, object]:
    """The runtime fields of a sweep that is resumed, except for what the command line sets.

    Parameters
    ----------
    root, overridden_keys
        Those of the present config, and the keys that the command line sets.
    before
        Those of the sweep that is resumed, as `settings.settings_to_store` gives them.
    """
    merged = dict(root)
    for key, value in before.items():
        if key in SETTINGS and not any(reaches({path_of_key(key)}, path_of_key(new)) for new in overridden_keys):
            first, _, second = key.partition(".")
            section = merged.get(first)
            others = dict(section) if isinstance(section, Mapping) else {}
            merged[first] = {**others, second: value} if second else value
    return merged


def note_if_moved(folder: str) -> list[str]:
    """A note where the sweep that is resumed ran elsewhere."""
    here = os.getcwd()
    return [] if folder in ("", here) else [f"that sweep ran in {folder}; relative paths are looked up in {here} now"]


def _without_axes(session: Session, overrides: Sequence[str]) -> DictConfig:
    """The config without its axes: each axis that a defaults list selects is composed empty."""
    empty: list[str] = list(AXES)
    while True:
        try:
            composed = Composed(session, [*overrides, *(f"{axis}=[]" for axis in empty)], multirun=False)
        except ConfigError as error:
            missing = _NOT_THERE.match(str(error))
            if missing is None or missing["axis"] not in empty:
                raise
            empty.remove(missing["axis"])
            continue
        for override in composed.sorted.values:
            apply_override(composed.plain, override, AsTyped())
        return composed.plain


def refuse_axes(config: Mapping[str, object]) -> None:
    """Refuse a config as a mapping that resumes a sweep and has choices too.

    Raises
    ------
    ConfigError
        Naming the axis.
    """
    for axis in AXES:
        if config.get(axis):
            _refuse_decided(axis, f"{axis}: ...")


def _refuse_decided(key: str, line: str | None) -> None:
    if key.split(".")[0] in _DECIDED:
        raise ConfigError(
            f"{line}: resume= runs what a sweep asked for and did not complete, so {key.split('.')[0]} cannot be "
            "changed. Leave it out. How it runs can be changed: job_backend, retries, timeout_s, max_failures, ..."
        )


def _refuse_idle(cfg: DictConfig, values: Sequence[Override]) -> None:
    """Refuse a key of the user's that no setting interpolates: specs come from the sweep that is resumed."""
    from omegaconf import OmegaConf

    raw = OmegaConf.to_container(cfg, resolve=False)
    read = [paths_read(raw, (key,)) for key in SETTING_FIELDS if key in cfg]
    for override in values:
        key = override.key_or_group
        if path_of_key(key)[0] not in ROOT_FIELDS and not any(reaches(paths, path_of_key(key)) for paths in read):
            raise ConfigError(
                f"{override.input_line}: resume= takes the specs from the sweep that it resumes, so {key} changes "
                "nothing. Leave it out, or start a new sweep."
            )
