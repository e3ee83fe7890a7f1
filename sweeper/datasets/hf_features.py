"""What the features of a dataset of Hugging Face say: which column is the image, which the label, and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sweeper.errors import PartError, near_match

Feature = Mapping[str, Any]
OBJECTS = "objects"
_IMAGES = ("image", "img", "file_name")
_LABELS = ("label", "labels")


def image_column(features: Mapping[str, object], columns: Sequence[str], wanted: str | None) -> str:
    """The column of the images: the one that is wanted, the only one of that kind, or one called so.

    Raises
    ------
    PartError
        There is none, or there are several.
    """
    if wanted is not None:
        return _there(wanted, columns, "image_column")
    of_kind = [name for name, said in features.items() if _kind(said) == "Image" and name in columns]
    found = of_kind or [name for name in _IMAGES if name in columns][:1]
    if len(found) == 1:
        return found[0]
    raise PartError(_none_or_several("images", found, columns, "image_column"))


def label_column(features: Mapping[str, object], columns: Sequence[str], wanted: str | None) -> str:
    """The column of labels or boxes: the one that is wanted, `objects`, the only one of classes, or one called `label`.

    Raises
    ------
    PartError
        There is none, or there are several.
    """
    if wanted is not None:
        return _there(wanted, columns, "label_column")
    if OBJECTS in columns:
        return OBJECTS
    of_kind = [name for name, said in features.items() if _kind(said) == "ClassLabel" and name in columns]
    found = of_kind or [name for name in _LABELS if name in columns]
    if len(found) == 1:
        return found[0]
    raise PartError(_none_or_several("labels", found, columns, "label_column"))


def class_names(feature: object) -> list[str] | None:
    """Names of classes by index where a feature, or one inside it, is a `ClassLabel`; else `None`."""
    if isinstance(feature, Mapping):
        if _kind(feature) == "ClassLabel" and isinstance(feature.get("names"), list):
            return [str(name) for name in feature["names"]]
        inner = list(feature.values())
    else:
        inner = list(feature) if isinstance(feature, list) else []
    return next((names for one in inner if (names := class_names(one)) is not None), None)


def _kind(feature: object) -> object:
    return feature.get("_type") if isinstance(feature, Mapping) else None


def _there(name: str, columns: Sequence[str], parameter: str) -> str:
    if name in columns:
        return name
    raise PartError(
        f"There is no column {name!r}, and {parameter} names it.{near_match(name, columns)} The columns are "
        f"{', '.join(columns)}."
    )


def _none_or_several(what: str, found: Sequence[str], columns: Sequence[str], parameter: str) -> str:
    has = f"Several columns hold {what}: {', '.join(found)}" if found else f"No column is known to hold {what}"
    return f"{has}. Set {parameter} to one of {', '.join(columns)}."
