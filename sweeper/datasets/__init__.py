"""Datasets as MAITE objects: CHW float32 images in [0, 1]; one-hot float32 targets, or boxes for detection."""

from __future__ import annotations

from sweeper.common.detections import DetectionTarget
from sweeper.datasets.arrays import ArrayDataset, Arrays, as_arrays
from sweeper.datasets.augmented import Augmented
from sweeper.datasets.coco import Coco
from sweeper.datasets.digits import Digits
from sweeper.datasets.huggingface import HuggingFace
from sweeper.datasets.image_csv import ImageCsv
from sweeper.datasets.image_folder import ImageFolder
from sweeper.datasets.reindexed import Reindexed
from sweeper.datasets.subset import Subset
from sweeper.datasets.yolo import Yolo

__all__ = [
    "ArrayDataset",
    "Arrays",
    "Augmented",
    "Coco",
    "DetectionTarget",
    "Digits",
    "HuggingFace",
    "ImageCsv",
    "ImageFolder",
    "Reindexed",
    "Subset",
    "Yolo",
    "as_arrays",
]
