"""The same checks for a capability that calls the model itself: datum by datum and answer by answer.

The stand-ins between a capability and its parts hand each datum and each answer to the `current` checks, and the worker
calls `finish` at the end. What is not allowed is raised where it is read, inside the capability, and again at the end
if the capability suppresses it. Targets and names of classes are verified at the end, when it is known whether a model
was asked for scores of them.
"""

from __future__ import annotations

from collections.abc import Generator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sweeper.checks import returned
from sweeper.checks.detections import box_problem, is_detection, score_problem
from sweeper.checks.findings import ANSWERS, FINITE, Findings, are_scores, are_vectors, compared, verify, wrong_among
from sweeper.checks.labels import ClassLabels, Described, class_labels_of, names_if_known
from sweeper.checks.numbers import numeric
from sweeper.checks.rules import Rules
from sweeper.checks.scores import rows_not_finite
from sweeper.checks.targets import TargetSummary
from sweeper.common.context_value import SetInside
from sweeper.errors import PartError

_paused: ContextVar[bool] = ContextVar("paused", default=False)


def paused() -> SetInside[bool]:
    """Do not check what is done inside, because it is checked there, once and as a whole."""
    return SetInside(_paused, True)


_active: list[RunChecks] = []
"""The checks of runs in this process, the innermost last: usually there is one."""


@contextmanager
def checking(rules: Rules) -> Generator[RunChecks]:
    """Check what is done inside, in threads that it starts too."""
    checks = RunChecks(rules)
    _active.append(checks)
    try:
        yield checks
    finally:
        _active.remove(checks)


def current() -> RunChecks | None:
    """The checks of the current run; `None` outside of a run, or while they are paused."""
    return _active[-1] if _active and not _paused.get() else None


@dataclass
class _PartSummary:
    """What one model or dataset returned so far, and its metadata as they were at first."""

    id: str
    class_labels: ClassLabels
    answers: int = 0
    classifies: bool = False
    """Of a model, whether it answers with scores."""
    scores: bool = False
    """Of a model, whether it answers with scores of several classes."""
    targets: TargetSummary = field(default_factory=TargetSummary)
    """Of a dataset."""


@dataclass(eq=False)
class RunChecks:
    """Checks what the parts of one run return, and remembers what was found."""

    rules: Rules
    _models: dict[int, _PartSummary] = field(default_factory=dict[int, _PartSummary])
    _datasets: dict[int, _PartSummary] = field(default_factory=dict[int, _PartSummary])
    _refused: PartError | None = None

    @property
    def called_models(self) -> bool:
        """Whether the run called a model itself."""
        return any(model.answers for model in self._models.values())

    def datum(self, dataset: Described, index: int, item: object) -> None:
        """Check one item of a dataset; `dataset` is the object itself and not the run's stand-in.

        Raises
        ------
        PartError
            It is not (input, target, metadata).
        """
        with self._remembering():
            summary = self._summary("dataset", dataset)
            _, target, metadata = returned.datum(item, summary.id, index)
            summary.targets.add([target], [metadata], index)

    def target(self, dataset: Described, index: int, target: object) -> None:
        """Check a target that was read by itself."""
        self._summary("dataset", dataset).targets.add([target], None, index)

    def has_read(self, dataset: Sized) -> bool:
        """Whether a target of a dataset was read; an empty dataset has none."""
        summary = self._datasets.get(id(dataset))
        return (summary is not None and summary.targets.seen > 0) or not len(dataset)

    def answers(self, model: Described, n_inputs: int | None, answers: object) -> None:
        """Check what a model returned for a batch; `model` is the object itself, as in `datum`.

        Parameters
        ----------
        n_inputs
            Number of inputs in the batch; `None` if it is not known.

        Raises
        ------
        PartError
            It is not a sequence of so many predictions, or a score in it is not finite.
        """
        with self._remembering():
            self._answers(self._summary("model", model), n_inputs, answers)

    def finish(self) -> tuple[str, ...]:
        """Verify the targets that were read, and compare the classes of each model with those of each dataset.

        Returns
        -------
        tuple of str
            Warnings for the values of the run, a line each.

        Raises
        ------
        PartError
            A target is not one-hot, classes differ, or something was refused before.
        """
        if self._refused is not None:
            raise self._refused
        if not self._models:
            return ()
        models = [model for model in self._models.values() if model.answers]
        datasets = [dataset for dataset in self._datasets.values() if dataset.targets.seen]
        findings = (_findings(model, dataset) for model in models for dataset in datasets)
        return tuple(dict.fromkeys(line for each in findings for line in verify(each, self.rules)))

    def _summary(self, axis: str, part: Described) -> _PartSummary:
        parts = self._models if axis == "model" else self._datasets
        if id(part) not in parts:
            parts[id(part)] = _PartSummary(returned.part_id(part, axis), class_labels_of(part))
        return parts[id(part)]

    def _answers(self, summary: _PartSummary, n_inputs: int | None, answers: Any) -> None:
        if n_inputs is None:
            n_inputs = len(answers) if hasattr(answers, "__len__") else 1
        returned.answers(answers, summary.id, n_inputs)
        rows = [] if self.rules.not_finite else rows_not_finite(answers)
        if rows:
            raise PartError(
                f"Model {summary.id!r} gave scores that are NaN or infinite for {len(rows)} of {n_inputs} inputs, the "
                f"first of them number {summary.answers + rows[0]} of those it was asked for in this run. {FINITE}"
            )
        self._refuse_wrong_boxes(summary, answers)
        summary.answers += n_inputs
        summary.classifies = summary.classifies or are_vectors(answers)
        summary.scores = summary.scores or are_scores(answers)

    def _refuse_wrong_boxes(self, summary: _PartSummary, answers: Any) -> None:
        names = names_if_known(summary.class_labels)
        for place, answer in enumerate(answers if numeric(answers) is None else ()):
            if not is_detection(answer):
                continue
            problem = box_problem(answer, names) or (None if self.rules.not_finite else score_problem(answer))
            if problem is not None:
                raise PartError(
                    f"Model {summary.id!r} gave a wrong answer for input number {summary.answers + place} of those it "
                    f"was asked for in this run: {problem}. {ANSWERS}"
                )

    @contextmanager
    def _remembering(self) -> Generator[None]:
        try:
            yield
        except PartError as error:
            self._refused = self._refused or error
            raise


def _findings(model: _PartSummary, dataset: _PartSummary) -> Findings:
    targets = dataset.targets
    return Findings(
        model_id=model.id,
        dataset_id=dataset.id,
        wrong_truth=targets.boxes,
        wrong_target=wrong_among(targets, model.scores) if model.classifies else None,
        soft_target=targets.soft if model.classifies else None,
        labels=compared(model.class_labels, dataset.class_labels, targets.occurring, None),
    )
