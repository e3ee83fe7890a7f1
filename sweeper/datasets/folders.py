"""Finds the images in a folder that has one folder per class, and counts the entries that it ignores."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sweeper.common.text import escaped
from sweeper.datasets.class_order import names_of
from sweeper.errors import PartError, near_match

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""Endings of the files that are images, in upper or lower case."""
ARCHIVE_FOLDERS = frozenset({"__MACOSX"})
"""Folders that archive programs leave behind."""

HIDDEN = "name begins with a dot, or is __MACOSX"
NO_IMAGE = "ending is not that of an image"
NO_CLASS = "file outside the class folders"
BROKEN = "link to nothing"
LOOP = "link to a folder above it"
SPECIAL = "neither file nor folder"


@dataclass(frozen=True)
class ClassFolders:
    """The images below a root, and the number of entries that were passed over, by reason.

    The same rules hold at every depth: entries that begin with a dot are passed over, links to files and folders are
    followed, a folder is searched whatever its name is, and a file is an image if it has one of the `SUFFIXES`.
    """

    classes: tuple[str, ...]
    """Names of the classes, in the order of their indices."""
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    """The class index of each file."""
    passed_over: Mapping[str, int]
    """A folder that is passed over counts as one entry, whatever is in it."""


@dataclass
class _SearchResult:
    files: list[Path] = field(default_factory=list[Path])
    passed_over: Counter[str] = field(default_factory=Counter[str])


def class_folders(root: Path, wanted: Sequence[object] | None) -> ClassFolders:
    """Search a folder with one folder per class.

    Parameters
    ----------
    root
        The folder.
    wanted
        The classes in the order of their indices. They are compared with the names of the folders as text. `None` takes
        the folders in sorted order.

    Raises
    ------
    PartError
        The root is not a folder, a folder cannot be listed, there is no class folder or no image, `wanted` is not a
        list of distinct names, or a class folder is not in it.
    """
    if not root.is_dir():
        raise PartError(
            f"There is no folder {escaped(str(root))}; root must hold one folder per class (root/cat/1.png)."
        )
    found = _SearchResult()
    folders = sorted(path.name for path in _entries(root, found) if _is_class(path, found))
    if not folders:
        raise PartError(f"{escaped(str(root))} holds no class folder; expected one folder per class (root/cat/1.png).")
    names = folders if wanted is None else _ordered(root, folders, _names(wanted))
    labels: list[int] = []
    for index, name in enumerate(names):
        before = len(found.files)
        if name in folders:
            _search(root / name, [os.path.realpath(root)], found)
        found.files[before:] = sorted(found.files[before:])
        labels += [index] * (len(found.files) - before)
    if not found.files:
        passed = f" Passed over: {counts_text(found.passed_over)}." if found.passed_over else ""
        known = ", ".join(sorted(SUFFIXES))
        raise PartError(f"No image in the class folders of {escaped(str(root))}; known endings: {known}.{passed}")
    return ClassFolders(tuple(names), tuple(found.files), tuple(labels), dict(found.passed_over))


def images_below(folder: Path) -> tuple[list[Path], dict[str, int]]:
    """The images below a folder in sorted order, and the number of entries that were passed over, by reason.

    Raises
    ------
    PartError
        A folder cannot be listed.
    """
    found = _SearchResult()
    _search(folder, (), found)
    return sorted(found.files), dict(found.passed_over)


def counts_text(passed_over: Mapping[str, int]) -> str:
    """The counts with their reasons as text: `2 (link to nothing)`."""
    return ", ".join(f"{count} ({reason})" for reason, count in sorted(passed_over.items()))


def _names(wanted: Sequence[object]) -> list[str]:
    names = names_of(wanted)
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise PartError(f"classes name {twice[0]!r} more than once; each class has one index.")
    return names


def _ordered(root: Path, folders: Iterable[str], names: list[str]) -> list[str]:
    for folder in folders:
        if folder not in names:
            raise PartError(
                f"{escaped(str(root))} holds the folder {folder!r}, which is no class.{near_match(folder, names)} "
                f"Classes are {', '.join(names)}. Add it to classes or take the folder away."
            )
    return names


def _is_class(path: Path, found: _SearchResult) -> bool:
    if path.is_dir():
        return True
    found.passed_over[NO_CLASS if path.exists() else BROKEN] += 1
    return False


def _entries(folder: Path, found: _SearchResult) -> Iterator[Path]:
    """The entries of a folder, without those that are passed over because of their name."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise PartError(
            f"The folder {escaped(str(folder))} cannot be listed: {error.strerror}. "
            "Give it the rights to be read, or take it away."
        ) from error
    for name in names:
        if name.startswith(".") or name in ARCHIVE_FOLDERS:
            found.passed_over[HIDDEN] += 1
        else:
            yield folder / name


def _search(folder: Path, above: Sequence[str], found: _SearchResult) -> None:
    """Collect the images below a folder. `above` are the real paths of the folders that lead to it."""
    here = os.path.realpath(folder)
    if here in above:
        found.passed_over[LOOP] += 1
        return
    for path in _entries(folder, found):
        if path.is_dir():
            _search(path, [*above, here], found)
        elif (reason := _reason_against(path)) is None:
            found.files.append(path)
        else:
            found.passed_over[reason] += 1


def _reason_against(path: Path) -> str | None:
    """The reason why an entry that is not a folder is not an image; `None` if it is one."""
    if not path.exists():
        return BROKEN
    if not path.is_file():
        return SPECIAL
    return None if path.suffix.lower() in SUFFIXES else NO_IMAGE
