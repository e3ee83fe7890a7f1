"""Draws docs/conditions.png: a small scene under each built-in condition, with the box of its house.

python tests/helpers/conditions_picture.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sweeper.augmentations import AUGMENTATIONS
from sweeper.datasets import DetectionTarget

PLACE = Path(__file__).parents[2] / "docs" / "conditions.png"
SEVERITIES = {
    "low_light": 0.7,
    "low_contrast": 0.7,
    "sensor_noise": 0.15,
    "blur": 2.5,
    "motion_blur": 15.0,
    "resolution": 0.85,
    "jpeg": 94.0,
    "fog": 12.0,
    "rain": 0.1,
    "snow": 0.1,
    "occlusion": 0.15,
    "rotation": 20.0,
    "scale": 0.5,
    "translation": 0.3,
}
WIDTH, HEIGHT, LABEL, COLUMNS = 160, 110, 14, 5
HOUSE = (50, 40, 104, 90)
Pixels = npt.NDArray[np.uint8]


def scene() -> Pixels:
    """A house on a lawn, under a sky with a sun, 3 x H x W."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (150, 190, 235))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 75, WIDTH, HEIGHT), fill=(90, 150, 70))
    draw.ellipse((118, 8, 140, 30), fill=(255, 235, 130))
    draw.rectangle((54, 58, 100, 89), fill=(205, 120, 90))
    draw.polygon(((50, 58), (77, 40), (103, 58)), fill=(110, 60, 55))
    for left in (60, 84):
        draw.rectangle((left, 64, left + 9, 73), fill=(245, 245, 250))
    draw.rectangle((73, 72, 81, 89), fill=(80, 55, 45))
    for left in range(4, 50, 9):
        draw.rectangle((left, 76, left + 3, 96), fill=(250, 250, 250))
    return np.asarray(image).transpose(2, 0, 1)


def panel(name: str, image: Pixels, boxes: npt.NDArray[np.float32]) -> Image.Image:
    """One picture with its name above it and its boxes in it."""
    shown = Image.new("RGB", (WIDTH, HEIGHT + LABEL), "white")
    shown.paste(Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0))), (0, LABEL))
    draw = ImageDraw.Draw(shown)
    draw.text((2, 1), name, fill="black")
    for x0, y0, x1, y1 in boxes:
        draw.rectangle((x0, y0 + LABEL, x1 - 1, y1 - 1 + LABEL), outline=(255, 0, 200))
    return shown


def picture() -> Image.Image:
    """All of them."""
    image = scene()
    house = DetectionTarget(np.array([HOUSE], np.float32), np.array([0]), np.ones(1, np.float32))
    panels = [panel("as it is", image, house.boxes)]
    for name, severity in SEVERITIES.items():
        (changed,), (target,), _ = AUGMENTATIONS[name](severity)(([image], [house], [{"id": "house"}]))
        panels.append(panel(f"{name} {severity:g}", changed, target.boxes))
    rows = -(-len(panels) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * (WIDTH + 4), rows * (HEIGHT + LABEL + 4)), "white")
    for number, each in enumerate(panels):
        whole.paste(each, (number % COLUMNS * (WIDTH + 4), number // COLUMNS * (HEIGHT + LABEL + 4)))
    return whole


if __name__ == "__main__":
    picture().save(PLACE, optimize=True)
