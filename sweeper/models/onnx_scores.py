"""Runs a classifier in an ONNX file: images go in, probabilities come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sweeper.datasets.arrays import numpy_of
from sweeper.errors import PartError
from sweeper.models.onnx_classification import OnnxClassification
from sweeper.models.onnx_images import batch_size_of, cast_to
from sweeper.models.onnx_session import Network, in_pieces
from sweeper.models.preprocessing import checked, network_input
from sweeper.models.scores import probabilities

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike

    Run: TypeAlias = Callable[[Sequence[ArrayLike]], npt.NDArray[np.float32]]
    """A batch of images to N x K probabilities."""


def runner(path: str, device: str, known: OnnxClassification) -> Run:
    """What runs a classifier; it can be pickled.

    Raises
    ------
    PartError
        There is no such device, or the file cannot be loaded.
    """
    network = Network(path, device, known.header.nbytes)
    return _Own(network, known) if known.jatic_config is None else _of_jatic(path, network, known)


@dataclass(frozen=True)
class _Own:
    """Runs any network."""

    network: Network
    known: OnnxClassification

    def __call__(self, images: Sequence[ArrayLike]) -> npt.NDArray[np.float32]:
        known, taken = self.known, self.known.header.only_input
        rows = cast_to(taken.kind)(network_input(images, known.images))
        pieces = in_pieces(rows, batch_size_of(taken))
        scores = np.concatenate([self._scores(piece)[:count] for piece, count in pieces])
        if scores.shape[1] != len(known.class_names):
            raise PartError(
                f"{known.header.source} gave {scores.shape[1]} scores for each image, and class_names has "
                f"{len(known.class_names)} names. Name each of its classes."
            )
        return probabilities(scores, known.header.source, softmax=known.softmax)

    def _scores(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        scores = self.known.scores
        (value,) = self.network.run([scores.output.name], {self.known.header.only_input.name: rows})
        return scores.matrix(value, len(rows), self.known.header.source)


def _of_jatic(path: str, network: Network, known: OnnxClassification) -> Run:
    """A model in the JATIC interface, run by modelmaite on our session, which has the right threads and device."""
    from modelmaite.image_classification import OnnxICModel

    try:
        model = OnnxICModel(weights_path=path, config_path=str(known.jatic_config), device="cpu")
    except (TypeError, ValueError) as error:
        raise PartError(f"{known.header.source} cannot be used by {known.jatic_config}: {error}") from error
    model.model = network
    return _Jatic(model, known)


@dataclass(frozen=True)
class _Jatic:
    """Runs a model of modelmaite."""

    model: Callable[[Sequence[ArrayLike]], Sequence[ArrayLike]]
    known: OnnxClassification

    def __call__(self, images: Sequence[ArrayLike]) -> npt.NDArray[np.float32]:
        known = self.known
        prepared = [np.clip(checked(numpy_of(image), known.images), 0, 1) for image in images]
        scores: list[ArrayLike] = []
        for batch, count in jatic_batches(prepared, batch_size_of(known.header.only_input)):
            scores += [*self.model(batch)][:count]
        return probabilities(np.asarray(scores), known.header.source, softmax=False)


def jatic_batches(
    images: Sequence[npt.NDArray[np.float32]], fixed: int | None
) -> Sequence[tuple[Sequence[npt.NDArray[np.float32]], int]]:
    """Images in batches of one shape, of a size that a network may have fixed, and how many of each batch count."""
    alike = [np.stack(images)] if len({image.shape for image in images}) == 1 else [image[None] for image in images]
    return [(list(batch), count) for some in alike for batch, count in in_pieces(some, fixed)]
