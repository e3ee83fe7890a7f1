"""What the checks find in one pass of a model over a dataset, once for all who read its predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sweeper.checks import returned
from sweeper.checks.detections import box_problem, first_problem, score_problem
from sweeper.checks.labels import (
    OTHER_ORDER,
    ClassLabels,
    Described,
    LabelComparison,
    class_labels_of,
    compare,
    names_if_known,
)
from sweeper.checks.numbers import Batch, Numbers, numeric
from sweeper.checks.rules import DEFAULT_LABEL_SPACE, Rules
from sweeper.checks.scores import not_finite
from sweeper.checks.targets import TargetSummary, summarize_targets
from sweeper.errors import PartError

ONE_HOT = (
    "MAITE asks for a vector over the classes with a single 1 and 0 elsewhere. Fix the dataset. If its targets are "
    "distributions over the classes and their largest entry counts, set _sweep_.soft_targets: true in its choice. If "
    "this is not a classification, set the task: _sweep_.task."
)
FINITE = (
    "Scores must be finite numbers. Fix the model. A metric that can use such scores declares it by an attribute "
    "takes = 'scores'."
)
ANSWERS = "Fix the model, or the choice of its parameters."


@dataclass(frozen=True)
class Findings:
    """What was found, each as text for a message; `None` if nothing was.

    Attributes
    ----------
    model_id, dataset_id
        The ids of the model and the dataset.
    not_finite
        Which data have scores that are NaN or infinite.
    wrong_boxes, wrong_score, wrong_truth
        The first datum that the model gave wrong boxes or labels for, or a score out of range; and the first whose
        truth has wrong boxes or labels. Each with what is wrong.
    wrong_target, soft_target
        The first datum whose target is not a distribution over the classes, or is one and not one-hot.
    labels
        How the classes of both compare.
    """

    model_id: str
    dataset_id: str
    not_finite: str | None = None
    wrong_boxes: str | None = None
    wrong_score: str | None = None
    wrong_truth: str | None = None
    wrong_target: str | None = None
    soft_target: str | None = None
    labels: LabelComparison = field(default_factory=LabelComparison)


def examine(
    model: Described,
    dataset: Described,
    predictions: Sequence[Batch],
    targets: Sequence[Batch],
    metadata: Sequence[Sequence[object]],
) -> Findings:
    """Look at every batch of one pass of a model over a dataset."""
    summary = summarize_targets(targets, metadata)
    classified = bool(len(predictions)) and are_vectors(predictions[0])
    names = names_if_known(class_labels_of(model))
    boxes, score = (None, None) if classified else _wrong_answers(predictions, metadata, names)
    return Findings(
        model_id=returned.part_id(model, "model"),
        dataset_id=returned.part_id(dataset, "dataset"),
        not_finite=not_finite(predictions, metadata),
        wrong_boxes=boxes,
        wrong_score=score,
        wrong_truth=summary.boxes,
        wrong_target=wrong_among(summary, are_scores(predictions[0])) if classified else None,
        soft_target=summary.soft if classified else None,
        labels=compared(
            class_labels_of(model), class_labels_of(dataset), summary.occurring, _lengths(predictions, summary)
        ),
    )


def verify(findings: Findings, rules: Rules) -> tuple[str, ...]:
    """Refuse what the rules do not allow.

    Returns
    -------
    tuple of str
        Warnings for the values that are computed from these predictions, a line each.

    Raises
    ------
    PartError
        A score is not finite or out of range, boxes are none, a target is not one-hot, or model and dataset mean
        different classes by one index.
    """
    if findings.not_finite and not rules.not_finite:
        raise PartError(
            f"Model {findings.model_id!r} gave scores that are NaN or infinite for {findings.not_finite} of dataset "
            f"{findings.dataset_id!r}. {FINITE}"
        )
    _verify_boxes(findings, rules)
    return (
        *verify_targets(findings.dataset_id, findings.wrong_target, findings.soft_target, rules),
        *_verify_labels(findings.labels, rules),
    )


def _verify_boxes(findings: Findings, rules: Rules) -> None:
    if findings.wrong_truth:
        raise PartError(f"Dataset {findings.dataset_id!r} has wrong truth for {findings.wrong_truth}. Fix the dataset.")
    wrong = findings.wrong_boxes or (None if rules.not_finite else findings.wrong_score)
    if wrong:
        raise PartError(
            f"Model {findings.model_id!r} gave a wrong answer on dataset {findings.dataset_id!r} for {wrong}. {ANSWERS}"
        )


def verify_targets(dataset_id: str, wrong: str | None, soft: str | None, rules: Rules) -> tuple[str, ...]:
    """Refuse targets that are not one-hot, unless soft ones are allowed and they are soft.

    Parameters
    ----------
    dataset_id
        Empty if it is not known.
    wrong, soft
        As in `checks.targets.TargetSummary`.

    Raises
    ------
    PartError
        There is such a target.
    """
    if not rules.one_hot:
        return ()
    refused = wrong or (None if rules.soft_targets else soft)
    if refused:
        owner = f" of dataset {dataset_id!r}" if dataset_id else ""
        raise PartError(f"A target{owner} is not one-hot: datum {refused}. {ONE_HOT}")
    return (f"Dataset {dataset_id!r} has soft targets: their largest entry is taken for the class.",) if soft else ()


def _verify_labels(labels: LabelComparison, rules: Rules) -> tuple[str, ...]:
    label_space = rules.label_space or DEFAULT_LABEL_SPACE
    if label_space == "ignore":
        return ()
    if labels.conflict:
        raise PartError(f"{labels.conflict} {OTHER_ORDER}")
    if label_space == "strict" and (labels.unequal or labels.missing):
        why = labels.unequal or " ".join(labels.missing)
        raise PartError(f"label_space is strict, and index2label of both is not the same: {why}. {OTHER_ORDER}")
    return labels.missing


def compared(
    model: ClassLabels, dataset: ClassLabels, occurring: Iterable[int], lengths: tuple[int, int] | None
) -> LabelComparison:
    """As `compare`; names that cannot be read are a conflict, which the rules of a run may ignore."""
    try:
        same = model.label_space is not None and model.label_space == dataset.label_space
        return compare(model.metadata, dataset.metadata, occurring, lengths, same_space=same)
    except PartError as error:
        return LabelComparison(conflict=str(error))


def are_vectors(answers: Batch) -> bool:
    """Whether a model answers with scores, as a classifier does; a vector beside boxes does not count."""
    first = _first_answer(answers)
    return first is not None and first.ndim <= 1


def are_scores(answers: Batch) -> bool:
    """Whether a model answers with one score for each of several classes."""
    first = _first_answer(answers)
    return first is not None and first.ndim == 1 and len(first) > 1


def wrong_among(targets: TargetSummary, scored: bool) -> str | None:
    """The first target that has no class; a single number has none if the model scores each class."""
    return targets.wrong or (targets.single if scored else None)


def _first_answer(answers: Batch) -> Numbers | None:
    return numeric(answers[0]) if len(answers) else None


def _wrong_answers(
    batches: Sequence[Batch], metadata: Sequence[Sequence[object]], names: Mapping[int, str] | None
) -> tuple[str | None, str | None]:
    """The first datum with wrong boxes, and the first with a wrong score, in one pass: reading may take longest."""
    boxes: str | None = None
    score: str | None = None
    position = 0
    for batch, data in zip(batches, metadata, strict=True):
        if numeric(batch) is None:
            boxes = boxes or first_problem(batch, data, position, lambda item: box_problem(item, names))
            score = score or first_problem(batch, data, position, score_problem)
        position += len(batch)
    return boxes, score


def _lengths(predictions: Sequence[Batch], targets: TargetSummary) -> tuple[int, int] | None:
    if not len(predictions) or targets.length is None:
        return None
    batch = numeric(predictions[0])
    return None if batch is None or batch.ndim != 2 else (batch.shape[1], targets.length)
