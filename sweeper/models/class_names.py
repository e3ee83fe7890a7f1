"""The names of the classes that a model knows, by index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sweeper.common.small_json import Damaged, parsed
from sweeper.common.text import escaped
from sweeper.models.parameters import Parameter

MOST_BYTES = 1 << 24
"""A file of names is not larger."""
NO_CLASS = "N/A"
"""What lists of names have where an index stands for no class, as those of detectors trained on COCO."""


def read_class_names(value: object) -> tuple[str, ...]:
    """Names by index from a list, a mapping from indices 0 to K - 1 to names, or the path of a file.

    A text file has one name on each line, in the order of the indices; empty lines at its end do not count. A file
    whose name ends in `.json` has a list or a mapping, or an object with one of these as its `index2label`.

    Raises
    ------
    ValueError
        It is none of these, the file cannot be read, or a name is empty or there twice.
    """
    value = opened(value)
    if isinstance(value, str):
        return _distinct(_lines(Path(value).expanduser()), f"those of {escaped(value)}")
    if isinstance(value, Mapping):
        return _distinct(_by_index(value), repr(value))
    if not isinstance(value, list | tuple) or any(isinstance(one, bool) for one in value):
        raise ValueError(repr(value))
    if not all(isinstance(one, str | int | float) for one in value):
        raise ValueError(repr(value))
    return _distinct([str(one) for one in value], repr(value))


CLASS_NAMES = Parameter(
    "class_names",
    read_class_names,
    "a list, or the path of a text file with one name on each line or of a JSON file",
    "the names of the classes in the order of the scores",
    "names.txt",
)


def opened(value: object) -> object:
    """The list or mapping that a JSON file has, if the value is the path of one; any other value as it is.

    Raises
    ------
    ValueError
        The file cannot be read, or is no JSON.
    """
    if not isinstance(value, str) or not value.endswith(".json"):
        return value
    path = Path(value).expanduser()
    found = parsed(_text(path).encode(), lambda content: content)
    if isinstance(found, Damaged):
        raise ValueError(f"{escaped(value)}, where {found.reason}")
    names = found.get("index2label", found) if isinstance(found, dict) else found
    if not isinstance(names, list | dict):
        raise ValueError(f"{escaped(value)}, which has neither a list nor a mapping")
    return names


def _lines(path: Path) -> list[str]:
    return _text(path).rstrip().splitlines()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{escaped(str(path))}, a file of {path.stat().st_size} bytes")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{escaped(str(path))}, which cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{escaped(str(path))}, which is no text in UTF-8") from error


def _by_index(names: Mapping[object, object]) -> list[str]:
    by_index = {int(str(index)): str(name) for index, name in names.items()}
    if sorted(by_index) != list(range(len(by_index))):
        raise ValueError(f"a mapping of the indices {sorted(by_index)[:5]}, which are not 0 to {len(by_index) - 1}")
    return [by_index[index] for index in range(len(by_index))]


def _distinct(names: Sequence[str], shown: str) -> tuple[str, ...]:
    stripped = [name.strip() for name in names]
    if not stripped or not all(stripped):
        raise ValueError(f"{shown}, where a name is empty")
    if twice := [name for name, count in Counter(stripped).items() if count > 1 and name != NO_CLASS]:
        raise ValueError(f"{shown}, where {twice[0]!r} is there twice")
    return tuple(stripped)
