"""A classifier whose scores stand in the order of classes that the data have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks.numbers import numpy_of
from sweeper.checks.order import ordered_names, positions, unknown
from sweeper.checks.returned import answers
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ModelMetadata
    from maite.protocols import generic as gen


class Reindexed:
    """A MAITE image classifier with its scores moved to other indices, by the names of its classes.

    Classes that the model knows besides come after those that are wanted, in the model's order.

    Parameters
    ----------
    model
        The classifier; its `index2label` names each entry of its answers.
    classes
        The names in the order that is wanted, a mapping from indices to names, or a dataset (or model) whose
        `index2label` is meant.
    id
        Id of the model; by default that of the model that it wraps.

    Raises
    ------
    PartError
        Where the model does not name its classes or lacks one of those wanted.
    """

    def __init__(self, model: gen.Model[Any, Any], classes: Any, *, id: str | None = None) -> None:
        wanted = ordered_names(classes)
        found = positions(model, wanted, "model")
        for name, position in zip(wanted, found, strict=True):
            if position is None:
                raise unknown(name, model, "model")
        first = [position for position in found if position is not None]
        named: dict[int, str] = {int(i): str(name) for i, name in dict(model.metadata.get("index2label", {})).items()}
        rest = [index for index in sorted(named) if index not in first]
        self._model, self._order = model, [*first, *rest]
        self.metadata: ModelMetadata = {
            **model.metadata,
            "id": id or model.metadata["id"],
            "index2label": dict(enumerate([*wanted, *(named[index] for index in rest)])),
        }

    def __call__(self, batch: Sequence[Any], /) -> Sequence[npt.NDArray[Any]]:
        """The model's answers to a batch, each as long as the model's own, in the new order.

        Raises
        ------
        PartError
            Where an answer is no vector over the model's classes.
        """
        given: Any = self._model(batch)
        answers(given, self.metadata["id"], len(batch))
        return [self._moved(numpy_of(answer)) for answer in given]

    def _moved(self, answer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if answer.shape != (len(self._order),):
            raise PartError(
                f"Model {self.metadata['id']} gave an answer of shape {np.shape(answer)}, and its index2label names "
                f"{len(self._order)} classes: only vectors of that length can be reordered."
            )
        return answer[self._order]
