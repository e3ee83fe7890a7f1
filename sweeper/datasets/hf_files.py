"""Finds the files of a split in a folder that `datasets` saved, in a snapshot from the Hub, and in an image folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sweeper.common.text import escaped
from sweeper.errors import PartError, near_match

Kind = Literal["arrow", "parquet", "metadata", "folders"]
_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_OF_MANY = re.compile(r"(.+)-\d{5}-of-\d{5}")
_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}


@dataclass(frozen=True)
class SplitFiles:
    """The files of one split.

    Attributes
    ----------
    kind
        Arrow files, Parquet files, one table of metadata beside image files, or a folder with one folder per class.
    files
        In their order; of class folders, the folder.
    split
        Its name; `None` where there is only one, without a name.
    """

    kind: Kind
    files: Sequence[Path]
    split: str | None

    @property
    def folder(self) -> Path:
        """Folder that relative paths of images start from."""
        return self.files[0] if self.kind == "folders" else self.files[0].parent


def split_files(root: Path, split: str | None) -> SplitFiles:
    """The files of a split; `None` for the only one.

    Raises
    ------
    PartError
        The folder has none of the layouts, there is no such split, or there are several and none is named.
    """
    if not root.is_dir():
        raise PartError(f"root must be a folder, and {escaped(str(root))} is not one.")
    kind, splits = _layout(root)
    there = ", ".join(str(name) for name in splits)
    if split is None and len(splits) > 1:
        raise PartError(f"{escaped(str(root))} has the splits {there}. Set split to the one to use.")
    name = next(iter(splits)) if split is None else split if split in splits else _WORDS.get(split, split)
    if name not in splits:
        raise PartError(
            f"{escaped(str(root))} has no split {split!r}; it has {there}.{near_match(str(split), map(str, splits))}"
        )
    files = splits[name]
    if kind == "parquet" and len({file.parent for file in files}) > 1:
        folders = sorted({escaped(str(file.parent)) for file in files})
        raise PartError(f"The files of this split lie in several folders: {', '.join(folders)}. Set root to one.")
    return SplitFiles(kind, files, name)


def splits_of(root: Path) -> list[str]:
    """The names of the splits; none where there is only one, without a name.

    Raises
    ------
    PartError
        The folder has none of the layouts.
    """
    return [name for name in _layout(root)[1] if name is not None]


def _layout(root: Path) -> tuple[Kind, Mapping[str | None, Sequence[Path]]]:
    if (root / "dataset_dict.json").is_file():
        names = _json(root / "dataset_dict.json").get("splits")
        return "arrow", {name: _saved(root / name) for name in names} if isinstance(names, list) else {}
    if (root / "state.json").is_file():
        return "arrow", {None: _saved(root)}
    files = [file for file in sorted(root.rglob("*.parquet")) if not _is_hidden(file, root)]
    if stored := [file for file in files if file.name not in _METADATA]:
        names = [_split_of(file.relative_to(root)) for file in stored]
        return "parquet", {
            name: [file for file, of in zip(stored, names, strict=True) if of == name] for name in sorted(names)
        }
    if tables := [path for folder in (root, *_folders(root)) for name in _METADATA if (path := folder / name).exists()]:
        return "metadata", {(None if path.parent == root else _word(path.parent.name)): [path] for path in tables}
    return "folders", _class_folders(root)


def _class_folders(root: Path) -> Mapping[str | None, Sequence[Path]]:
    folders = _folders(root)
    if folders and all(folder.name in _WORDS for folder in folders):
        return {_word(folder.name): [folder] for folder in folders}
    if folders:
        return {None: [root]}
    raise PartError(
        f"{escaped(str(root))} is no folder that save_to_disk wrote (state.json or dataset_dict.json), and has no "
        "Parquet file, no metadata.csv, .jsonl or .parquet, and no folders of classes."
    )


def _saved(folder: Path) -> Sequence[Path]:
    said = _json(folder / "state.json").get("_data_files")
    names = [one.get("filename") for one in said] if isinstance(said, list) else []
    files = [folder / name for name in names if isinstance(name, str)]
    if gone := [file for file in files if not file.is_file()]:
        raise PartError(f"{escaped(str(gone[0]))} is not there, and state.json names it. Copy the folder whole.")
    if not files:
        raise PartError(f"{escaped(str(folder / 'state.json'))} names no files of data.")
    return files


def _json(path: Path) -> Mapping[str, object]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PartError(f"{escaped(str(path))} cannot be read as JSON: {error}.") from error
    return said if isinstance(said, dict) else {}


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _split_of(path: Path) -> str:
    """The split of a Parquet file: `train-00000-of-00002`, or a word in the names of the file and its folders."""
    if match := _OF_MANY.match(path.stem):
        return match[1]
    words = [word for part in (path.stem, *reversed(path.parts[:-1])) for word in re.split(r"[^a-z]+", part.lower())]
    return next((_WORDS[word] for word in words if word in _WORDS), "train")


def _word(name: str) -> str:
    return _WORDS.get(name, name)
