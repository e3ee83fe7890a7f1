"""Draws a small detection set in COCO's format and trains a detector of torchvision, in less than a minute.

    pip install 'maite-sweeper[torch,detection]'
    python make_files.py
    python -m sweeper --config-dir conf --config-name shapes

The second line writes `files/images`, `files/instances.json`, the state dict `files/detector.pt` and, beside it, the
names of its labels, `files/detector.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from PIL import Image, ImageDraw

SIZE = 96
CATEGORIES = {"disc": 3, "square": 7}
"""COCO's ids may have gaps; the dataset numbers the classes from 0 in the order of their ids."""
NAMES = tuple(CATEGORIES)
COLOURS = {"disc": (230, 90, 60), "square": (70, 160, 240)}


def scenes(count: int, seed: int) -> Iterator[tuple[Image.Image, str, list[int]]]:
    """Images with one object each, its name and its box, x0, y0, x1, y1."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        image = Image.new("RGB", (SIZE, SIZE), tuple(random.integers(0, 60, 3).tolist()))
        name, side = NAMES[random.integers(2)], int(random.integers(40, 64))
        left, top = random.integers(0, SIZE - side, 2).tolist()
        draw = ImageDraw.Draw(image)
        shape = draw.ellipse if name == "disc" else draw.rectangle
        shape([left, top, left + side - 1, top + side - 1], fill=COLOURS[name])
        yield image, name, [left, top, left + side, top + side]


def write_dataset(root: Path, count: int = 24) -> None:
    """Images and an annotation file in COCO's format."""
    (root / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number, (image, name, (x0, y0, x1, y1)) in enumerate(scenes(count, seed=1), start=1):
        image.save(root / "images" / f"{number:03}.png")
        images.append({"id": number, "file_name": f"{number:03}.png", "height": SIZE, "width": SIZE})
        box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0), "iscrowd": 0}
        annotations.append({"id": number, "image_id": number, "category_id": CATEGORIES[name], **box})
    categories = [{"id": number, "name": name} for name, number in CATEGORIES.items()]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (root / "instances.json").write_text(json.dumps(document))


def batch(count: int, seed: int) -> tuple[list[torch.Tensor], list[dict[str, torch.Tensor]]]:
    """Scenes as torchvision's detectors take them in training; label 0 is the background."""
    images: list[torch.Tensor] = []
    targets: list[dict[str, torch.Tensor]] = []
    for image, name, box in scenes(count, seed):
        images.append(torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255)
        label = torch.tensor([NAMES.index(name) + 1])
        targets.append({"boxes": torch.tensor([box], dtype=torch.float32), "labels": label})
    return images, targets


def trained(steps: int = 90) -> Any:
    """A detector that starts from nothing; few proposals are enough for one object, and make training quick."""
    torch.manual_seed(0)
    few = {"box_batch_size_per_image": 16, "rpn_batch_size_per_image": 16, "rpn_post_nms_top_n_train": 40}
    network = torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=len(NAMES) + 1, min_size=SIZE, max_size=SIZE, **few
    ).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for step in range(steps):
        optimizer.zero_grad()
        sum(network(*batch(4, seed=100 + step)).values()).backward()
        optimizer.step()
    settle_normalisation(network)
    return network.eval()


def settle_normalisation(network: Any) -> None:
    """After so few steps, the running means of the normalisations are still those of the beginning."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    with torch.no_grad():
        for seed in range(6):
            network.backbone(network.transform(batch(16, seed=5000 + seed)[0])[0].tensors)


if __name__ == "__main__":
    folder = Path("files")
    write_dataset(folder)
    torch.save(trained().state_dict(), folder / "detector.pt")
    (folder / "detector.json").write_text(json.dumps({"index2label": ["__background__", *NAMES]}))
    print(f"wrote {folder}")
