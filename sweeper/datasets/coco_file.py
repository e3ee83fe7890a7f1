"""Reads COCO's JSON of annotations into arrays, entry by entry, and collects what cannot be used.

`datamaite` reads these files too. It makes an object of each box, which takes a gigabyte for a million of them, and
leaves out what is malformed with a line in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.text import escaped
from sweeper.datasets.class_order import class_order
from sweeper.datasets.coco_entries import CocoBoxes, CocoCategories, CocoImages, Flat, Id
from sweeper.datasets.faults import Faults
from sweeper.datasets.files_below import FilesBelow
from sweeper.datasets.json_items import items_of
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets.boxes import BoxTable


@dataclass(frozen=True, eq=False)
class CocoFile:
    """The images of a COCO file that can be used, with their boxes.

    Attributes
    ----------
    classes
        Names of the classes, in the order of their indices.
    ids, names
        For each image its id, and the path of its file relative to the root.
    sizes
        N x 2, height and width; 0 where the file does not say.
    extras
        Further flat keys of images, each with one value per image, `None` where an image lacks it.
    table
        The boxes.
    passed_over
        The number of entries that were left out, by reason.
    """

    classes: tuple[str, ...]
    ids: tuple[Id, ...]
    names: tuple[str, ...]
    sizes: npt.NDArray[np.int32]
    extras: Mapping[str, Sequence[Flat | None]]
    table: BoxTable
    passed_over: Mapping[str, int]


def read_coco(path: Path, root: Path, wanted: Sequence[object] | None, invalid: str) -> CocoFile:
    """Read a file of annotations, and look which of its images are below a root.

    Raises
    ------
    PartError
        The file cannot be read or lacks one of its three lists, its categories are malformed or not in `wanted`, an
        entry cannot be used and `invalid` is `error`, or no image is left.
    """
    files, faults = FilesBelow(root), Faults(invalid, str(path))
    lists = _read(path, faults)
    names = lists.categories.by_id()
    order = class_order(list(names.values()), wanted, str(path))
    left_out = lists.images.keep_found(files, faults)
    files.refuse_none("the file of annotations")
    labels: dict[Id, int] = {id_: order.index(name) for id_, name in names.items()}
    table = lists.boxes.table(lists.images.index(), left_out, labels, faults)
    passed_over, images = faults.settled(), lists.images
    if not images.ids:
        raise PartError(f"{escaped(str(path))} has no image that can be used, so there is nothing to measure.")
    sizes = np.array(images.sizes, np.int32)
    return CocoFile(tuple(order), tuple(images.ids), tuple(images.names), sizes, images.extras, table, passed_over)


def annotation_file(root: Path) -> Path:
    """The one file of annotations in a folder, or in `annotations` in it.

    Raises
    ------
    PartError
        There is none, or there are several.
    """
    found = sorted(path for folder in (root, root / "annotations") for path in folder.glob("*.json"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise PartError(
            f"Neither {escaped(str(root))} nor its folder annotations has a file .json. Set annotations to the file."
        )
    names = ", ".join(escaped(str(path)) for path in found[:5])
    raise PartError(f"{escaped(str(root))} has {len(found)} files .json: {names}. Set annotations to the one to use.")


@dataclass
class _Lists:
    name: str
    images: CocoImages = field(default_factory=CocoImages)
    boxes: CocoBoxes = field(default_factory=CocoBoxes)
    categories: CocoCategories = field(default_factory=CocoCategories)

    def add(self, key: str, place: int, value: object, faults: Faults) -> None:
        if key == "annotations":
            self.boxes.add(place, value, faults)
        elif key == "images":
            self.images.add(f"images[{place}]", value, faults)
        elif key == "categories":
            self.categories.add(f"{self.name}: categories[{place}]", value)


def _read(path: Path, faults: Faults) -> _Lists:
    lists, seen, asked = _Lists(escaped(str(path))), set[str](), ("images", "annotations", "categories")
    for key, place, value in items_of(path):
        if place is not None:
            lists.add(key, place, value, faults)
        if place is not None or value == []:
            seen.add(key)
    if missing := [key for key in asked if key not in seen]:
        raise PartError(
            f"{escaped(str(path))} has no list of {' and none of '.join(missing)}; COCO's format of detections asks "
            "for images, annotations and categories. Set annotations to another file."
        )
    return lists
