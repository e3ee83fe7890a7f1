"""A network of torchvision with the weights of a local file."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from sweeper.errors import PartError
from sweeper.models.state_dict_match import number_of_classes
from sweeper.models.torchvision_networks import Kind, tensors_of, untrained
from sweeper.models.weights_file import Shapes, weights_shapes

_LAST_LAYERS = re.compile(r"(?:fc|head|heads|classifier)(?:\.head|\.(\d+))?\.weight")
"""The weights of the layers that torchvision's classifiers end in."""


def classes_by_last_layer(shapes: Shapes) -> int | None:
    """How many classes a classifier of torchvision has, by the shapes of its tensors; `None` if it seems to be none.

    This needs no torch. Whether the tensors are those of an architecture shows when the network is built.
    """
    layers = {int(found[1] or 0): shapes[name] for name in shapes if (found := _LAST_LAYERS.fullmatch(name))}
    return layers[max(layers)][0] if layers and layers[max(layers)] else None


def classes_of(architecture: str, kind: Kind, weights: Path, arguments: Mapping[str, Any], shapes: Shapes) -> int:
    """How many classes the network in a file has.

    Raises
    ------
    PartError
        The file is no state dict of the architecture.
    """
    return number_of_classes(tensors_of(architecture, kind, arguments), shapes, str(weights))


def trained(
    architecture: str, weights: Path, n_classes: int, arguments: Mapping[str, Any], entry: str | None, prefix: str
) -> Any:
    """A classifier of torchvision with the weights of a file, on the processor and in evaluation mode."""
    network = untrained(architecture, "classification", n_classes, arguments)
    network.load_state_dict(state_dict(weights, entry, prefix))
    return network.eval()


def state_dict(weights: Path, entry: str | None, prefix: str) -> dict[str, Any]:
    """The tensors of a file by name, on the processor. No code of the file is run.

    Raises
    ------
    PartError
        As `weights_shapes`, or torch cannot load the file.
    """
    torch: Any = import_module("torch")

    named = weights_shapes(weights, entry, prefix)
    try:
        with torch.serialization.safe_globals([Namespace]):
            content: Any = torch.load(weights, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        reason = str(error).strip().splitlines()[0]
        raise PartError(f"torch cannot load {weights}: {reason} Save or copy it again.") from error
    tensors = content if entry is None else content[entry]
    return {name: tensors[prefix + name] for name in named}
