"""What a model file is: by its ending, and by what the classes that could use it say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sweeper.cli.init.asking import Answer, ask
from sweeper.cli.init.data_recognition import path_from
from sweeper.cli.init.drafts import MISSING, Argument, Draft, Task
from sweeper.errors import ConfigError, MissingExtraError, PartError

LOOKED_FOR = "a network in ONNX (.onnx)"


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


ONNX = (Kind("sweeper.models.OnnxClassifier", "image_classification", "An image classifier in an ONNX file."),)


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
    if path.suffix.lower() == ".onnx":
        return ONNX
    raise ConfigError(f"--model: {path} ends in {path.suffix or 'nothing'}. Expected is {LOOKED_FOR}.")


def _asked(kind: Kind, path: Path) -> Answer:
    return ask(kind.target, **{kind.path: str(path)}, **{name: example for name, (example, _) in kind.examples.items()})


def _not_one(path: Path, found: list[Kind], refusals: list[str]) -> str:
    if found:
        names = " or ".join(kind.target for kind in found)
        return (
            f"--model: {path} could be a model for {names}. Write its choice file by hand, with the one that is meant."
        )
    return f"--model: {path} cannot be used:\n" + "\n".join(f"  {refusal}" for refusal in refusals)


def _draft(kind: Kind, answer: Answer, shown: str, name: str) -> Draft:
    open_ones = (Argument(argument, MISSING, comment) for argument, (_, comment) in kind.examples.items())
    arguments = (Argument(kind.path, shown), *open_ones, *answer.needed)
    return Draft("model", name, kind.target, kind.task, kind.what, arguments, answer.taken, answer.facts)
