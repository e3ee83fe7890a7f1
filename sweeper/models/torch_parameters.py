"""Parameters that all models of torch have, and what is checked of them without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sweeper.common.small_json import Damaged, parsed
from sweeper.errors import PartError
from sweeper.models.parameters import Stated


def file_argument(name: str, value: object) -> Path:
    """The path that an argument names.

    Raises
    ------
    PartError
        It names none.
    """
    if not isinstance(value, str | Path) or not str(value).strip():
        raise PartError(f"{name} is {value!r}, and it must be the path of a file here; weights are never downloaded.")
    return Path(value).expanduser()


def beside(path: Path) -> Sequence[Stated]:
    """What the JSON file beside a file says of the names of its classes, in its `index2label`; nothing without one."""
    notes = path.with_suffix(".json")
    if notes == path or not notes.is_file():
        return ()
    names = parsed(notes.read_bytes(), lambda content: content["index2label"])
    return () if isinstance(names, Damaged) else [Stated(names, f"index2label of {notes}")]


def refuse_other_count(path: Path, count: int | None, names: Sequence[str]) -> None:
    """Refuse names that are more or fewer than the classes that a file is known to have.

    Raises
    ------
    PartError
        They are; the message has both numbers.
    """
    if count is not None and count != len(names):
        raise PartError(
            f"{path} holds a network of {count} classes, and class_names has {len(names)}: "
            f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}. Give the names that it was trained with, in "
            "the order of its scores."
        )
