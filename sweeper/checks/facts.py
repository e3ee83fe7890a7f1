"""What is found in one pass of a model over a dataset: once for everybody who reads its predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeper.checks import returned
from sweeper.checks.labels import LabelSpaces, Side, compare, side_of
from sweeper.checks.numbers import numeric
from sweeper.checks.rules import DEFAULT_LABEL_SPACE, Rules
from sweeper.checks.scores import not_finite
from sweeper.checks.targets import Targets, look_at
from sweeper.errors import PartError

ONE_HOT = (
    "MAITE asks for a vector over the classes with a single 1 and 0 elsewhere. Mend the dataset; where its targets are "
    "distributions over the classes and their largest entry is to count, say so: _sweep_.soft_targets: true in its "
    "choice; where this is no classification, say which task it is: _sweep_.task."
)
FINITE = (
    "Scores must be finite numbers. Mend the model; a metric that can use such scores says so by an attribute "
    "takes = 'scores'."
)
OTHER_ORDER = (
    "Give both sides one order of classes (sweeper.models.Reindexed and sweeper.datasets.Reindexed reorder by name); "
    "where they are right as they are, say _sweep_.label_space: ignore in the choice of the model or the dataset."
)


@dataclass(frozen=True)
class Facts:
    """What was found, each as text for a message; `None` where nothing was.

    Attributes
    ----------
    model_id, dataset_id
        What the model and the dataset call themselves.
    not_finite
        Which data have scores that are NaN or infinite.
    wrong_target, soft_target
        The first datum whose target is no distribution over the classes, or is one and not one-hot.
    labels
        How the classes of both sides compare.
    """

    model_id: str
    dataset_id: str
    not_finite: str | None = None
    wrong_target: str | None = None
    soft_target: str | None = None
    labels: LabelSpaces = field(default_factory=LabelSpaces)


def find(
    model: Any, dataset: Any, predictions: Sequence[Any], targets: Sequence[Any], metadata: Sequence[Any]
) -> Facts:
    """Look at every batch of one pass of a model over a dataset."""
    seen = look_at(targets, metadata)
    classified = bool(len(predictions)) and are_vectors(predictions[0])
    return Facts(
        model_id=returned.part_id(model, "model"),
        dataset_id=returned.part_id(dataset, "dataset"),
        not_finite=not_finite(predictions, metadata),
        wrong_target=wrong_among(seen, are_scores(predictions[0])) if classified else None,
        soft_target=seen.soft if classified else None,
        labels=compared(side_of(model), side_of(dataset), seen.occurring, _lengths(predictions, seen)),
    )


def verify(facts: Facts, rules: Rules) -> tuple[str, ...]:
    """Refuse what the rules do not allow.

    Returns
    -------
    tuple of str
        What must be known beside a value that comes of it, a line each.

    Raises
    ------
    PartError
        A score is not finite, a target is not one-hot, or the sides mean different classes by one index.
    """
    if facts.not_finite and not rules.not_finite:
        raise PartError(
            f"Model {facts.model_id!r} gave scores that are NaN or infinite for {facts.not_finite} of dataset "
            f"{facts.dataset_id!r}. {FINITE}"
        )
    return (
        *verify_targets(facts.dataset_id, facts.wrong_target, facts.soft_target, rules),
        *_labels(facts.labels, rules),
    )


def verify_targets(dataset_id: str, wrong: str | None, soft: str | None, rules: Rules) -> tuple[str, ...]:
    """Refuse targets that are not one-hot, unless soft ones are allowed and they are such.

    Parameters
    ----------
    dataset_id
        Empty where it is not known.
    wrong, soft
        As in `checks.targets.Targets`.

    Raises
    ------
    PartError
        There is such a target.
    """
    if not rules.one_hot:
        return ()
    found = wrong or (None if rules.soft_targets else soft)
    if found:
        owner = f" of dataset {dataset_id!r}" if dataset_id else ""
        raise PartError(f"A target{owner} is not one-hot: datum {found}. {ONE_HOT}")
    return (f"Dataset {dataset_id!r} has soft targets: their largest entry is taken for the class.",) if soft else ()


def _labels(labels: LabelSpaces, rules: Rules) -> tuple[str, ...]:
    way = rules.label_space or DEFAULT_LABEL_SPACE
    if way == "ignore":
        return ()
    if labels.conflict:
        raise PartError(f"{labels.conflict} {OTHER_ORDER}")
    if way == "strict" and (labels.unequal or labels.missing):
        why = labels.unequal or " ".join(labels.missing)
        raise PartError(f"label_space is strict, and index2label of both sides is not the same: {why}. {OTHER_ORDER}")
    return labels.missing


def compared(model: Side, dataset: Side, occurring: Iterable[int], lengths: tuple[int, int] | None) -> LabelSpaces:
    """As `compare`; names that cannot be read are a conflict, which a run may be told to ignore."""
    try:
        same = model.space is not None and model.space == dataset.space
        return compare(model.metadata, dataset.metadata, occurring, lengths, same_space=same)
    except PartError as error:
        return LabelSpaces(conflict=str(error))


def are_vectors(answers: Any) -> bool:
    """Whether a model answers with scores, as a classifier does; a vector that stands beside boxes is no class."""
    first = numeric(answers[0]) if len(answers) else None
    return first is not None and first.ndim <= 1


def are_scores(answers: Any) -> bool:
    """Whether a model answers with one score for each of several classes."""
    first = numeric(answers[0]) if len(answers) else None
    return first is not None and first.ndim == 1 and len(first) > 1


def wrong_among(targets: Targets, scored: bool) -> str | None:
    """The first target that has no class; one number by itself is none where the model scores each class."""
    return targets.wrong or (targets.single if scored else None)


def _lengths(predictions: Sequence[Any], targets: Targets) -> tuple[int, int] | None:
    found = numeric(predictions[0]) if len(predictions) and targets.length is not None else None
    return None if found is None or found.ndim != 2 or targets.length is None else (found.shape[1], targets.length)
