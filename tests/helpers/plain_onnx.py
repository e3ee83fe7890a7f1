"""What a person would write by hand: a network of onnxruntime on class folders, scored by scikit-learn.

Run as a script of its own, without anything of sweeper: `python -I plain_onnx.py m.onnx images flat|NCHW`. It prints
the values in JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from scipy.special import softmax
from sklearn import metrics


def main(model: str, folder: str, layout: str) -> None:
    root = Path(folder)
    classes = sorted(path.name for path in root.iterdir())
    files = [path for name in classes for path in sorted((root / name).iterdir())]
    labels = [classes.index(path.parent.name) for path in files]
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255 for path in files])
    batch = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    taken, output = session.get_inputs()[0].name, session.get_outputs()[-1].name
    fed = batch.reshape(len(batch), -1) if layout == "flat" else batch
    rows = [session.run([output], {taken: fed[i : i + 1]})[0][0] for i in range(len(fed))]
    scores = np.array([[row[name] for name in classes] if isinstance(row, dict) else row for row in rows], np.float32)
    likely = scores if layout == "flat" else softmax(scores, axis=1)
    values = scored(np.array(labels), likely.astype(np.float64))
    print(json.dumps(values))


def scored(labels: np.ndarray, likely: np.ndarray) -> dict[str, float]:
    best = likely.argmax(axis=1)
    return {
        "accuracy": metrics.accuracy_score(labels, best),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, best),
        "f1_macro": metrics.f1_score(labels, best, average="macro"),
        "log_loss": metrics.log_loss(labels, likely / likely.sum(axis=1, keepdims=True)),
        "brier": metrics.brier_score_loss(labels, likely / likely.sum(axis=1, keepdims=True), scale_by_half=False),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
    if "sweeper" in sys.modules:
        raise SystemExit("this script must not need sweeper")
