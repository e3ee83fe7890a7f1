"""The same checks for a capability that calls the model itself: datum by datum and answer by answer, as it goes.

Whoever stands between a capability and its parts makes one `Watch` for the run, tells it of each datum and each answer,
and asks it at the end. What is refused is raised where it is seen, inside the capability; one that swallows the error
is refused at the end all the same.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sweeper.checks import returned
from sweeper.checks.facts import FINITE, Facts, compared, verify, verify_targets
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


@dataclass
class Watch:
    """What was seen of the parts of one run so far."""

    rules: Rules
    _targets: dict[str, tuple[Mapping[str, Any], Targets]] = field(default_factory=dict[str, Any])
    _models: dict[str, tuple[Mapping[str, Any], int | None]] = field(default_factory=dict[str, Any])
    _refused: PartError | None = None
    _warnings: dict[str, None] = field(default_factory=dict[str, None])

    def datum(self, dataset: Mapping[str, Any], index: int, item: Any) -> None:
        """Look at one item of a dataset, which is given by its metadata.

        Raises
        ------
        PartError
            It is not (input, target, metadata), or its target is not one-hot.
        """
        if not _paused.get():
            with self._noted():
                self._datum(dataset, index, item)

    def answer(self, model: Mapping[str, Any], asked: int, given: Any) -> None:
        """Look at what a model, which is given by its metadata, answered to a batch of so many inputs.

        Raises
        ------
        PartError
            It is no sequence of so many predictions, or a score in it is not finite.
        """
        if not _paused.get():
            with self._noted():
                self._answer(model, asked, given)

    def finish(self) -> tuple[str, ...]:
        """Compare the classes of each model that answered with those of each dataset that was read.

        Returns
        -------
        tuple of str
            What must be known beside the values of the run, a line each.

        Raises
        ------
        PartError
            Classes differ, or something was refused before.
        """
        if self._refused is not None:
            raise self._refused
        for model, _ in self._models.values():
            for dataset, targets in self._targets.values():
                labels = compared(model, dataset, targets.occurring, None)
                found = Facts(str(model.get("id")), str(dataset.get("id")), labels=labels)
                self._warnings |= dict.fromkeys(verify(found, self.rules))
        return tuple(self._warnings)

    def _datum(self, dataset: Mapping[str, Any], index: int, item: Any) -> None:
        name = str(dataset.get("id"))
        _, target, metadata = returned.datum(item, name, index)
        _, targets = self._targets.setdefault(name, (dataset, Targets()))
        targets.add([target], [metadata], index)
        self._warnings |= dict.fromkeys(verify_targets(name, targets.wrong, targets.soft, self.rules))

    def _answer(self, model: Mapping[str, Any], asked: int, given: Any) -> None:
        name = str(model.get("id"))
        returned.answers(given, name, asked)
        _, answered = self._models.get(name, (model, 0))
        self._models[name] = (model, (answered or 0) + asked)
        rows = [] if self.rules.not_finite else rows_not_finite(given)
        if rows:
            raise PartError(
                f"Model {name!r} gave scores that are NaN or infinite for {len(rows)} of {asked} inputs, the first of "
                f"them number {(answered or 0) + rows[0]} of those it was asked for in this run. {FINITE}"
            )

    @contextmanager
    def _noted(self) -> Generator[None]:
        try:
            yield
        except PartError as error:
            self._refused = self._refused or error
            raise
