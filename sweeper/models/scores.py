"""Scores of a classifier as probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks.targets import SUM_TOLERANCE
from sweeper.errors import PartError
from sweeper.models.image_parameters import truth
from sweeper.models.parameters import Parameter

if TYPE_CHECKING:
    import numpy.typing as npt

SOFTMAX = Parameter("softmax", truth, "true or false", "whether softmax makes probabilities of its scores", "true")
_SURELY = 1e-5
"""How near to 1 the sums of scores are that have been through softmax already."""


def probabilities(scores: npt.NDArray[Any], source: str, *, softmax: bool) -> npt.NDArray[np.float32]:
    """N x K scores as probabilities, float32.

    Parameters
    ----------
    scores
        N x K, of any type of floats.
    source
        What gave them, for messages.
    softmax
        Whether they are logits that softmax makes probabilities of. Otherwise they must be probabilities.

    Raises
    ------
    PartError
        They must be probabilities and are not: one is negative, or the sum of an image's differs from 1 by more than
        0.001. Or softmax is asked for, and all of them are probabilities already.
    """
    values = scores.astype(np.float64)
    if softmax:
        _refuse_doubled(values, source)
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    if not _are_probabilities(values, SUM_TOLERANCE):
        sums = values.sum(axis=1)
        raise PartError(
            f"{source} gave scores from {values.min():g} to {values.max():g}, whose sums for one image are "
            f"{sums.min():g} to {sums.max():g}; with softmax: false they must be probabilities, which are not negative "
            "and have the sum 1. Set softmax: true if they are logits."
        )
    return values.astype(np.float32)


def _refuse_doubled(values: npt.NDArray[np.float64], source: str) -> None:
    if values.shape[1] > 1 and _are_probabilities(values, _SURELY):
        raise PartError(
            f"{source} gave probabilities: scores that are not negative and have the sum 1 for each image. softmax: "
            "true would make others of them; set softmax: false."
        )


def _are_probabilities(values: npt.NDArray[np.float64], tolerance: float) -> bool:
    sums = values.sum(axis=1)
    return bool(values.min() >= 0 and np.abs(sums - 1).max() <= tolerance)
