"""Calibration: how well the confidence of a model matches how often it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.default_ids import describe, unless
from sweeper.errors import PartError
from sweeper.metrics.collected import CollectedMetric
from sweeper.statistics.calibration import error_of
from sweeper.statistics.kinds import CalibrationError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.kinds import Kind


class ExpectedCalibrationError(CollectedMetric):
    """Expected calibration error of the predicted class, with bins of equal width. Lower is better.

    Parameters
    ----------
    bins
        Number M of bins of equal width over the confidences (0, 1].
    key
        Name of the value that `compute` gives.
    id
        Id of the metric. By default it contains the number of bins.
    soft_targets
        Whether a target may be a distribution over the classes; see `CollectedMetric`.

    Notes
    -----
    ECE = sum over the bins m of |B_m| / n * |acc(B_m) - conf(B_m)|. The confidence of an image is its largest predicted
    probability. B_m is the set of images with a confidence in ((m - 1) / M, m / M], acc is the share of them that is
    classified correctly, conf their mean confidence, and n the number of all images. The definition is from Naeini,
    Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015. This multi-class
    form with 15 bins is from Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017,
    equations 2 to 5. scikit-learn has no such function.

    Raises
    ------
    PartError
        `bins` is below 1, or, in `compute`, the predictions are not probabilities.
    """

    def __init__(self, *, bins: int = 15, key: str = "ece", id: str | None = None, soft_targets: bool = False) -> None:
        if bins < 1:
            raise PartError(f"bins of the expected calibration error is {bins}; it must be at least 1.")
        self._bins = bins
        super().__init__(
            key=key,
            id=id or describe("expected_calibration_error", bins=unless(bins, 15)),
            higher_is_better=False,
            soft_targets=soft_targets,
        )

    @property
    def needs_probabilities(self) -> bool:
        """It does."""
        return True

    def needed(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
        """The confidence of each of B predictions, and 1 where it is right, else 0: B x 2."""
        return np.column_stack([predictions.max(axis=1), predictions.argmax(axis=1) == labels])

    def score(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[np.number]) -> float:
        """The expected calibration error, in [0, 1], from what `needed` gives."""
        confidence, is_right = predictions.T
        return error_of(confidence, is_right > 0, self._bins)

    def kind(self) -> Kind:
        """A calibration error."""
        return CalibrationError(self._bins)
