"""What an ONNX file states of the parameters of a model: by its shapes, its nodes and its metadata.

Metadata are texts by key. Read are the names of our own parameters (`layout`, `value_range`, `mean`, `std`, `channels`,
`image_size`, `softmax`, `class_names`), which anyone may write into a file; the keys for images of the ONNX standard;
and class names under the keys that are in use. A text that is no value of a parameter under a key that others use for
something else, such as a number under `channels`, states nothing.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sweeper.models.class_names import read_class_names
from sweeper.models.image_parameters import COLOURS, LAYOUT, MEAN, SIZE, STD, VALUE_RANGE, truth
from sweeper.models.onnx_header import OnnxHeader, Value, names_among
from sweeper.models.parameters import Stated

NAME_KEYS = ("class_names", "names", "classes", "labels", "index2label", "id2label", "label_names")
"""Keys under which files have the names of their classes, in JSON or as a Python literal."""
LIST_KEYS = NAME_KEYS[:3]
"""Those under which the names may also be parted by lines or commas."""
_READERS = {
    "layout": LAYOUT.read,
    "value_range": VALUE_RANGE.read,
    "mean": MEAN.read,
    "std": STD.read,
    "channels": COLOURS.read,
    "image_size": SIZE.read,
    "softmax": truth,
}
_STANDARD = {
    "Image.BitmapPixelFormat": ("channels", {"Gray8": "GRAY", "Rgb8": "RGB", "Bgr8": "BGR"}),
    "Image.NominalPixelRange": (
        "value_range",
        {"NominalRange_0_255": (0, 255), "Normalized_0_1": (0, 1), "Normalized_1_1": (-1, 1)},
    ),
}
"""Keys of the ONNX standard, and what their values mean; from its page MetadataProps."""
_LAYOUTS = {1: "NCHW", 3: "NHWC"}
"""By the axis of the channels."""

Statement = tuple[str, Stated]
"""The name of a parameter, and what is said of it."""


def statements(header: OnnxHeader, layout: object = None) -> defaultdict[str, list[Stated]]:
    """What a file says, by the name of the parameter; with the layout that is given where its shape tells none."""
    found: dict[str, list[Stated]] = defaultdict(list)
    for name, stated in (
        *of_shape(header.only_input, layout),
        *_of_metadata(header.metadata),
        *_of_ultralytics(header),
    ):
        found[name].append(stated)
    if (names := names_among(header.class_labels)) is not None:
        found["class_names"].append(Stated(names, "the labels of its classifier"))
    return found


def softmax_of(header: OnnxHeader, output: str) -> list[Stated]:
    """Whether the values of an output have still to go through softmax, where its last node tells."""
    maker = header.score_makers.get(output, "")
    meant = {"Softmax": False, "Normalizer L1": False, "LogSoftmax": True}.get(maker)
    return [] if meant is None else [Stated(meant, f"the last node of its output {output!r}, a {maker}")]


def channel_axis(value: Value, layout: object = None) -> int | None:
    """Which of four axes has the channels: as the file tells, else as a layout does; `None` if neither does."""
    shape = value.shape or ()
    if len(shape) != 4:
        return None
    if "DATA_CHANNEL" in value.denotations:
        return value.denotations.index("DATA_CHANNEL")
    axes = [axis for axis in _LAYOUTS if shape[axis] in (1, 3)]
    by_layout = next((axis for axis, name in _LAYOUTS.items() if name == layout), None)
    return axes[0] if len(axes) == 1 else by_layout


def of_shape(value: Value, layout: object = None) -> Iterator[Statement]:
    """What the shape and the type of an input state; with the layout that is given where they tell none."""
    where = f"the shape of its input {value}"
    shape, axis = value.shape or (), channel_axis(value, layout)
    if axis in _LAYOUTS:
        yield "layout", Stated(_LAYOUTS[axis], where)
        first = 2 if axis == 1 else 1
        height, width = shape[first], shape[first + 1]
        if height is not None and width is not None:
            yield "image_size", Stated([height, width], where)
        if shape[axis] == 1:
            yield "channels", Stated("GRAY", where)
    if value.kind == "uint8":
        for name, meant in (("value_range", (0, 255)), ("mean", 0), ("std", 1)):
            yield name, Stated(meant, f"the type of its input {value}")


def _of_metadata(metadata: Mapping[str, str]) -> Iterator[Statement]:
    for key, text in metadata.items():
        where = f"its metadata {key!r}"
        if key in _READERS and (plain := _plain(text)) is not None and _is_value(key, plain):
            yield key, Stated(plain, where)
        elif key in _STANDARD and text in _STANDARD[key][1]:
            yield _STANDARD[key][0], Stated(_STANDARD[key][1][text], where)
        elif key in NAME_KEYS and (names := _names(text, in_lines=key in LIST_KEYS)) is not None:
            yield "class_names", Stated(names, where)


def is_of_ultralytics(header: OnnxHeader) -> bool:
    """Whether Ultralytics has written the file, whose networks all expect the same of their images."""
    return header.metadata.get("author") == "Ultralytics" and "task" in header.metadata


def _of_ultralytics(header: OnnxHeader) -> Iterator[Statement]:
    if is_of_ultralytics(header):
        where = "its metadata 'author', Ultralytics"
        for name, meant in (("value_range", (0, 1)), ("mean", 0), ("std", 1)):
            yield name, Stated(meant, where)
        if 3 in (header.only_input.shape or ()):
            yield "channels", Stated("RGB", where)


def _plain(text: str) -> object:
    """A text as JSON or as a Python literal; else the text."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return text.strip()


def _is_value(name: str, value: object) -> bool:
    try:
        _READERS[name](value)
    except ValueError:
        return False
    return True


def _names(text: str, *, in_lines: bool) -> tuple[str, ...] | None:
    value = _plain(text)
    if isinstance(value, str):
        if not in_lines:
            return None
        value = value.splitlines() if "\n" in value else value.split(",")
    try:
        names = read_class_names(value)
    except ValueError:
        return None
    return names if len(names) > 1 else None
