"""The rule that tells some combinations from others holds for just these, and is as short as it can be."""

from __future__ import annotations

from itertools import product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sweeper.messages.narrowing import rule_for
from sweeper.vocabulary import NAME_SEPARATOR

EVERY = list(product(["evaluate", "shift"], ["digits", "dark"], ["svm", "knn"], ["f1", "ece"]))


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        ([names for names in EVERY if names[2] == "svm"], "{model: svm}"),
        ([names for names in EVERY if names[1] == "dark"], "{dataset: dark}"),
        ([names for names in EVERY if names[1:3] == ("dark", "svm")], "{model: svm, dataset: dark}"),
        ([EVERY[0]], "{model: svm, dataset: digits, capability: evaluate, metric: f1}"),
        ([EVERY[0], EVERY[-1]], None),
    ],
)
def test_the_shortest_rule_is_found(wanted: list[tuple[str, ...]], rule: str | None):
    assert rule_for(wanted, set(EVERY) - set(wanted)) == rule


def test_names_are_quoted_and_an_axis_without_parts_is_not_named():
    wanted = [("quality", "a, b", "", "")]
    assert rule_for(wanted, [("quality", "c", "", "")]) == '{dataset: "a, b"}'
    assert rule_for(wanted, [("quality", "a, b", "svm", "f1")]) is None


def test_names_of_several_parts_take_in_combinations_of_these_parts():
    apart = [("evaluate", "digits", "svm", "f1"), ("evaluate", "dark", "svm", "f1")]
    together = [("shift", NAME_SEPARATOR.join(["digits", "dark"]), "svm", "f1")]
    assert rule_for(apart, together) == "{capability: evaluate}"
    told = rule_for(together, apart)
    assert told is not None
    assert yaml.safe_load(told) == {"dataset": together[0][1]}


def test_a_rule_of_many_names_is_none():
    wanted = [("evaluate", f"d{number}", "svm", "f1") for number in range(20)]
    assert rule_for(wanted, [("evaluate", "other", "svm", "f1")]) is None


@given(st.sets(st.sampled_from(EVERY), min_size=1))
def test_a_rule_holds_for_all_that_are_wanted_and_for_no_other(wanted: set[tuple[str, ...]]):
    rule = rule_for(sorted(wanted), set(EVERY) - wanted)
    if rule is None:
        return
    said = {axis: [names] if isinstance(names, str) else names for axis, names in yaml.safe_load(rule).items()}
    axes = ("capability", "dataset", "model", "metric")
    assert {n for n in EVERY if all(n[axes.index(axis)] in names for axis, names in said.items())} == wanted
