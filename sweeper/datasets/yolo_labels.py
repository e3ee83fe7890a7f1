"""Reads the label files of a YOLO dataset into arrays, and collects what cannot be used."""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.text import escaped
from sweeper.datasets.boxes import BoxTable, corners_of_centred
from sweeper.errors import PartError

if TYPE_CHECKING:
    from sweeper.datasets.faults import Faults

_SLACK = 0.01
"""So far may a share of an image lie beyond 0 and 1: programs round. Pixels are told by being far beyond."""


def label_file(image: str) -> str:
    """Where the labels of an image are: `labels` in place of the last folder `images`, and the ending `.txt`."""
    folders, name = image.split("/")[:-1], image.rpartition("/")[2]
    if "images" in folders:
        folders[len(folders) - 1 - folders[::-1].index("images")] = "labels"
    return "/".join([*folders, f"{os.path.splitext(name)[0]}.txt"])


class YoloLabels:
    """Collects the boxes of images, one image after another.

    Parameters
    ----------
    root
        Folder of the dataset.
    labels
        The class index of each class by its number in the files.
    faults
        Takes what cannot be used.
    keypoints
        How many numbers follow each box for its keypoints. They are not read.
    """

    def __init__(self, root: Path, labels: Mapping[int, int], faults: Faults, keypoints: int = 0) -> None:
        self._root, self._labels, self._faults, self._keypoints = str(root), labels, faults, keypoints
        self._boxes, self._classes, self._starts = array("d"), array("i"), array("q", [0])

    def add(self, name: str | None) -> None:
        """Take the labels of the next image; `None` for one without a file."""
        for number, line in enumerate(self._lines(name) if name else [], 1):
            fields = line.split()
            if fields and (reason := self._take(fields)):
                self._faults.add(reason, f"{name}, line {number} ({line[:80]})")
        self._starts.append(len(self._classes))

    def _lines(self, name: str) -> Sequence[str]:
        path = f"{self._root}/{name}"
        try:
            with open(path, encoding="utf-8-sig") as file:
                return file.read().splitlines()
        except OSError as error:
            raise PartError(f"The file {escaped(path)} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError:
            self._faults.add("label file that is no text in UTF-8", name)
            return []

    def _take(self, fields: Sequence[str]) -> str | None:
        """Take one line, or say why not."""
        try:
            number, *values = map(float, fields)
        except ValueError:
            return "line of labels that is not a class and numbers"
        if self._keypoints and len(values) != 4 + self._keypoints:
            return f"line of labels that is not a class, four numbers and the {self._keypoints} of kpt_shape"
        values = values[:4] if self._keypoints else values
        outline = len(values) >= 6 and len(values) % 2 == 0
        if not (len(values) == 4 or outline) or not math.isfinite(sum(values)):
            return "line of labels that is not a class and four numbers, or an outline of three points or more"
        if min(values) < -_SLACK or max(values) > 1 + _SLACK:
            return "box whose numbers are no shares of the image, from 0 to 1"
        if number not in self._labels:
            return "class that is not in names"
        box = _around(values) if outline else values
        if box[2] <= 0 or box[3] <= 0:
            return "box without an area"
        self._boxes.extend(box)
        self._classes.append(self._labels[int(number)])
        return None

    def table(self) -> BoxTable:
        """The boxes of all images as shares of their images: `x0, y0, x1, y1` from 0 to 1."""
        return BoxTable(
            starts=np.frombuffer(self._starts, np.int64),
            boxes=corners_of_centred(np.frombuffer(self._boxes, np.float64).reshape(-1, 4)),
            labels=np.frombuffer(self._classes, np.int32),
        )


def _around(outline: Sequence[float]) -> tuple[float, float, float, float]:
    """The box around an outline of points, `x, y, x, y, ...`: its centre and size."""
    left, right, top, bottom = min(outline[::2]), max(outline[::2]), min(outline[1::2]), max(outline[1::2])
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
