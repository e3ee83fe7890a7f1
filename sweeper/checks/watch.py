"""The same checks for a capability that calls the model itself: datum by datum and answer by answer, as it goes.

Whoever stands between a capability and its parts tells the `active` watch of each datum and each answer, and the worker
asks it at the end. What is refused is raised where it is seen, inside the capability, and at the end all the same
where the capability swallows it; targets and names of classes are judged at the end, once it is known that a model was
asked for scores of them.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sweeper.checks import returned
from sweeper.checks.facts import FINITE, Facts, are_scores, are_vectors, compared, verify, wrong_among
from sweeper.checks.labels import Side, side_of
from sweeper.checks.rules import Rules
from sweeper.checks.scores import rows_not_finite
from sweeper.checks.targets import Targets
from sweeper.errors import PartError

_paused: ContextVar[bool] = ContextVar("paused", default=False)


@contextmanager
def paused() -> Generator[None]:
    """Let no watch look at what is done inside: it is checked there, once and for all of it."""
    token = _paused.set(True)
    try:
        yield
    finally:
        _paused.reset(token)


_active: list[Watch] = []
"""The watches of runs in this process, the innermost last: usually there is one."""


@contextmanager
def over(rules: Rules) -> Generator[Watch]:
    """A watch over what is done inside, in threads that it starts too."""
    watch = Watch(rules)
    _active.append(watch)
    try:
        yield watch
    finally:
        _active.remove(watch)


def active() -> Watch | None:
    """The watch over what is done now; `None` outside of a run, or where what is done is checked otherwise."""
    return _active[-1] if _active and not _paused.get() else None


@dataclass
class _Seen:
    """What was seen of one model or dataset; its metadata as they were at first, which a run may write into."""

    id: str
    side: Side
    answers: int = 0
    classifies: bool = False
    """Of a model, whether it answers with scores."""
    scores: bool = False
    """And whether with those of several classes."""
    targets: Targets = field(default_factory=Targets)
    """Of a dataset."""


@dataclass(eq=False)
class Watch:
    """What was seen of the parts of one run so far."""

    rules: Rules
    _models: dict[int, _Seen] = field(default_factory=dict[int, _Seen])
    _datasets: dict[int, _Seen] = field(default_factory=dict[int, _Seen])
    _refused: PartError | None = None

    @property
    def asked_models(self) -> bool:
        """Whether the run called a model itself."""
        return any(model.answers for model in self._models.values())

    def datum(self, dataset: Any, index: int, item: Any) -> None:
        """Look at one item of a dataset, which is the object itself and not what the run has of it.

        Raises
        ------
        PartError
            It is not (input, target, metadata).
        """
        with self._noted():
            self._datum(dataset, index, item)

    def target(self, dataset: Any, index: int, target: Any) -> None:
        """Look at a target that was read by itself."""
        self._seen("dataset", dataset).targets.add([target], None, index)

    def has_read(self, dataset: Any) -> bool:
        """Whether a target of a dataset was looked at; there is none in an empty one."""
        seen = self._datasets.get(id(dataset))
        return (seen is not None and seen.targets.seen > 0) or not len(dataset)

    def answer(self, model: Any, asked: int | None, given: Any) -> None:
        """Look at what a model answered to a batch of so many inputs; the model is given as a dataset is to `datum`.

        Where it is not known how many there were, `asked` is `None`.

        Raises
        ------
        PartError
            It is no sequence of so many predictions, or a score in it is not finite.
        """
        with self._noted():
            self._answer(model, asked, given)

    def finish(self) -> tuple[str, ...]:
        """Judge the targets that were read, and compare the classes of each model with those of each dataset.

        Returns
        -------
        tuple of str
            What must be known beside the values of the run, a line each.

        Raises
        ------
        PartError
            A target is not one-hot, classes differ, or something was refused before.
        """
        if self._refused is not None:
            raise self._refused
        if not self._models:
            return ()
        asked = [model for model in self._models.values() if model.answers]
        read = [dataset for dataset in self._datasets.values() if dataset.targets.seen]
        found = (_facts(model, dataset) for model in asked for dataset in read)
        return tuple(dict.fromkeys(line for facts in found for line in verify(facts, self.rules)))

    def _seen(self, axis: str, part: Any) -> _Seen:
        among = self._models if axis == "model" else self._datasets
        if id(part) not in among:
            among[id(part)] = _Seen(returned.part_id(part, axis), side_of(part))
        return among[id(part)]

    def _datum(self, dataset: Any, index: int, item: Any) -> None:
        seen = self._seen("dataset", dataset)
        _, target, metadata = returned.datum(item, seen.id, index)
        seen.targets.add([target], [metadata], index)

    def _answer(self, model: Any, asked: int | None, given: Any) -> None:
        seen = self._seen("model", model)
        if asked is None:
            asked = len(given) if hasattr(given, "__len__") else 1
        returned.answers(given, seen.id, asked)
        rows = [] if self.rules.not_finite else rows_not_finite(given)
        if rows:
            raise PartError(
                f"Model {seen.id!r} gave scores that are NaN or infinite for {len(rows)} of {asked} inputs, the first "
                f"of them number {seen.answers + rows[0]} of those it was asked for in this run. {FINITE}"
            )
        seen.answers += asked
        seen.classifies = seen.classifies or are_vectors(given)
        seen.scores = seen.scores or are_scores(given)

    @contextmanager
    def _noted(self) -> Generator[None]:
        try:
            yield
        except PartError as error:
            self._refused = self._refused or error
            raise


def _facts(model: _Seen, dataset: _Seen) -> Facts:
    targets = dataset.targets
    return Facts(
        model_id=model.id,
        dataset_id=dataset.id,
        wrong_target=wrong_among(targets, model.scores) if model.classifies else None,
        soft_target=targets.soft if model.classifies else None,
        labels=compared(model.side, dataset.side, targets.occurring, None),
    )
