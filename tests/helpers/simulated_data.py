"""Classifications drawn from a known population, with the true values of metrics. Nothing of sweeper is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.stats import beta, norm

BINS = 15
_RIGHT, _WRONG = beta(5, 2), beta(2, 4)
"""How sure the classifier is where it is right and where it is wrong, before calibration."""


class Classified(NamedTuple):
    """N data: labels, predictions, confidence of the prediction, two losses, and the cluster of each datum."""

    labels: np.ndarray
    predictions: np.ndarray
    confidence: np.ndarray
    brier: np.ndarray
    log_loss: np.ndarray
    clusters: np.ndarray


@dataclass(frozen=True)
class Population:
    """Where data come from.

    Attributes
    ----------
    accuracy
        Of a class in the middle; with `uneven` classes their accuracies differ by up to 1 in their logits.
    classes
        Number K of classes.
    rare
        Share of the first class; 0 if all classes are equally frequent.
    sharpened
        Whether the confidences are too high; else they are calibrated.
    cluster_size
        Mean number of data in a cluster; sizes are uniform from 1 to twice that, less 1. 0 for independent data.
    correlation
        Intraclass correlation of being right. All data of a cluster have one label.
    """

    accuracy: float
    classes: int = 2
    rare: float = 0.0
    uneven: bool = False
    sharpened: bool = False
    cluster_size: int = 0
    correlation: float = 0.0

    @cached_property
    def priors(self) -> np.ndarray:
        shares = np.full(self.classes, (1 - self.rare) / (self.classes - 1) if self.rare else 1 / self.classes)
        if self.rare:
            shares[0] = self.rare
        return shares

    @cached_property
    def by_class(self) -> np.ndarray:
        logit = np.log(self.accuracy / (1 - self.accuracy)) + self.uneven * np.linspace(-1, 1, self.classes)
        return 1 / (1 + np.exp(-logit))

    @cached_property
    def confused(self) -> np.ndarray:
        """K x K: what a wrong prediction is, by label: mostly a neighbour."""
        places = np.arange(self.classes)
        near = np.exp(-1.5 * np.abs(places[:, None] - places[None, :]))
        np.fill_diagonal(near, 0)
        return near / near.sum(axis=1, keepdims=True)

    @cached_property
    def joint(self) -> np.ndarray:
        """K x K probabilities of label and prediction."""
        right = np.diag(self.by_class)
        return self.priors[:, None] * (right + (1 - self.by_class)[:, None] * self.confused)

    @cached_property
    def truth(self) -> Mapping[str, float]:
        """The value of each metric in the population."""
        rows, columns, right = self.joint.sum(axis=1), self.joint.sum(axis=0), self.joint.diagonal()
        rng = np.random.default_rng(1)
        share, edges = right.sum(), np.linspace(0, 1, BINS + 1)[1:-1]
        sure, unsure = self._scores(rng, np.ones(500_000, bool)), self._scores(rng, np.zeros(500_000, bool))
        gaps = share * np.bincount(np.searchsorted(edges, sure[0]), 1 - sure[0], BINS) / len(sure[0])
        gaps -= (1 - share) * np.bincount(np.searchsorted(edges, unsure[0]), unsure[0], BINS) / len(sure[0])
        return {
            "accuracy": share,
            "recall_macro": np.mean(right / rows),
            "balanced_accuracy": np.mean(right / rows),
            "precision_macro": np.mean(right / columns),
            "f1_macro": np.mean(2 * right / (rows + columns)),
            "brier": share * sure[1].mean() + (1 - share) * unsure[1].mean(),
            "log_loss": share * sure[2].mean() + (1 - share) * unsure[2].mean(),
            "ece": np.abs(gaps).sum(),
        }

    def draw(self, rng: np.random.Generator, size: int) -> Classified:
        """`size` independent data, or that many clusters."""
        clusters = np.arange(size)
        if self.cluster_size:
            clusters = np.repeat(clusters, rng.integers(1, 2 * self.cluster_size, size))
        labels = rng.choice(self.classes, size, p=self.priors)[clusters]
        right = rng.random(len(labels)) < self._chances(rng, labels, clusters)
        wrong = (rng.random(len(labels))[:, None] > self.confused.cumsum(axis=1)[labels]).sum(axis=1)
        predictions = np.where(right, labels, np.minimum(wrong, self.classes - 1))
        return Classified(labels, predictions, *self._scores(rng, right), clusters)

    def _chances(self, rng: np.random.Generator, labels: np.ndarray, clusters: np.ndarray) -> np.ndarray:
        if not self.correlation:
            return self.by_class[labels]
        first = np.unique(clusters, return_index=True)[1]
        weight, mean = 1 / self.correlation - 1, self.by_class[labels[first]]
        return rng.beta(mean * weight, (1 - mean) * weight)[clusters]

    def _scores(self, rng: np.random.Generator, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Confidence, Brier score and log loss of each datum."""
        n, share = len(right), float((self.priors * self.by_class).sum())
        raw = np.where(right, rng.beta(5, 2, n), rng.beta(2, 4, n))
        odds = share / (1 - share) * _RIGHT.pdf(raw) / _WRONG.pdf(raw)
        confidence = np.clip(odds / (1 + odds), 1e-6, 1 - 1e-6) ** (0.5 if self.sharpened else 1.0)
        rest = 1 - confidence
        of_truth = np.where(right, confidence, rest * rng.beta(2, 2, n))
        brier = (1 - of_truth) ** 2 + np.where(right, 0.3 * rest**2, confidence**2 + 0.2 * rest**2)
        return confidence, brier, -np.log(of_truth)


def compared(
    rng: np.random.Generator,
    size: int,
    accuracies: Sequence[float],
    *,
    classes: int = 4,
    correlation: float = 0.5,
    cluster_size: int = 1,
) -> list[Classified]:
    """Several models on the same data: what is hard for one is so for the others.

    Being right is a threshold of a normal variable, of which `correlation` is the part that the models share; that part
    is one for all data of a cluster. Models of equal accuracy have equal values of every metric.
    """
    clusters = np.repeat(np.arange(-(-size // cluster_size)), cluster_size)[:size]
    labels = rng.integers(0, classes, size)
    hard = rng.standard_normal(clusters[-1] + 1)[clusters]
    found: list[Classified] = []
    for accuracy in accuracies:
        own = np.sqrt(correlation) * hard + np.sqrt(1 - correlation) * rng.standard_normal(size)
        right = own < norm.ppf(accuracy)
        predictions = np.where(right, labels, (labels + rng.integers(1, classes, size)) % classes)
        scores = Population(accuracy)._scores(rng, right)
        found.append(Classified(labels, predictions, *scores, clusters))
    return found
