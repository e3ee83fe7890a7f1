"""What a model takes is compared with what a dataset gives, as far as both say it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.checks.fit import Side, misfits, occurring
from sweeper.checks.labels import compare
from sweeper.checks.rules import Rules
from sweeper.common.facts import Facts

NAMES = {0: "cat", 1: "dog", 2: "owl"}
WHOLE = Facts("file", 3, 32, 48, 3, NAMES)
DETECTION = Rules(task="object_detection")


def found(model: Facts, dataset: Facts, rules: Rules = Rules()) -> dict[str, str]:  # noqa: B008 - frozen
    return {one.kind: one.text for one in misfits(Side("net", model), Side("photos", dataset), rules)}


def test_what_is_equal_fits():
    assert found(WHOLE, WHOLE) == {}


ONE_FIELD = [
    ("channels", 1, 3, "channels"),
    ("height", 8, 9, "size"),
    ("width", 8, 9, "size"),
    ("n_classes", 2, 3, "classes"),
    ("class_names", {0: "cat"}, {0: "dog"}, "classes"),
]


@pytest.mark.parametrize(("field", "one", "other", "kind"), ONE_FIELD)
def test_what_one_side_does_not_say_is_not_compared(field: str, one: object, other: object, kind: str):
    said, differently = Facts("a", **{field: one}), Facts("b", **{field: other})
    assert found(said, Facts("b")) == found(Facts("a"), said) == found(said, said) == {}
    assert set(found(said, differently)) == {kind}


def test_each_side_is_named_with_what_it_has():
    told = found(WHOLE, Facts("images", 1, 8, 48, 3, {0: "dog", 1: "cat", 2: "owl"}))
    assert told["channels"] == "the model takes 3 channels, the images have 1."
    assert told["size"] == "the model takes images of 32 x 48 pixels (height x width), and the first image has 8 x 48."
    assert "index 0 is 'dog' in the data and 'cat' to the model; index 1 is 'cat' in the data" in told["classes"]


def test_a_length_that_is_free_is_any():
    told = found(Facts("net", 1, None, 48), Facts("images", 3, 8, 9))
    assert told["channels"].startswith("the model takes 1 channel,")
    assert "any x 48 pixels" in told["size"]
    assert found(Facts("net", height=8), Facts("images", height=8, width=3)) == {}


def test_classes_that_do_not_occur_may_differ():
    dataset = Facts("images", class_names={0: "cat", 1: "dog", 2: "emu"}, occurring=frozenset({0, 1}))
    assert found(WHOLE, dataset) == {}
    assert "index 2 is 'emu' in the data" in found(WHOLE, replace(dataset, occurring=None))["classes"]
    assert "label_space is strict" in found(WHOLE, dataset, Rules(label_space="strict"))["classes"]


def test_the_user_may_have_names_ignored():
    assert found(WHOLE, Facts("images", class_names={0: "dog"}), Rules(label_space="ignore")) == {}


def test_names_differ_by_case_and_numbers_are_no_names():
    assert "classes" in found(WHOLE, Facts("images", class_names={0: "Cat", 1: "dog", 2: "owl"}))
    indices = {index: str(index) for index in range(3)}
    assert found(WHOLE, Facts("images", n_classes=3, class_names=indices)) == {}
    numbers = {0: "10", 1: "20", 2: "30"}
    assert "classes" in found(Facts("net", class_names=numbers), Facts("images", class_names={0: "20", 1: "10"}))


def test_without_names_a_classifier_has_as_many_classes_as_the_data():
    told = found(Facts("net", n_classes=10), Facts("images", n_classes=3, class_names=NAMES))
    assert "'net' gives 10 scores and the targets of dataset 'photos' have 3 entries" in told["classes"]
    assert found(Facts("net", n_classes=3), Facts("images", n_classes=3)) == {}


def test_a_detector_without_names_may_know_more_classes_and_not_fewer():
    assert found(Facts("net", n_classes=80), Facts("images", n_classes=3), DETECTION) == {}
    told = found(Facts("net", n_classes=2), Facts("images", n_classes=3), DETECTION)
    assert told["classes"] == "dataset 'photos' has the class index 2, and model 'net' has 2 classes, counted from 0."
    some = Facts("images", n_classes=3, occurring=frozenset({1}))
    assert found(Facts("net", n_classes=2), some, DETECTION) == {}


names = st.dictionaries(st.integers(0, 4), st.sampled_from(["0", "1", "cat", "dog", "Dog"]), min_size=1)


@given(names, names, st.sampled_from(["strict", "subset", "ignore"]))
def test_what_a_run_would_refuse_of_the_classes_is_refused_before_it(of_model, of_dataset, label_space):
    model, dataset = Facts("net", class_names=of_model), Facts("images", class_names=of_dataset)
    rules = Rules(label_space=label_space, task="object_detection")
    labels = compare({"id": "net", "index2label": of_model}, {"id": "photos", "index2label": of_dataset}, of_dataset)
    if label_space != "ignore" and labels.conflict:
        assert found(model, dataset, rules)["classes"] == labels.conflict
    if label_space == "ignore":
        assert found(model, dataset, rules) == {}


@given(st.frozensets(st.integers(0, 5)), st.integers(0, 6))
def test_what_occurs_is_what_is_known_of_it(known: frozenset[int], number: int):
    assert set(occurring(Facts("", n_classes=number, occurring=known))) == known
    assert set(occurring(Facts("", n_classes=number))) == set(range(number))
