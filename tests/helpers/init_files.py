"""Data in the layouts that `sweeper init` knows, each small and whole."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from PIL import Image


def image(path: Path, size: tuple[int, int] = (8, 6), colour: str = "red") -> str:
    """An image of one colour, width x height; returns its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path.name


def folders(root: Path, names: Iterable[str] = ("cat", "dog")) -> Path:
    """Two images in one folder for each class."""
    for name in names:
        for number in (1, 2):
            image(root / name / f"{number}.png")
    return root


def coco(root: Path, *, images: str = ".", annotations: str = "annotations/instances.json") -> Path:
    """Two images with a box each, whose categories have ids with a gap."""
    listed = [
        {"id": number, "file_name": image(root / images / f"{number}.png"), "width": 8, "height": 6}
        for number in (1, 2)
    ]
    boxes = [
        {"id": number, "image_id": number, "category_id": category, "bbox": [1, 1, 4, 3], "area": 12, "iscrowd": 0}
        for number, category in ((1, 3), (2, 7))
    ]
    categories = [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]
    file = root / annotations
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"images": listed, "annotations": boxes, "categories": categories}))
    return root


def yolo(root: Path, splits: Iterable[str] = ("val",), *, names: bool = True, config: str = "data.yaml") -> Path:
    """Two images with a box each in each split."""
    for split in splits:
        for number in (0, 1):
            image(root / "images" / split / f"{number}.png")
            label = root / "labels" / split / f"{number}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(f"{number} 0.5 0.5 0.5 0.5\n")
    lines = [*(["names: [cat, dog]"] if names else []), *(f"{split}: images/{split}" for split in splits)]
    (root / config).write_text("\n".join(lines) + "\n")
    return root
