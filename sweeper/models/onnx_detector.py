"""A detector in an ONNX file as a MAITE model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.common.default_ids import describe
from sweeper.common.facts import Facts
from sweeper.models.onnx_detection import described
from sweeper.models.onnx_detections import runner

if TYPE_CHECKING:
    from maite.protocols import ArrayLike, ModelMetadata

    from sweeper.common.detections import DetectionTarget


class OnnxDetector:
    """A network in an ONNX file as a MAITE object detector.

    Three kinds of files are known: those of the JATIC interface, with a JSON file; those of Ultralytics for the task
    `detect`, by their metadata, with non-maximum suppression in the file or done here; and any others with outputs of
    boxes, scores and labels, as torchvision's detectors have them. What the file says is taken from it; everything else
    has to be given, and what contradicts the file is refused.

    Parameters
    ----------
    path
        The ONNX file, with one input: N x C x H x W, N x H x W x C, or one image, C x H x W.
    config_path
        The JSON file of a model in the JATIC interface, by default one beside the model: `NAME.json`,
        `NAME-metadata.json` or `model-metadata.json`.
    layout, value_range, mean, std, channels
        What the network expects of its images, as for `OnnxClassifier`.
    image_size
        Height and width that the network takes, or one number for both, where the file leaves the size open; images go
        in as they come where this is not given.
    resize
        Whether images of another size are resized; otherwise they are refused.
    letterbox
        How images are resized: with their aspect, in the middle of grey, as Ultralytics does, or stretched. To be given
        where `resize` is true.
    convert_channels
        Whether grey images are given to a network of colours as three equal channels, and colours to one of grey as
        their luma; otherwise they are refused.
    class_names
        The names of the labels, from the first class on; a list, or the path of a file. `__background__` and `N/A` are
        labels that stand for no class.
    first_label
        The label that the file gives to the first of the class names: 0, or 1 where 0 is the background, as in
        torchvision's detectors. To be given where there is an output of labels.
    box_format
        `xyxy` (corners), `xywh` (left, top, width, height) or `cxcywh` (centre, width, height).
    box_units
        `pixels` of the image that goes into the network, or `normalised`: shares of its width and height.
    boxes, scores, labels
        The names of the outputs, where they are not called so. Without labels there must be a score for each class, of
        which the highest counts.
    min_score
        Detections with a lower score are left out. To be given where suppression is done here; else 0.
    nms_iou
        Of boxes of one class that overlap by more than this, only the surest is kept. To be given for files of
        Ultralytics without suppression.
    device
        `cpu`, `cuda`, or `cuda:1`.
    id
        Id of the model, by default made from the path and the arguments.

    Raises
    ------
    PartError
        The file is not there, is damaged, or is no detector; what must be known is not; or what is given contradicts
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
        letterbox: bool | None = None,
        convert_channels: bool = False,
        class_names: str | Sequence[str] | None = None,
        first_label: int | None = None,
        box_format: str | None = None,
        box_units: str | None = None,
        boxes: str | None = None,
        scores: str | None = None,
        labels: str | None = None,
        min_score: float | None = None,
        nms_iou: float | None = None,
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
            "resize": resize or None,
            "letterbox": letterbox,
            "convert_channels": convert_channels or None,
            "first_label": first_label,
            "box_format": box_format,
            "box_units": box_units,
            "boxes": boxes,
            "scores": scores,
            "labels": labels,
            "min_score": min_score,
            "nms_iou": nms_iou,
        }
        known = described({**given, "path": path, "config_path": config_path, "class_names": class_names})
        self._found = runner(str(path), device, known)
        self.metadata: ModelMetadata = {
            "id": id or describe("onnx_detector", str(path), **given),
            "index2label": dict(enumerate(known.classes.names)),
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
        return known.images.facts(known.classes.names)

    def __call__(self, batch: Sequence[ArrayLike], /) -> Sequence[DetectionTarget]:
        """The objects in each of a batch of C x H x W images, floats in [0, 1] or bytes, which may be of unlike sizes.

        Returns
        -------
        Sequence[DetectionTarget]
            For each image its boxes as corners in its own pixels, float32, with class indices and scores.

        Raises
        ------
        PartError
            An image is not what the network expects, or its outputs are not what they are said to be.
        """
        return self._found(batch) if len(batch) else []
