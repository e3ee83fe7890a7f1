"""Any scikit-learn classification metric as a MAITE metric."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from sweeper.common.default_ids import describe
from sweeper.errors import PartError, near_match
from sweeper.metrics.collected import CollectedMetric

if TYPE_CHECKING:
    import numpy.typing as npt

Takes = Literal["labels", "probabilities", "scores"]
_OF_POSITIVE = frozenset({"y_score", "pred_decision"})
"""What scikit-learn calls the second argument of functions that want, of two classes, the scores of one."""
_RANKINGS = frozenset(
    {"coverage_error", "dcg_score", "label_ranking_average_precision_score", "label_ranking_loss", "ndcg_score"}
)
"""Functions of scikit-learn that want the truth as N x K zeros and ones."""


class SklearnMetric(CollectedMetric):
    """A function `f(y_true, y_pred, **kwargs) -> float` of `sklearn.metrics`, or one with the same signature.

    Parameters
    ----------
    function
        Dotted path, e.g. `sklearn.metrics.f1_score`.
    takes
        What the function gets as `y_pred`: `labels`, the indices of the largest predictions; `probabilities`, the
        N x K predictions, checked to be such; or `scores`, the same as they are, whatever they are, NaN and infinite
        ones too. The latter two come with `labels=[0, ..., K - 1]` where the function has such a parameter, so that a
        class without an image does not shift the columns. Of two classes, a function of scikit-learn that wants the
        scores of the positive one (`roc_auc_score`, `average_precision_score`, ...) gets the column of class
        `pos_label`, which is 1 unless `kwargs` say otherwise.
    kwargs
        Further arguments of the function.
    key
        Name of the value that `compute` gives; by default the function's name.
    higher_is_better
        The direction, for leaderboards.
    id
        Id of the metric; by default the function's name with its arguments.
    soft_targets
        Whether targets may be distributions over the classes, as `CollectedMetric` says.

    Raises
    ------
    PartError
        Where `function` cannot be found or `takes` is not among what is allowed.
    """

    def __init__(
        self,
        function: str,
        *,
        takes: Takes = "labels",
        kwargs: Mapping[str, Any] | None = None,
        key: str | None = None,
        higher_is_better: bool = True,
        id: str | None = None,
        soft_targets: bool = False,
    ) -> None:
        if takes not in get_args(Takes):
            allowed = get_args(Takes)
            raise PartError(f"takes is {takes!r}; allowed: {', '.join(allowed)}.{near_match(str(takes), allowed)}")
        self._function = _find(function)
        self.takes = takes
        self._kwargs = dict(kwargs or {})
        name = function.rpartition(".")[2]
        super().__init__(
            key=key or name,
            id=id or describe(name, **self._kwargs),
            higher_is_better=higher_is_better,
            soft_targets=soft_targets,
        )

    def score(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[Any]) -> float:
        given: Any = self._given(labels, predictions)
        try:
            return float(given)
        except (TypeError, ValueError):
            raise PartError(
                f"Metric {self.metadata['id']}: its function gave a {type(given).__name__}, and one number is needed. "
                "Where the function takes an average, choose one: kwargs: {average: macro}."
            ) from None

    def _given(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[Any]) -> Any:
        if self.takes == "labels":
            return self._function(labels, predictions.argmax(axis=1), **self._kwargs)
        scores = self.probabilities(predictions) if self.takes == "probabilities" else predictions
        classes, arguments = predictions.shape[1], self._kwargs
        if "labels" in inspect.signature(self._function).parameters:
            arguments = {"labels": np.arange(classes), **arguments}
        if _is_one_of(self._function, _RANKINGS):
            return self._function(np.eye(classes, dtype=np.int64)[labels], scores, **arguments)
        if classes == 2 and _takes_positive_column(self._function):
            scores = scores[:, 0 if arguments.get("pos_label") == 0 else 1]
        return self._function(labels, scores, **arguments)


def _is_one_of(function: Any, names: Collection[str]) -> bool:
    return str(getattr(function, "__module__", "")).startswith("sklearn.") and function.__name__ in names


def _takes_positive_column(function: Any) -> bool:
    if not str(getattr(function, "__module__", "")).startswith("sklearn."):
        return False
    names = list(inspect.signature(function).parameters)
    return len(names) > 1 and names[1] in _OF_POSITIVE


def _find(path: str) -> Callable[..., float]:
    module, _, name = path.rpartition(".")
    try:
        home = importlib.import_module(module)
    except (ImportError, ValueError) as error:
        raise PartError(f"Cannot import the metric function {path!r}: {error}.") from error
    function: Any = getattr(home, name, None)
    if callable(function):
        return cast("Callable[..., float]", function)
    raise PartError(f"{module} has no function {name!r}.{near_match(name, dir(home))}")
