"""Which files of a folder with one folder per class are images, and what of it is passed over."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sweeper.common.text import escaped
from sweeper.errors import PartError, near_match

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""What counts as an image, whatever the case of its letters."""
DEBRIS = frozenset({"__MACOSX"})
"""Folders that archives leave behind."""

HIDDEN = "name begins with a dot, or is __MACOSX"
NO_IMAGE = "ending is not that of an image"
NO_CLASS = "file outside the class folders"
BROKEN = "link to nothing"
LOOP = "link to a folder above it"
SPECIAL = "neither file nor folder"


@dataclass(frozen=True)
class ClassFolders:
    """The images of a root, and how many entries were passed over, by the reason.

    One rule holds at every depth: entries that begin with a dot are passed over, links to files and folders are
    followed, a folder is searched whatever its name ends with, and a file is an image by its ending.
    """

    classes: tuple[str, ...]
    """Names in the order of their indices."""
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    """Index of the class of each file."""
    passed_over: Mapping[str, int]
    """A folder that is passed over counts as one entry, whatever it holds."""


@dataclass
class _Found:
    files: list[Path] = field(default_factory=list[Path])
    passed_over: Counter[str] = field(default_factory=Counter[str])


def class_folders(root: Path, wanted: Sequence[object] | None) -> ClassFolders:
    """Search a folder with one folder per class.

    Parameters
    ----------
    root
        The folder.
    wanted
        The classes in the order of their indices, compared with the folders' names as text; `None` takes the folders
        in sorted order.

    Raises
    ------
    PartError
        Where the root is no folder, a folder cannot be listed, there is no class folder or no image, `wanted` is no
        list of distinct names, or a class folder is not among them.
    """
    if not root.is_dir():
        raise PartError(
            f"There is no folder {escaped(str(root))}; root must hold one folder per class (root/cat/1.png)."
        )
    found = _Found()
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
        passed = f" Passed over: {told(found.passed_over)}." if found.passed_over else ""
        known = ", ".join(sorted(SUFFIXES))
        raise PartError(f"No image in the class folders of {escaped(str(root))}; known endings: {known}.{passed}")
    return ClassFolders(tuple(names), tuple(found.files), tuple(labels), dict(found.passed_over))


def told(passed_over: Mapping[str, int]) -> str:
    """Counts with their reasons, as a person reads them: `2 (link to nothing)`."""
    return ", ".join(f"{count} ({reason})" for reason, count in sorted(passed_over.items()))


def _names(wanted: Sequence[object]) -> list[str]:
    given = [] if isinstance(wanted, str) else list(wanted)
    if not given or any(isinstance(name, bool) or not isinstance(name, str | int | float) for name in given):
        raise PartError(f"classes are {wanted!r}; allowed: a list of names, e.g. [cat, dog]. Quote true, yes and null.")
    names = [str(name) for name in given]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise PartError(f"classes name {twice[0]!r} more than once; each class has one index.")
    return names


def _ordered(root: Path, folders: Iterable[str], names: list[str]) -> list[str]:
    for folder in folders:
        if folder not in names:
            raise PartError(
                f"{escaped(str(root))} holds the folder {folder!r}, which is not among classes {names}."
                f"{near_match(folder, names)} Add it to classes or take the folder away."
            )
    return names


def _is_class(path: Path, found: _Found) -> bool:
    if path.is_dir():
        return True
    found.passed_over[NO_CLASS if path.exists() else BROKEN] += 1
    return False


def _entries(folder: Path, found: _Found) -> Iterator[Path]:
    """What a folder holds and is not passed over by its name."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise PartError(
            f"The folder {escaped(str(folder))} cannot be listed: {error.strerror}. "
            "Give it the rights to be read, or take it away."
        ) from error
    for name in names:
        if name.startswith(".") or name in DEBRIS:
            found.passed_over[HIDDEN] += 1
        else:
            yield folder / name


def _search(folder: Path, above: Sequence[str], found: _Found) -> None:
    """Collect the images below a folder; `above` are the real paths of the folders that led here."""
    here = os.path.realpath(folder)
    if here in above:
        found.passed_over[LOOP] += 1
        return
    for path in _entries(folder, found):
        if path.is_dir():
            _search(path, [*above, here], found)
        elif (reason := _no_image(path)) is None:
            found.files.append(path)
        else:
            found.passed_over[reason] += 1


def _no_image(path: Path) -> str | None:
    """Why an entry that is no folder is no image."""
    if not path.exists():
        return BROKEN
    if not path.is_file():
        return SPECIAL
    return None if path.suffix.lower() in SUFFIXES else NO_IMAGE
