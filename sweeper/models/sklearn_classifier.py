"""Any scikit-learn classifier as a MAITE model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks import rules
from sweeper.checks.labels import space_of
from sweeper.datasets.arrays import Arrays, as_arrays, numpy_of, unit_range
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ModelMetadata
    from maite.protocols import generic as gen


class SklearnClassifier:
    """A scikit-learn classifier on raw pixels, fitted on a training set when it is loaded.

    An estimator without `predict_proba` (an SVC, say) is wrapped in `sklearn.calibration.CalibratedClassifierCV` with
    `ensemble=False`, as scikit-learn advises: five-fold sigmoid calibration, deterministic.

    Parameters
    ----------
    estimator
        An unfitted classifier or pipeline; it is cloned, never changed. Give it a `random_state` where it takes one.
    train
        MAITE image-classification dataset to fit on. Its `index2label`, where it has one, becomes the model's.
    soft_targets
        Whether targets of the training set may be distributions over the classes, of which the largest entry is the
        label; without it they must be one-hot.
    id
        Id of the model; by default the estimator as scikit-learn prints it, and the id of the training set.

    Raises
    ------
    PartError
        Where `estimator` is no classifier, or the training set is empty, ragged or has fewer than two classes.
    """

    def __init__(
        self, estimator: Any, train: gen.Dataset[Any, Any, Any], *, soft_targets: bool = False, id: str | None = None
    ) -> None:
        from sklearn.base import BaseEstimator, clone, is_classifier

        if not (isinstance(estimator, BaseEstimator) and is_classifier(estimator)):
            raise PartError(
                f"estimator must be a scikit-learn classifier object; got {estimator!r}. "
                "In a config: estimator: {_target_: sklearn.svm.SVC, C: 1.0}."
            )
        with rules.under(rules.DEFAULTS):  # what a run says of its test data says nothing of these
            data = as_arrays(train, soft_targets=soft_targets)
        self._shape = data.images.shape[1:]
        self._n_classes = data.n_classes
        self._fitted = _with_probabilities(clone(estimator))
        self._fit(data, train.metadata["id"])
        self.label_space = space_of(train)
        self.metadata: ModelMetadata = {
            "id": id or f"{' '.join(repr(estimator).split())} on {train.metadata['id']}",
            "index2label": train.metadata.get("index2label", {i: str(i) for i in range(data.n_classes)}),
        }

    def _fit(self, data: Arrays, train_id: str) -> None:
        seen = np.unique(data.labels)
        if len(seen) < 2:
            raise PartError(f"Training set {train_id} has one class only (index {seen[0]}); a classifier needs two.")
        self._fitted.fit(_features(data.images), data.labels)
        self._columns = np.asarray(self._fitted.classes_, dtype=np.int64)

    def __call__(self, batch: Sequence[Any], /) -> Sequence[npt.NDArray[np.float32]]:
        """Class probabilities of a batch of C x H x W images.

        Returns
        -------
        Sequence[numpy.ndarray]
            One float32 vector per image, as long as the training targets; a class that the training set lacks has
            probability 0.

        Raises
        ------
        PartError
            Where an image's shape is not that of the training images.
        """
        images = [numpy_of(image) for image in batch]
        if not images:
            return []
        for image in images:
            if image.shape != self._shape:
                raise PartError(
                    f"{self.metadata['id']} takes images of shape {self._shape}; got {image.shape}. "
                    "Resize the dataset to the training images."
                )
        probabilities = np.zeros((len(images), self._n_classes), dtype=np.float32)
        probabilities[:, self._columns] = self._fitted.predict_proba(_features(unit_range(np.stack(images))))
        return list(probabilities)


def _features(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return images.reshape(len(images), -1)


def _with_probabilities(estimator: Any) -> Any:
    if hasattr(estimator, "predict_proba"):
        return estimator
    from sklearn.calibration import CalibratedClassifierCV

    # scikit-learn's own stub wants text here; its documentation wants a truth value.
    return CalibratedClassifierCV(estimator, ensemble=False)  # pyright: ignore[reportArgumentType]
