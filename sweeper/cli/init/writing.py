"""Writes the files of a project, and nothing over what somebody else has written."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sweeper.config.catalogue import MARK_OF_INIT
from sweeper.errors import ConfigError


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write texts by their paths in a folder.

    Parameters
    ----------
    force
        Whether files are replaced that are as `init` has written them.

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
            path.write_text(_marked(text), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error}. Name another folder: sweeper init FOLDER.") from error
    return list(paths)


def _marked(text: str) -> str:
    """A text whose first line, the mark of `init`, tells whether what is below it is still as it was written."""
    below = text.removeprefix(f"{MARK_OF_INIT}\n")
    return f"{MARK_OF_INIT} Checksum of the lines below: {_checksum(below)}\n{below}"


def _is_ours(path: Path) -> bool:
    """Whether `init` wrote a file and nobody has changed it since, as who fills in what is missing does."""
    if not path.is_file():
        return False
    first, _, below = path.read_text(encoding="utf-8", errors="replace").partition("\n")
    return first.startswith(MARK_OF_INIT) and first.endswith(_checksum(below))


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def _in_the_way(kept: Sequence[Path], *, force: bool) -> str:
    named = ", ".join(map(str, kept))
    if force:
        return (
            f"{named}: not written by init, or changed since, so --force does not replace it. Move it away, or name "
            "another folder."
        )
    hint = " or replace what init has written: --force" if all(map(_is_ours, kept)) else ""
    return f"{named}: already there, and nothing was written. Name another folder{hint}."
