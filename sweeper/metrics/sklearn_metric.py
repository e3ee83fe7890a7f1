"""Any scikit-learn classification metric as a MAITE metric."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from sweeper.errors import PartError, near_match
from sweeper.identifiers import describe
from sweeper.metrics.collected import CollectedMetric

if TYPE_CHECKING:
    import numpy.typing as npt

Takes = Literal["labels", "probabilities"]


class SklearnMetric(CollectedMetric):
    """A function `f(y_true, y_pred, **kwargs) -> float` of `sklearn.metrics`, or one with the same signature.

    Parameters
    ----------
    function
        Dotted path, e.g. `sklearn.metrics.f1_score`.
    takes
        What the function gets as `y_pred`: `labels`, the indices of the largest predictions, or `probabilities`, the
        N x K predictions (checked), with `labels=[0, ..., K - 1]` where the function has such a parameter, so that a
        class without an image does not shift the columns.
    kwargs
        Further arguments of the function.
    key
        Name of the value that `compute` gives; by default the function's name.
    higher_is_better
        The direction, for leaderboards.
    id
        Id of the metric; by default the function's name with its arguments.

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
    ) -> None:
        if takes not in get_args(Takes):
            raise PartError(f"takes is {takes!r}; allowed: labels, probabilities.{near_match(takes, get_args(Takes))}")
        self._function = _find(function)
        self._takes = takes
        self._kwargs = dict(kwargs or {})
        name = function.rpartition(".")[2]
        super().__init__(key=key or name, id=id or describe(name, **self._kwargs), higher_is_better=higher_is_better)

    def score(self, labels: npt.NDArray[np.int64], predictions: npt.NDArray[Any]) -> float:
        if self._takes == "labels":
            return self._function(labels, predictions.argmax(axis=1), **self._kwargs)
        arguments = self._kwargs
        if "labels" in inspect.signature(self._function).parameters:
            arguments = {"labels": np.arange(predictions.shape[1]), **self._kwargs}
        return self._function(labels, self.probabilities(predictions), **arguments)


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
