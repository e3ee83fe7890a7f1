"""What one run allows its parts to return, and where that is declared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, replace

from sweeper.common.context_value import SetInside
from sweeper.common.pickled_once import PickledOnce

LABEL_SPACES = ("strict", "subset", "ignore")
"""How the names of classes of a model and a dataset are compared, the strictest first; see `checks.labels`."""
DEFAULT_LABEL_SPACE = "subset"
RAW_SCORES = "scores"
"""The value of `takes` of a metric that can use scores as they are, finite or not."""


@dataclass(frozen=True)
class Rules(PickledOnce):
    """The rules of one run.

    Attributes
    ----------
    label_space
        One of `LABEL_SPACES`; `None` for the default, if no choice sets one.
    soft_targets
        Whether a target may be a distribution over the classes instead of one-hot.
    not_finite
        Whether scores may be NaN or infinite.
    task
        The task of the datasets and models, if a choice sets it.
    """

    label_space: str | None = None
    soft_targets: bool = False
    not_finite: bool = False
    task: str | None = None

    @property
    def one_hot(self) -> bool:
        """Whether vectors as targets are those of a classification: always, unless the task is set to another one."""
        return self.task is None or "classification" in self.task


def strictest(label_spaces: Iterable[str | None]) -> str | None:
    """The strictest of the `label_space` settings of several choices; `None` if none is set."""
    return min(filter(None, label_spaces), key=LABEL_SPACES.index, default=None)


def takes_raw_scores(part: object) -> bool:
    """Whether a metric or capability declares by `takes` that it can use scores as they are, finite or not."""
    takes = getattr(part, "takes", None)
    return takes == RAW_SCORES or (isinstance(takes, Collection) and not isinstance(takes, str) and RAW_SCORES in takes)


def takes_soft_targets(part: object) -> bool:
    """Whether a metric or capability declares by `soft_targets` that it can use distributions as targets."""
    return getattr(part, "soft_targets", False) is True


DEFAULTS = Rules()
_current: ContextVar[Rules] = ContextVar("rules", default=DEFAULTS)


def current() -> Rules:
    """The rules of the run that this thread belongs to; the defaults outside of a run."""
    return _current.get()


def applying(rules: Rules) -> SetInside[Rules]:
    """Apply rules to what is done inside."""
    return SetInside(_current, rules)


def allowed_by(rules: Rules, capability: object, metrics: Collection[object]) -> Rules:
    """Rules that also allow what the capability, or all metrics of a run, declare that they can use."""
    soft = rules.soft_targets or _all_can(takes_soft_targets, capability, metrics)
    raw = rules.not_finite or _all_can(takes_raw_scores, capability, metrics)
    if (soft, raw) == (rules.soft_targets, rules.not_finite):
        return rules
    return replace(rules, soft_targets=soft, not_finite=raw)


def _all_can(can: Callable[[object], bool], capability: object, metrics: Collection[object]) -> bool:
    return can(capability) or (bool(metrics) and all(map(can, metrics)))
