"""The entries of COCO's three lists, in arrays, and what is wrong with each."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from sweeper.datasets.boxes import BoxTable, corners, grouped
from sweeper.datasets.values import is_number
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets.faults import Faults
    from sweeper.datasets.files_below import FilesBelow

Id: TypeAlias = int | str
Flat: TypeAlias = str | int | float | bool
_NO_EXTRA = frozenset({"id", "file_name", "height", "width"})
_NO_IMAGE, _LEFT_OUT = -1, -2
_FARTHEST = 1e9
"""Larger numbers of pixels are damage, and much larger ones are infinite as float32."""


class CocoImages:
    """The entries of `images`: for each its id, file, size, and further flat keys.

    Attributes
    ----------
    ids, names
        For each image its id, and the path of its file.
    sizes
        For each image height and width; 0 where the file does not say.
    extras
        Further keys, each with a value per image, `None` where an image lacks it.
    """

    def __init__(self) -> None:
        self.ids: list[Id] = []
        self.names: list[str] = []
        self.sizes: list[tuple[int, int]] = []
        self.extras: dict[str, list[Flat | None]] = {}
        self._places: list[str] = []

    def add(self, place: str, raw: object, faults: Faults) -> None:
        """Take one entry; `place` says where it stands."""
        entry = _mapping(raw)
        id_, name = id_of(entry.get("id")), entry.get("file_name")
        if id_ is None or not isinstance(name, str) or not name.strip():
            faults.add("image without an id or a file_name", place)
            return
        self.ids.append(id_)
        self.names.append(name)
        self.sizes.append((_side(entry.get("height")), _side(entry.get("width"))))
        self._places.append(place)
        for key, value in entry.items():
            if key not in _NO_EXTRA and isinstance(value, str | int | float):
                column = self.extras.setdefault(key, [])
                column += [None] * (len(self.ids) - 1 - len(column))
                column.append(value)

    def index(self) -> dict[Id, int]:
        """The index of each image by its id."""
        return {id_: i for i, id_ in enumerate(self.ids)}

    def keep_found(self, files: FilesBelow, faults: Faults) -> set[Id]:
        """Keep those whose files are there, each once; the ids of the others are returned."""
        kept, ids, names, left_out = list[int](), set[Id](), set[str](), set[Id]()
        for i, (id_, name, place) in enumerate(zip(self.ids, self.names, self._places, strict=True)):
            self.names[i], reason = files.find(name)
            if reason is None and (id_ in ids or self.names[i] in names):
                reason = "image whose id or file came before"
            if reason is None:
                kept.append(i)
                ids.add(id_)
                names.add(self.names[i])
            else:
                left_out.add(id_)
                faults.add(reason, f"{name} ({place}, id {id_})")
        self._keep(kept)
        return left_out - ids

    def _keep(self, kept: Sequence[int]) -> None:
        self.ids = [self.ids[i] for i in kept]
        self.names = [self.names[i] for i in kept]
        self.sizes = [self.sizes[i] for i in kept]
        self.extras = {
            key: [column[i] if i < len(column) else None for i in kept] for key, column in self.extras.items()
        }


class CocoCategories:
    """The entries of `categories`: names by id."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def add(self, place: str, raw: object) -> None:
        """Take one entry.

        Raises
        ------
        PartError
            It lacks a name, its id is no whole number, or either came before.
        """
        entry = _mapping(raw)
        id_, name = id_of(entry.get("id")), entry.get("name")
        if not isinstance(id_, int) or not isinstance(name, str) or not name.strip():
            raise PartError(f"{place} is {raw!r:.100}; a category has an id, which is a whole number, and a name.")
        if id_ in self._names or name in self._names.values():
            raise PartError(f"{place} has the id {id_} and the name {name!r}, and one of them came before.")
        self._names[id_] = name

    def by_id(self) -> dict[int, str]:
        """Names by id, the lowest id first."""
        return dict(sorted(self._names.items()))


class CocoBoxes:
    """The entries of `annotations`."""

    def __init__(self) -> None:
        self._boxes, self._areas = array("d"), array("d")
        self._places, self._images, self._categories = array("q"), array("q"), array("q")
        self._crowds = array("b")
        self._image_ids: dict[Id, int] = {}
        self._category_ids: dict[Id, int] = {}
        """A number for each id that occurs, which the arrays have in its place."""
        self._own_ids = set[Id]()

    def add(self, number: int, raw: object, faults: Faults) -> None:
        """Take entry `number`."""
        entry = _mapping(raw)
        if reason := self._reason_against(entry):
            faults.add(reason, f"annotations[{number}] ({raw!r:.120})")
            return
        box = cast("list[float]", entry["bbox"])
        area = entry.get("area")
        self._boxes.extend(box)
        self._areas.append(box[2] * box[3] if area is None else cast("float", area))
        self._crowds.append(bool(entry.get("iscrowd")))
        self._places.append(number)
        self._images.append(_number_of(id_of(entry["image_id"]), self._image_ids))
        self._categories.append(_number_of(id_of(entry["category_id"]), self._category_ids))

    def _reason_against(self, entry: Mapping[str, object]) -> str | None:
        box, area, own = entry.get("bbox"), entry.get("area"), entry.get("id")
        if id_of(entry.get("image_id")) is None or id_of(entry.get("category_id")) is None:
            return "annotation without an image_id or a category_id"
        if not isinstance(box, list) or len(box) != 4 or not all(map(is_number, box)):
            return "annotation whose bbox is not four finite numbers"
        if box[2] <= 0 or box[3] <= 0:
            return "box without an area"
        if max(map(abs, box)) > _FARTHEST:
            return "box beyond a billion pixels"
        if not (area is None or (is_number(area) and 0 <= area <= _FARTHEST**2)):
            return "annotation whose area is no finite number of at least 0"
        if entry.get("iscrowd", 0) not in (0, 1, None):
            return "annotation whose iscrowd is neither 0 nor 1"
        if isinstance(own, int | str):
            if own in self._own_ids:
                return "annotation whose id came before"
            self._own_ids.add(own)
        return None

    def table(self, images: Mapping[Id, int], left_out: set[Id], labels: Mapping[Id, int], faults: Faults) -> BoxTable:
        """The boxes of known images and categories.

        Parameters
        ----------
        images
            The index of each image by its id.
        left_out
            Ids of images that are left out, together with their boxes.
        labels
            The class index of each category by its id.
        """
        of_image = [images.get(id_, _LEFT_OUT if id_ in left_out else _NO_IMAGE) for id_ in self._image_ids]
        of_category = [labels.get(id_, -1) for id_ in self._category_ids]
        image = np.array(of_image, np.int64)[np.frombuffer(self._images, np.int64)]
        label = np.array(of_category, np.int32)[np.frombuffer(self._categories, np.int64)]
        self._tell("annotation of an image that is not in images", image == _NO_IMAGE, faults)
        self._tell("annotation of a category that is not in categories", label < 0, faults)
        return self._of(np.flatnonzero((image >= 0) & (label >= 0)), image, label, len(images))

    def _tell(self, reason: str, wrong: npt.NDArray[np.bool_], faults: Faults) -> None:
        images, categories = list(self._image_ids), list(self._category_ids)
        for i in np.flatnonzero(wrong):
            what = f"image_id {images[self._images[i]]}, category_id {categories[self._categories[i]]}"
            faults.add(reason, f"annotations[{self._places[i]}] ({what})")

    def _of(
        self, kept: npt.NDArray[np.intp], image: npt.NDArray[np.int64], label: npt.NDArray[np.int32], n_images: int
    ) -> BoxTable:
        order, starts = grouped(image[kept], n_images)
        rows = kept[order]
        return BoxTable(
            starts=starts,
            boxes=corners(np.frombuffer(self._boxes, np.float64).reshape(-1, 4)[rows]),
            labels=label[rows],
            iscrowd=np.frombuffer(self._crowds, np.int8)[rows].astype(np.bool_),
            area=np.frombuffer(self._areas, np.float64)[rows],
        )


def id_of(value: object) -> Id | None:
    """An id: text, or a whole number, which may be written as 1.0; `None` for what is none."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number_of(id_: Id | None, numbers: dict[Id, int]) -> int:
    """The number of an id, which is new where the id is."""
    return numbers.setdefault(cast("Id", id_), len(numbers))


def _mapping(raw: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", raw) if isinstance(raw, dict) else {}


def _side(value: object) -> int:
    """A height or width in pixels, 0 for what is none."""
    id_ = id_of(value)
    return id_ if isinstance(id_, int) and 0 < id_ < 1 << 31 else 0
