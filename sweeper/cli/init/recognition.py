"""What a model file is: by its ending, and by what the classes that could use it say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sweeper.cli.init.asking import Answer, ask
from sweeper.cli.init.data_recognition import path_from
from sweeper.cli.init.drafts import MISSING, Argument, Draft, Task
from sweeper.errors import ConfigError, MissingExtraError, PartError

LOOKED_FOR = (
    "a network in ONNX (.onnx), a program of torch.export.save (.pt2), or a state dict of a network of torchvision "
    "(.pt, .pth)"
)


@dataclass(frozen=True)
class Kind:
    """One class that may be able to use a file.

    Parameters
    ----------
    what
        What the file then is, for people.
    path
        The argument that names the file.
    examples
        Arguments that no file says, with a value with which the class can be asked for the rest, and what to fill in.
    """

    target: str
    task: Task
    what: str
    path: str = "path"
    examples: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, "tuple[str, str]"])


def _architecture(example: str, kind: str) -> dict[str, tuple[str, str]]:
    return {"architecture": (example, f"a {kind} network of torchvision.models, such as {example}")}


ONNX = (
    Kind("sweeper.models.OnnxClassifier", "image_classification", "An image classifier in an ONNX file."),
    Kind("sweeper.models.OnnxDetector", "object_detection", "An object detector in an ONNX file."),
)
PROGRAM = (Kind("sweeper.models.TorchExport", "image_classification", "An image classifier of torch.export.save."),)
CLASSIFIER = Kind(
    "sweeper.models.TorchvisionClassifier",
    "image_classification",
    "The weights of an image classifier of torchvision. `preprocessing: imagenet` may stand in the place of "
    "value_range, mean, std and channels: it is what torchvision's own weights need.",
    "weights_path",
    _architecture("resnet18", "classification"),
)
DETECTOR = Kind(
    "sweeper.models.TorchvisionDetector",
    "object_detection",
    "The weights of an object detector of torchvision.",
    "weights_path",
    _architecture("fasterrcnn_resnet50_fpn", "detection"),
)
_OF_DETECTORS = ("roi_heads.", "rpn.", "head.classification_head.", "head.regression_head.")
"""How names of tensors begin that the detection networks of torchvision have, and its classifiers do not."""


def model_draft(path: Path, base: Path, name: str) -> Draft:
    """The choice for a model file.

    Parameters
    ----------
    base
        The folder that relative paths of the choice start from.
    name
        Of the choice.

    Raises
    ------
    ConfigError
        There is no such file, it is none that is known, or no class can use it.
    """
    if not path.is_file():
        raise ConfigError(f"--model: there is no file {path}. Expected is {LOOKED_FOR}.")
    answers: list[tuple[Kind, Answer]] = []
    refusals: list[str] = []
    for kind in _kinds(path):
        try:
            answers.append((kind, _asked(kind, path)))
        except MissingExtraError:
            raise
        except PartError as error:
            refusals.append(str(error))
    if len(answers) != 1:
        raise ConfigError(_not_one(path, [kind for kind, _ in answers], refusals))
    ((kind, answer),) = answers
    return _draft(kind, answer, path_from(base, path), name)


def _kinds(path: Path) -> tuple[Kind, ...]:
    match path.suffix.lower():
        case ".onnx":
            return ONNX
        case ".pt2":
            return PROGRAM
        case ".pt" | ".pth":
            return (DETECTOR if _is_of_detector(path) else CLASSIFIER,)
        case ending:
            raise ConfigError(f"--model: {path} ends in {ending or 'nothing'}. Expected is {LOOKED_FOR}.")


def _is_of_detector(path: Path) -> bool:
    from sweeper.models.weights_file import weights_shapes

    try:
        return any(name.startswith(_OF_DETECTORS) for name in weights_shapes(path))
    except PartError as error:
        raise ConfigError(f"--model: {error}") from error


def _asked(kind: Kind, path: Path) -> Answer:
    return ask(kind.target, **{kind.path: str(path)}, **{name: example for name, (example, _) in kind.examples.items()})


def _not_one(path: Path, found: list[Kind], refusals: list[str]) -> str:
    if found:
        names = " or ".join(kind.target for kind in found)
        return (
            f"--model: {path} could be a model for {names}. Write its choice file by hand, with the one that is meant."
        )
    return f"--model: {path} cannot be used:\n" + "\n".join(f"  {refusal}" for refusal in dict.fromkeys(refusals))


def _draft(kind: Kind, answer: Answer, shown: str, name: str) -> Draft:
    open_ones = (Argument(argument, MISSING, comment) for argument, (_, comment) in kind.examples.items())
    arguments = (Argument(kind.path, shown), *open_ones, *answer.needed)
    return Draft("model", name, kind.target, kind.task, kind.what, arguments, answer.taken, answer.facts)
