"""Writes the files of a project, and nothing over what somebody else has written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from sweeper.config.catalogue import MARK_OF_INIT
from sweeper.errors import ConfigError


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write texts by their paths in a folder.

    Parameters
    ----------
    force
        Whether files that begin with the mark of `init` are replaced.

    Raises
    ------
    ConfigError
        A file is there that may not be replaced, and then nothing is written; or one cannot be written.
    """
    paths = {folder / name: text for name, text in files.items()}
    try:
        if kept := [path for path in paths if os.path.lexists(path) and not (force and _is_ours(path))]:
            raise ConfigError(_in_the_way(kept, force=force))
        for path, text in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error}. Name another folder: sweeper init FOLDER.") from error
    return list(paths)


def _is_ours(path: Path) -> bool:
    return path.is_file() and path.read_bytes().startswith(MARK_OF_INIT.encode())


def _in_the_way(kept: Sequence[Path], *, force: bool) -> str:
    named = ", ".join(map(str, kept))
    if force:
        return f"{named}: not written by init, so --force does not replace it. Move it away, or name another folder."
    hint = " or replace what init has written: --force" if all(map(_is_ours, kept)) else ""
    return f"{named}: already there, and nothing was written. Name another folder{hint}."
