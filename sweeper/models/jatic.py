"""The JSON file beside a model in the JATIC interface: what it says of the model.

The interface fixes what goes in (N x C x H x W, values in [0, 1]) and what comes out (probabilities, or boxes with the
scores of all classes); the file says the rest. `modelmaite` has the wrappers that run such models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from sweeper.common.text import escaped
from sweeper.errors import PartError
from sweeper.models.onnx_header import OnnxHeader
from sweeper.models.parameters import Stated

Interface = Literal["IMAGE_CLASSIFICATION", "IMAGE_OBJECT_DETECTION"]
_CHANNELS = {"RGB": "RGB", "GRAYSCALE": "GRAY"}
_OUTPUTS = {"IMAGE_CLASSIFICATION": {"scores"}, "IMAGE_OBJECT_DETECTION": {"boxes", "scores"}}


def find_config(path: str, config_path: object, header: OnnxHeader, interface: Interface) -> Path | None:
    """The JSON file of a model: the one that is given, else one beside it which is in the interface; `None` if neither.

    Looked at are `NAME.json`, `NAME-metadata.json` and `model-metadata.json`, if the inputs and outputs of the model
    are those of the interface.

    Raises
    ------
    PartError
        One is given, and the inputs and outputs are others.
    """
    inputs, outputs = ([value.name for value in values] for values in (header.inputs, header.outputs))
    fits = inputs == ["image"] and {*outputs} == _OUTPUTS[interface]
    if config_path is not None and not fits:
        raise PartError(
            f"{header.source} is not in the JATIC interface, which config_path is for: its inputs are {inputs} and its "
            f"outputs {outputs}; there they are ['image'] and {sorted(_OUTPUTS[interface])}. Leave config_path out."
        )
    if config_path is not None or not fits:
        return None if config_path is None else Path(str(config_path)).expanduser()
    file = Path(path).expanduser()
    beside = (f"{file.stem}.json", f"{file.stem}-metadata.json", "model-metadata.json")
    return next((found for name in beside if _is_in_interface(found := file.with_name(name))), None)


def read_config(path: Path, interface: Interface) -> dict[str, object]:
    """The content of a JSON file in the interface.

    Raises
    ------
    PartError
        It is not there, is no JSON, or is not for this kind of model.
    """
    name = escaped(str(path))
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PartError(f"The metadata {name} cannot be read: {error.strerror}. Check config_path.") from error
    except ValueError as error:
        raise PartError(f"The metadata {name} are no JSON: {error}.") from error
    if not _names_interface(config):
        raise PartError(f"The metadata {name} are not in the JATIC interface: interface.name must be 'JATIC_ONNX'.")
    got = _part(config, "io").get("interface")
    if got != interface:
        raise PartError(f"The metadata {name} are of a model for {got!r}; this choice is for {interface!r}.")
    return config


def statements_of(config: Mapping[str, object], path: Path) -> dict[str, list[Stated]]:
    """What the interface and the file say, by the name of the parameter."""
    where = f"its JATIC metadata {escaped(str(path))}"
    return {name: [Stated(value, where)] for name, value in _said(config)}


def _said(config: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    yield from (("layout", "NCHW"), ("value_range", (0, 1)), ("mean", 0), ("std", 1))
    images = _part(config, "io", "input")
    yield "channels", _CHANNELS.get(str(images.get("channels", "RGB")).upper(), images.get("channels"))
    size = [images.get(side, -1) for side in ("height", "width")]
    if -1 not in size:
        yield "image_size", size
    yield "class_names", config.get("index2label")


def _part(config: object, *keys: str) -> Mapping[str, object]:
    for key in keys:
        config = config.get(key) if isinstance(config, Mapping) else None
    return config if isinstance(config, Mapping) else {}


def _names_interface(config: object) -> bool:
    return _part(config, "interface").get("name") == "JATIC_ONNX"


def _is_in_interface(path: Path) -> bool:
    try:
        return _names_interface(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False
