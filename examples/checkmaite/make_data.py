"""Make the small real data and the small models that the sweep beside this file evaluates; needs no network.

    python examples/checkmaite/make_data.py [FOLDER]

writes into FOLDER (default: ./checkmaite_data), in about 15 seconds:

- `digits/`, `digits_noisy/`: scikit-learn's handwritten digits as folders of PNG files, one per class and split (the
  layout of YOLO classification), as they were collected and with sensor noise;
- `canvases/`, `canvases_noisy/`: the same digits pasted on canvases, as COCO;
- `track/`: digits that move across the picture, as MOTChallenge;
- `models/`: a classifier and a detector as ONNX, an AlexNet and an SSDlite as torchvision state dicts. The AlexNet has
  random filters and a trained last layer; the SSDlite is not trained at all and shows what no skill scores;
- `torch/hub/checkpoints/`: a ResNet-18 with random filters under the name that torchvision looks for, so that the
  capabilities that embed images need no download. Set `TORCH_HOME` to this `torch` folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

SEED = 0
SIZE = 32
"""Pixels of one side of a classification image."""
CELL, CELLS = 24, 4
"""A canvas is CELLS x CELLS squares of CELL pixels."""
TEST_PER_CLASS, TRAIN_PER_CLASS = 5, 60
N_CANVASES = 24
NOISE, CANVAS_NOISE = 0.35, 0.8
"""Standard deviation of sensor noise, for pixels in [0, 1]. Digits on canvases are larger, and harder to drown."""
RESNET18 = "resnet18-f37072fd.pth"
"""The file name by which torchvision asks for the default weights of `resnet18`."""
CLASSES = [str(digit) for digit in range(10)]


class Digits(NamedTuple):
    """Images of n x 8 x 8 in [0, 1] and their n labels."""

    images: np.ndarray
    labels: np.ndarray


def main(folder: Path) -> None:
    """Write everything below `folder`; what is there already is written anew, byte for byte the same."""
    train, test = split_digits()
    rng = np.random.default_rng(SEED)
    write_folders(folder / "digits" / "train", train)
    write_folders(folder / "digits" / "test", test)
    write_folders(folder / "digits_noisy" / "test", Digits(noisy(test.images, rng), test.labels))
    write_canvases(folder / "canvases", test, noise=0.0)
    write_canvases(folder / "canvases_noisy", test, noise=CANVAS_NOISE)
    write_track(folder / "track", test)
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    write_onnx_classifier(models, train)
    write_onnx_detector(models, train)
    write_alexnet(models, train)
    write_ssdlite(models)
    write_resnet18(folder / "torch" / "hub" / "checkpoints")


def split_digits() -> tuple[Digits, Digits]:
    """A training and a test set without a common image, every class as often."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images, labels = found.images.astype(np.float32) / 16, found.target
    rows = [np.flatnonzero(labels == digit) for digit in range(10)]
    test = np.concatenate([r[:TEST_PER_CLASS] for r in rows])
    train = np.concatenate([r[TEST_PER_CLASS : TEST_PER_CLASS + TRAIN_PER_CLASS] for r in rows])
    return Digits(images[train], labels[train]), Digits(images[test], labels[test])


def noisy(images: np.ndarray, rng: np.random.Generator, amount: float = NOISE) -> np.ndarray:
    """Images with normal noise of this standard deviation, kept in [0, 1]."""
    return np.clip(images + rng.normal(0, amount, images.shape), 0, 1).astype(np.float32)


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    """An 8 x 8 image in [0, 1] as side x side bytes."""
    return np.asarray(Image.fromarray((image * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BILINEAR))


def write_folders(folder: Path, digits: Digits) -> None:
    """One folder per class with RGB files."""
    for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        path = folder / CLASSES[label] / f"{index:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(enlarged(image, SIZE)).convert("RGB").save(path)


# Detection and tracking


def write_canvases(folder: Path, digits: Digits, noise: float) -> None:
    """COCO: every canvas holds some digits, each in a cell of its own and up to two pixels off its middle."""
    rng = np.random.default_rng(SEED + 1)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number in range(N_CANVASES):
        canvas, placed = one_canvas(digits, rng)
        if noise:
            canvas = (noisy(canvas / 255, rng, noise) * 255).astype(np.uint8)
        name = f"{number:03}.png"
        Image.fromarray(canvas).convert("RGB").save(folder / "images" / name)
        images.append({"id": number + 1, "file_name": name, "width": CELL * CELLS, "height": CELL * CELLS})
        annotations += [
            {"id": len(annotations) + i + 1, "image_id": number + 1, "category_id": label + 1, "iscrowd": 0}
            | {"bbox": [x, y, CELL, CELL], "area": CELL * CELL}
            for i, (x, y, label) in enumerate(placed)
        ]
    # Category 0 stays free for the background of detectors; checkmaite's loader keeps these numbers as labels.
    categories = [{"id": digit + 1, "name": name} for digit, name in enumerate(CLASSES)]
    (folder / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )


def one_canvas(digits: Digits, rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """A canvas of bytes, and (x, y, label) of what was pasted."""
    side = CELL * CELLS
    canvas = np.zeros((side, side), dtype=np.uint8)
    placed: list[tuple[int, int, int]] = []
    for cell in rng.choice(CELLS * CELLS, size=rng.integers(3, 7), replace=False):
        index = int(rng.integers(len(digits.labels)))
        dx, dy = rng.integers(-2, 3, size=2)
        x = int(np.clip(cell % CELLS * CELL + dx, 0, side - CELL))
        y = int(np.clip(cell // CELLS * CELL + dy, 0, side - CELL))
        canvas[y : y + CELL, x : x + CELL] = np.maximum(
            canvas[y : y + CELL, x : x + CELL], enlarged(digits.images[index], CELL)
        )
        placed.append((x, y, int(digits.labels[index])))
    return canvas, placed


def write_track(folder: Path, digits: Digits, frames: int = 12) -> None:
    """MOTChallenge: one video of three digits, each moving along its own row of cells."""
    sequence = folder / "train" / "digits-01"
    (sequence / "img1").mkdir(parents=True, exist_ok=True)
    (sequence / "gt").mkdir(exist_ok=True)
    side, rows = CELL * CELLS, []
    for frame in range(frames):
        canvas = np.zeros((side, side), dtype=np.uint8)
        for track in range(3):
            x, y = min(2 * frame + track, side - CELL), track * CELL
            canvas[y : y + CELL, x : x + CELL] = enlarged(digits.images[track * TEST_PER_CLASS], CELL)
            rows.append(f"{frame + 1},{track + 1},{x + 1},{y + 1},{CELL},{CELL},1,1,1.0")
        Image.fromarray(canvas).convert("RGB").save(sequence / "img1" / f"{frame + 1:06}.jpg", quality=95)
    (sequence / "gt" / "gt.txt").write_text("\n".join(rows) + "\n")
    (sequence / "seqinfo.ini").write_text(
        "[Sequence]\nname=digits-01\nimDir=img1\nframeRate=10\n"
        f"seqLength={frames}\nimWidth={side}\nimHeight={side}\nimExt=.jpg\n"
    )


# Models


def write_onnx_classifier(folder: Path, train: Digits) -> None:
    """A multi-layer perceptron on 8 x 8 grey images, fitted by scikit-learn, in checkmaite's ONNX interface."""
    from onnx import helper
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(SEED + 2)
    images = np.concatenate([train.images, noisy(train.images, rng, 0.15)])
    fitted = MLPClassifier((64,), max_iter=300, random_state=SEED).fit(
        images.reshape(len(images), -1), np.tile(train.labels, 2)
    )
    nodes = [
        helper.make_node("Flatten", ["image"], ["pixels"], axis=1),
        helper.make_node("Gemm", ["pixels", "weights_0", "bias_0"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "weights_1", "bias_1"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"], axis=1),
    ]
    constants = {f"weights_{i}": fitted.coefs_[i] for i in range(2)}
    constants |= {f"bias_{i}": fitted.intercepts_[i] for i in range(2)}
    _write_onnx(
        folder / "digits.onnx",
        nodes,
        {name: value.astype(np.float32) for name, value in constants.items()},
        image=[None, 1, 8, 8],
        outputs={"scores": [None, 10]},
    )
    _write_interface(folder / "digits.json", "IMAGE_CLASSIFICATION", CLASSES, channels="GRAYSCALE", side=8)


def write_onnx_detector(folder: Path, train: Digits) -> None:
    """A linear classifier of cells, slid over the canvas as one convolution: a box and eleven scores for each cell."""
    from onnx import helper
    from sklearn.linear_model import LogisticRegression

    cells, labels = _training_cells(train)
    fitted = LogisticRegression(max_iter=300, C=0.02).fit(cells.reshape(len(cells), -1), labels)
    kernels = fitted.coef_.reshape(-1, 1, CELL, CELL).astype(np.float32)
    n, side = CELLS * CELLS, CELL * CELLS
    corners = np.array([[c % CELLS, c // CELLS, c % CELLS + 1, c // CELLS + 1] for c in range(n)], np.float32) / CELLS
    constants = {
        "kernels": kernels,
        "bias": fitted.intercept_.astype(np.float32),
        "corners": corners[None],
        "cells_shape": np.array([0, len(kernels), n], np.int64),
        "zero": np.zeros(1, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image", "kernels", "bias"], ["logits"], strides=[CELL, CELL]),
        helper.make_node("Reshape", ["logits", "cells_shape"], ["by_class"]),
        helper.make_node("Transpose", ["by_class"], ["by_cell"], perm=[0, 2, 1]),
        helper.make_node("Softmax", ["by_cell"], ["scores"], axis=2),
        # The corners are the same for every image; adding zeros of the batch's shape repeats them along it.
        helper.make_node("ReduceMax", ["scores"], ["peak"], axes=[2], keepdims=1),
        helper.make_node("Mul", ["peak", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "corners"], ["boxes"]),
    ]
    _write_onnx(
        folder / "cells.onnx",
        nodes,
        constants,
        image=[None, 1, side, side],
        outputs={"boxes": [None, n, 4], "scores": [None, n, len(kernels)]},
    )
    _write_interface(
        folder / "cells.json", "IMAGE_OBJECT_DETECTION", ["background", *CLASSES], channels="GRAYSCALE", side=side
    )


def _training_cells(train: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Cells of canvases with the label of what they hold: 0 nothing, 1 to 10 a digit, with and without noise."""
    rng = np.random.default_rng(SEED + 3)
    cells, labels = [], []
    for _ in range(120):
        canvas, placed = one_canvas(train, rng)
        image = noisy(canvas / 255, rng, float(rng.uniform(0, 0.2)))
        at = {(round(x / CELL), round(y / CELL)): label + 1 for x, y, label in placed}
        for column, row in np.ndindex(CELLS, CELLS):
            cells.append(image[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL])
            labels.append(at.get((column, row), 0))
    return np.stack(cells), np.array(labels)


def _write_onnx(
    path: Path,
    nodes: list[Any],
    constants: dict[str, np.ndarray],
    *,
    image: list[int | None],
    outputs: dict[str, list[int | None]],
) -> None:
    """A graph from the input `image` to these outputs, each with its shape (`None`: any batch)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def typed(name: str, shape: list[int | None]) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        path.stem,
        [typed("image", image)],
        [typed(name, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _write_interface(path: Path, kind: str, labels: list[str], *, channels: str, side: int) -> None:
    """What checkmaite's ONNX models read beside the file: size and channels of the input, names of the classes."""
    said = {
        "interface": {"name": "JATIC_ONNX", "version": "v1"},
        "io": {
            "interface": kind,
            "batchSize": -1,
            "input": {"channels": channels, "height": side, "width": side},
            "output": {"nClasses": len(labels)},
        },
        "index2label": dict(enumerate(labels)),
    }
    path.write_text(json.dumps(said, indent=1))


def write_alexnet(folder: Path, train: Digits, per_class: int = 24) -> None:
    """Random filters, and a last layer fitted on what they see of some training images."""
    import torch
    from sklearn.linear_model import LogisticRegression
    from torchvision.models import AlexNet_Weights, alexnet

    torch.manual_seed(SEED)
    model = alexnet(weights=None, num_classes=10).eval()
    chosen = np.concatenate([np.flatnonzero(train.labels == digit)[:per_class] for digit in range(10)])
    prepare = AlexNet_Weights.DEFAULT.transforms()
    body = torch.nn.Sequential(model.features, model.avgpool, torch.nn.Flatten(1), *list(model.classifier)[:-1])
    with torch.no_grad():
        seen = torch.cat([body(prepare(batch)) for batch in _batches(train.images[chosen])]).numpy()
    middle, spread = seen.mean(0), seen.std(0) + 1e-9
    fitted = LogisticRegression(max_iter=200, C=0.01).fit((seen - middle) / spread, train.labels[chosen])
    weight = fitted.coef_ / spread
    last = model.classifier[6]
    last.weight.data = torch.tensor(weight, dtype=torch.float32)
    last.bias.data = torch.tensor(fitted.intercept_ - weight @ middle, dtype=torch.float32)
    torch.save(model.state_dict(), folder / "alexnet.pt")
    (folder / "alexnet.json").write_text(json.dumps({"index2label": CLASSES}))


def _batches(images: np.ndarray, size: int = 40) -> Iterator[Any]:
    import torch

    for start in range(0, len(images), size):
        grey = np.stack([enlarged(image, SIZE) for image in images[start : start + size]])
        yield torch.from_numpy(np.repeat(grey[:, None], 3, axis=1).copy())


def write_ssdlite(folder: Path) -> None:
    """A detector with its first, random weights."""
    import torch
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    torch.manual_seed(SEED)
    model = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=11)
    torch.save(model.state_dict(), folder / "ssdlite.pt")
    (folder / "ssdlite.json").write_text(json.dumps({"index2label": ["background", *CLASSES]}))


def write_resnet18(folder: Path) -> None:
    """A feature extractor with its first, random weights: distances mean something, class scores do not."""
    import torch
    from torchvision.models import resnet18

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    torch.save(resnet18(weights=None).state_dict(), folder / RESNET18)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "checkmaite_data")
    main(folder)
    print(f"wrote {folder}")
