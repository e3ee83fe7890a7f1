"""Writes handwritten digits as a snapshot of Hugging Face, in Parquet files, into the folder digits_snapshot.

    python examples/huggingface_snapshot/make_data.py
    python -m sweeper 'dataset=[huggingface]' dataset.huggingface.root=digits_snapshot dataset.huggingface.split=test \
        dataset.huggingface.grayscale=true 'model=[logreg,svm]' 'metric=[accuracy]' 'capability=[evaluate]'

The files are as `Dataset.to_parquet` of the package `datasets` writes them: images as bytes of files, labels as
numbers, and the names of the classes in the metadata of the schema. A snapshot from the Hub is read the same way.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from sweeper.datasets import Digits

FOLDER = Path("digits_snapshot")
FEATURES = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": [*"0123456789"]}}


def png(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.round(image[0] * 255).astype(np.uint8)).save(content, "PNG")
    return content.getvalue()


def main() -> None:
    (FOLDER / "data").mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        digits = Digits(split)
        images = [
            {"bytes": png(image), "path": f"{id_}.png"} for image, id_ in zip(digits.images, digits.ids, strict=True)
        ]
        table = pa.table({"image": images, "label": digits.labels})
        known = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})
        pq.write_table(known, FOLDER / "data" / f"{split}-00000-of-00001.parquet", row_group_size=100)
    print(f"two splits are in {FOLDER}")


if __name__ == "__main__":
    main()
