"""Looks at a folder or file of data, and notes what tells how it is to be read. Little is opened, and no image."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import cast

from sweeper.datasets.arrow_tables import read_parquet
from sweeper.datasets.csv_tables import read_csv
from sweeper.datasets.faults import Faults
from sweeper.datasets.folders import SUFFIXES
from sweeper.datasets.hf_files import splits_of
from sweeper.datasets.json_items import items_of
from sweeper.datasets.tables import ENDINGS
from sweeper.errors import PartError

_SEEN = 5_000
"""So many entries of a folder are looked at."""
_DEPTH = 3
"""So deep a folder is searched for images: `root/train/cat/1.png`."""
_OF_HUGGING_FACE = frozenset({"dataset_dict.json", "state.json", "metadata.jsonl"})
"""Files of a folder that `save_to_disk` of the library datasets wrote, and of its image folders."""
_OF_A_SNAPSHOT = "-of-"
"""Part of the names of the Parquet files in a snapshot of Hugging Face: `train-00000-of-00001.parquet`."""
_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Contents:
    """What was seen at a path; all names are relative to its folder, with `/`.

    Parameters
    ----------
    is_file
        Whether the path is a file. `files` then has its name alone.
    files
        Names of the files in the folder and in the folders in it.
    image_folders
        Names of the folders that hold images, at most two below the folder.
    coco
        JSON files that list images, and where the first of these is: folders by name, "." for the folder itself.
    yolo
        YAML files that name classes, each with the splits that it has.
    tables
        Tables in the folder itself, each with the names of its columns.
    hugging_face
        The splits of a dataset of Hugging Face; `None` if it is none.
    """

    is_file: bool
    files: tuple[str, ...] = ()
    image_folders: tuple[str, ...] = ()
    coco: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    yolo: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    hugging_face: tuple[str, ...] | None = None


def look(path: Path) -> Contents:
    """What is at a path."""
    if path.is_file():
        around = ("..", *(f"../{name}" for name in _folders(path.parent / "..", 1)))  # as images beside annotations
        return _noted(True, path.parent, (path.name,), (*_folders(path.parent, _DEPTH - 1), *around))
    folders = tuple(_folders(path, _DEPTH - 1))
    files = tuple(name for folder in ("", *folders) if folder.count("/") < 1 for name in _files(path, folder))
    return _noted(False, path, files, folders)


def _noted(is_file: bool, root: Path, files: tuple[str, ...], folders: tuple[str, ...]) -> Contents:
    with_images = tuple(folder for folder in folders if _has_images(root / folder))
    coco = {name: _roots(root, first, with_images) for name in files if (first := _first_image(root / name))}
    yolo = {name: splits for name in files if (splits := _splits(root / name)) is not None}
    tables = {name: _columns(root / name) for name in files if _is_table(name)}
    hugging_face = None if is_file else _hugging_face(root, files)
    return Contents(is_file, files, with_images, coco, yolo, tables, hugging_face)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((e for e in islice(entries, _SEEN) if not e.name.startswith(".")), key=lambda e: e.name)


def _folders(root: Path, depth: int, above: str = "") -> Iterator[str]:
    for entry in _entries(root / above):
        if entry.is_dir():
            yield f"{above}{entry.name}"
            if depth > 1:
                yield from _folders(root, depth - 1, f"{above}{entry.name}/")


def _files(root: Path, folder: str) -> Iterator[str]:
    above = f"{folder}/" if folder else ""
    return (f"{above}{entry.name}" for entry in _entries(root / folder) if entry.is_file())


def _has_images(folder: Path) -> bool:
    return any(os.path.splitext(entry.name)[1].lower() in SUFFIXES for entry in _entries(folder))


def _first_image(path: Path) -> str | None:
    """The name of the first image in a JSON file in COCO's format; `None` if it is no such file."""
    if path.suffix.lower() != ".json":
        return None
    try:
        listed = (value for key, place, value in items_of(path) if key == "images" and place == 0)
        first = cast("Mapping[str, object]", found) if isinstance(found := next(listed, None), dict) else {}
    except PartError:
        return None
    name = first.get("file_name")
    return name if isinstance(name, str) else None


def _roots(root: Path, image: str, folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(folder for folder in (".", *folders) if (root / folder / image).is_file())


def _hugging_face(root: Path, files: tuple[str, ...]) -> tuple[str, ...] | None:
    names = {name.rpartition("/")[2] for name in files}
    if names.isdisjoint(_OF_HUGGING_FACE) and not any(_is_of_a_snapshot(name) for name in names):
        return None
    try:
        return tuple(splits_of(root))
    except PartError:  # which its class says better
        return ()


def _is_of_a_snapshot(name: str) -> bool:
    return name.endswith(".parquet") and _OF_A_SNAPSHOT in name


def _is_table(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and "/" not in name and not _is_of_a_snapshot(name)


def _columns(path: Path) -> tuple[str, ...]:
    """The names of the columns of a table; none where it cannot be read, which its class says better."""
    try:
        if path.suffix.lower() == ".parquet":
            return tuple(read_parquet(path).columns)
        return tuple(read_csv(path, None, (), Faults("pass_over", str(path))).columns)
    except PartError:
        return ()


def _splits(path: Path) -> tuple[str, ...] | None:
    """The splits in a YAML file that names classes; `None` if it does not."""
    if path.suffix.lower() not in _YAML:
        return None
    import yaml

    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    if not isinstance(said, dict) or "names" not in said:
        return None
    return tuple(split for split in ("train", "val", "test") if said.get(split))
