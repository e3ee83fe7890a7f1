"""Which networks the tensors of a file belong to, and for how many classes, decided by their shapes alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import PartError
from sweeper.models.state_dict_match import Architecture, number_of_classes


def shapes(n: int) -> dict[str, tuple[int, ...]]:
    """A small network whose box layer has four rows for each class, and whose count of batches is a single number."""
    return {
        "body.weight": (8, 3, 3, 3),
        "body.num_batches_tracked": (),
        "scores.weight": (n, 8),
        "scores.bias": (n,),
        "boxes.weight": (4 * n, 8),
    }


SMALL = Architecture("small", shapes(2), shapes(3))


@given(st.integers(1, 2000))
def test_the_layers_that_grow_with_the_classes_tell_their_number(n: int):
    assert number_of_classes(SMALL, shapes(n), "w.pt") == n


def test_counts_of_batches_may_be_missing_or_too_many():
    without = {name: shape for name, shape in shapes(5).items() if not name.endswith("tracked")}
    assert number_of_classes(SMALL, without, "w.pt") == 5
    assert number_of_classes(SMALL, {**shapes(5), "more.num_batches_tracked": ()}, "w.pt") == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"body.weight": None}, r"small: body\.weight is missing\. Name the architecture"),
        ({"other.weight": (3,)}, r"other\.weight is not of it"),
        ({"body.weight": (8, 1, 3, 3)}, r"body\.weight \(8 x 1 x 3 x 3, and small has 8 x 3 x 3 x 3\) differs"),
        ({"scores.weight": (7, 9)}, r"scores\.weight \(7 x 9, and small has 2 x 8\) differs"),
        ({"boxes.weight": (21, 8)}, r"boxes\.weight \(21 x 8, and small has 8 x 8\) differs"),
        ({"boxes.weight": (24, 8)}, "its layers are for different numbers of classes"),
        ({"scores.bias": ()}, r"scores\.bias \(a number, and small has 2\) differs"),
    ],
)
def test_what_is_of_another_network_is_told(change: dict[str, tuple[int, ...] | None], said: str):
    given_shapes = {name: shape for name, shape in {**shapes(5), **change}.items() if shape is not None}
    with pytest.raises(PartError, match=rf"^w\.pt is no state dict of small: .*{said}|{said}"):
        number_of_classes(SMALL, given_shapes, "w.pt")


def test_many_differences_are_counted():
    with pytest.raises(PartError, match=r"body\.weight, scores\.weight, scores\.bias and 1 more are missing; a is not"):
        number_of_classes(SMALL, {"a": (1,)}, "w.pt")


def test_names_that_all_begin_alike_are_seen():
    wrapped = {f"module.{name}": shape for name, shape in shapes(5).items()}
    with pytest.raises(PartError, match=r"Its names begin with 'module\.': take it off with prefix: module\.$"):
        number_of_classes(SMALL, wrapped, "w.pt")
