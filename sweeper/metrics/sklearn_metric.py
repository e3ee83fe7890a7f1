"""Any scikit-learn classification metric as a MAITE metric."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from sweeper.common.default_ids import describe
from sweeper.common.memory import available_bytes
from sweeper.errors import PartError, near_match
from sweeper.metrics.collected import CollectedMetric
from sweeper.metrics.sklearn_kinds import kind_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.kinds import Kind

Takes = Literal["labels", "probabilities", "scores"]
_POSITIVE_SCORES = frozenset({"y_score", "pred_decision"})
"""Names of the second parameter of functions that, for two classes, take the scores of the positive class only."""
_RANKINGS = frozenset(
    {"coverage_error", "dcg_score", "label_ranking_average_precision_score", "label_ranking_loss", "ndcg_score"}
)
"""Functions of scikit-learn that take the true labels as an N x K array of zeros and ones."""
ARRAYS = 3
"""How many arrays of N x K a function makes: the scores, the true labels in that form, and one on the way."""


class SklearnMetric(CollectedMetric):
    """A metric from a function of `sklearn.metrics`, or from one with the same signature.

    The function is called as `f(y_true, y_pred, **kwargs)` and returns one number.

    Parameters
    ----------
    function
        Dotted path, e.g. `sklearn.metrics.f1_score`.
    takes
        What the function gets as `y_pred`: `labels` are the N indices of the largest predictions, `probabilities` are
        the N x K predictions after a check that they are probabilities, `scores` are the N x K predictions without a
        check, which may be NaN or infinite. With the last two, a function that has a parameter `labels` also gets
        `labels=[0, ..., K - 1]`, so that a class without an image does not shift the columns. For two classes, a
        function of scikit-learn that takes the scores of the positive class (`roc_auc_score`,
        `average_precision_score`, ...) gets the column of the class `pos_label`, which is 1 unless `kwargs` say
        otherwise.
    kwargs
        More arguments of the function.
    key
        Name of the value that `compute` gives. By default it is the name of the function.
    higher_is_better
        Whether a higher value is better, for leaderboards.
    id
        Id of the metric. By default it is the name of the function with its arguments.
    soft_targets
        Whether a target may be a distribution over the classes; see `CollectedMetric`.

    Raises
    ------
    PartError
        `function` cannot be found, `takes` is not one of the allowed words, or, in `compute`, the function does not
        return one number.
    """

    def __init__(
        self,
        function: str,
        *,
        takes: Takes = "labels",
        kwargs: Mapping[str, object] | None = None,
        key: str | None = None,
        higher_is_better: bool = True,
        id: str | None = None,
        soft_targets: bool = False,
    ) -> None:
        if takes not in get_args(Takes):
            allowed = get_args(Takes)
            raise PartError(f"takes is {takes!r}.{near_match(str(takes), allowed)} Allowed: {', '.join(allowed)}.")
        self._function = _find(function)
        self.takes, self._path = takes, function
        self._kwargs = dict(kwargs or {})
        name = function.rpartition(".")[2]
        super().__init__(
            key=key or name,
            id=id or describe(name, **self._kwargs),
            higher_is_better=higher_is_better,
            soft_targets=soft_targets,
        )

    @property
    def needs_probabilities(self) -> bool:
        """As `takes` says."""
        return self.takes == "probabilities"

    def needed(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[np.number]) -> npt.NDArray[np.number]:
        """What the function needs of a batch: B indices of the largest predictions, or B x K predictions.

        The logarithmic loss depends on the probability of the right class alone: B values.
        """
        if self.takes == "labels":
            return predictions.argmax(axis=1)
        return predictions[np.arange(len(labels)), labels] if self._is_log_loss else predictions

    @property
    def _is_log_loss(self) -> bool:
        return (
            self.takes == "probabilities" and _is_one_of(self._function, {"log_loss"}) and "labels" not in self._kwargs
        )

    def score(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[np.number]) -> float:
        """What the function returns for N class indices and what `needed` gives of N predictions."""
        value = self._called(labels, predictions)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise PartError(
                f"Metric {self.metadata['id']}: its function gave a {type(value).__name__}, and one number is needed. "
                "Where the function takes an average, choose one: kwargs: {average: macro}."
            ) from None

    def kind(self) -> Kind | None:
        """What `sweeper.metrics.sklearn_kinds` knows of the function."""
        return kind_of(self._path, self.takes, self._kwargs)

    def _called(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[np.number]) -> float:
        if self.takes == "labels":
            return self._function(labels, predictions, **self._kwargs)
        if self._is_log_loss:  # that of two classes, "right" and "wrong": the same terms
            return self._function(np.ones(len(labels)), predictions, **{"labels": [0, 1], **self._kwargs})
        classes, arguments = predictions.shape[1], self._kwargs
        self._refuse_too_large(predictions)
        if "labels" in inspect.signature(self._function).parameters:
            arguments = {"labels": np.arange(classes), **arguments}
        if _is_one_of(self._function, _RANKINGS):
            return self._function(np.eye(classes, dtype=np.int64)[labels], predictions, **arguments)
        if classes == 2 and _takes_positive_column(self._function):
            predictions = predictions[:, 0 if arguments.get("pos_label") == 0 else 1]
        return self._function(labels, predictions, **arguments)

    def _refuse_too_large(self, predictions: npt.NDArray[np.number]) -> None:
        """Refuse predictions that the function cannot read at once: it makes arrays of 8-byte numbers of that shape."""
        needed, available = ARRAYS * 8 * predictions.size, available_bytes()
        if available is not None and needed > available:
            raise PartError(
                f"Metric {self.metadata['id']} reads all predictions at once: {len(predictions)} data with "
                f"{predictions.shape[1]} classes need about {needed / 2**30:.1f} GiB, and {available / 2**30:.1f} GiB "
                "are free on this machine. Score fewer data, give its worker a machine with more memory, or choose a "
                "metric that reads labels."
            )


def _is_one_of(function: Callable[..., float], names: Collection[str]) -> bool:
    return str(getattr(function, "__module__", "")).startswith("sklearn.") and function.__name__ in names


def _takes_positive_column(function: Callable[..., float]) -> bool:
    if not str(getattr(function, "__module__", "")).startswith("sklearn."):
        return False
    names = list(inspect.signature(function).parameters)
    return len(names) > 1 and names[1] in _POSITIVE_SCORES


def _find(path: str) -> Callable[..., float]:
    module, _, name = path.rpartition(".")
    try:
        home = importlib.import_module(module)
    except (ImportError, ValueError) as error:
        raise PartError(f"Cannot import the metric function {path!r}: {error}.") from error
    function: Callable[..., float] | None = getattr(home, name, None)
    if callable(function):
        return function
    raise PartError(f"{module} has no function {name!r}.{near_match(name, dir(home))}")
