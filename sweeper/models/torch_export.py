"""A classifier in a file of `torch.export.save` as a MAITE model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.common.default_ids import describe
from sweeper.common.facts import Facts
from sweeper.errors import PartError
from sweeper.models.class_names import CLASS_NAMES
from sweeper.models.devices import device_for
from sweeper.models.exported_program import ExportedProgram, pieces_of, read_program
from sweeper.models.onnx_images import settle_input
from sweeper.models.onnx_statements import of_shape
from sweeper.models.parameters import Settlement, Stated
from sweeper.models.preprocessing import ExpectedImages, network_input
from sweeper.models.scores import SOFTMAX
from sweeper.models.torch_parameters import beside, file_argument, refuse_other_count
from sweeper.models.torch_scores import ScoringNetwork

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, ModelMetadata

CHOICE = "model.torch_export"
_SOFTMAX_BY_OPERATOR = {
    "aten.softmax.int": False,
    "aten._softmax.default": False,
    "aten.log_softmax.int": True,
    "aten._log_softmax.default": True,
}
"""Whether scores still have to go through softmax, by the operator that makes them."""


class TorchExport:
    """A network in a file of `torch.export.save` as a MAITE image classifier.

    What the file says is taken from it: layout and size by the shape of its input, how many images it takes at once,
    the number of classes, and whether it ends in softmax. Everything else has to be given, and what contradicts the
    file is refused. A network that takes a fixed number of images, or at least some, is given copies of the last one to
    fill it up. Loading such a file builds what it describes, so take it from somebody whom you trust.

    Parameters
    ----------
    path
        The `.pt2` file: one float32 input, N x C x H x W, N x H x W x C or rows of features; one output of scores,
        N x K.
    layout
        `NCHW` or `NHWC`; of rows of features, `flat_CHW` (channel by channel) or `flat_HWC` (pixel by pixel).
    value_range
        What black and white are to the network, before mean and std: `[0, 1]`, `[0, 255]`, `[-1, 1]`.
    mean, std
        `(value - mean) / std` goes in, in units of `value_range`; a number, or one for each channel. 0 and 1: as it is.
    channels
        `RGB`, `BGR` or `GRAY`. mean and std are in this order.
    image_size
        Height and width that the network takes, or one number for both. Needed for rows of features. A network whose
        file leaves the size open takes images as they come where this is not given.
    resize
        Whether images of another size are resized (bilinear, as Pillow does); otherwise they are refused.
    convert_channels
        Whether grey images are given to a network of colours as three equal channels, and colours to one of grey as
        their luma; otherwise they are refused.
    softmax
        Whether the scores are logits, of which softmax makes probabilities. If not, they must be probabilities.
    class_names
        The names of the classes in the order of the scores: a list, or the path of a text file (one on each line) or of
        a JSON file. By default the JSON file beside the network, `model.json` for `model.pt2`, if it has an
        `index2label`.
    device
        `cpu`, `cuda`, `cuda:1`; by default `cuda` where Ray has given the task a GPU, else `cpu`.
    id
        Id of the model, by default made from the path and the arguments.

    Raises
    ------
    PartError
        The file is not there, is damaged, is no classifier or was exported in training mode; what must be known is not;
        or what is given contradicts the file.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        layout: str | None = None,
        value_range: Sequence[float] | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        channels: str | None = None,
        image_size: int | Sequence[int] | None = None,
        resize: bool = False,
        convert_channels: bool = False,
        softmax: bool | None = None,
        class_names: Sequence[str] | Mapping[int, str] | str | None = None,
        device: str | None = None,
        id: str | None = None,
    ) -> None:
        given = {
            "layout": layout,
            "value_range": value_range,
            "mean": mean,
            "std": std,
            "channels": channels,
            "image_size": image_size,
            "resize": resize,
            "convert_channels": convert_channels,
            "softmax": softmax,
        }
        self._known = known = _described({**given, "path": path, "class_names": class_names})
        on = device_for(device)
        self._network = ScoringNetwork(
            _loaded(file_argument("path", path), on),
            on,
            n_classes=len(known.class_names),
            softmax=known.softmax,
            source=known.program.source,
        )
        told = {name: value for name, value in given.items() if value is not False or name == "softmax"}
        self.metadata: ModelMetadata = {
            "id": id or describe("torch_export", str(path), **told),
            "index2label": dict(enumerate(known.class_names)),
        }

    @classmethod
    def facts(cls, **arguments: Any) -> Facts:
        """What the file takes and answers, without torch; see `sweeper.common.facts`.

        Raises
        ------
        PartError
            As when the model is built, but for what only running the network shows.
        """
        known = _described(arguments)
        return known.images.facts(known.class_names)

    def __call__(self, batch: Sequence[ArrayLike], /) -> Sequence[npt.NDArray[np.float32]]:
        """Class probabilities of a batch of C x H x W images, floats in [0, 1] or bytes.

        Returns
        -------
        Sequence[numpy.ndarray]
            One float32 vector for each image, as long as the class names.

        Raises
        ------
        PartError
            An image is not what the network expects, or its scores are not what `softmax` says.
        """
        if not len(batch):
            return []
        pieces = pieces_of(network_input(batch, self._known.images), self._known.program.batch)
        return [row for piece, count in pieces for row in self._network.scores(piece)[:count]]


@dataclass(frozen=True)
class _Known:
    """All that has to be known of an exported classifier to run it."""

    program: ExportedProgram
    images: ExpectedImages
    class_names: tuple[str, ...]
    softmax: bool


def _described(given: Mapping[str, object]) -> _Known:
    path = file_argument("path", given.get("path"))
    program = read_program(path)
    settlement = Settlement(program.source, CHOICE, given, _stated(program, path, given.get("layout")))
    images = settle_input(settlement, program)
    softmax = settlement.needed(SOFTMAX)
    names = settlement.needed(CLASS_NAMES)
    settlement.finish()
    refuse_other_count(path, program.n_classes, names.value)
    return _Known(program, images(), names.value, softmax.value)


def _stated(program: ExportedProgram, path: Path, layout: object) -> Mapping[str, Sequence[Stated]]:
    ends = _SOFTMAX_BY_OPERATOR.get(program.last_operator)
    softmax = [] if ends is None else [Stated(ends, f"its last operator, {program.last_operator}")]
    of_input = {name: [stated] for name, stated in of_shape(program.only_input, layout)}
    return {**of_input, "softmax": softmax, "class_names": beside(path)}


def _loaded(path: Path, device: Any) -> Any:
    export: Any = import_module("torch.export")
    try:
        program = export.load(path)
        return import_module("torch.export.passes").move_to_device_pass(program, device).module()
    except Exception as error:  # torch raises many kinds, for files of other versions too
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PartError(f"torch cannot load {path}: {reason} Export it again with the torch that is here.") from error
