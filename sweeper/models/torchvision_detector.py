"""Any object detector of torchvision, from a local state dict, as a MAITE model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks.numbers import numpy_of
from sweeper.common.default_ids import describe
from sweeper.common.detections import DetectionTarget
from sweeper.common.facts import Facts
from sweeper.errors import PartError
from sweeper.models.detected_classes import DETECTED_NAMES, DetectedClasses, detected_classes, named
from sweeper.models.devices import device_for, inference
from sweeper.models.parameters import Settlement
from sweeper.models.preprocessing import ExpectedImages, checked
from sweeper.models.torch_parameters import beside, file_argument
from sweeper.models.torchvision_networks import check_architecture
from sweeper.models.torchvision_weights import classes_of, state_dict
from sweeper.models.weights_file import weights_shapes

if TYPE_CHECKING:
    from maite.protocols import ArrayLike, ModelMetadata

CHOICE = "model.torchvision_detector"
_WITHOUT_BACKGROUND = ("retinanet", "fcos")
"""Score each label by itself, so that none of them has to be the background."""


class TorchvisionDetector:
    """A detector of torchvision with the weights of a local file, built and called by `modelmaite`.

    Nothing is downloaded, and no code of the file is run. The file is a state dict, as
    `torch.save(model.state_dict(), path)` writes it. Its tensors must be those of the architecture, all of them; the
    number of labels is read from them. Resizing and normalisation are part of torchvision's detectors.

    Labels become class indices that count from 0, in the order of the labels: those named `__background__` or `N/A`
    stand for no class, are not counted, and what is found with one of them is left out. So the 91 labels of
    torchvision's own weights become COCO's 80 classes. In R-CNN and SSD networks label 0 is the background, and
    `class_names` may leave it out; in RetinaNet and FCOS it is one if `class_names` says so.

    Parameters
    ----------
    architecture
        Name of a detection network of `torchvision.models`, such as `fasterrcnn_resnet50_fpn`.
    weights_path
        The file with the state dict.
    class_names
        Names by label: a list, a mapping, or the path of a text file (a name on each line) or of a JSON file. A mapping
        may leave out labels that stand for no class. By default the JSON file beside the weights, `weights.json` for
        `weights.pt`, if it has an `index2label`.
    arguments
        Further arguments of the architecture: `min_size`, `max_size`, `image_mean`, `image_std`, `box_score_thresh`,
        `box_detections_per_img` and others; of RetinaNet, FCOS and SSD `score_thresh`, `detections_per_img`.
    convert_channels
        Whether grey images become three equal channels. Otherwise they are refused.
    entry
        The key of the state dict in a file that has more: `model` for the checkpoints of torchvision's own scripts.
    prefix
        What the names in the file begin with and the architecture's do not: `module.` after `DataParallel`.
    device
        `cpu`, `cuda`, `cuda:1`; by default `cuda` where Ray has given the task a GPU, else `cpu`.
    id
        Id of the model. By default it consists of the architecture, the path and the arguments.

    Raises
    ------
    PartError
        A file or an argument is missing or wrong.
    """

    def __init__(
        self,
        architecture: str,
        weights_path: str | Path,
        *,
        class_names: Sequence[str] | Mapping[int, str] | str | None = None,
        arguments: Mapping[str, Any] | None = None,
        convert_channels: bool = False,
        entry: str | None = None,
        prefix: str = "",
        device: str | None = None,
        id: str | None = None,
    ) -> None:
        weights, extra = file_argument("weights_path", weights_path), dict(arguments or {})
        check_architecture(architecture, "detection")
        shapes = weights_shapes(weights, entry, prefix)
        names = _settled(weights, class_names)
        count = classes_of(architecture, "detection", weights, extra, shapes)
        self._classes = _classes(architecture, weights, names, count)
        self._expected = _expected(weights, convert_channels=convert_channels)
        self._detector = _built(architecture, weights, self._classes, extra, device_for(device), entry, prefix)
        self.metadata: ModelMetadata = {
            "id": id or describe(architecture, str(weights_path), **extra),
            "index2label": dict(enumerate(self._classes.names)),
        }

    def __call__(self, batch: Sequence[ArrayLike], /) -> Sequence[DetectionTarget]:
        """What is found in each of some C x H x W images, floats in [0, 1] or integers as `unit_range` scales them.

        Images of a batch may differ in size; torchvision pads them to the largest, which can move values a little.

        Returns
        -------
        Sequence[DetectionTarget]
            Boxes in pixels of the image that was given, class indices and scores, in numpy arrays.

        Raises
        ------
        PartError
            An image is no colour image.
        """
        if not len(batch):
            return []
        images = [checked(numpy_of(image), self._expected) for image in batch]
        with inference():
            return [self._target(found) for found in self._detector(images)]

    @classmethod
    def facts(cls, **arguments: Any) -> Facts:
        """What the files say, without torch. See `sweeper.common.facts`."""
        weights = file_argument("weights_path", arguments["weights_path"])
        check_architecture(str(arguments["architecture"]), "detection")
        weights_shapes(weights, arguments.get("entry"), arguments.get("prefix") or "")
        names = named(_settled(weights, arguments.get("class_names")))
        return _expected(weights, convert_channels=bool(arguments.get("convert_channels"))).facts(names)

    def _target(self, found: Any) -> DetectionTarget:
        indices = self._classes.indices(np.asarray(found.labels, dtype=np.int64))
        kept = indices >= 0
        return DetectionTarget(
            boxes=np.asarray(found.boxes, dtype=np.float32).reshape(-1, 4)[kept],
            labels=indices[kept],
            scores=np.asarray(found.scores, dtype=np.float32)[kept],
        )


def _settled(weights: Path, class_names: object) -> tuple[str, ...]:
    settlement = Settlement(str(weights), CHOICE, {"class_names": class_names}, {"class_names": beside(weights)})
    names = settlement.needed(DETECTED_NAMES)
    settlement.finish()
    return names.value


def _expected(weights: Path, *, convert_channels: bool) -> ExpectedImages:
    """Colours in [0, 1]; the rest is done by the network itself."""
    return ExpectedImages(
        source=str(weights),
        layout="NCHW",
        value_range=(0, 1),
        mean=(0,) * 3,
        std=(1,) * 3,
        channels="RGB",
        convert_channels=convert_channels,
    )


def _classes(architecture: str, weights: Path, names: Sequence[str], count: int) -> DetectedClasses:
    background = not architecture.startswith(_WITHOUT_BACKGROUND)
    return detected_classes(names, count, starts_with_background=background, source=f"{architecture} of {weights}")


def _built(
    architecture: str,
    weights: Path,
    classes: DetectedClasses,
    arguments: Mapping[str, Any],
    device: Any,
    entry: str | None,
    prefix: str,
) -> Any:
    """modelmaite's detector. It takes the names and the weights as files."""
    modelmaite: Any = import_module("modelmaite.object_detection")

    with TemporaryDirectory() as folder:
        names = Path(folder, "names.json")
        names.write_text(json.dumps({"index2label": classes.by_label}), encoding="utf-8")
        plain = weights if entry is None and not prefix else _saved(state_dict(weights, entry, prefix), folder)
        try:
            return modelmaite.TorchvisionODModel(
                model_name=architecture, device=device, weights_path=plain, config_path=names, **arguments
            )
        except RuntimeError as error:
            raise PartError(f"torch cannot load {weights}: {error.__cause__ or error}") from error


def _saved(tensors: Mapping[str, Any], folder: str) -> Path:
    torch: Any = import_module("torch")

    path = Path(folder, "weights.pt")
    torch.save(tensors, path)
    return path
