"""Non-maximum suppression: of boxes of one class that overlap, the one with the highest score stays. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.boxes import overlaps

if TYPE_CHECKING:
    import numpy.typing as npt


def suppressed(
    boxes: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], most: float
) -> npt.NDArray[np.int64]:
    """The indices of the boxes that stay, by falling score; of equal scores the first one counts as higher.

    Parameters
    ----------
    boxes
        N x 4, corners.
    labels, scores
        N each.
    most
        A box goes if it overlaps one of its class that stays by more than this (area of the intersection over that of
        the union).
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        same = labels[rest] == labels[first]
        goes = np.zeros(len(rest), dtype=bool)
        goes[same] = overlaps(boxes[rest[same]], boxes[first][None])[:, 0] > most
        order = rest[~goes]
    return np.array(kept, dtype=np.int64)
