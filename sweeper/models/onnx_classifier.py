"""A classifier in an ONNX file as a MAITE model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.common.default_ids import describe
from sweeper.common.facts import Facts
from sweeper.models.onnx_classification import described
from sweeper.models.onnx_scores import runner

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from maite.protocols import ArrayLike, ModelMetadata


class OnnxClassifier:
    """A network in an ONNX file as a MAITE image classifier.

    What the file says is taken from it: the layout and the size by the shape of its input, class names and the like by
    its metadata, by the nodes of a scikit-learn classifier, or by the JSON file of the JATIC interface. Everything else
    has to be given, and what contradicts the file is refused.

    Parameters
    ----------
    path
        The ONNX file, as torch, scikit-learn (skl2onnx), Keras and others export it: one input of images, N x C x H x W
        or N x H x W x C, or of rows of features; and one output of scores, N x K.
    config_path
        The JSON file of a model in the JATIC interface, by default one beside the model: `NAME.json`,
        `NAME-metadata.json` or `model-metadata.json`.
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
        The names of the classes in the order of the scores, or the path of a text file with one on each line.
    output
        The name of the output with the scores, where more than one can be it.
    device
        `cpu`, `cuda`, or `cuda:1`.
    id
        Id of the model, by default made from the path and the arguments.

    Raises
    ------
    PartError
        The file is not there, is damaged, or is no classifier; what must be known is not; or what is given contradicts
        the file. One message says all of it.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        config_path: str | Path | None = None,
        layout: str | None = None,
        value_range: Sequence[float] | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        channels: str | None = None,
        image_size: int | Sequence[int] | None = None,
        resize: bool = False,
        convert_channels: bool = False,
        softmax: bool | None = None,
        class_names: str | Sequence[str] | None = None,
        output: str | None = None,
        device: str = "cpu",
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
            "output": output,
        }
        known = described({**given, "path": path, "config_path": config_path, "class_names": class_names})
        self._scores = runner(str(path), device, known)
        told = {name: value for name, value in given.items() if value is not False or name == "softmax"}
        self.metadata: ModelMetadata = {
            "id": id or describe("onnx_classifier", str(path), **told),
            "index2label": dict(enumerate(known.class_names)),
        }

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """What the file takes and answers, from its header; see `sweeper.common.facts`.

        Raises
        ------
        PartError
            As when the model is built, but for what only running the network shows.
        """
        known = described(arguments)
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
        return list(self._scores(batch)) if len(batch) else []
