"""A plan in columns says of each combination what would be said of it alone: same items, same order, for any list."""

from __future__ import annotations

import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_decisions import State

from sweeper.planning.combinations import Combinations, Identified, Planned, PlannedItems
from sweeper.planning.decisions import Plan, Policy, SameNames, decide, identify
from sweeper.planning.fingerprint import canonical, digest, fingerprint, fingerprints
from sweeper.planning.policy import Rerun
from sweeper.vocabulary import AXES, Arity, Choice, Combination, Runtime


def choice(axis: str, name: str, number: int, **arity: Arity) -> Choice:
    text = canonical({"_target_": f"{axis}.Part", "number": number})
    return Choice(axis, name, {}, text, digest(text), name, Runtime(arity=arity or None))


def several(axis: str) -> st.SearchStrategy[tuple[Choice, ...]]:
    """Some choices of an axis in any order; `a` and `same_as_a` differ in nothing but their names."""
    made = [choice(axis, name, number) for name, number in (("a", 1), ("b", 2), ("same_as_a", 1))]
    return st.lists(st.sampled_from(made), max_size=3).map(tuple)


CAPABILITIES = [
    choice("capability", name, number, datasets=arity, models=arity, metrics=arity)
    for name, number, arity in (("pairs", 1, Arity.TWO), ("sets", 2, Arity.MANY), ("as_pairs", 1, Arity.TWO))
]
COMBINATIONS = st.lists(
    st.builds(Combination, st.sampled_from(CAPABILITIES), *(several(axis) for axis in AXES[1:])), max_size=8
)


@given(COMBINATIONS)
def test_columns_hold_the_combinations_and_their_fingerprints(plain: list[Combination]):
    columns = Combinations.of(plain)
    assert list(columns) == [columns[place] for place in range(len(plain))] == plain
    assert list(fingerprints(columns)) == [fingerprint(combination) for combination in plain]
    assert set(columns.choices()) == {part for combination in plain for part in combination.choices}
    assert Combinations.joined([columns, columns]) == plain * 2
    assert Combinations.joined([columns, columns]).distinct() == list(dict.fromkeys(plain))


@given(COMBINATIONS)
def test_of_twins_the_first_is_kept_and_the_names_of_the_others_are_told(plain: list[Combination]):
    first: dict[str, Combination] = {}
    same: dict[SameNames, None] = {}
    for combination in plain:
        kept = first.setdefault(fingerprint(combination), combination)
        names = zip(AXES, combination.names, kept.names, strict=True)
        same |= {SameNames(axis, name, other): None for axis, name, other in names if name != other}
    found = identify(plain, "drop")
    assert list(found.pairs) == [(combination, key) for key, combination in first.items()]
    assert (found.dropped, found.same) == (len(plain) - len(first), tuple(same))
    assert list(identify(plain, "keep").pairs) == [(combination, fingerprint(combination)) for combination in plain]


@given(st.data(), COMBINATIONS, st.sampled_from([Rerun.ALL, Rerun.MISSING, Rerun.FAILED]))
def test_each_is_decided_as_it_would_be_alone(data: st.DataObject, plain: list[Combination], rerun: Rerun):
    pairs = [(combination, fingerprint(combination)) for combination in plain]
    known = st.sampled_from([State(True), State(False, "failed"), State(False, "lost")])
    states = data.draw(st.dictionaries(st.sampled_from([key for _, key in pairs]), known) if pairs else st.just({}))
    items = decide(pairs, Policy(rerun), states)
    assert list(items) == [decide([pair], Policy(rerun), states)[0] for pair in pairs]
    plan = Plan(items)
    assert plan.to_run == [item for item in items if item.run]
    assert plan.skipped == sum(not item.run for item in items)
    assert plan.reasons == Counter((item.run, item.reason) for item in items)


@given(COMBINATIONS)
def test_items_become_columns_and_items_again(plain: list[Combination]):
    items = [Planned(combination, fingerprint(combination), len(combination.models) > 1, "so") for combination in plain]
    columns = PlannedItems.of(items)
    assert (columns, list(columns), columns[::-1]) == (items, items, items[::-1])
    assert Identified.of((item.combination, item.fingerprint) for item in items) == [item[:2] for item in items]
    assert Plan(items).reasons == Plan(columns).reasons  # a plain list will do as well


def test_a_plan_can_be_pickled_and_says_briefly_what_it_is():
    items = decide(identify([Combination(CAPABILITIES[0], (), (), ())], "drop").pairs, Policy(), {})
    again = pickle.loads(pickle.dumps(items))
    assert [item.fingerprint for item in again] == [item.fingerprint for item in items]
    assert repr(items) == "<PlannedItems of 1>"
    with pytest.raises(IndexError):
        items[1]
