"""Where configs come from: the search path, and a Hydra session over it.

Folders of the user stand before the shipped one, so that a file of theirs wins over the shipped file of the same name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.errors import ConfigError, near_match

if TYPE_CHECKING:
    from hydra._internal.hydra import Hydra
    from hydra.core.config_loader import ConfigLoader

DEFAULT_CONFIG = "config"
_VERSION_BASE = "1.3"
_later_folders: ContextVar[tuple[Path, ...]] = ContextVar("later_folders", default=())


@dataclass(frozen=True)
class Session:
    """An open Hydra session."""

    config_name: str
    folders: tuple[Path, ...]
    """Config folders in the order in which they are searched; the shipped one is last."""
    loader: ConfigLoader
    hydra: Hydra
    """Hydra's own object, which answers `--cfg`, `--info`, `--help` and shell completion."""

    def files(self, group: str) -> dict[str, Path]:
        """The YAML files of a group and its sub-folders by choice name, as the search path resolves them."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            top = folder / group
            for path in sorted(top.rglob("*.yaml")):
                found.setdefault(path.relative_to(top).with_suffix("").as_posix(), path)
        return found


def shipped_folder() -> Path:
    """The configs that come with sweeper: inside the installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


@contextmanager
def open_session(
    config_name: str | None = None, config_dir: str | None = None, config_path: str | None = None
) -> Generator[Session]:
    """Initialise Hydra over the user's folders and the shipped one; what was initialised before comes back at the end.

    Parameters
    ----------
    config_name
        Primary config, `config` where none is named.
    config_dir, config_path
        Folders of the user, relative to the working directory; the first wins over the second.

    Raises
    ------
    ConfigError
        A folder does not exist, or no folder has the primary config.
    """
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    make_working_directory_importable()
    name = (config_name or DEFAULT_CONFIG).removesuffix(".yaml")
    folders = config_folders(config_dir, config_path)
    _check_primary(name, folders)
    _register_search_path()
    token = _later_folders.set(folders[1:])
    try:
        with initialize_config_dir(str(folders[0]), job_name="sweeper", version_base=_VERSION_BASE):
            running = GlobalHydra.instance()
            assert running.hydra is not None  # it was initialised a line above
            yield Session(name, folders, running.config_loader(), running.hydra)
    finally:
        _later_folders.reset(token)


def notes_on_replaced_files(folders: Sequence[Path]) -> list[str]:
    """One note for each shipped config that a file of the same name in a user's folder replaces."""
    shipped = folders[-1]
    notes: list[str] = []
    for folder in folders[:-1]:
        for path in sorted(folder.rglob("*.yaml")):
            relative = path.relative_to(folder)
            if (shipped / relative).is_file():
                notes.append(f"{relative.as_posix()} of {_shown(folder)} replaces the shipped one")
    return notes


def config_folders(config_dir: str | None, config_path: str | None) -> tuple[Path, ...]:
    """The folders of configs in the order in which they are searched; the shipped one is last.

    Raises
    ------
    ConfigError
        A folder does not exist.
    """
    own = [
        _existing(flag, given)
        for flag, given in (("--config-dir", config_dir), ("--config-path", config_path))
        if given
    ]
    return tuple(dict.fromkeys([*own, shipped_folder()]))


def _existing(flag: str, given: str) -> Path:
    if "\0" in given:
        raise ConfigError(f"{flag} {given!r}: that is not a path.")
    folder = Path(os.path.expanduser(given)).resolve()
    if folder.is_dir():
        return folder
    beside = [p.name for p in folder.parent.iterdir() if p.is_dir()] if folder.parent.is_dir() else []
    hint = near_match(folder.name, beside)
    raise ConfigError(f"{flag} {given}: there is no such folder (looked for {folder}).{hint}")


def _check_primary(name: str, folders: Sequence[Path]) -> None:
    if any((folder / f"{name}.yaml").is_file() for folder in folders):
        return
    names = sorted({p.stem for folder in folders for p in folder.glob("*.yaml")})
    where = ", ".join(_shown(folder) for folder in folders)
    hint = near_match(name, names)
    raise ConfigError(f"There is no config {name!r} in {where}.{hint} There are: {', '.join(names) or 'none'}.")


def _shown(folder: Path) -> str:
    """A folder as people would write it: relative where it lies below the working directory."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def make_working_directory_importable() -> None:
    """So that `_target_: my_module.Thing` beside the user's configs is found, whatever the entry point."""
    here = os.getcwd()
    if "" not in sys.path and here not in sys.path:
        sys.path.insert(0, here)


@cache
def _register_search_path() -> None:
    """Tell Hydra, once, to search the later folders of an open session; outside of one this adds nothing."""
    from hydra.core.config_search_path import ConfigSearchPath
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    class SweeperSearchPath(SearchPathPlugin):
        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            for folder in _later_folders.get():
                search_path.append(provider="sweeper", path=f"file://{folder}")

    Plugins.instance().register(SweeperSearchPath)
