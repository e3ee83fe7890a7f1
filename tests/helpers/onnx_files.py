"""Small ONNX files: classifiers of scikit-learn, and networks whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

NAMES = ("blue", "green", "red")
"""Classes in the order of folders; the images of each have more of this colour."""
SIZE = (6, 5)
"""Height and width of the images."""
AS_IT_IS = {"value_range": [0, 1], "mean": 0, "std": 1}
FLAT = {"layout": "flat_CHW", "image_size": [*SIZE], "channels": "RGB", **AS_IT_IS}
"""What a file of scikit-learn does not say."""


def images(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Noise with some more of one colour: N x H x W x 3 bytes, and which class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % len(NAMES)
    pixels = rng.integers(0, 200, (n, *SIZE, 3))
    pixels[np.arange(n), ..., 2 - labels] += rng.integers(0, 56, (n, 1, 1))
    return pixels.astype(np.uint8), labels


def class_folders(root: Path, n: int = 30, *, seed: int = 1) -> Path:
    """Images in class folders."""
    pixels, labels = images(n, seed=seed)
    for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        folder = root / NAMES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:03}.png")
    return root


def chw(pixels: np.ndarray) -> list[np.ndarray]:
    """N x H x W x C bytes as MAITE images."""
    return list(pixels.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255))


def sklearn_file(path: Path, estimator: Any = None, *, names: Sequence[Any] = NAMES, **options: Any) -> Path:
    """A classifier of rows of features, channel by channel, fitted and exported."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    estimator = LogisticRegression() if estimator is None else estimator
    pixels, labels = images(60)
    rows = np.stack(chw(pixels)).reshape(len(pixels), -1)
    estimator.fit(rows, np.array(names)[labels])
    exported = to_onnx(estimator, rows[:1], options={id(estimator): options})
    path.write_bytes(exported.SerializeToString())
    return path


def network_file(
    path: Path,
    *,
    shape: Sequence[int | str] = ("N", 3, "H", "W"),
    channel_axis: int = 1,
    kind: int = TensorProto.FLOAT,
    factor: float = 10,
    softmax: bool = False,
    names: tuple[str, str] = ("images", "logits"),
    metadata: Mapping[str, str] | None = None,
    beside: str | None = None,
) -> Path:
    """A network whose scores are the means of the channels times a factor, the last one first: blue, green, red.

    With `beside` its weights are in a file of that name.
    """
    axes = [axis for axis in (1, 2, 3) if axis != channel_axis]
    weights = [
        numpy_helper.from_array(np.array([2, 1, 0], dtype=np.int64), "order"),
        numpy_helper.from_array(np.array(factor, dtype=np.float32), "factor"),
    ]
    nodes = [
        helper.make_node("Cast", [names[0]], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["means"], axes=axes, keepdims=0),
        helper.make_node("Gather", ["means", "order"], ["ordered"], axis=1),
        helper.make_node("Mul", ["ordered", "factor"], ["before softmax" if softmax else names[1]]),
        *([helper.make_node("Softmax", ["before softmax"], [names[1]], axis=1)] if softmax else []),
    ]
    graph = helper.make_graph(
        nodes,
        "means of channels",
        [helper.make_tensor_value_info(names[0], kind, list(shape))],
        [helper.make_tensor_value_info(names[1], TensorProto.FLOAT, [shape[0], 3])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    where = {"save_as_external_data": True, "location": beside, "size_threshold": 0} if beside else {}
    onnx.save(model, str(path), **where)
    return path


def fixed_answers(
    path: Path,
    outputs: Mapping[str, np.ndarray],
    *,
    shape: Sequence[int | str] = ("N", 3, "H", "W"),
    taken: str = "images",
    axis_of_images: bool = True,
    dimmed: Sequence[str] = (),
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """A network that answers the same for each image; the values of outputs that are `dimmed` times its mean."""
    several = len(shape) == 4 and axis_of_images
    nodes = [helper.make_node("ReduceMean", [taken], ["mean"], axes=[*range(int(several), len(shape))], keepdims=0)]
    weights = [numpy_helper.from_array(np.array(0, dtype=np.float32), "zero")]
    nodes.append(helper.make_node("Mul", ["mean", "zero"], ["nothing"]))
    for name, values in outputs.items():
        seen = "mean" if name in dimmed else "nothing"
        axes = np.array([1] * values.ndim, dtype=np.int64) if not several else np.array([-1] + [1] * values.ndim)
        whole = values[None] if several else values
        weights += [numpy_helper.from_array(axes, f"axes {name}")]
        weights += [numpy_helper.from_array(whole.astype(np.float32), f"values {name}")]
        nodes += [
            helper.make_node("Reshape", [seen, f"axes {name}"], [f"seen {name}"]),
            helper.make_node(
                "Mul" if name in dimmed else "Add", [f"values {name}", f"seen {name}"], [f"floats {name}"]
            ),
            helper.make_node("Cast", [f"floats {name}"], [name], to=helper.np_dtype_to_tensor_dtype(values.dtype)),
        ]
    infos = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(values.dtype), [*(shape[:1] if several else ()), *values.shape]
        )
        for name, values in outputs.items()
    ]
    given = helper.make_tensor_value_info(taken, TensorProto.FLOAT, list(shape))
    graph = helper.make_graph(nodes, "fixed answers", [given], infos, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))
    return path


def jatic_config(path: Path, *, interface: str = "IMAGE_CLASSIFICATION", **images: Any) -> Path:
    """The JSON file of a model in the JATIC interface."""
    io = {"interface": interface, "batchSize": -1, "input": {"channels": "RGB", **images}, "output": {"nClasses": 3}}
    config = {"interface": {"name": "JATIC_ONNX", "version": "v1"}, "io": io, "index2label": dict(enumerate(NAMES))}
    path.write_text(json.dumps(config))
    return path
