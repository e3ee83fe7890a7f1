"""A dataset of image files in one folder per class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.default_ids import describe, distinct
from sweeper.common.facts import Facts
from sweeper.datasets.folders import SUFFIXES, class_folders
from sweeper.datasets.image_sizes import size_of
from sweeper.datasets.pixels import image_size, read_image

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatasetMetadata, DatumMetadata

__all__ = ["SUFFIXES", "ImageFolder"]


class ImageFolder:
    """Images in class folders as a MAITE image-classification dataset. An image is read each time it is accessed.

    `root/cat/1.png` is an image of the class `cat`. Folders inside a class folder are searched too, and links are
    followed. These entries are passed over, at any depth: names that begin with a dot, `__MACOSX`, files without the
    ending of an image, links to nothing or to a folder above. `metadata["passed_over"]` has the count of each reason.

    Images are C x H x W, float32 in [0, 1], C = 3 (or 1), read by the rules of `sweeper.datasets.pixels`. Targets are
    one-hot float32 vectors. Datum ids are paths relative to the root; bytes that are not UTF-8 appear as `\\udce9`.

    Parameters
    ----------
    root
        Folder with one folder per class.
    classes
        The classes in the order of their indices, by default the folder names in sorted order. Numbers are compared as
        text. Give it if two datasets must have the same indices although one of them lacks a class. A folder that is
        not among the classes is an error.
    size
        Height and width in pixels, or one number for both: every image is resized to it (bilinear). Most models need
        images of one size.
    grayscale
        Whether images have one channel instead of three.
    id
        Id of the dataset. By default it consists of the root and the arguments.

    Raises
    ------
    PartError
        The folder does not exist, has no class folder or no image, or has a class that is not in `classes`. On access:
        a file cannot be read as an image, or its kind of pixels has no rule. The message names the file.
    """

    threads_may_read = True
    """Several threads may read images at once, so inference reads ahead of the model."""

    def __init__(
        self,
        root: str | Path,
        *,
        classes: Sequence[str | int | float] | None = None,
        size: int | Sequence[int] | None = None,
        grayscale: bool = False,
        id: str | None = None,
    ) -> None:
        folder = Path(root).expanduser()
        self._size = size_of(size, "ImageFolder")
        self._grayscale = grayscale
        found = class_folders(folder, classes)
        self._files, self._labels = found.files, found.labels
        self._ids = distinct(path.relative_to(folder).as_posix() for path in found.files)
        self._eye = np.eye(len(found.classes), dtype=np.float32)
        metadata: dict[str, object] = {
            "id": id or describe("image_folder", str(root), size=self._size, grayscale=grayscale or None),
            "index2label": dict(enumerate(distinct(found.classes))),
            "passed_over": found.passed_over,
        }
        self.metadata: DatasetMetadata = metadata  # pyright: ignore[reportAttributeAccessIssue] - the protocol allows more keys

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """Class names, the classes that have images, and the size of the first image, from the names of the files.

        Nothing is known of a folder that is not there: its values may be in the store, and a plan says that it is gone.

        Raises
        ------
        PartError
            As when the dataset is built, or the first image cannot be read.
        """
        if not Path(str(arguments["root"])).expanduser().is_dir():
            return Facts(str(arguments["root"]))
        dataset = cls(**arguments)  # pyright: ignore[reportArgumentType] - the arguments of a choice file
        height, width = dataset._size or image_size(dataset._files[0])
        return Facts(
            source=str(arguments["root"]),
            channels=1 if dataset._grayscale else 3,
            height=height,
            width=width,
            n_classes=len(dataset._eye),
            class_names=dataset.metadata.get("index2label"),
            occurring=frozenset(dataset._labels),
        )

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, ind: int, /) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], DatumMetadata]:
        return self.get_input(ind), self.get_target(ind), self.get_metadata(ind)

    def get_input(self, ind: int, /) -> npt.NDArray[np.float32]:
        """Image `ind`, C x H x W, float32 in [0, 1]."""
        return read_image(self._files[ind], size=self._size, grayscale=self._grayscale)

    def get_target(self, ind: int, /) -> npt.NDArray[np.float32]:
        """One-hot target of image `ind`: K, float32."""
        return self._eye[self._labels[ind]]

    def get_metadata(self, ind: int, /) -> DatumMetadata:
        """Metadata of image `ind`: its `id`, the path relative to the root."""
        return {"id": self._ids[ind]}
