"""Runs a detector in an ONNX file: images go in, boxes in their pixels come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sweeper.common.detections import DetectionTarget
from sweeper.datasets.arrays import numpy_of
from sweeper.errors import PartError
from sweeper.models.detections_reading import Found, Reader, SeparateReader, UltralyticsReader
from sweeper.models.detector_outputs import JaticOutputs, UltralyticsOutput
from sweeper.models.onnx_detection import OnnxDetection
from sweeper.models.onnx_images import batch_size_of, cast_to
from sweeper.models.onnx_scores import jatic_batches
from sweeper.models.onnx_session import Network, in_pieces
from sweeper.models.placement import placed
from sweeper.models.preprocessing import checked, network_input

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike

    Array: TypeAlias = npt.NDArray[Any]
    Run: TypeAlias = Callable[[Sequence[ArrayLike]], list[DetectionTarget]]
    """A batch of images to what was found in each."""


def runner(path: str, device: str, known: OnnxDetection) -> Run:
    """What runs a detector; it can be pickled.

    Raises
    ------
    PartError
        There is no such device, or the file cannot be loaded.
    """
    network, form = Network(path, device, known.header.nbytes), known.form
    if isinstance(form, JaticOutputs):
        return _of_jatic(path, network, known, form)
    if isinstance(form, UltralyticsOutput):
        return OwnDetector(network, known, UltralyticsReader(form, len(known.classes.by_label)))
    return OwnDetector(network, known, SeparateReader(form))


@dataclass(frozen=True)
class OwnDetector:
    """Runs any detector but those of the JATIC interface."""

    network: Network
    known: OnnxDetection
    reader: Reader

    def __call__(self, images: Sequence[ArrayLike]) -> list[DetectionTarget]:
        known, source = self.known, self.known.header.source
        prepared = [checked(numpy_of(image), known.images) for image in images]
        lying = [placed(image, known.images.size, letterbox=known.letterbox) for image in prepared]
        outputs = self._outputs([image for image, _ in lying])
        found = [self.reader.found(each, place, source) for each, (_, place) in zip(outputs, lying, strict=True)]
        return [target(one, known) for one in found]

    def _outputs(self, images: Sequence[Array]) -> Iterator[Sequence[Array]]:
        """The outputs for each image, without the axis of the batch."""
        known = self.known
        taken, expected = known.header.only_input, replace(known.images, resize=False)
        names, fixed = self.reader.names, batch_size_of(taken)
        alike = len({image.shape for image in images}) == 1 and not self.reader.is_of_one_image
        for some in [images] if alike else [[image] for image in images]:
            rows = cast_to(taken.kind)(network_input(some, expected))
            for piece, count in in_pieces(rows, fixed):
                values = self.network.run(names, {taken.name: piece if known.has_batches else piece[0]})
                yield from _each([np.asarray(value) for value in values], len(piece), known.header.source)[:count]


def _each(values: Sequence[Array], n_images: int, source: str) -> list[Sequence[Array]]:
    """The outputs of each image of a batch; those of one image may have no axis for it."""
    if values[0].ndim == 2 and n_images == 1:
        return [values]
    if values[0].ndim != 3 or any(len(value) != n_images for value in values):
        shapes = ", ".join(str(value.shape) for value in values)
        raise PartError(
            f"{source} gave outputs of the shapes {shapes} for {n_images} images; a detector gives one each."
        )
    return [[value[index] for value in values] for index in range(n_images)]


def target(found: Found, known: OnnxDetection) -> DetectionTarget:
    """Detections with the indices of classes in the place of labels, without those that stand for no class.

    Raises
    ------
    PartError
        A label has no name.
    """
    names = known.classes.by_label
    wrong = found.labels[(found.labels < 0) | (found.labels >= len(names))]
    if len(wrong):
        raise PartError(
            f"{known.header.source} gave the label {wrong[0]}, and class_names names the labels 0 to {len(names) - 1}. "
            "Name all of its classes, and check first_label."
        )
    indices = known.classes.indices(found.labels)
    kept = indices >= 0
    return DetectionTarget(
        boxes=found.boxes[kept].astype(np.float32),
        labels=indices[kept],
        scores=found.scores[kept].astype(np.float32),
    )


def _of_jatic(path: str, network: Network, known: OnnxDetection, form: JaticOutputs) -> Run:
    """A model in the JATIC interface, run by modelmaite on our session, which has the right threads and device."""
    from modelmaite.object_detection import OnnxODModel

    try:
        model = OnnxODModel(weights_path=path, config_path=str(form.config), device="cpu")
    except (TypeError, ValueError) as error:
        raise PartError(f"{known.header.source} cannot be used by {form.config}: {error}") from error
    model.model = network
    return JaticDetector(model, known, form)


@dataclass(frozen=True)
class JaticDetector:
    """Runs a detector in the JATIC interface with modelmaite."""

    model: Callable[[Sequence[ArrayLike]], Sequence[Any]]
    known: OnnxDetection
    form: JaticOutputs

    def __call__(self, images: Sequence[ArrayLike]) -> list[DetectionTarget]:
        known = self.known
        prepared = [np.clip(checked(numpy_of(image), known.images), 0, 1) for image in images]
        found: list[Any] = []
        for batch, count in jatic_batches(prepared, batch_size_of(known.header.only_input)):
            found += [*self.model(batch)][:count]
        return [target(self._sure(one), known) for one in found]

    def _sure(self, one: Any) -> Found:
        boxes, labels, scores = (numpy_of(each) for each in (one.boxes, one.labels, one.scores))
        return Found(boxes.astype(np.float64), labels, scores.astype(np.float64)).only(scores >= self.form.min_score)
