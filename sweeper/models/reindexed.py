"""A classifier with its scores in another order of the classes, such as that of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sweeper.checks.numbers import numpy_of
from sweeper.checks.order import order_beforehand, ordered_names, positions, unknown
from sweeper.checks.returned import answers
from sweeper.common.facts import Facts, facts_of
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, ModelMetadata
    from maite.protocols import image_classification as ic

    from sweeper.common.maite_types import ClassOrder


class Reindexed:
    """A MAITE image classifier with its scores moved to other indices, by the names of its classes.

    Other classes of the model come after the wanted ones, in the order of the model.

    Parameters
    ----------
    model
        The classifier. Its `index2label` names each entry of its predictions.
    classes
        The class names in the wanted order, a mapping from indices to names, or a dataset (or model) whose
        `index2label` is used.
    id
        Id of the model; by default that of the model that it wraps.

    Raises
    ------
    PartError
        The model does not name its classes, or it lacks one of the wanted classes.
    """

    def __init__(self, model: ic.Model, classes: ClassOrder, *, id: str | None = None) -> None:
        wanted = ordered_names(classes)
        first: list[int] = []
        for name, position in zip(wanted, positions(model, wanted, "model"), strict=True):
            if position is None:
                raise unknown(name, model, "model")
            first.append(position)
        named = {int(i): str(name) for i, name in dict(model.metadata.get("index2label", {})).items()}
        rest = [index for index in sorted(named) if index not in first]
        self._model, self._order = model, [*first, *rest]
        self.metadata: ModelMetadata = {
            **model.metadata,
            "id": id or model.metadata["id"],
            "index2label": dict(enumerate([*wanted, *(named[index] for index in rest)])),
        }

    @classmethod
    def facts(cls, model: object, classes: object, **_: object) -> Facts:
        """Those of the model, its classes in the other order; without names if `classes` is a part without facts.

        Raises
        ------
        PartError
            `classes` does not name every class once.
        """
        inner, names = facts_of(model), order_beforehand(classes)
        if names is None or inner.class_names is None:
            return replace(inner, class_names=None)
        rest = [name for _, name in sorted(inner.class_names.items()) if name not in names]
        return replace(inner, class_names=dict(enumerate([*names, *rest])))

    def __call__(self, batch: Sequence[ArrayLike], /) -> Sequence[npt.NDArray[np.generic]]:
        """The model's predictions for a batch of C x H x W images, in the new order of the classes.

        Each one has the length and the dtype of the model's own prediction.

        Raises
        ------
        PartError
            A prediction is not a vector over the model's classes.
        """
        predictions = self._model(batch)
        answers(predictions, self.metadata["id"], len(batch))
        return [self._reordered(numpy_of(prediction)) for prediction in predictions]

    def _reordered(self, prediction: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        if prediction.shape != (len(self._order),):
            raise PartError(
                f"Model {self.metadata['id']} gave a prediction of shape {prediction.shape}, and its index2label names "
                f"{len(self._order)} classes: only vectors of that length can be reordered."
            )
        return prediction[self._order]
