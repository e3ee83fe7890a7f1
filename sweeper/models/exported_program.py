"""What a file of `torch.export.save` says of its network, read from its JSON without torch."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sweeper.errors import PartError
from sweeper.models.onnx_header import Value

if TYPE_CHECKING:
    import numpy.typing as npt

Json: TypeAlias = Mapping[str, Any]
_FLOAT32 = 7
"""The number of this type in the schema of torch.export."""
_SYMBOL = re.compile(r"(?:Symbol\(')?(\w+)(?:'[^()]*\))?")
_TRAINING = ("training", "train")
"""Arguments of normalisation and dropout that say whether they do what they do in training."""


@dataclass(frozen=True)
class Axis:
    """The length of one axis of a tensor, between two bounds; `most` is `None` where there is none."""

    least: int
    most: int | None

    @property
    def fixed(self) -> int | None:
        """Its length, if only one is allowed."""
        return self.least if self.least == self.most else None


@dataclass(frozen=True)
class ExportedProgram:
    """A network with one batch of images in and one matrix of scores out.

    Parameters
    ----------
    source
        Its path, for messages.
    only_input
        Its input: the batch comes first, an axis whose length the file leaves open is `None`.
    batch
        How many images it takes at once.
    n_classes
        How many scores it gives for an image; `None` if the file leaves it open.
    last_operator
        What makes its scores, such as `aten.linear.default`.
    """

    source: str
    only_input: Value
    batch: Axis
    n_classes: int | None
    last_operator: str


def read_program(path: Path) -> ExportedProgram:
    """The input and output of an exported network.

    Raises
    ------
    PartError
        The file is not there or not of `torch.export.save`, or the network is no classifier of batches of float32
        images, or was exported in training mode.
    """
    program = _program(path)
    graph: Json = program["graph_module"]["graph"]
    signature: Json = program["graph_module"]["signature"]
    try:
        inputs = [spec["user_input"]["arg"] for spec in signature["input_specs"] if "user_input" in spec]
        outputs = [spec["user_output"]["arg"] for spec in signature["output_specs"] if "user_output" in spec]
        images = _axes(_only_tensor(inputs, graph, path, "input"), program)
        scores = _axes(_only_tensor(outputs, graph, path, "output"), program)
        _refuse_training(graph, path)
    except (KeyError, TypeError, IndexError) as error:
        raise PartError(
            f"{path} has a form that is not known here ({error!r}). Export it with torch 2.4 to 2.14."
        ) from error
    if len(images) not in (2, 4) or len(scores) != 2:
        raise PartError(
            f"{path} takes a tensor of {len(images)} axes and answers with one of {len(scores)}; a classifier takes a "
            "batch of images (4 axes, or 2 of rows of features) and answers with a score for each class (2 axes)."
        )
    taken = Value(inputs[0]["as_tensor"]["name"], "float32", tuple(axis.fixed for axis in images))
    maker = _maker(outputs[0]["as_tensor"]["name"], graph)
    return ExportedProgram(str(path), taken, images[0], scores[1].fixed, maker)


def _maker(output: str, graph: Json) -> str:
    """The operator that an output comes from."""
    for node in graph["nodes"]:
        if any(made.get("as_tensor", {}).get("name") == output for made in node["outputs"]):
            return str(node["target"]).removeprefix("torch.ops.")
    return ""


def _program(path: Path) -> Json:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if _is_program(name)]
            if len(names) == 1:
                return json.loads(archive.read(names[0]))
            found = "several programs" if names else "none"
    except FileNotFoundError:
        raise PartError(f"There is no file {path}. Check path.") from None
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise PartError(f"{path} is not a whole file of torch.export.save ({error}). Save or copy it again.") from error
    except OSError as error:
        raise PartError(f"{path} cannot be read: {error.strerror or error}.") from error
    raise PartError(
        f"{path} is no file with one program of torch.export.save: it has {found}. Save one with "
        "torch.export.save(torch.export.export(model.eval(), (images,)), 'model.pt2')."
    )


def _is_program(name: str) -> bool:
    """Whether an entry of the archive is the program, as torch has named it since 2.9 or before."""
    return bool(re.fullmatch(r"[^/]+/models/[^/]+\.json", name)) or name == "serialized_exported_program.json"


def _only_tensor(arguments: list[Json], graph: Json, path: Path, kind: str) -> Json:
    names = [argument["as_tensor"]["name"] for argument in arguments if "as_tensor" in argument]
    if len(arguments) != 1 or not names:
        raise PartError(f"{path} has {len(arguments)} {kind}s; a classifier has one, and it is a tensor.")
    tensor: Json = graph["tensor_values"][names[0]]
    if tensor["dtype"] != _FLOAT32:
        raise PartError(f"{path} has an {kind} that is not float32. Export it with float32 images.")
    return tensor


def _axes(tensor: Json, program: Json) -> list[Axis]:
    return [_axis(size, program.get("range_constraints", {})) for size in tensor["sizes"]]


def _axis(size: Json, ranges: Json) -> Axis:
    if "as_int" in size:
        return Axis(size["as_int"], size["as_int"])
    symbol = _SYMBOL.fullmatch(size["as_expr"]["expr_str"])
    bounds: Json = ranges.get(symbol[1], {}) if symbol else {}
    return Axis(max(1, bounds.get("min_val") or 1), bounds.get("max_val"))


def _refuse_training(graph: Json, path: Path) -> None:
    for node in graph["nodes"]:
        for argument in node["inputs"]:
            if argument["name"] in _TRAINING and argument["arg"].get("as_bool"):
                raise PartError(
                    f"{path} was exported in training mode: {node['target']} would give other answers each time. "
                    "Export it after model.eval()."
                )


def pieces_of(rows: npt.NDArray[Any], batch: Axis) -> list[tuple[npt.NDArray[Any], int]]:
    """Rows in pieces that a network takes at once, each with how many of its rows count.

    One that is too short is filled up with copies of its last row.
    """
    most = len(rows) if batch.most is None else batch.most
    pieces = [rows[start : start + most] for start in range(0, len(rows), most)]
    return [(_filled(piece, batch.least), len(piece)) for piece in pieces]


def _filled(piece: npt.NDArray[Any], least: int) -> npt.NDArray[Any]:
    missing = least - len(piece)
    return piece if missing <= 0 else np.concatenate([piece, np.repeat(piece[-1:], missing, axis=0)])
