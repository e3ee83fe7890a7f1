"""What an ONNX file says of itself: inputs, outputs, metadata and a few of its nodes.

Used before a sweep, so no weights are read from beside it; whether the network runs is found when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.common.extras import how_to_install
from sweeper.common.text import escaped
from sweeper.errors import MissingExtraError, PartError

if TYPE_CHECKING:
    import onnx

MAPS = "maps"
"""The element type of an output that is a sequence of mappings from classes to scores, as skl2onnx makes by default."""
_TYPES = {1: "float32", 2: "uint8", 6: "int32", 7: "int64", 8: "string", 10: "float16", 11: "float64"}
"""Names of the element types of ONNX that are told apart here."""


@dataclass(frozen=True)
class Value:
    """An input or an output.

    Parameters
    ----------
    name
        In the graph.
    kind
        The element type as numpy calls it, `MAPS`, or `other`.
    shape
        The length of each axis, `None` for one that is open; `None` as a whole if not even their number is known.
    denotations
        What each axis is by the vocabulary of ONNX, such as `DATA_CHANNEL`; empty texts where it is not told.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...] | None
    denotations: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.name!r} ({self.kind}, of any shape)"
        axes = " x ".join("N" if length is None else str(length) for length in self.shape)
        return f"{self.name!r} ({self.kind}, {axes or 'a single number'})"


@dataclass(frozen=True)
class OnnxHeader:
    """What an ONNX file says of itself.

    Parameters
    ----------
    source
        Its path, for messages.
    inputs, outputs
        In the order of the file; inputs that have a value in the file are left out.
    metadata
        The texts under `metadata_props`.
    producer
        What wrote it.
    score_makers
        For each output the operator that its values come from, such as `Softmax`: that of the last node which does more
        than pass on, cast or reshape.
    class_labels
        The lists of class labels that its classifiers have, as scikit-learn's converters write them, each once. Numbers
        and texts.
    nbytes
        Size of the file and of the weights beside it.
    """

    source: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    metadata: Mapping[str, str]
    producer: str
    score_makers: Mapping[str, str]
    class_labels: tuple[tuple[int | str, ...], ...]
    nbytes: int

    @property
    def only_input(self) -> Value:
        """Its one input.

        Raises
        ------
        PartError
            It has none or several.
        """
        if len(self.inputs) != 1:
            listed = ", ".join(map(str, self.inputs)) or "none"
            raise PartError(
                f"{self.source} takes {len(self.inputs)} inputs ({listed}); a model of images takes one. Export it "
                "with one input."
            )
        return self.inputs[0]


def read_header(path: str | Path) -> OnnxHeader:
    """Read what an ONNX file says of itself.

    Raises
    ------
    PartError
        The file is not there, is no ONNX file, is damaged, or weights that it keeps beside it are not there.
    MissingExtraError
        The package `onnx` is not installed.
    """
    file = Path(path).expanduser()
    model = _loaded(file)
    graph = model.graph
    known = {tensor.name for tensor in graph.initializer} | {t.values.name for t in graph.sparse_initializer}
    return OnnxHeader(
        source=escaped(str(path)),
        inputs=tuple(_value(value) for value in graph.input if value.name not in known),
        outputs=tuple(map(_value, graph.output)),
        metadata={prop.key: prop.value for prop in model.metadata_props},
        producer=model.producer_name,
        score_makers=_score_makers(graph),
        class_labels=tuple(dict.fromkeys(_class_labels(graph))),
        nbytes=file.stat().st_size + sum(_weights_beside(file, graph)),
    )


def _loaded(file: Path) -> onnx.ModelProto:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError(
            f"Models in ONNX need onnx, which is not installed. {how_to_install('onnx')}"
        ) from error
    name = escaped(str(file))
    if not file.is_file():
        found = "is a folder" if file.is_dir() else "is not there"
        raise PartError(f"The model {name} {found}; path must be an ONNX file, relative to {escaped(str(Path.cwd()))}.")
    try:
        model = onnx.load(str(file), load_external_data=False)
    except OSError as error:
        raise PartError(f"The model {name} cannot be read: {error.strerror}. Give it the rights to be read.") from error
    except Exception as error:  # the parser of protobuf has errors of its own
        raise PartError(
            f"{name} is no ONNX file, or it is damaged ({file.stat().st_size} bytes): {error}. Export it again."
        ) from error
    if not model.graph.node or not model.graph.output:
        raise PartError(f"{name} is no ONNX file, or it is damaged: it holds no network. Export it again.")
    return model


def _value(info: onnx.ValueInfoProto) -> Value:
    kind = info.type.WhichOneof("value")
    if kind == "sequence_type" and info.type.sequence_type.elem_type.WhichOneof("value") == "map_type":
        return Value(info.name, MAPS, None)
    if kind != "tensor_type":
        return Value(info.name, "other", None)
    tensor = info.type.tensor_type
    name = _TYPES.get(tensor.elem_type, "other")
    if not tensor.HasField("shape"):
        return Value(info.name, name, None)
    axes = tensor.shape.dim
    shape = tuple(axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None for axis in axes)
    return Value(info.name, name, shape, tuple(axis.denotation for axis in axes))


_PASSING_ON = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze", "ZipMap"})
"""Operators that leave scores as they are."""


def _score_makers(graph: onnx.GraphProto) -> dict[str, str]:
    makers = {name: node for node in graph.node for name in node.output}
    return {value.name: _maker(value.name, makers) for value in graph.output}


def _maker(name: str, makers: Mapping[str, onnx.NodeProto]) -> str:
    node = makers.get(name)
    while node is not None and node.op_type in _PASSING_ON and node.input:
        node = makers.get(node.input[0])
    if node is None:
        return ""
    return f"{node.op_type} {_text_attribute(node, 'norm')}".strip() if node.op_type == "Normalizer" else node.op_type


def _text_attribute(node: onnx.NodeProto, name: str) -> str:
    return next((a.s.decode() for a in node.attribute if a.name == name), "")


def _class_labels(graph: onnx.GraphProto) -> Iterator[tuple[int | str, ...]]:
    """The labels in attributes of classifiers, and those that the index of the best class is looked up in."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels") and attribute.strings:
                yield tuple(text.decode() for text in attribute.strings)
            elif attribute.name.startswith("classlabels") and attribute.ints:
                yield tuple(attribute.ints)
        if node.op_type == "ArrayFeatureExtractor" and (labels := constants.get(node.input[0])) is not None:
            yield from _texts(labels)


def _texts(tensor: onnx.TensorProto) -> Iterator[tuple[int | str, ...]]:
    if tensor.string_data:
        yield tuple(text.decode() for text in tensor.string_data)


def _weights_beside(file: Path, graph: onnx.GraphProto) -> Iterator[int]:
    """The bytes of each weight that is kept in a file of its own; each must be there."""
    for tensor in graph.initializer:
        where = {entry.key: entry.value for entry in tensor.external_data}
        if "location" not in where:
            continue
        weights = file.parent / where["location"]
        end = int(where.get("offset", 0)) + int(where.get("length", 0))
        if not weights.is_file() or weights.stat().st_size < end:
            state = "is too short" if weights.is_file() else "is not there"
            raise PartError(
                f"{escaped(str(file))} keeps its weights in {escaped(str(weights))}, which {state}. Put the file that "
                "was exported with it beside it."
            )
        yield int(where.get("length", 0))


def names_among(labels: Sequence[Sequence[int | str]]) -> tuple[str, ...] | None:
    """The class labels of a file as names, if they are texts and it has one list of them."""
    texts = {tuple(map(str, each)) for each in labels if each and all(isinstance(one, str) for one in each)}
    return texts.pop() if len(texts) == 1 else None
