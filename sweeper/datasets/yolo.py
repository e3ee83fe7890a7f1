"""A detection dataset in the format of YOLO."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.default_ids import describe, distinct, unless
from sweeper.common.detections import DetectionTarget
from sweeper.common.facts import Facts
from sweeper.common.text import escaped
from sweeper.datasets.class_order import class_order
from sweeper.datasets.faults import Faults
from sweeper.datasets.files_below import FilesBelow
from sweeper.datasets.image_file_dataset import ImageFileDataset
from sweeper.datasets.image_files import ImageFiles
from sweeper.datasets.image_sizes import size_of
from sweeper.datasets.yolo_config import YoloConfig, config_file, read_config, split_files
from sweeper.datasets.yolo_labels import YoloLabels, label_file
from sweeper.errors import PartError

if TYPE_CHECKING:
    from sweeper.datasets.boxes import BoxTable
    from sweeper.datasets.faults import Invalid

_NO_LABELS = frozenset({"classes.txt"})
"""Files that programs write beside the labels."""


class Yolo(ImageFileDataset[DetectionTarget]):
    """Images with a file of labels each, and a `data.yaml`, as a MAITE object-detection dataset.

    The labels of `images/val/1.jpg` are in `labels/val/1.txt`; where no folder is called `images`, they are beside the
    image. Each line has the number of a class and a box: centre x, centre y, width and height as shares of the image
    turned upright. An outline, `x, y` of three points or more, counts as the box around it. Keypoints behind a box, by
    `kpt_shape` in `data.yaml`, are not read. An image without a file of labels has no boxes. Class indices are 0 to
    K - 1 in the order of the numbers in `names`, which may have gaps.

    `data.yaml` has `names`, and a path for each split: a folder, which is searched as `ImageFolder` does, a list of
    images (`.txt`), or several. They are relative to its `path` where that is a folder in `root`, else to `root`.

    Images are C x H x W, float32 in [0, 1], read by the rules of `sweeper.datasets.pixels` when they are accessed.
    Targets are `DetectionTarget`s in pixels of the image as it is given. Datum ids are paths relative to the root. The
    metadata of a datum have `file_name`, `height` and `width`.

    Parameters
    ----------
    root
        Folder of the dataset.
    split
        Which split: `train`, `val` or `test`. May be left out where there is only one.
    config
        The YAML file. By default `data.yaml` in `root`.
    classes
        The classes in the order of their indices, by default `names`. Give those of the model if it has another order.
        A name in `names` that is not among them is an error; others may be there.
    size
        Height and width in pixels, or one number for both: every image is resized to it (bilinear), and its boxes go
        along. `file_height` and `file_width` in the metadata then are those of the file.
    grayscale
        Whether images have one channel instead of three.
    invalid
        What becomes of entries that cannot be used: images of a list that are not there, outside the root or listed
        twice; lines of labels that are malformed, in pixels, without an area, or of a class that is not in `names`;
        files of labels without an image. `error` tells of all of them in one error. `pass_over` leaves them out;
        `metadata["passed_over"]` has the count of each reason.
    id
        Id of the dataset. By default it consists of the root and the arguments.

    Raises
    ------
    PartError
        There is no `data.yaml`, or it names no classes or not the split; `classes` lack a name; entries cannot be used;
        there is no image, or no file of labels for any. On access: a file cannot be read as an image.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        split: str | None = None,
        config: str | Path | None = None,
        classes: Sequence[str | int | float] | None = None,
        size: int | Sequence[int] | None = None,
        grayscale: bool = False,
        invalid: Invalid = "error",
        id: str | None = None,
    ) -> None:
        folder, given, faults = Path(root).expanduser(), size_of(size, "Yolo"), Faults(invalid, str(root))
        below = FilesBelow(folder)
        said = read_config(config_file(folder) if config is None else Path(config).expanduser(), folder)
        order = class_order(list(said.names.values()), classes, str(said.path))
        found = _search(said, split, folder, below, faults)
        numbers = {number: order.index(name) for number, name in said.names.items()}
        labels = YoloLabels(folder, numbers, faults, said.keypoints)
        for name in found.labels:
            labels.add(name)
        self._table: BoxTable = labels.table()
        files = ImageFiles(folder, found.names, distinct(found.names), given, grayscale, {})
        arguments = {"config": config, "size": given, "grayscale": grayscale or None}
        default = describe("yolo", str(root), split=split, **arguments, invalid=unless(invalid, "error"))
        self._hold(files, id or default, order, {**found.passed_over, **faults.settled()})

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """Class names, the classes that occur, and the size of the first image; all files of labels are read for it.

        Raises
        ------
        PartError
            As when the dataset is built, or the first image cannot be read.
        """
        dataset = cls(**arguments)  # pyright: ignore[reportArgumentType] - the arguments of a choice file
        return dataset._files.facts(dataset.metadata, np.unique(dataset._table.labels))

    def get_target(self, ind: int, /) -> DetectionTarget:
        """The boxes of image `ind`, which may be none. The header of the image is read for it."""
        return self._table.target(range(len(self))[ind], self._files.given_size(ind))


@dataclass(frozen=True)
class _Found:
    """The images of a split, the file of labels of each, `None` where it has none, and what was passed over."""

    names: Sequence[str]
    labels: Sequence[str | None]
    passed_over: Mapping[str, int]


def _search(config: YoloConfig, split: str | None, root: Path, below: FilesBelow, faults: Faults) -> _Found:
    files, whole, passed_over = split_files(config, split, root)
    names = _usable(files, root, below, faults)
    wanted = [label_file(name) for name in names]
    labels = [name if below.find(name)[1] is None else None for name in wanted]
    if not any(labels):
        looked = f"; looked for {escaped(wanted[0])} and the like" if wanted else ""
        raise PartError(f"No image of {escaped(str(root))} has a file of labels ({len(names):,} images{looked}).")
    if whole:
        for name in _without_image(root, wanted):
            faults.add("file of labels without an image", name)
    return _Found(names, labels, passed_over)


def _usable(files: Sequence[str], root: Path, below: FilesBelow, faults: Faults) -> list[str]:
    """The images that are there, each once, as paths relative to the root."""
    names = dict[str, None]()
    for file in files:
        name, reason = below.find(os.path.abspath(file))
        if reason is None and name in names:
            reason = "image that is listed twice"
        if reason is None:
            names[name] = None
        else:
            faults.add(reason, name)
    return list(names)


def _without_image(root: Path, labels: Sequence[str]) -> list[str]:
    """Files of labels that belong to no image, in the folders where those of some images are."""
    known = set(labels)
    folders = {label.rpartition("/")[0] for label in labels}
    return sorted(
        path
        for folder in folders
        if (root / folder).is_dir()
        for name in os.listdir(root / folder)
        if name.endswith(".txt") and name not in _NO_LABELS and (path := f"{folder}/{name}".strip("/")) not in known
    )
