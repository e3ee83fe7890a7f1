"""Any scikit-learn classifier as a MAITE model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks import rules
from sweeper.checks.labels import label_space_of
from sweeper.datasets.arrays import Arrays, as_arrays, numpy_of, unit_range
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, ModelMetadata
    from maite.protocols import image_classification as ic


class SklearnClassifier:
    """A scikit-learn classifier on raw pixels, which is fitted on a training set when the model is built.

    An estimator without `predict_proba`, such as an SVC, is wrapped in `sklearn.calibration.CalibratedClassifierCV`
    with `ensemble=False`, as scikit-learn advises. That is a deterministic sigmoid calibration with five folds.

    Parameters
    ----------
    estimator
        An unfitted classifier or pipeline. It is cloned and never changed. Give it a `random_state` if it takes one.
    train
        MAITE image-classification dataset to fit on. If it has an `index2label`, the model gets the same.
    soft_targets
        Whether a target of the training set may be a distribution over the classes. Its largest entry is then the
        label. Otherwise targets must be one-hot.
    id
        Id of the model. By default it consists of the estimator, as scikit-learn prints it, and the id of the training
        set.

    Raises
    ------
    PartError
        `estimator` is not a classifier, or the training set is empty, has images of different shapes or fewer than two
        classes.
    """

    def __init__(
        self, estimator: object, train: ic.Dataset, *, soft_targets: bool = False, id: str | None = None
    ) -> None:
        from sklearn.base import BaseEstimator, clone, is_classifier

        if not (isinstance(estimator, BaseEstimator) and is_classifier(estimator)):
            raise PartError(
                f"estimator must be a scikit-learn classifier object; got {estimator!r}. "
                "In a config: estimator: {_target_: sklearn.svm.SVC, C: 1.0}."
            )
        with rules.applying(rules.DEFAULTS):  # the rules of a run are about its test data, not about the training data
            data = as_arrays(train, soft_targets=soft_targets)
        self._shape = data.images.shape[1:]
        self._n_classes = data.n_classes
        self._fitted: Any = _with_probabilities(clone(estimator))
        self._fit(data, train.metadata["id"])
        self.label_space = label_space_of(train)
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

    def __call__(self, batch: Sequence[ArrayLike], /) -> Sequence[npt.NDArray[np.float32]]:
        """Class probabilities of a batch of C x H x W images, floats in [0, 1] or integers as `unit_range` scales them.

        Returns
        -------
        Sequence[numpy.ndarray]
            One float32 vector per image, as long as the training targets. A class that the training set lacks has
            probability 0.

        Raises
        ------
        PartError
            An image does not have the shape of the training images.
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
    """The estimator, or if it has no `predict_proba` a calibrated one around it."""
    if hasattr(estimator, "predict_proba"):
        return estimator
    from sklearn.calibration import CalibratedClassifierCV

    # scikit-learn's type stub asks for text here, its documentation for a bool.
    return CalibratedClassifierCV(estimator, ensemble=False)  # pyright: ignore[reportArgumentType]
