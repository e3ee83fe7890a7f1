"""A dataset of Hugging Face that lies on a disk: for classification, or for detection where it has boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.default_ids import describe, unless
from sweeper.common.detections import DetectionTarget
from sweeper.common.facts import Facts
from sweeper.common.text import escaped
from sweeper.datasets.faults import Faults
from sweeper.datasets.hf_files import split_files
from sweeper.datasets.hf_rows import FoundRows, HfOptions, read_folders, read_rows
from sweeper.datasets.image_file_dataset import ImageFileDataset
from sweeper.datasets.image_files import ImageFiles
from sweeper.datasets.image_sizes import size_of
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets.faults import Invalid

    Target = npt.NDArray[np.float32] | DetectionTarget


class HuggingFace(ImageFileDataset["Target"]):
    """A local dataset of Hugging Face as a MAITE dataset: of image classification, or of object detection.

    Four layouts are read, without the package `datasets`: a folder that `save_to_disk` wrote; a snapshot with Parquet
    files (`data/train-00000-of-00002.parquet`); image files with a `metadata.csv`, `.jsonl` or `.parquet` that has
    `file_name` and labels or `objects`; and folders of classes. Images are read when they are accessed, by the rules of
    `sweeper.datasets.pixels`: C x H x W, float32 in [0, 1].

    Where a column `objects` (or the one that `label_column` names) has boxes and categories, targets are
    `DetectionTarget`s, and the choice needs `_sweep_.task: object_detection`; else they are one-hot float32 vectors.
    Class names are those of the `ClassLabel` in the features, in its order; labels without one are names themselves.

    Datum ids are numbers of rows, 0 first; paths relative to the split where images are files. The metadata of a datum
    have `file_name`, `height`, `width`, and every further column of texts, numbers or truth values, of which those of
    classes are given by name.

    Parameters
    ----------
    root
        The folder.
    split
        Which split. May be left out where there is only one.
    image_column, label_column
        Names of columns. By default those that the features say, else `image` and `label` or `objects`.
    box_format
        How boxes are written, in pixels: `xywh`, as in COCO's format, or `xyxy`, two corners. No default: files do not
        say it. Of no use for classification.
    classes
        The classes in the order of their indices, by default as the features have them. Give those of the model if it
        has another order. A class of the dataset that is not among them is an error; others may be there.
    size
        Height and width in pixels, or one number for both: every image is resized to it (bilinear), and boxes go along.
        `file_height` and `file_width` in the metadata then are those of the file.
    grayscale
        Whether images have one channel instead of three.
    invalid
        What becomes of entries that cannot be used: rows without a label (`-1`, as test splits have it), boxes that are
        malformed or have no area or no class, image files that are not there, outside the folder, or listed twice.
        `error` tells of all of them in one error. `pass_over` leaves them out; `metadata["passed_over"]` has the count
        of each reason.
    id
        Id of the dataset. By default it consists of the root and the arguments.

    Raises
    ------
    PartError
        The folder has none of the layouts, or not the split; a file cannot be read; it is not clear which column is
        which; `classes` lack one; entries cannot be used. On access: an image cannot be read. The message names it.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        split: str | None = None,
        image_column: str | None = None,
        label_column: str | None = None,
        box_format: str | None = None,
        classes: Sequence[str | int | float] | None = None,
        size: int | Sequence[int] | None = None,
        grayscale: bool = False,
        invalid: Invalid = "error",
        id: str | None = None,
    ) -> None:
        folder, given, faults = Path(root).expanduser(), size_of(size, "HuggingFace"), Faults(invalid, str(root))
        found = _found(folder, split, HfOptions(image_column, label_column, box_format, classes), faults)
        passed_over = {**found.passed_over, **faults.settled()}
        if not found.ids:
            raise PartError(f"{escaped(str(root))} has no row that can be used, so there is nothing to measure.")
        self._found = found
        files = ImageFiles(found.folder, found.names, found.ids, given, grayscale, found.extras, contents=found.images)
        self._eye = np.eye(len(found.classes), dtype=np.float32)
        arguments = {"label_column": label_column, "size": given, "grayscale": grayscale or None}
        default = describe("huggingface", str(root), split=split, **arguments, invalid=unless(invalid, "error"))
        self._hold(files, id or default, found.classes, passed_over)

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """Class names, the classes that occur, and the size of the first image; all labels are read for it.

        Raises
        ------
        PartError
            As when the dataset is built, or the first image cannot be read.
        """
        dataset = cls(**arguments)  # pyright: ignore[reportArgumentType] - the arguments of a choice file
        return dataset._files.facts(dataset.metadata, dataset._found.occurring())

    def get_target(self, ind: int, /) -> Target:
        """The one-hot target of image `ind`, K, float32; or its boxes."""
        row = int(self._found.rows[ind])
        if self._found.table is not None:
            return self._found.table.target(row, self._files.scale(ind))
        return self._eye[self._found.labels[row]]


def _found(root: Path, split: str | None, options: HfOptions, faults: Faults) -> FoundRows:
    files = split_files(root, split)
    return read_folders(files, options) if files.kind == "folders" else read_rows(files, root, options, faults)
