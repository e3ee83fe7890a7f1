"""What every dataset over image files does alike, whatever says what is in the images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from sweeper.common.default_ids import distinct

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from maite.protocols import DatasetMetadata, DatumMetadata

    from sweeper.datasets.image_files import ImageFiles

T = TypeVar("T")


class ImageFileDataset(ABC, Generic[T]):
    """Images of `ImageFiles` with targets of one kind, as a MAITE dataset."""

    threads_may_read = True
    """Several threads may read images at once, so inference reads ahead of the model."""

    def _hold(self, files: ImageFiles, id: str, classes: Sequence[str], passed_over: Mapping[str, int]) -> None:
        """Take the images, and say what the dataset is called, what its classes are and what was passed over."""
        self._files = files
        metadata: dict[str, object] = {
            "id": id,
            "index2label": dict(enumerate(distinct(classes))),
            "passed_over": dict(passed_over),
        }
        self.metadata: DatasetMetadata = metadata  # pyright: ignore[reportAttributeAccessIssue] - the protocol allows more keys

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, ind: int, /) -> tuple[npt.NDArray[np.float32], T, DatumMetadata]:
        return self.get_input(ind), self.get_target(ind), self.get_metadata(ind)

    def get_input(self, ind: int, /) -> npt.NDArray[np.float32]:
        """Image `ind`, C x H x W, float32 in [0, 1]."""
        return self._files.image(ind)

    @abstractmethod
    def get_target(self, ind: int, /) -> T:
        """What is in image `ind`."""

    def get_metadata(self, ind: int, /) -> DatumMetadata:
        """Metadata of image `ind`: `id`, `file_name`, `height`, `width`, and the further keys that it has."""
        return self._files.metadata(ind)
