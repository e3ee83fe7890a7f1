"""A user's own images: one folder per class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.datasets.pixels import read_image
from sweeper.errors import PartError, near_match
from sweeper.identifiers import describe

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatasetMetadata, DatumMetadata

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
"""What counts as an image, whatever the case of its letters; other files are passed over."""


class ImageFolder:
    """Images in class folders as a MAITE image-classification dataset; each is read when it is asked for.

    `root/cat/1.png` is an image of class `cat`; folders inside a class folder are searched too. Images are C x H x W,
    float32 in [0, 1], C = 3 (or 1), read by the rules of `sweeper.datasets.pixels`; targets are one-hot; datum ids are
    paths relative to the root.

    Parameters
    ----------
    root
        Folder with one folder per class. Names that start with a dot are passed over.
    classes
        The classes in the order of their indices, by default the folder names in sorted order. Give it where two
        datasets must share indices though one lacks a class; a folder that is not among them is an error.
    size
        Height and width, or one number for both: every image is resized to it (bilinear). Most models need it.
    grayscale
        One channel instead of three.
    id
        Id of the dataset; by default the root and the arguments.

    Raises
    ------
    PartError
        Where the folder is missing, has no class folder or no image, holds a class that is not in `classes`, or, on
        access, where a file cannot be read as an image or holds what has no rule; the message names it.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        classes: Sequence[str] | None = None,
        size: int | Sequence[int] | None = None,
        grayscale: bool = False,
        id: str | None = None,
    ) -> None:
        self._root = Path(root).expanduser()
        self._size = _size(size)
        self._grayscale = grayscale
        names = _classes(self._root, classes)
        self._files = [(path, index) for index, name in enumerate(names) for path in _images(self._root / name)]
        if not self._files:
            raise PartError(
                f"No image in the class folders of {self._root}; known endings: {', '.join(sorted(SUFFIXES))}."
            )
        self._eye = np.eye(len(names), dtype=np.float32)
        self.metadata: DatasetMetadata = {
            "id": id or describe("image_folder", str(root), size=self._size, grayscale=grayscale or None),
            "index2label": dict(enumerate(names)),
        }

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, ind: int, /) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], DatumMetadata]:
        return self.get_input(ind), self.get_target(ind), self.get_metadata(ind)

    def get_input(self, ind: int, /) -> npt.NDArray[np.float32]:
        """Image `ind`, C x H x W, float32 in [0, 1]."""
        return read_image(self._files[ind][0], size=self._size, grayscale=self._grayscale)

    def get_target(self, ind: int, /) -> npt.NDArray[np.float32]:
        """One-hot target of image `ind`."""
        return self._eye[self._files[ind][1]]

    def get_metadata(self, ind: int, /) -> DatumMetadata:
        """Metadata of image `ind`: its `id`, the path relative to the root."""
        return {"id": self._files[ind][0].relative_to(self._root).as_posix()}


def _size(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or min(pair) < 1:
        raise PartError(f"size of an ImageFolder is {size!r}; allowed: one positive number, or height and width.")
    return pair[0], pair[1]


def _classes(root: Path, wanted: Sequence[str] | None) -> list[str]:
    if not root.is_dir():
        raise PartError(f"There is no folder {root}; root must hold one folder per class (root/cat/1.png).")
    found = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise PartError(f"{root} holds no class folder; expected one folder per class (root/cat/1.png).")
    if wanted is None:
        return found
    for name in found:
        if name not in wanted:
            raise PartError(
                f"{root} holds the folder {name!r}, which is not among classes {list(wanted)}."
                f"{near_match(name, wanted)} Add it to classes or take the folder away."
            )
    return list(wanted)


def _images(folder: Path) -> list[Path]:
    """Image files below a folder, in sorted order; none where the folder is missing."""
    files = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in files if path.is_file() and not path.name.startswith("."))
