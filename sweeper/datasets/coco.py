"""A detection dataset in COCO's format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.default_ids import describe, unless
from sweeper.common.detections import DetectionTarget
from sweeper.common.facts import Facts
from sweeper.datasets.coco_file import annotation_file, read_coco
from sweeper.datasets.image_file_dataset import ImageFileDataset
from sweeper.datasets.image_files import ImageFiles
from sweeper.datasets.image_sizes import size_of

if TYPE_CHECKING:
    from sweeper.datasets.faults import Invalid


class Coco(ImageFileDataset[DetectionTarget]):
    """Images and boxes in COCO's format as a MAITE object-detection dataset. An image is read when it is accessed.

    Class indices are 0 to K - 1 in the order of the category ids, which may have gaps: of the ids 1, 3 and 90 the
    category 90 has the index 2. `index2label` names them. Images without annotations have a target of no boxes.

    Images are C x H x W, float32 in [0, 1], read by the rules of `sweeper.datasets.pixels`. Targets are
    `DetectionTarget`s with `area` and `iscrowd` of the file; where an annotation has no area it is that of its box.
    Boxes stay as they are where they reach beyond the image. Datum ids are COCO's image ids. The metadata of a datum
    have `file_name`, `height` and `width`, and every further text, number or truth value of its entry in `images`.

    Parameters
    ----------
    root
        Folder that the `file_name` of the images starts from.
    annotations
        The JSON file. By default the only one in `root` or in its folder `annotations`.
    classes
        The classes in the order of their indices, by default the categories in the order of their ids. Give those of
        the model if it has another order. A category that is not among them is an error; others may be there.
    size
        Height and width in pixels, or one number for both: every image is resized to it (bilinear), and its boxes and
        areas are scaled along. `file_height` and `file_width` in the metadata then are those of the file.
    grayscale
        Whether images have one channel instead of three.
    invalid
        What becomes of entries that cannot be used: images that are not there, outside the root, or listed twice;
        annotations that are malformed, have no area or are listed twice, or whose image or category is not listed.
        `error` tells of all of them in one error. `pass_over` leaves them out; `metadata["passed_over"]` has the count
        of each reason.
    id
        Id of the dataset. By default it consists of the root and the arguments.

    Raises
    ------
    PartError
        The file of annotations is missing, is one of several, or is not in COCO's format; `classes` lack a category;
        entries cannot be used; no image is left. On access: a file cannot be read as an image, or is of another size
        than its annotation says. The message names the file.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        annotations: str | Path | None = None,
        classes: Sequence[str | int | float] | None = None,
        size: int | Sequence[int] | None = None,
        grayscale: bool = False,
        invalid: Invalid = "error",
        id: str | None = None,
    ) -> None:
        folder, given = Path(root).expanduser(), size_of(size, "Coco")
        file = annotation_file(folder) if annotations is None else Path(annotations).expanduser()
        read = read_coco(file, folder, classes, invalid)
        files = ImageFiles(folder, read.names, read.ids, given, grayscale, read.extras, read.sizes)
        self._table = read.table
        default = describe(
            "coco",
            str(root),
            annotations=annotations,
            size=given,
            grayscale=grayscale or None,
            invalid=unless(invalid, "error"),
        )
        self._hold(files, id or default, read.classes, read.passed_over)

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """Class names, the classes that occur, and the size of the first image; all annotations are read for it.

        A million annotations take some seconds. What is wrong with any of them is so found before the sweep.

        Raises
        ------
        PartError
            As when the dataset is built, or the first image cannot be read.
        """
        dataset = cls(**arguments)  # pyright: ignore[reportArgumentType] - the arguments of a choice file
        return dataset._files.facts(dataset.metadata, np.unique(dataset._table.labels))

    def get_target(self, ind: int, /) -> DetectionTarget:
        """The boxes of image `ind`, which may be none."""
        return self._table.target(range(len(self))[ind], self._files.scale(ind))
