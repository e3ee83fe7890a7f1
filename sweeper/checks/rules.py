"""What one run allows of what its parts return, and who may say so."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

LABEL_SPACES = ("strict", "subset", "ignore")
"""How the names of classes of a model and a dataset are compared, the strictest first; see `checks.labels`."""
DEFAULT_LABEL_SPACE = "subset"
RAW_SCORES = "scores"
"""What `takes` of a metric says that can use scores as they are, finite or not."""


@dataclass(frozen=True)
class Rules:
    """What holds for one run.

    Attributes
    ----------
    label_space
        One of `LABEL_SPACES`; `None` where no choice says: the default.
    soft_targets
        Whether a target may be a distribution over the classes instead of one-hot.
    not_finite
        Whether scores may be NaN or infinite.
    task
        The task of the datasets and models, where a choice says it.
    """

    label_space: str | None = None
    soft_targets: bool = False
    not_finite: bool = False
    task: str | None = None

    @property
    def one_hot(self) -> bool:
        """Whether vectors as targets are those of a classification: always, unless the task is said to be another."""
        return self.task is None or "classification" in self.task


def strictest(said: Iterable[str | None]) -> str | None:
    """Of what several choices say of the label space, the strictest; `None` where none says anything."""
    return min(filter(None, said), key=LABEL_SPACES.index, default=None)


def takes_raw_scores(part: Any) -> bool:
    """Whether a metric or capability says by `takes` that it can use scores as they are, finite or not."""
    takes = getattr(part, "takes", None)
    return takes == RAW_SCORES or (isinstance(takes, Collection) and not isinstance(takes, str) and RAW_SCORES in takes)


def takes_soft_targets(part: Any) -> bool:
    """Whether a metric or capability says by `soft_targets` that it can use distributions as targets."""
    return getattr(part, "soft_targets", False) is True


DEFAULTS = Rules()
_current: ContextVar[Rules] = ContextVar("rules", default=DEFAULTS)


def current() -> Rules:
    """The rules of the run that this thread is in; the defaults outside of one."""
    return _current.get()


@contextmanager
def under(rules: Rules) -> Generator[None]:
    """Let rules hold for what is done inside."""
    token = _current.set(rules)
    try:
        yield
    finally:
        _current.reset(token)


def allowed_by(rules: Rules, capability: Any, metrics: Collection[Any]) -> Rules:
    """Rules with what a capability, or all metrics of a run, say that they can use."""
    soft = rules.soft_targets or _all_can(takes_soft_targets, capability, metrics)
    raw = rules.not_finite or _all_can(takes_raw_scores, capability, metrics)
    if (soft, raw) == (rules.soft_targets, rules.not_finite):
        return rules
    return replace(rules, soft_targets=soft, not_finite=raw)


def _all_can(can: Any, capability: Any, metrics: Collection[Any]) -> bool:
    return can(capability) or (bool(metrics) and all(map(can, metrics)))
