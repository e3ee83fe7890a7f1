"""Reads the `data.yaml` of a YOLO dataset: the names of its classes, and where the images of a split are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sweeper.common.text import escaped
from sweeper.datasets.folders import SUFFIXES, images_below
from sweeper.errors import PartError, near_match

SPLITS = ("train", "val", "test")
_NAMES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")


@dataclass(frozen=True)
class YoloConfig:
    """What a `data.yaml` says.

    Attributes
    ----------
    path
        The file.
    names
        Name of each class by its number in the files of labels, in the order of the numbers.
    base
        Folder that the paths of the splits start from.
    splits
        The paths of each split that there is: folders, lists of images (`.txt`) and images.
    keypoints
        How many numbers follow a box in each line for its keypoints, by `kpt_shape`; 0 where the file has none.
    """

    path: Path
    names: Mapping[int, str]
    base: Path
    splits: Mapping[str, Sequence[str]]
    keypoints: int


def config_file(root: Path) -> Path:
    """The one `data.yaml` of a folder.

    Raises
    ------
    PartError
        There is none, or there are several.
    """
    found = [root / name for name in _NAMES if (root / name).is_file()]
    if len(found) == 1:
        return found[0]
    kind = f"has {' and '.join(path.name for path in found)}" if found else "has no data.yaml"
    raise PartError(
        f"{escaped(str(root))} {kind}, which would say what the numbers of the classes mean. Set config to the file, "
        "or write one: `names: [first, second]`, and a line for each split, such as `val: images/val`."
    )


def read_config(path: Path, root: Path) -> YoloConfig:
    """Read a `data.yaml`.

    Raises
    ------
    PartError
        It cannot be read, or its names, their number or its splits are not as the format asks for.
    """
    import yaml

    name = escaped(str(path))
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PartError(f"The file {name} cannot be read: {error.strerror or error}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PartError(f"{name} is no YAML in UTF-8: {error}") from error
    if not isinstance(said, dict):
        raise PartError(f"{name} holds no mapping; expected names, and a path for each split.")
    content = cast("Mapping[str, object]", said)
    inner = content.get("path")
    base = root / inner if isinstance(inner, str) and (root / inner).is_dir() else root
    splits = {key: _paths(content[key], key, name) for key in SPLITS if content.get(key)}
    return YoloConfig(path, _class_names(content, name), base, splits, _keypoints(content.get("kpt_shape"), name))


def _keypoints(shape: object, name: str) -> int:
    if shape is None:
        return 0
    sides = cast("Sequence[object]", shape) if isinstance(shape, list) else []
    if len(sides) == 2 and isinstance(sides[0], int) and sides[0] > 0 and sides[1] in (2, 3):
        return sides[0] * cast("int", sides[1])
    raise PartError(f"{name} has kpt_shape: {shape!r}; allowed: the number of keypoints, and 2 or 3 numbers for each.")


def _class_names(content: Mapping[str, object], name: str) -> dict[int, str]:
    said, count = content.get("names"), content.get("nc")
    pairs = _pairs(said)
    wrong = [pair for pair in pairs if not isinstance(pair[0], int) or not _is_name(pair[1])]
    if not pairs or wrong:
        got = f"; got {wrong[0]!r}. Put quotes around names such as no, true and null" if wrong else ""
        raise PartError(f"{name} has no names of classes, such as `names: [cat, dog]` or `names: {{0: cat}}`{got}.")
    names = {number: str(one) for number, one in sorted(cast("list[tuple[int, object]]", pairs))}
    if len(set(names.values())) < len(names):
        raise PartError(f"{name} gives one name to two classes: {', '.join(names.values())}. Name each differently.")
    if isinstance(count, int) and count != len(names):
        raise PartError(f"{name} says nc: {count}, and has {len(names)} names. Correct what is wrong.")
    return names


def _is_name(value: object) -> bool:
    """YAML reads no, off and true without quotes as truth values, and the name is lost."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _pairs(said: object) -> list[tuple[object, object]]:
    if isinstance(said, dict):
        return list(cast("Mapping[object, object]", said).items())
    return list(enumerate(cast("Sequence[object]", said))) if isinstance(said, list) else []


def _paths(said: object, split: str, name: str) -> list[str]:
    paths = cast("Sequence[object]", said) if isinstance(said, list) else [said]
    if not all(isinstance(path, str) and path.strip() for path in paths):
        raise PartError(f"{name} has {split}: {said!r}; allowed: a path, or a list of paths.")
    return [str(path) for path in paths]


def split_files(config: YoloConfig, split: str | None, root: Path) -> tuple[list[str], bool, dict[str, int]]:
    """The images of a split.

    Parameters
    ----------
    split
        Its name; `None` for the only one.
    root
        Folder of the dataset.

    Returns
    -------
    The paths as the dataset has them; whether they are all images of some folders, and not a choice among them; and the
    number of entries that were passed over in those folders, by reason.

    Raises
    ------
    PartError
        There is no such split, there are several and none is named, or what it names is not there.
    """
    files, passed_over, whole = list[str](), dict[str, int](), True
    for text in config.splits[_split(config, split)]:
        path = _found(text, config.base, root)
        if path.is_dir():
            below, passed = images_below(path)
            files += map(str, below)
            passed_over = {key: passed_over.get(key, 0) + passed.get(key, 0) for key in passed_over | passed}
        else:
            whole = False
            files += [str(path)] if path.suffix.lower() in SUFFIXES else _listed(path, config.base)
    return files, whole, passed_over


def _split(config: YoloConfig, split: str | None) -> str:
    there, name = ", ".join(config.splits), escaped(str(config.path))
    if split is None and len(config.splits) == 1:
        return next(iter(config.splits))
    if split is None and config.splits:
        raise PartError(f"{name} has the splits {there}. Set split to the one to use.")
    if split is None or split not in config.splits:
        has = f"it has {there}" if there else "it has none; add a line such as `val: images/val`"
        raise PartError(f"{name} has no split {split!r}: {has}.{near_match(str(split), config.splits)}")
    return split


def _found(text: str, base: Path, root: Path) -> Path:
    """What a split names. `../val` where there is `val` is how some programs write the latter."""
    tried = [base / text, root / text]
    tried += [base / text[3:]] if text.startswith("../") else []
    for path in tried:
        if path.exists():
            return path
    raise PartError(
        f"There is no {escaped(str(tried[0]))}, which data.yaml names for its split. Paths are relative to "
        f"{escaped(str(base))}: correct data.yaml, or put the images there."
    )


def _listed(path: Path, base: Path) -> list[str]:
    """The images of a list, one on each line, relative to the base, or to the folder of the list."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PartError(f"{escaped(str(path))} is no folder, image or list of images: {error}.") from error
    names = [line.strip() for line in lines if line.strip()]
    return [str(base / name if (base / name).exists() else path.parent / name) for name in names]
