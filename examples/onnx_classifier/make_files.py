"""Make a small ONNX file and images in class folders; needs no network.

    python examples/onnx_classifier/make_files.py [FOLDER]

writes into FOLDER (default: ./onnx_example), in a few seconds:

- `images/`: scikit-learn's handwritten digits that no model has seen, as PNG files in one folder for each class;
- `digits.onnx`: a logistic regression on other ones, exported by skl2onnx;
- `names.txt`: the names of its classes, which the file does not have, since it was trained on numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def main(folder: Path) -> None:
    digits = load_digits()
    pixels = np.rint(digits.images * 255 / 16).astype(np.uint8)
    train, test, train_labels, test_labels = train_test_split(
        pixels, digits.target, test_size=0.3, random_state=0, stratify=digits.target
    )
    write_images(folder / "images", test, test_labels)
    # What the network is trained on is what it expects: rows of 64 numbers from 0 (black) to 1 (white).
    rows = train.reshape(len(train), -1).astype(np.float32) / 255
    fitted = LogisticRegression(max_iter=1000).fit(rows, train_labels)
    (folder / "digits.onnx").write_bytes(to_onnx(fitted, rows[:1]).SerializeToString())
    (folder / "names.txt").write_text("\n".join(NAMES))
    print(f"{len(test)} images and a classifier are in {folder}")


def write_images(root: Path, images: np.ndarray, labels: np.ndarray) -> None:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = root / NAMES[label] / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "onnx_example"))
