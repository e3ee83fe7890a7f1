"""The files behind choices and root keys, read as text where the composed config no longer tells them apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.config.classification import ROOT_FIELDS
from sweeper.errors import ConfigError, near_match
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from sweeper.config.hydra_session import Session

_PACKAGE_HEADER = re.compile(r"^#\s*@package\s", re.MULTILINE)


def check_choice_files(session: Session, selections: Iterable[str], cfg: DictConfig) -> None:
    """Hold each selected choice file to its contract: it contributes exactly its own name.

    Files are looked at where what they contribute is in the composed config and is not their own name alone; only
    then is Hydra asked which files took part, since that takes a good part of a composition.

    Parameters
    ----------
    cfg
        What Hydra composed from these selections.

    Raises
    ------
    ConfigError
        A selected file is flat, is named otherwise inside, holds several choices, or includes another choice.
    """
    selected: set[str] | None = None
    for axis in AXES:
        selected_here = cfg.get(axis)
        present = {str(name) for name in selected_here} if isinstance(selected_here, Mapping) else set[str]()
        for name, path in session.files(axis).items():
            problem = _problem(axis, name, path, present)
            if problem:
                selected = _selected(session, selections) if selected is None else selected
                if f"{axis}/{name}" in selected:
                    raise ConfigError(f"{axis}/{name}.yaml ({path}) {problem}")


def _problem(axis: str, name: str, path: Path, present: set[str]) -> str | None:
    """What is wrong with a choice file, if anything of it is present."""
    text = _text(path)
    own = name.rpartition("/")[2]
    if _PACKAGE_HEADER.search(text):
        return None  # it says itself where it goes
    content = parsed(text)
    if not isinstance(content, Mapping):
        return f"is empty; it must hold the spec of {own!r} under '{own}:'." if content is None else None
    keys = [str(key) for key in content if key != "defaults"]
    other = _included_choice(axis, content.get("defaults"))
    if keys == [own] and other is None:
        return None
    if other is not None:
        return (
            f"includes the choice {other!r} in its defaults, which would nest it under its own name once more. "
            "Put what they share into a group outside of the axes (conf/part/...), or use _base_: " + f"{other}."
        )
    if own not in keys and not present.intersection(keys) and keys:
        return None
    if "_target_" in keys:
        return f"is flat: its _target_ would merge into the whole {axis} axis. Begin it with '{own}:', indent the rest."
    return f"contributes {', '.join(keys) or 'nothing'}, and must contribute {own!r} alone."


def _text(path: Path) -> str:
    """A file as text; of one that is not UTF-8 the composition says so, where it takes part."""
    return path.read_text(encoding="utf-8", errors="replace")


def parsed(text: str) -> object:
    """What a YAML file holds; an empty mapping where it is none."""
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:  # where it takes part, the composition has said so already
        return {}


def _included_choice(axis: str, defaults: object) -> str | None:
    """A choice of an axis that a defaults list includes."""
    for entry in defaults if isinstance(defaults, list) else ():
        items: Iterable[tuple[object, object]] = entry.items() if isinstance(entry, Mapping) else [(entry, None)]
        for key, value in items:
            words = str(key).split("@")[0].removeprefix("optional ").removeprefix("override ")
            absolute = words if words.startswith("/") else f"/{axis}/{words}"
            group, *rest = absolute.strip("/").split("/")
            if words != "_self_" and group in AXES and (rest or value):
                return "/".join(rest) if value is None else str(value)
    return None


def _selected(session: Session, selections: Iterable[str]) -> set[str]:
    """Paths of all configs that a composition takes in."""
    from hydra.types import RunMode

    defaults = session.loader.compute_defaults_list(session.config_name, list(selections), RunMode.RUN)
    return {str(entry.config_path) for entry in defaults.defaults}


def check_root_keys(cfg: DictConfig, session: Session) -> None:
    """Refuse a root key that neither sweeper knows nor any interpolation reads: it is a typing error.

    Raises
    ------
    ConfigError
        Naming the key and the known one that is nearest.
    """
    for key in (str(key) for key in cfg):
        if key not in ROOT_FIELDS and not _is_group(key, session) and not _is_read(key, cfg, session):
            raise ConfigError(
                f"The config has a key {key!r}, which sweeper does not know and nothing interpolates."
                f"{near_match(key, ROOT_FIELDS)} It knows {', '.join(ROOT_FIELDS)}."
            )


def _is_group(key: str, session: Session) -> bool:
    return any((folder / key).is_dir() for folder in session.folders)


def _is_read(key: str, cfg: DictConfig, session: Session) -> bool:
    """Whether the composed config, or any config file on the search path, interpolates a root key."""
    from omegaconf import OmegaConf

    mention = re.compile(r"\$\{[^}]*\b" + re.escape(key) + r"\b")
    if any(mention.search(text) for text in strings(OmegaConf.to_container(cfg, resolve=False))):
        return True
    return any(mention.search(_text(path)) for f in session.folders for path in f.rglob("*.yaml"))


def strings(value: object) -> Iterable[str]:
    """Every text in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
