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
from sweeper.models.image_parameters import one_of, settle_images
from sweeper.models.parameters import Parameter, Settlement, Stated
from sweeper.models.preprocessing import ExpectedImages, network_input
from sweeper.models.torch_parameters import SOFTMAX, beside, file_argument, refuse_other_count
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
            "class_names": class_names,
            "value_range": value_range,
            "mean": mean,
            "std": std,
            "channels": channels,
            "preprocessing": preprocessing,
            "image_size": image_size,
            "softmax": softmax,
        }
        extra = dict(arguments or {})
        weights = file_argument("weights_path", weights_path)
        check_architecture(architecture, "classification")
        shapes = weights_shapes(weights, entry, prefix)
        settings = _settled(architecture, weights, given, extra, resize=resize, convert_channels=convert_channels)
        count = classes_of(architecture, "classification", weights, extra, shapes)
        refuse_other_count(weights, count, settings.class_names)
        on = device_for(device)
        network = trained(architecture, weights, count, extra, entry, prefix).to(on)
        self._expected = settings.expected
        self._network = ScoringNetwork(
            network, on, n_classes=count, softmax=settings.softmax, source=f"{architecture} of {weights}"
        )
        self.metadata: ModelMetadata = {
            "id": id or _described(architecture, weights_path, given),
            "index2label": dict(enumerate(settings.class_names)),
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
        """What the files say, without torch. See `sweeper.common.facts`."""
        architecture, weights = str(arguments["architecture"]), file_argument("weights_path", arguments["weights_path"])
        check_architecture(architecture, "classification")
        shapes = weights_shapes(weights, arguments.get("entry"), arguments.get("prefix") or "")
        resize, convert = bool(arguments.get("resize")), bool(arguments.get("convert_channels"))
        extra = dict(arguments.get("arguments") or {})
        settings = _settled(architecture, weights, arguments, extra, resize=resize, convert_channels=convert)
        refuse_other_count(weights, classes_by_last_layer(shapes), settings.class_names)
        return settings.facts(weights)


@dataclass(frozen=True)
class Settings:
    """What is known of a classifier once every parameter is stated or given."""

    expected: ExpectedImages
    class_names: tuple[str, ...]
    softmax: bool

    def facts(self, path: Path) -> Facts:
        """The same as facts of a part."""
        size = self.expected.size if self.expected.size is not None and not self.expected.resize else (None, None)
        return Facts(
            str(path),
            channels=None if self.expected.convert_channels else self.expected.n_channels,
            height=size[0],
            width=size[1],
            n_classes=len(self.class_names),
            class_names=dict(enumerate(self.class_names)),
        )


def _settled(
    architecture: str,
    weights: Path,
    given: Mapping[str, object],
    extra: Mapping[str, object],
    *,
    resize: bool,
    convert_channels: bool,
) -> Settings:
    settlement = Settlement(str(weights), CHOICE, given, _stated(weights, given.get("preprocessing")))
    settlement.wanted(_RECIPE)
    names = settlement.needed(CLASS_NAMES)
    images = settle_images(settlement, layouts=("NCHW",), size_is_needed=True)
    softmax = settlement.needed(SOFTMAX)
    if images.channels.found == "GRAY":
        settlement.problem("channels is GRAY, and the networks of torchvision take three: RGB or BGR.")
    if architecture in _TURNS_IMAGES and "transform_input" not in extra:
        settlement.problem(
            f"{architecture} can bring images normalised as imagenet's to what it was trained with: give "
            f"'+{CHOICE}.arguments.transform_input=true' for weights of torchvision's own, false for others."
        )
    settlement.finish()
    expected = images.expected(str(weights), resize=resize, convert_channels=convert_channels)
    return Settings(expected, names.value, softmax.value)


def _stated(weights: Path, recipe: object) -> Mapping[str, Sequence[Stated]]:
    said = _RECIPES.get(str(recipe), {})
    return {
        "layout": [Stated("NCHW", "torchvision")],
        "class_names": beside(weights),
        **{name: [Stated(value, f"preprocessing: {recipe}")] for name, value in said.items()},
    }


def _described(architecture: str, weights_path: object, given: Mapping[str, object]) -> str:
    return describe(architecture, str(weights_path), **{k: v for k, v in given.items() if k != "class_names"})
