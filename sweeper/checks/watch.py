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
from sweeper.checks.facts import FINITE, Facts, are_vectors, compared, verify
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
class _Asked:
    """One model, how many answers it gave, and whether these are scores."""

    model: Any
    answers: int = 0
    classifies: bool = False


@dataclass
class _Read:
    """One dataset, and what its targets are."""

    dataset: Any
    targets: Targets = field(default_factory=Targets)


@dataclass(eq=False)
class Watch:
    """What was seen of the parts of one run so far."""

    rules: Rules
    _datasets: dict[str, _Read] = field(default_factory=dict[str, _Read])
    _models: dict[str, _Asked] = field(default_factory=dict[str, _Asked])
    _refused: PartError | None = None

    def datum(self, dataset: Any, index: int, item: Any) -> None:
        """Look at one item of a dataset.

        Raises
        ------
        PartError
            It is not (input, target, metadata).
        """
        with self._noted():
            self._datum(dataset, index, item)

    def answer(self, model: Any, asked: int, given: Any) -> None:
        """Look at what a model answered to a batch of so many inputs.

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
        pairs = [(asked, read) for asked in self._models.values() for read in self._datasets.values()]
        return tuple(dict.fromkeys(line for pair in pairs for line in verify(_facts(*pair), self.rules)))

    def _datum(self, dataset: Any, index: int, item: Any) -> None:
        name = returned.part_id(dataset, "dataset")
        _, target, metadata = returned.datum(item, name, index)
        self._datasets.setdefault(name, _Read(dataset)).targets.add([target], [metadata], index)

    def _answer(self, model: Any, asked: int, given: Any) -> None:
        name = returned.part_id(model, "model")
        returned.answers(given, name, asked)
        known = self._models.setdefault(name, _Asked(model))
        rows = [] if self.rules.not_finite else rows_not_finite(given)
        if rows:
            raise PartError(
                f"Model {name!r} gave scores that are NaN or infinite for {len(rows)} of {asked} inputs, the first of "
                f"them number {known.answers + rows[0]} of those it was asked for in this run. {FINITE}"
            )
        known.answers += asked
        known.classifies = known.classifies or are_vectors(given)

    @contextmanager
    def _noted(self) -> Generator[None]:
        try:
            yield
        except PartError as error:
            self._refused = self._refused or error
            raise


def _facts(asked: _Asked, read: _Read) -> Facts:
    targets = read.targets
    return Facts(
        model_id=returned.part_id(asked.model, "model"),
        dataset_id=returned.part_id(read.dataset, "dataset"),
        wrong_target=targets.wrong if asked.classifies else None,
        soft_target=targets.soft if asked.classifies else None,
        labels=compared(asked.model, read.dataset, targets.occurring, None),
    )
