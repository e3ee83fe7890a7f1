"""The scikit-learn model gives probabilities in the order of the classes, the same ones every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maite.protocols import generic as gen
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from sweeper.datasets import ArrayDataset, Digits
from sweeper.errors import PartError
from sweeper.models import SklearnClassifier

NAMES = {0: "dark", 1: "gray", 2: "bright"}


def levels(labels, *, seed=0, names=NAMES):
    """Images whose brightness is their label."""
    labels = np.asarray(labels)
    noise = np.random.default_rng(seed).normal(0, 0.02, (len(labels), 1, 2, 2))
    return ArrayDataset(labels[:, None, None, None] / 2 + noise, labels, index2label=names, id=f"levels{seed}")


@pytest.fixture(scope="module")
def digits_model():
    return SklearnClassifier(LogisticRegression(max_iter=1000), Digits("train"))


def test_is_a_maite_model(digits_model):
    assert isinstance(digits_model, gen.Model)
    assert digits_model.metadata == {
        "id": "LogisticRegression(max_iter=1000) on digits[train]",
        "index2label": {i: str(i) for i in range(10)},
    }


def test_gives_a_distribution_per_image(digits_model):
    answers = digits_model([Digits()[i][0] for i in range(5)])
    assert len(answers) == 5
    assert {(a.shape, a.dtype) for a in answers} == {((10,), np.dtype(np.float32))}
    np.testing.assert_allclose(np.sum(answers, axis=1), 1, rtol=1e-6)
    assert np.min(answers) >= 0


def test_learns_the_digits(digits_model):
    test = Digits()
    assert (np.argmax(digits_model(list(test.images)), axis=1) == test.labels).mean() == pytest.approx(0.97, abs=0.01)


def test_takes_lists_and_bytes_as_well(digits_model):
    image = Digits()[0][0]
    from_floats = digits_model([image])[0]
    np.testing.assert_allclose(digits_model([image.tolist()])[0], from_floats, rtol=1e-6)
    from_bytes = digits_model([np.rint(image * 255).astype(np.uint8)])[0]
    np.testing.assert_allclose(from_bytes, from_floats, atol=0.02)


def test_an_empty_batch_gives_no_answer(digits_model):
    assert list(digits_model([])) == []


@settings(max_examples=20, deadline=None)
@given(st.sets(st.sampled_from([0, 1, 2]), min_size=2))
def test_columns_are_class_indices_even_where_training_lacks_a_class(kept):
    model = SklearnClassifier(GaussianNB(), levels(sorted(kept) * 10))
    answers = np.stack(model(list(levels(sorted(kept), seed=1).images)))
    assert answers.shape == (len(kept), 3)
    assert answers.argmax(axis=1).tolist() == sorted(kept)
    for missing in {0, 1, 2} - kept:
        assert (answers[:, missing] == 0).all()


def test_an_estimator_without_probabilities_is_calibrated():
    answers = SklearnClassifier(SVC(), Digits("train"))(list(Digits().images))
    np.testing.assert_allclose(np.sum(answers, axis=1), 1, rtol=1e-5)
    assert (np.argmax(answers, axis=1) == Digits().labels).mean() > 0.97


@pytest.mark.parametrize("estimator", [SVC(), KNeighborsClassifier(), LogisticRegression(max_iter=1000)])
def test_training_is_deterministic(estimator):
    batch = list(Digits().images[:20])
    first, second = (np.stack(SklearnClassifier(estimator, Digits("train"))(batch)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_estimator_that_is_given_stays_unfitted():
    estimator = GaussianNB()
    SklearnClassifier(estimator, levels([0, 1, 2] * 5))
    assert not hasattr(estimator, "classes_")


def test_ids_tell_specs_apart():
    data = levels([0, 1, 2] * 5)
    ids = [SklearnClassifier(e, data).metadata["id"] for e in (GaussianNB(), GaussianNB(var_smoothing=0.1))]
    assert ids == ["GaussianNB() on levels0", "GaussianNB(var_smoothing=0.1) on levels0"]
    assert SklearnClassifier(GaussianNB(), data, id="mine").metadata["id"] == "mine"


@pytest.mark.parametrize("estimator", [LinearRegression(), GaussianNB, "svm"])
def test_what_is_no_classifier_is_refused(estimator):
    with pytest.raises(PartError, match="scikit-learn classifier object"):
        SklearnClassifier(estimator, levels([0, 1]))


def test_one_class_is_not_enough():
    with pytest.raises(PartError, match="one class only"):
        SklearnClassifier(GaussianNB(), levels([1, 1, 1]))


def test_images_of_another_shape_are_refused(digits_model):
    with pytest.raises(PartError, match=r"\(1, 8, 8\); got \(1, 4, 4\)"):
        digits_model([np.zeros((1, 4, 4))])
