"""What datasets of image files have in common: reading an image when it is accessed, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from sweeper.common.facts import Facts
from sweeper.common.text import escaped
from sweeper.datasets.pixels import StoredImage, image_size, read_image
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatumMetadata

Id: TypeAlias = int | str
Flat: TypeAlias = str | int | float | bool


@dataclass(frozen=True, eq=False)
class ImageFiles:
    """Image files below a root, read one at a time.

    Parameters
    ----------
    root
        The folder.
    names
        For each image the path of its file relative to the root.
    ids
        For each image its datum id.
    size
        Height and width that every image is resized to (bilinear), or `None`.
    grayscale
        Whether images have one channel instead of three.
    extras
        Further keys of the metadata, each with a value per image, `None` where an image has none.
    contents
        The images, where they do not lie in files of their own.
    said
        N x 2, height and width of each file by its annotations, 0 where they do not say; `None` where none does.
    """

    root: Path
    names: Sequence[str]
    ids: Sequence[Id]
    size: tuple[int, int] | None
    grayscale: bool
    extras: Mapping[str, Sequence[Flat | None]]
    said: npt.NDArray[np.int32] | None = None
    contents: Sequence[Path | StoredImage] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def image(self, ind: int) -> npt.NDArray[np.float32]:
        """Image `ind`, C x H x W, float32 in [0, 1].

        Raises
        ------
        PartError
            The file cannot be read, or has another size than its annotations say.
        """
        self.file_size(ind)
        return read_image(self._source(ind), size=self.size, grayscale=self.grayscale)

    def _source(self, ind: int) -> Path | StoredImage:
        return self.root / self.names[ind] if self.contents is None else self.contents[ind]

    def file_size(self, ind: int) -> tuple[int, int]:
        """Height and width of the file of image `ind`, turned upright, from its header.

        Raises
        ------
        PartError
            The file cannot be read, or has another size than its annotations say.
        """
        source = self._source(ind)
        height, width = image_size(source)
        said = (height, width) if self.said is None else tuple(map(int, self.said[ind]))
        if all(said) and said != (height, width):
            raise PartError(
                f"{escaped(str(source))} has {height} x {width} pixels (height x width, upright), and its annotation "
                f"says {said[0]} x {said[1]}. Its boxes would lie elsewhere: put the image of that size there, or "
                "correct the annotation."
            )
        return height, width

    def scale(self, ind: int) -> tuple[float, float]:
        """By how much image `ind` is made higher and wider."""
        if self.size is None:
            return 1.0, 1.0
        height, width = self.file_size(ind)
        return self.size[0] / height, self.size[1] / width

    def given_size(self, ind: int) -> tuple[int, int]:
        """Height and width of image `ind` as it is given."""
        return self.size or self.file_size(ind)

    def facts(self, metadata: Mapping[str, object], occurring: Iterable[int]) -> Facts:
        """What a dataset of these images gives.

        Parameters
        ----------
        metadata
            Of the dataset.
        occurring
            Class indices that occur in its targets.
        """
        names = cast("Mapping[int, str]", metadata["index2label"])
        height, width = self.given_size(0)
        return Facts(
            source=str(self.root),
            channels=1 if self.grayscale else 3,
            height=height,
            width=width,
            n_classes=len(names),
            class_names=names,
            occurring=frozenset(map(int, occurring)),
        )

    def metadata(self, ind: int) -> DatumMetadata:
        """`id`, `file_name`, `height` and `width` of image `ind` as it is given, and the further keys that it has.

        Where images are resized, `file_height` and `file_width` are those of the file.
        """
        known = {key: column[ind] for key, column in self.extras.items()}
        height, width = self.file_size(ind)
        given = self.size or (height, width)
        of_file = {} if self.size is None else {"file_height": height, "file_width": width}
        own = {"file_name": self.names[ind], "height": given[0], "width": given[1], **of_file}
        return {**{key: value for key, value in known.items() if value is not None}, **own, "id": self.ids[ind]}  # pyright: ignore[reportReturnType] - the protocol allows more keys
