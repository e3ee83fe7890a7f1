"""The architectures of torchvision: their names, their tensors, and a network with the weights of a file."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sweeper.errors import PartError, near_match
from sweeper.models.state_dict_match import Architecture
from sweeper.models.weights_file import Shapes

Kind: TypeAlias = Literal["classification", "detection"]
_FOLDERS: Mapping[Kind, str] = {"classification": "models", "detection": "models/detection"}
_BUILDER = re.compile(r"^@register_model\(\)$.*?^def (\w+)\(", re.DOTALL | re.MULTILINE)
_OFFLINE: Mapping[Kind, Mapping[str, object]] = {
    "classification": {"weights": None},
    "detection": {"weights": None, "weights_backbone": None},
}
"""Without these, torchvision would download weights."""
_SLOW_START = ("googlenet", "inception_v3")
"""Draw their first weights for a minute unless told not to, and warn of it."""
_HIDDEN = {"mobilenet_v3": ("width_mult", "reduced_tail", "dilated")}
"""Arguments that no signature shows, by how the names of their architectures begin."""


@cache
def architectures(kind: Kind) -> frozenset[str]:
    """The names of torchvision's architectures, read from its sources without importing it; nothing if it has none."""
    spec = importlib.util.find_spec("torchvision")
    folders = [] if spec is None else [Path(place) for place in spec.submodule_search_locations or ()]
    files = [file for folder in folders for file in (folder / _FOLDERS[kind]).glob("*.py")]
    return frozenset(name for file in files for name in _BUILDER.findall(file.read_text(encoding="utf-8")))


def check_architecture(name: str, kind: Kind) -> None:
    """Refuse a name that torchvision does not have.

    Raises
    ------
    PartError
        It is none of the architectures of this kind; the near match is named.
    """
    known = architectures(kind)
    if known and name not in known:
        raise PartError(
            f"architecture is {name!r}, which is none of torchvision's {len(known)} for {kind} (from {min(known)} to "
            f"{max(known)}).{near_match(name, known)}"
        )


def tensors_of(name: str, kind: Kind, arguments: Mapping[str, Any]) -> Architecture:
    """The tensors of an architecture; its weights take no memory.

    Raises
    ------
    PartError
        The architecture does not take the arguments.
    """
    return Architecture(name, *(_shapes(name, kind, count, arguments) for count in (2, 3)))


def _shapes(name: str, kind: Kind, n_classes: int, arguments: Mapping[str, Any]) -> Shapes:
    with _weights_without_memory():
        network = untrained(name, kind, n_classes, arguments)
    return {tensor: tuple(value.shape) for tensor, value in network.state_dict().items()}


def untrained(name: str, kind: Kind, n_classes: int, arguments: Mapping[str, Any]) -> Any:
    """A network of torchvision that waits for its weights; nothing is downloaded.

    Raises
    ------
    PartError
        The architecture does not take the arguments.
    """
    models: Any = import_module("torchvision.models")

    fixed = {**_OFFLINE[kind], "num_classes": n_classes, **({"init_weights": False} if name in _SLOW_START else {})}
    clash = sorted(fixed.keys() & arguments.keys())
    if clash:
        raise PartError(f"arguments of {name} has {', '.join(clash)}, which follow from weights_path. Leave them out.")
    try:
        network = models.get_model(name, **fixed, **arguments)
    except (TypeError, ValueError) as error:
        raise PartError(f"torchvision cannot build {name} with arguments {dict(arguments)}: {error}") from error
    _refuse_unknown(name, arguments, _taken_by(models.get_model_builder(name), network))
    return network


def _refuse_unknown(name: str, arguments: Mapping[str, Any], known: frozenset[str]) -> None:
    """Many networks of torchvision take any argument, and pass over those that they do not have."""
    further = next((names for start, names in _HIDDEN.items() if name.startswith(start)), ())
    for argument in arguments:
        if argument not in known and argument not in further:
            raise PartError(f"{name} takes no argument {argument!r}.{near_match(argument, known)}")


def _taken_by(builder: Any, network: Any) -> frozenset[str]:
    """The named parameters of what builds a network: a function, classes, and what resizes the images of a detector."""
    transform = getattr(network, "transform", None)
    makers = [builder, *(kind.__init__ for part in (network, transform) for kind in type(part).__mro__)]
    by_name = [
        name
        for maker in makers
        for name, one in inspect.signature(maker).parameters.items()
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY) and name != "self"
    ]
    return frozenset(by_name)


def _weights_without_memory() -> Any:
    """Inside, tensors of weights have a shape and no numbers; what is computed from numbers while building is real."""
    torch: Any = import_module("torch")
    makers = (torch.empty, torch.zeros, torch.ones)

    def called(_mode: object, func: Any, _types: object, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(kwargs or {})
        if func in makers and given.get("device") is None:
            given["device"] = "meta"
        return func(*args, **given)

    mode: Any = import_module("torch.overrides").TorchFunctionMode
    return type("WithoutMemory", (mode,), {"__torch_function__": called})()
