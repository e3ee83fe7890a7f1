"""Any classification metric of scikit-learn of one number, against scikit-learn called directly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference

from sweeper.errors import PartError
from sweeper.metrics import SklearnMetric

RNG = np.random.default_rng(7)


def _case(classes: int) -> tuple[Any, Any]:
    """Labels and probabilities of 60 data, right more often than not."""
    labels = np.concatenate([np.arange(classes), RNG.integers(classes, size=60 - classes)])
    raw = RNG.random((60, classes)) + 0.7 * np.eye(classes)[labels]
    return labels, raw / raw.sum(axis=1, keepdims=True)


CASES = {classes: _case(classes) for classes in (2, 3)}
OF_LABELS: list[tuple[str, dict[str, Any]]] = [
    ("accuracy_score", {}),
    ("accuracy_score", {"normalize": False}),
    ("balanced_accuracy_score", {"adjusted": True}),
    ("cohen_kappa_score", {"weights": "quadratic"}),
    ("f1_score", {"average": "macro"}),
    ("fbeta_score", {"beta": 2.0, "average": "weighted"}),
    ("hamming_loss", {}),
    ("jaccard_score", {"average": "micro"}),
    ("matthews_corrcoef", {}),
    ("precision_score", {"average": "macro"}),
    ("recall_score", {"average": "macro"}),
    ("zero_one_loss", {}),
]
OF_TWO_LABELS: list[tuple[str, dict[str, Any]]] = [
    ("f1_score", {}),
    ("f1_score", {"pos_label": 0}),
    ("jaccard_score", {}),
    ("precision_score", {}),
    ("recall_score", {}),
]
OF_PROBABILITIES: list[tuple[str, dict[str, Any]]] = [
    ("brier_score_loss", {}),
    *([("d2_brier_score", {})] if hasattr(reference, "d2_brier_score") else []),  # scikit-learn 1.7 has none
    ("d2_log_loss_score", {}),
    ("log_loss", {}),
    ("log_loss", {"normalize": False}),
]
OF_POSITIVE: list[tuple[str, dict[str, Any]]] = [
    ("average_precision_score", {}),
    ("average_precision_score", {"pos_label": 0}),
    ("hinge_loss", {}),
    ("roc_auc_score", {}),
    ("roc_auc_score", {"max_fpr": 0.3}),
    ("top_k_accuracy_score", {"k": 1}),
]
OF_THREE: list[tuple[str, dict[str, Any]]] = [
    ("average_precision_score", {"average": "weighted"}),
    ("hinge_loss", {}),
    ("roc_auc_score", {"multi_class": "ovr"}),
    ("roc_auc_score", {"multi_class": "ovo", "average": "weighted"}),
    ("top_k_accuracy_score", {"k": 2}),
]
RANKINGS = ["coverage_error", "dcg_score", "label_ranking_average_precision_score", "label_ranking_loss", "ndcg_score"]


def ours(name: str, labels: Any, scores: Any, takes: Any, **kwargs: Any) -> float:
    metric = SklearnMetric(f"sklearn.metrics.{name}", takes=takes, kwargs=kwargs)
    metric.reset()
    for rows in (slice(0, 25), slice(25, None)):
        metric.update(scores[rows], np.eye(scores.shape[1])[labels[rows]], [{"id": "x"}] * len(labels[rows]))
    return metric.compute()[name]


def direct(name: str, *arguments: Any, **kwargs: Any) -> Any:
    return pytest.approx(float(getattr(reference, name)(*arguments, **kwargs)), rel=1e-9)


@pytest.mark.parametrize("classes", CASES)
@pytest.mark.parametrize(("name", "kwargs"), OF_LABELS)
def test_functions_of_labels(classes, name, kwargs):
    labels, scores = CASES[classes]
    assert ours(name, labels, scores, "labels", **kwargs) == direct(name, labels, scores.argmax(axis=1), **kwargs)


@pytest.mark.parametrize(("name", "kwargs"), OF_TWO_LABELS)
def test_functions_of_the_labels_of_two_classes(name, kwargs):
    labels, scores = CASES[2]
    assert ours(name, labels, scores, "labels", **kwargs) == direct(name, labels, scores.argmax(axis=1), **kwargs)


@pytest.mark.parametrize("classes", CASES)
@pytest.mark.parametrize("takes", ["probabilities", "scores"])
@pytest.mark.parametrize(("name", "kwargs"), OF_PROBABILITIES)
def test_functions_of_probabilities(classes, takes, name, kwargs):
    labels, scores = CASES[classes]
    assert ours(name, labels, scores, takes, **kwargs) == direct(name, labels, scores, **kwargs)


@pytest.mark.parametrize("takes", ["probabilities", "scores"])
@pytest.mark.parametrize(("name", "kwargs"), OF_POSITIVE)
def test_functions_of_the_positive_class_of_two(takes, name, kwargs):
    labels, scores = CASES[2]
    column = scores[:, kwargs.get("pos_label", 1)]
    assert ours(name, labels, scores, takes, **kwargs) == direct(name, labels, column, **kwargs)


@pytest.mark.parametrize("takes", ["probabilities", "scores"])
@pytest.mark.parametrize(("name", "kwargs"), OF_THREE)
def test_functions_of_the_scores_of_three_classes(takes, name, kwargs):
    labels, scores = CASES[3]
    assert ours(name, labels, scores, takes, **kwargs) == direct(name, labels, scores, **kwargs)


@pytest.mark.parametrize("classes", CASES)
@pytest.mark.parametrize("name", RANKINGS)
def test_functions_of_rankings(classes, name):
    labels, scores = CASES[classes]
    assert ours(name, labels, scores, "probabilities") == direct(name, np.eye(classes, dtype=int)[labels], scores)


def test_logits_will_do_where_only_their_order_counts():
    labels, scores = CASES[2]
    logits = np.log(scores)
    assert ours("roc_auc_score", labels, logits, "scores") == direct("roc_auc_score", labels, logits[:, 1])
    with pytest.raises(PartError, match="softmax"):
        ours("roc_auc_score", labels, logits, "probabilities")


def test_a_class_without_an_image_shifts_no_column():
    labels, scores = CASES[3]
    kept = labels != 1
    found = ours("log_loss", labels[kept], scores[kept], "probabilities")
    assert found == direct("log_loss", labels[kept], scores[kept], labels=[0, 1, 2])


def test_a_function_of_ones_own_gets_all_columns():
    metric = SklearnMetric("test_sklearn_metrics.columns", takes="probabilities")
    labels, scores = CASES[2]
    metric.update(scores, np.eye(2)[labels], [{}] * 60)
    assert metric.compute() == {"columns": 2}


def columns(truth: Any, y_score: Any) -> float:
    return float(y_score.shape[1])


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("confusion_matrix", {}),
        ("f1_score", {"average": None}),
        ("classification_report", {}),
        ("class_likelihood_ratios", {}),
    ],
)
def test_functions_of_more_than_one_number_are_refused(name, kwargs):
    labels, scores = CASES[2]
    with pytest.raises(PartError, match="one number is needed"):
        ours(name, labels, scores, "labels", **kwargs)
