"""Any image classifier of torchvision, from a local state dict, as a MAITE model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.common.default_ids import describe
from sweeper.common.facts import Facts
from sweeper.models.class_names import CLASS_NAMES
from sweeper.models.devices import device_for
from sweeper.models.image_parameters import CONVERT_CHANNELS, RESIZE, one_of, settle_images
from sweeper.models.parameters import Parameter, Settlement, Stated
from sweeper.models.preprocessing import ExpectedImages, network_input
from sweeper.models.scores import SOFTMAX
from sweeper.models.torch_parameters import beside, file_argument, refuse_other_count
from sweeper.models.torch_scores import ScoringNetwork
from sweeper.models.torchvision_networks import check_architecture
from sweeper.models.torchvision_weights import classes_by_last_layer, classes_of, trained
from sweeper.models.weights_file import weights_shapes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from maite.protocols import ArrayLike, ModelMetadata

CHOICE = "model.torchvision_classifier"
_RECIPES: Mapping[str, Mapping[str, object]] = {
    "imagenet": {
        "value_range": [0, 1],
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "channels": "RGB",
    }
}
"""What a named preprocessing states. The numbers of `imagenet` are those of torchvision's own weights."""
_RECIPE = Parameter(
    "preprocessing", one_of(tuple(_RECIPES)), "imagenet, or null", "a usual set of range, mean and std", "imagenet"
)
_TURNS_IMAGES = ("googlenet", "inception_v3")
"""May normalise their images once more, which no tensor shows."""


class TorchvisionClassifier:
    """A classifier of torchvision with the weights of a local file.

    Nothing is downloaded, and no code of the file is run. The file is a state dict, as
    `torch.save(model.state_dict(), path)` writes it. Its tensors must be those of the architecture, all of them; the
    number of classes is read from them. What they do not say has no default: how images are brought to what the network
    has seen in training, the names of the classes, and whether its scores are probabilities.

    Parameters
    ----------
    architecture
        Name of a classification network of `torchvision.models`, such as `resnet18`.
    weights_path
        The file with the state dict.
    class_names
        Names by index: a list, a mapping, or the path of a text file (a name on each line) or of a JSON file. By
        default the JSON file beside the weights, `weights.json` for `weights.pt`, if it has an `index2label`.
    value_range
        What black and white are before `mean` and `std`: `[0, 1]`, or `[0, 255]`.
    mean, std
        Of each channel, in units of `value_range`; one number holds for all. `(value - mean) / std` goes in.
    channels
        `RGB` or `BGR`.
    preprocessing
        `imagenet` says the four before, as torchvision's own weights need them: range [0, 1], mean (0.485, 0.456,
        0.406), std (0.229, 0.224, 0.225), RGB. It cuts nothing off an image.
    image_size
        Height and width that the network is given: a number, or both.
    softmax
        Whether the scores are logits, which become probabilities here.
    resize
        Whether images of another size are resized (bilinear). Otherwise they are refused.
    convert_channels
        Whether grey images become three equal channels. Otherwise they are refused.
    arguments
        Further arguments of the architecture, as in training: `{aux_logits: false}`.
    entry
        The key of the state dict in a file that has more: `model` for the checkpoints of torchvision's own scripts.
    prefix
        What the names in the file begin with and the architecture's do not: `module.` after `DataParallel`.
    device
        `cpu`, `cuda`, `cuda:1`; by default `cuda` where Ray has given the task a GPU, else `cpu`.
    id
        Id of the model. By default it consists of the architecture, the path and what is given of the images.

    Raises
    ------
    PartError
        A file or an argument is missing or wrong. One message lists all parameters that still have to be given.
    """

    def __init__(
        self,
        architecture: str,
        weights_path: str | Path,
        *,
        class_names: Sequence[str] | Mapping[int, str] | str | None = None,
        value_range: Sequence[float] | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        channels: str | None = None,
        preprocessing: str | None = None,
        image_size: int | Sequence[int] | None = None,
        softmax: bool | None = None,
        resize: bool = False,
        convert_channels: bool = False,
        arguments: Mapping[str, Any] | None = None,
        entry: str | None = None,
        prefix: str = "",
        device: str | None = None,
        id: str | None = None,
    ) -> None:
        given = {
            "value_range": value_range,
            "mean": mean,
            "std": std,
            "channels": channels,
            "preprocessing": preprocessing,
            "image_size": image_size,
            "resize": resize,
            "convert_channels": convert_channels,
            "softmax": softmax,
        }
        weights, extra = file_argument("weights_path", weights_path), dict(arguments or {})
        check_architecture(architecture, "classification")
        shapes = weights_shapes(weights, entry, prefix)
        known = _settled(architecture, weights, {**given, "class_names": class_names, "arguments": extra})
        count = classes_of(architecture, "classification", weights, extra, shapes)
        refuse_other_count(weights, count, known.class_names)
        on = device_for(device)
        network = trained(architecture, weights, count, extra, entry, prefix).to(on)
        self._expected = known.images
        self._network = ScoringNetwork(
            network, on, n_classes=count, softmax=known.softmax, source=f"{architecture} of {weights}"
        )
        told = {name: value for name, value in given.items() if value is not False or name == "softmax"}
        self.metadata: ModelMetadata = {
            "id": id or describe(architecture, str(weights_path), **told),
            "index2label": dict(enumerate(known.class_names)),
        }

    def __call__(self, batch: Sequence[ArrayLike], /) -> Sequence[npt.NDArray[np.float32]]:
        """Scores of a batch of C x H x W images, floats in [0, 1] or integers as `unit_range` scales them.

        Returns
        -------
        Sequence[numpy.ndarray]
            One float32 vector for each image, a score for each class.

        Raises
        ------
        PartError
            An image is not what the network expects.
        """
        if not len(batch):
            return []
        return [*self._network.scores(network_input(batch, self._expected))]

    @classmethod
    def facts(cls, **arguments: Any) -> Facts:
        """What the files say, without torch; see `sweeper.common.facts`.

        Raises
        ------
        PartError
            As when the model is built, but for tensors of another architecture.
        """
        architecture, weights = str(arguments["architecture"]), file_argument("weights_path", arguments["weights_path"])
        check_architecture(architecture, "classification")
        shapes = weights_shapes(weights, arguments.get("entry"), arguments.get("prefix") or "")
        known = _settled(architecture, weights, arguments)
        refuse_other_count(weights, classes_by_last_layer(shapes), known.class_names)
        return known.images.facts(known.class_names)


@dataclass(frozen=True)
class _Known:
    """All that has to be known of a classifier beside its weights."""

    images: ExpectedImages
    class_names: tuple[str, ...]
    softmax: bool


def _settled(architecture: str, weights: Path, given: Mapping[str, Any]) -> _Known:
    settlement = Settlement(str(weights), CHOICE, given, _stated(weights, given.get("preprocessing")))
    settlement.wanted(_RECIPE)
    names = settlement.needed(CLASS_NAMES)
    images = settle_images(settlement, layouts=("NCHW",), size_is_needed=True)
    softmax, resize, convert = (
        settlement.needed(SOFTMAX),
        settlement.wanted(RESIZE),
        settlement.wanted(CONVERT_CHANNELS),
    )
    if images.channels.found == "GRAY":
        settlement.problem("channels is GRAY, and the networks of torchvision take three: RGB or BGR.")
    if architecture in _TURNS_IMAGES and "transform_input" not in (given.get("arguments") or {}):
        settlement.problem(
            f"{architecture} can bring images normalised as imagenet's to what it was trained with: give "
            f"'+{CHOICE}.arguments.transform_input=true' for weights of torchvision's own, false for others."
        )
    settlement.finish()
    expected = images.expected(str(weights), resize=resize.found is True, convert_channels=convert.found is True)
    return _Known(expected, names.value, softmax.value)


def _stated(weights: Path, recipe: object) -> Mapping[str, Sequence[Stated]]:
    said = _RECIPES.get(str(recipe), {})
    return {
        "layout": [Stated("NCHW", "torchvision")],
        "class_names": beside(weights),
        **{name: [Stated(value, f"preprocessing: {recipe}")] for name, value in said.items()},
    }
