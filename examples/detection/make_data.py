"""Write a small detection dataset in COCO's format: bright rectangles, wide or tall, on dark noise.

    python examples/detection/make_data.py detection_data
    python -m sweeper --config-name detection

Each image belongs to one of 40 `video`s, of which some are darker than others. One image in ten has no rectangle.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

IMAGES, VIDEOS, WIDTH, HEIGHT = 200, 40, 160, 120
NAMES = ("wide", "tall")
SIZES = ((10, 24), (20, 40), (40, 76))
"""Shorter and longer side of small, medium and large ones, in pixels; each is drawn from a tenth below to as it is."""


def main(folder: Path) -> None:
    images, annotations = folder / "images", []
    images.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    for number in range(IMAGES):
        random = np.random.default_rng(number)
        video = number % VIDEOS
        name = f"{number:03d}.png"
        pixels, boxes = picture(random, brightness=0.5 + 0.4 * video / VIDEOS)
        Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(images / name)
        entries.append(
            {"id": number + 1, "file_name": name, "width": WIDTH, "height": HEIGHT, "video": f"video-{video}"}
        )
        annotations += [{"image_id": number + 1, **box} for box in boxes]
    content = {
        "images": entries,
        "annotations": [{"id": place + 1, **each} for place, each in enumerate(annotations)],
        "categories": [{"id": place + 1, "name": name} for place, name in enumerate(NAMES)],
    }
    (folder / "instances.json").write_text(json.dumps(content, indent=1))
    print(f"{IMAGES} images with {len(annotations)} boxes in {folder}")


def picture(random: np.random.Generator, brightness: float) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """The pixels of one image, and its annotations. Rectangles do not touch each other."""
    pixels = random.random((HEIGHT, WIDTH)) * 0.25
    taken = np.zeros((HEIGHT, WIDTH), bool)
    boxes: list[dict[str, Any]] = []
    for _ in range(0 if random.random() < 0.1 else int(random.integers(1, 6))):
        tall = int(random.integers(0, 2))
        short, long = SIZES[int(random.integers(0, len(SIZES)))]
        sides = [int(side * random.uniform(0.9, 1)) for side in ((short, long) if tall else (long, short))]
        x, y = int(random.integers(1, WIDTH - sides[0])), int(random.integers(1, HEIGHT - sides[1]))
        place = np.s_[y : y + sides[1], x : x + sides[0]]
        around = np.s_[max(0, y - 4) : y + sides[1] + 4, max(0, x - 4) : x + sides[0] + 4]
        if taken[around].any():
            continue
        taken[place] = True
        pixels[place] = np.clip(brightness + random.normal(0, 0.08) + random.normal(0, 0.05, pixels[place].shape), 0, 1)
        boxes.append({"category_id": tall + 1, "bbox": [x, y, *sides], "area": sides[0] * sides[1], "iscrowd": 0})
    return pixels, boxes


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "detection_data"))
