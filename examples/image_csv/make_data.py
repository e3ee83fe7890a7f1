"""Writes handwritten digits as image files with a table of labels and conditions, into the folder image_csv_data.

    python examples/image_csv/make_data.py
    python -m sweeper 'dataset=[image_csv]' dataset.image_csv.root=image_csv_data dataset.image_csv.grayscale=true \
        'model=[logreg,svm]' 'metric=[accuracy]' 'capability=[evaluate,error_analysis]' \
        'capability.error_analysis.by=[light,camera]'

The columns `light` and `camera` of the table become metadata of the images, by which `error_analysis` cuts slices. A
tenth of the light is left in some of the images; the models do worse on them.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from sweeper.datasets import Digits

FOLDER = Path("image_csv_data")


def main() -> None:
    digits, random = Digits("test"), np.random.default_rng(0)
    (FOLDER / "images").mkdir(parents=True, exist_ok=True)
    with (FOLDER / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "label", "light", "camera"])
        for number, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
            light, name = float(random.choice([0.1, 0.5, 1.0])), f"images/{number:03}.png"
            Image.fromarray(np.round(image[0] * light * 255).astype(np.uint8)).save(FOLDER / name)
            table.writerow([name, label, light, "AB"[number % 2]])
    print(f"{len(digits)} images and labels.csv are in {FOLDER}")


if __name__ == "__main__":
    main()
