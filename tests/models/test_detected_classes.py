"""The labels of a detector and the class indices of a dataset."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import PartError
from sweeper.models.detected_classes import BACKGROUND, DETECTED_NAMES, DetectedClasses, detected_classes


def of(names, count, *, background=True):
    return detected_classes(names, count, starts_with_background=background, source="net of w.pt")


@pytest.mark.parametrize(
    ("names", "count", "background", "by_label"),
    [
        (["cat", "dog"], 3, True, (BACKGROUND, "cat", "dog")),
        ([BACKGROUND, "cat", "dog"], 3, True, (BACKGROUND, "cat", "dog")),
        (["cat", "dog"], 2, False, ("cat", "dog")),
        ([BACKGROUND, "cat"], 2, False, (BACKGROUND, "cat")),
    ],
)
def test_names_are_those_of_all_labels_or_of_all_but_the_background(names, count, background, by_label):
    assert of(names, count, background=background).by_label == by_label


@pytest.mark.parametrize(
    ("names", "count", "background", "said"),
    [
        (["cat", "dog"], 2, True, "for the background and 1 classes, and class_names has 2 names, of which the first"),
        (["cat"], 3, True, "for the background and 2 classes, and class_names has 1 names. Give"),
        ([BACKGROUND, "cat"], 3, True, "has 2 names. Give"),
        (["cat", "dog"], 3, False, "has 3 labels, and class_names has 2. If label 0 is no class"),
        (["cat"], 3, False, "is for 3 classes, and class_names has 1 names"),
    ],
)
def test_other_numbers_of_names_are_refused(names, count, background, said):
    with pytest.raises(PartError, match=rf"^net of w\.pt .*{said}"):
        of(names, count, background=background)


def test_classes_are_numbered_without_labels_that_stand_for_none():
    classes = DetectedClasses((BACKGROUND, "cat", "N/A", "dog"))
    assert classes.names == ("cat", "dog")
    np.testing.assert_array_equal(classes.indices(np.array([3, 1, 2, 0, 1])), [1, 0, -1, -1, 0])
    assert classes.indices(np.empty(0, dtype=np.int64)).shape == (0,)


@given(st.lists(st.sampled_from([BACKGROUND, "N/A", "class"]), min_size=1, max_size=100))
def test_the_index_of_a_label_names_it(kinds):
    labels = [kind if kind != "class" else f"class {label}" for label, kind in enumerate(kinds)]
    classes = DetectedClasses(tuple(labels))
    for label, index in enumerate(classes.indices(np.arange(len(labels)))):
        assert (classes.names[index] == labels[label]) if index >= 0 else labels[label] in (BACKGROUND, "N/A")


def test_a_mapping_may_leave_labels_out(tmp_path):
    by_label = (BACKGROUND, "person", "N/A", "car")
    assert DETECTED_NAMES.read({1: "person", "3": "car"}) == by_label
    path = tmp_path / "names.json"
    path.write_text(json.dumps({"index2label": {"1": "person", "3": "car"}}))
    assert DETECTED_NAMES.read(str(path)) == by_label
    with pytest.raises(ValueError, match="invalid literal"):
        DETECTED_NAMES.read({"one": "person"})
