"""Labels and boxes in columns of Arrow, as class indices and arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.common.text import escaped
from sweeper.datasets.arrow_tables import doubles, fields_of, is_flat, is_list, is_number_type, is_struct, ragged
from sweeper.datasets.boxes import BoxTable, corners, grouped
from sweeper.datasets.class_labels import classes_of, label_text
from sweeper.datasets.class_order import class_order
from sweeper.datasets.values import is_number
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets.faults import Faults

    Numbers = npt.NDArray[np.int64]
    Doubles = npt.NDArray[np.float64]

FORMATS: dict[str, Callable[[Doubles], Doubles]] = {"xywh": corners, "xyxy": lambda boxes: boxes}
_BOXES = ("bbox", "bboxes", "boxes", "box")
_CATEGORIES = ("category", "categories", "label", "labels", "class", "classes", "category_id")


@dataclass(frozen=True, eq=False)
class Labels:
    """Class indices of N labels, -1 for a label that is empty or no class, and the classes."""

    indices: Numbers
    classes: Sequence[str]


def labels_of(column: Any, names: Sequence[str] | None, wanted: Sequence[object] | None, source: str) -> Labels:
    """Class indices from a column of texts or numbers.

    Parameters
    ----------
    names
        What the numbers in the column stand for, by index; `None` where the values are the names themselves.
    wanted
        The classes in the order of their indices, or `None`.

    Raises
    ------
    PartError
        The column holds no texts or numbers; `wanted` is no list of names, has one twice, or lacks one.
    """
    if not is_flat(column):
        raise PartError(
            f"The labels of {escaped(source)} are {column.type}; allowed: one text or number for each image or box. "
            "Set label_column to another column."
        )
    coded = column.dictionary_encode()
    coded = coded.combine_chunks() if hasattr(coded, "combine_chunks") else coded
    values = coded.dictionary.to_pylist()
    if names is None:
        texts = [label_text(value) for value in values]
        order = class_order(classes_of(texts, None), wanted, source)
    else:
        texts = [_class_of(value, names) for value in values]
        order = class_order(names, wanted, source)
    index = {name: i for i, name in enumerate(order)}
    of_value = np.array([-1 if text is None else index[text] for text in texts] + [-1], np.int64)
    codes = coded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return Labels(of_value[codes], order)


def _class_of(value: object, names: Sequence[str]) -> str | None:
    """The class that a label stands for: one of its names, or the number of one, which pandas may have as 1.0."""
    if isinstance(value, str):
        return value if value in names else None
    return names[int(value)] if is_number(value) and float(value).is_integer() and 0 <= value < len(names) else None


def is_of_boxes(kind: Any) -> bool:
    """Whether a type is that of objects in images: lists of structures, or a structure of lists."""
    return is_struct(kind) or (is_list(kind) and is_struct(kind.value_type))


def boxes_of(
    column: Any,
    box_format: str | None,
    names: Sequence[str] | None,
    wanted: Sequence[object] | None,
    source: str,
    faults: Faults,
) -> tuple[BoxTable, Sequence[str]]:
    """The boxes of N images, and the classes.

    Parameters
    ----------
    column
        For each image objects with a `bbox` and a `category`, and maybe an `area` and `iscrowd`.
    box_format
        `xywh` or `xyxy`.

    Raises
    ------
    PartError
        The format is neither, a part of the objects is missing, or an image has another number of boxes than of
        categories.
    """
    if box_format not in FORMATS:
        got = "and nothing says how they are written" if box_format is None else f"and box_format is {box_format!r}"
        raise PartError(
            f"The column of objects has boxes, {got}. Set box_format to xywh, if they are x, y, width and height as in "
            "COCO's format, or to xyxy, if they are x, y of two corners; in pixels."
        )
    counts, parts = _parts(column, source)
    boxes = FORMATS[box_format](_fours(_one_of(parts, _BOXES, source), source))
    labels = labels_of(_one_of(parts, _CATEGORIES, source), names, wanted, source)
    image = np.repeat(np.arange(len(counts)), counts)
    finite = np.isfinite(boxes).all(axis=1)
    sized = ~finite | ((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    for reason, good in (
        ("box that is not four finite numbers", finite),
        ("box without an area", sized),
        ("box without a class of those that there are", labels.indices >= 0),
    ):
        for at in np.flatnonzero(~good):
            faults.add(reason, f"row {image[at]}")
    kept = np.flatnonzero(finite & sized & (labels.indices >= 0))
    order, starts = grouped(image[kept], len(counts))
    rows = kept[order]
    crowd, area = (doubles(parts[name])[rows] if name in parts else None for name in ("iscrowd", "area"))
    flags = None if crowd is None else np.nan_to_num(crowd).astype(np.bool_)
    if area is not None:
        of_boxes = (boxes[rows, 2:] - boxes[rows, :2]).prod(axis=1)
        area = np.where(np.isnan(area), of_boxes, area)
    return BoxTable(starts, boxes[rows], labels.indices[rows].astype(np.int32), flags, area), labels.classes


def _parts(column: Any, source: str) -> tuple[Numbers, dict[str, Any]]:
    """The number of objects in each image, and each part of all objects."""
    if is_list(column.type):
        counts, items = ragged(column)
        return counts, fields_of(items)
    lists = {name: ragged(part) for name, part in fields_of(column).items() if is_list(part.type)}
    if not lists:
        raise PartError(f"The objects of {source} have no lists of boxes.")
    counts = next((lists[name][0] for name in _BOXES if name in lists), next(iter(lists.values()))[0])
    for name, (own, _) in lists.items():
        if (other := np.flatnonzero(own != counts)).size:
            raise PartError(
                f"Row {other[0]} of {source} has {counts[other[0]]} boxes and {own[other[0]]} of {name}; they must be "
                "as many. Repair it."
            )
    return counts, {name: items for name, (_, items) in lists.items()}


def _one_of(parts: dict[str, Any], names: Sequence[str], source: str) -> Any:
    found = [name for name in names if name in parts]
    if len(found) == 1:
        return parts[found[0]]
    has = ", ".join(parts)
    raise PartError(f"The objects of {source} have {has}; expected one of {', '.join(names)}.")


def _fours(column: Any, source: str) -> Doubles:
    """M x 4 from lists of four numbers; NaN where a list is another."""
    if not is_list(column.type) or not is_number_type(column.type.value_type):
        raise PartError(f"The boxes of {escaped(source)} are {column.type}; each must be a list of four numbers.")
    counts, items = ragged(column)
    values, four = doubles(items), counts == 4
    boxes = np.full((len(counts), 4), np.nan)
    boxes[four] = values[np.repeat(four, counts)].reshape(-1, 4)
    return boxes
