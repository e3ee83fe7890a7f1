"""Calibration: does a model's confidence match how often it is right?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.common.default_ids import describe, unless
from sweeper.errors import PartError
from sweeper.metrics.collected import CollectedMetric

if TYPE_CHECKING:
    import numpy.typing as npt


class ExpectedCalibrationError(CollectedMetric):
    """Expected calibration error of the predicted class, with bins of equal width; lower is better.

    Parameters
    ----------
    bins
        Number M of bins of equal width over the confidences (0, 1].
    key
        Name of the value that `compute` gives.
    id
        Id of the metric; by default it tells the bins.
    soft_targets
        Whether targets may be distributions over the classes, as `CollectedMetric` says.

    Notes
    -----
    ECE = sum over bins m of |B_m| / n * |acc(B_m) - conf(B_m)|, where B_m holds the n_m images whose confidence, the
    largest predicted probability, lies in ((m - 1) / M, m / M]; acc is the part of them that is classified rightly and
    conf their mean confidence. Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015; in this multi-class form with 15 bins Guo, Pleiss, Sun and Weinberger, "On Calibration of
    Modern Neural Networks", ICML 2017, equations 2 to 5. scikit-learn has no such function.
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

    def score(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[Any]) -> float:
        probabilities = self.probabilities(predictions)
        confidence = probabilities.max(axis=1)
        right = probabilities.argmax(axis=1) == labels
        edges = np.linspace(0, 1, self._bins + 1)[1:-1]
        # side="left" puts a confidence on an edge into the bin below, as the half-open intervals ask.
        bin_of = np.searchsorted(edges, confidence, side="left")
        # |B_m| / n * |acc - conf| is the absolute sum of (right - confidence) in the bin, divided by n.
        gaps = np.bincount(bin_of, weights=right - confidence, minlength=self._bins)
        return float(np.abs(gaps).sum() / len(labels))
