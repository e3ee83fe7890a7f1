"""A classification dataset from a table of files and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.default_ids import describe, distinct, unless
from sweeper.common.facts import Facts
from sweeper.common.text import escaped
from sweeper.datasets.arrow_tables import read_parquet
from sweeper.datasets.class_labels import classes_of, label_text
from sweeper.datasets.csv_tables import read_csv
from sweeper.datasets.faults import Faults
from sweeper.datasets.files_below import FilesBelow
from sweeper.datasets.image_file_dataset import ImageFileDataset
from sweeper.datasets.image_files import ImageFiles
from sweeper.datasets.image_sizes import size_of
from sweeper.datasets.tables import Table, table_file
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets.faults import Invalid


class ImageCsv(ImageFileDataset["npt.NDArray[np.float32]"]):
    """Images that a table names, with a label each, as a MAITE image-classification dataset.

    The table is a CSV in UTF-8 with a header, or a Parquet file. One column has the path of each image, relative to the
    root; one has its label. Every further column of texts, numbers or truth values becomes a key of the metadata, by
    which `error_analysis` can cut slices (`by: [site]`); where a cell is empty the datum lacks the key.

    Images are C x H x W, float32 in [0, 1], read by the rules of `sweeper.datasets.pixels` when they are accessed.
    Targets are one-hot float32 vectors. Datum ids are paths relative to the root. The metadata of a datum also have
    `file_name`, `height` and `width`; columns of these names, and one called `id`, give way to them.

    Parameters
    ----------
    root
        Folder that the paths of the images start from. Absolute paths must lead into it.
    table
        The table. By default the only `.csv`, `.tsv` or `.parquet` in `root`.
    file_column, label_column
        Names of the two columns.
    delimiter
        Between the cells of a CSV. By default a comma, and a tab in `.tsv`.
    classes
        The classes in the order of their indices. They are compared with the labels as text. By default the labels that
        occur: by size where all are whole numbers, else in alphabetical order.
    size
        Height and width in pixels, or one number for both: every image is resized to it (bilinear). `file_height` and
        `file_width` in the metadata then are those of the file.
    grayscale
        Whether images have one channel instead of three.
    invalid
        What becomes of rows that cannot be used: without a file or a label, with a label that is not in `classes`, with
        another number of cells than the header; whose file is not there, is outside the root, or came before. `error`
        tells of all of them in one error. `pass_over` leaves them out; `metadata["passed_over"]` has the count of each
        reason.
    id
        Id of the dataset. By default it consists of the root and the arguments.

    Raises
    ------
    PartError
        The table is missing, is one of several, cannot be read, or lacks a column; rows cannot be used; no row is left.
        On access: a file cannot be read as an image. The message names the file.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        table: str | Path | None = None,
        file_column: str = "file",
        label_column: str = "label",
        delimiter: str | None = None,
        classes: Sequence[str | int | float] | None = None,
        size: int | Sequence[int] | None = None,
        grayscale: bool = False,
        invalid: Invalid = "error",
        id: str | None = None,
    ) -> None:
        folder, given = Path(root).expanduser(), size_of(size, "ImageCsv")
        below = FilesBelow(folder)
        path = table_file(folder) if table is None else Path(table).expanduser()
        faults = Faults(invalid, str(path))
        is_parquet = path.suffix.lower() == ".parquet"
        read = read_parquet(path) if is_parquet else read_csv(path, delimiter, (file_column, label_column), faults)
        rows = _usable(read, file_column, label_column, classes, below, faults)
        below.refuse_none("the table")
        passed_over = faults.settled()
        if not rows.kept:
            raise PartError(f"{escaped(str(path))} has no row that can be used, so there is nothing to measure.")
        extras = {
            key: [column[row] for row in rows.kept]
            for key, column in read.columns.items()
            if key not in (file_column, label_column)
        }
        files = ImageFiles(folder, rows.names, distinct(rows.names), given, grayscale, extras)
        self._labels = rows.labels
        self._eye = np.eye(len(rows.classes), dtype=np.float32)
        arguments = {"table": table, "label_column": unless(label_column, "label"), "size": given}
        default = describe(
            "image_csv", str(root), **arguments, grayscale=grayscale or None, invalid=unless(invalid, "error")
        )
        self._hold(files, id or default, rows.classes, passed_over)

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """Class names, the classes that occur, and the size of the first image; the table is read for it.

        Raises
        ------
        PartError
            As when the dataset is built, or the first image cannot be read.
        """
        dataset = cls(**arguments)  # pyright: ignore[reportArgumentType] - the arguments of a choice file
        return dataset._files.facts(dataset.metadata, dataset._labels)

    def get_target(self, ind: int, /) -> npt.NDArray[np.float32]:
        """One-hot target of image `ind`: K, float32."""
        return self._eye[self._labels[ind]]


@dataclass(frozen=True)
class _Rows:
    """The rows that can be used: their numbers, the path of each file, the class index of each, and the classes."""

    kept: Sequence[int]
    names: Sequence[str]
    labels: Sequence[int]
    classes: Sequence[str]


def _usable(
    table: Table, file: str, label: str, wanted: Sequence[object] | None, below: FilesBelow, faults: Faults
) -> _Rows:
    labels = [label_text(value) for value in table.column(label, "label_column")]
    files = [label_text(value) for value in table.column(file, "file_column")]
    classes = classes_of(labels, wanted)
    index = {name: i for i, name in enumerate(classes)}
    kept, names = list[int](), dict[str, int]()
    for row, (name, text) in enumerate(zip(files, labels, strict=True)):
        path, reason = (name or "", "row without a file") if name is None else below.find(name)
        if text is None:
            reason = "row without a label"
        elif text not in index:
            reason = "label that is not in classes"
        elif path in names:
            reason = reason or "file that came before"
        if reason is None and text is not None:
            names[path] = index[text]
            kept.append(row)
        elif reason is not None:
            faults.add(reason, f"row {table.places[row]} ({name}, {text})")
    return _Rows(kept, list(names), list(names.values()), classes)
