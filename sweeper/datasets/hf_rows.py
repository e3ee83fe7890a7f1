"""The rows of a split of Hugging Face: its images, labels or boxes, and further columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.common.default_ids import distinct
from sweeper.common.text import escaped
from sweeper.datasets.arrow_tables import ArrowRows, ParquetRows, features_of, flat_column, is_flat
from sweeper.datasets.files_below import FilesBelow
from sweeper.datasets.folders import class_folders
from sweeper.datasets.hf_features import class_names, image_column, label_column
from sweeper.datasets.hf_labels import boxes_of, is_of_boxes, labels_of
from sweeper.datasets.pixels import StoredImage
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets.boxes import BoxTable
    from sweeper.datasets.faults import Faults
    from sweeper.datasets.hf_files import SplitFiles
    from sweeper.datasets.tables import Column

    Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class HfOptions:
    """Which columns are meant, and what they mean: parameters of `HuggingFace`."""

    image: str | None
    label: str | None
    box_format: str | None
    classes: Sequence[object] | None


@dataclass(frozen=True, eq=False)
class FoundRows:
    """The images that can be used.

    Attributes
    ----------
    folder
        Folder that the names start from.
    rows
        For each image the number of its row.
    names, ids
        For each image the name of its file, and its datum id.
    images
        The images, where they do not lie in files of their own.
    classes
        Names of the classes, in the order of their indices.
    labels
        For each row its class index.
    table
        For each row its boxes; `None` for classification.
    extras
        Further columns, each with a value per image.
    passed_over
        The number of entries that were left out for what they are, by reason.
    """

    folder: Path
    rows: Numbers
    names: Sequence[str]
    ids: Sequence[int | str]
    images: Sequence[Path | StoredImage] | None
    classes: Sequence[str]
    labels: Numbers
    table: BoxTable | None
    extras: Mapping[str, Column]
    passed_over: Mapping[str, int]

    def occurring(self) -> Sequence[int]:
        """The class indices that occur."""
        labels = self.labels[self.rows] if self.table is None else self.table.labels
        return np.unique(labels).tolist()


class StoredImages(Sequence["Path | StoredImage"]):
    """The images in a column, read one at a time.

    Parameters
    ----------
    stored
        The rows.
    column
        Name of the column: bytes, paths, or structures of both.
    rows
        For each image the number of its row.
    folder
        Folder that paths start from; those that lead out of it are refused.
    """

    def __init__(self, stored: ArrowRows | ParquetRows, column: str, rows: Numbers, folder: Path) -> None:
        self._stored, self._column, self._rows, self._folder = stored, column, rows, folder
        self._below = FilesBelow(folder)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, ind: Any) -> Any:
        row = int(self._rows[ind])
        value = self._stored.value(self._column, row)
        content, path = (value.get("bytes"), value.get("path")) if isinstance(value, dict) else (value, value)
        if isinstance(content, bytes):
            return StoredImage(content, f"row {row} of {escaped(str(self._folder))}")
        if not isinstance(path, str):
            raise PartError(f"Row {row} of {escaped(str(self._folder))} has no image. Repair it, or leave it out.")
        name, reason = self._below.find(path)
        if reason is not None:
            raise PartError(
                f"Row {row} of {escaped(str(self._folder))} names an image and does not hold it: {reason}, "
                f"{escaped(path)}. Put the image into that folder, or save the dataset with its images in it."
            )
        return self._folder / name


def read_folders(files: SplitFiles, options: HfOptions) -> FoundRows:
    """The images in folders of classes.

    Raises
    ------
    PartError
        As of `ImageFolder`.
    """
    found = class_folders(files.folder, options.classes)
    names = [path.relative_to(files.folder).as_posix() for path in found.files]
    rows, labels = np.arange(len(names)), np.array(found.labels, np.int64)
    ids = distinct(names)
    return FoundRows(files.folder, rows, names, ids, None, found.classes, labels, None, {}, found.passed_over)


def read_rows(files: SplitFiles, root: Path, options: HfOptions, faults: Faults) -> FoundRows:
    """The images in the rows of tables.

    Raises
    ------
    PartError
        A file cannot be read, it is not clear which column is which, or classes or boxes are not as they must be.
    """
    stored = ParquetRows(files.files) if files.kind == "parquet" else ArrowRows(files.files)
    features = features_of(stored.schema) or _features_beside(files.folder, root)
    columns, source = list(stored.schema.names), str(files.folder)
    image, label = image_column(features, columns, options.image), label_column(features, columns, options.label)
    names, table, labels = class_names(features.get(label)), None, np.zeros(0, np.int64)
    if is_of_boxes(stored.schema.field(label).type):
        table, classes = boxes_of(stored.column(label), options.box_format, names, options.classes, source, faults)
    else:
        read = labels_of(stored.column(label), names, options.classes, source)
        labels, classes = read.indices, read.classes
    unlabelled = np.flatnonzero(labels < 0)
    for row in unlabelled:
        faults.add("row without a label, or with one that is no class", f"row {row}")
    extras = {
        name: _by_name(flat_column(stored.column(name)), class_names(features.get(name)))
        for name in columns
        if name not in (image, label) and is_flat(stored.schema.field(name))
    }
    rows = np.setdiff1d(np.arange(len(stored)), unlabelled)
    placed = _in_files if files.kind == "metadata" else _in_rows
    kept, texts, ids, images = placed(stored, image, rows, files.folder, faults)
    of_kept = {name: [column[row] for row in kept] for name, column in extras.items()}
    return FoundRows(files.folder, kept, texts, ids, images, classes, labels, table, of_kept, {})


_Placed = tuple["Numbers", list[str], "Sequence[int | str]", "StoredImages | None"]


def _in_rows(stored: ArrowRows | ParquetRows, image: str, rows: Numbers, folder: Path, faults: Faults) -> _Placed:
    """Images whose content is in the rows. All rows can be used as far as can be told without reading them."""
    paths = stored.paths(image) or [None] * len(stored)
    names = [paths[row] or f"row {row}" for row in rows]
    return rows, names, rows.tolist(), StoredImages(stored, image, rows, folder)


def _in_files(stored: ArrowRows | ParquetRows, image: str, rows: Numbers, folder: Path, faults: Faults) -> _Placed:
    """Images in files that the rows name."""
    below, said = FilesBelow(folder), stored.column(image).to_pylist()
    kept = dict[str, int]()
    for row in rows.tolist():
        name, reason = below.find(str(said[row] or ""))
        if reason is None and name in kept:
            reason = "file that came before"
        if reason is None:
            kept[name] = row
        else:
            faults.add(reason, f"{name} (row {row})")
    return np.array([*kept.values()], np.int64), list(kept), distinct(kept), None


def _by_name(column: Column, names: Sequence[str] | None) -> Column:
    if names is None:
        return column
    return [names[value] if isinstance(value, int) and 0 <= value < len(names) else None for value in column]


def _features_beside(folder: Path, root: Path) -> Mapping[str, Any]:
    """The features in `dataset_info.json`, where files of data do not have them; empty where it is not there."""
    for place in (folder, root):
        try:
            return json.loads((place / "dataset_info.json").read_text(encoding="utf-8"))["features"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return {}
