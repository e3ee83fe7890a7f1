"""Verdicts on values that are given: which values count, what decides, and what never can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.common.columns import Column
from sweeper.comparison.by_datum import DataReader
from sweeper.comparison.coverage import Names, covered
from sweeper.comparison.judged import JudgedModel
from sweeper.comparison.judging import by_names, judge
from sweeper.comparison.measured import Measured
from sweeper.comparison.value_bounds import NO_INTERVAL, bounds_of
from sweeper.messages.requirements import Requirement
from sweeper.report.verdicts import verdict_tables
from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.evidence import Evidence
from sweeper.statistics.shares import share_interval
from sweeper.store import open_store

DAYLIGHT = Requirement("daylight", metric=("accuracy",), minimum=0.9)
NO_READER = DataReader(open_store("nowhere"))
"""No value here has a table by datum, so nothing is read."""


@dataclass(frozen=True)
class Named:
    name: str
    base: str


def named(name: str) -> tuple[Named, ...]:
    return tuple(Named(one, one.partition("[")[0]) for one in name.split(" + ")) if name else ()


def slots_of(places: Sequence[Names]) -> list[Column[tuple[Named, ...]]]:
    return [Column.of(map(named, column)) for column in zip(*places, strict=True)]


def share(hits: int, size: int, names: Names, key: str = "accuracy", **more: object) -> Measured:
    """An accuracy without a table by datum, as stored."""
    interval = share_interval(np.arange(size) < hits)
    evidence = Evidence("share")
    found = Measured(*names, key, hits / size, True, interval, None, evidence, confidence=0.95)
    return replace(found, **more)


def place(dataset: str = "day", model: str = "svm", metric: str = "accuracy", capability: str = "evaluate") -> Names:
    return capability, dataset, model, metric


def judged(
    requirement: Requirement, values: Mapping[Names, Sequence[Measured]], places: Sequence[Names] = ()
) -> tuple[JudgedModel, ...]:
    return judge([requirement], slots_of(places or list(values)), values, NO_READER, {})


def outcomes(requirement: Requirement, values: Mapping[Names, Sequence[Measured]]) -> dict[str, str]:
    return {one.model: one.outcome for one in judged(requirement, values)}


def of_shares(*hits: int, size: int = 1000) -> dict[Names, list[Measured]]:
    """One model, right so often on each of some datasets."""
    places = [place(dataset=f"day{number}") for number in range(len(hits))]
    return {names: [share(number, size, names)] for names, number in zip(places, hits, strict=True)}


# What decides


def test_each_model_has_a_verdict_with_what_it_is_based_on():
    hits = {"good": 990, "bad": 700, "close": 905}
    values = {place(model=model): [share(number, 1000, place(model=model))] for model, number in hits.items()}
    found = {one.model: one for one in judged(DAYLIGHT, values)}
    assert {model: one.outcome for model, one in found.items()} == {
        "good": "met",
        "bad": "not met",
        "close": "undecided",
    }
    (value,) = found["good"].values
    assert (value.value, value.n, value.key) == (0.99, 1000, "accuracy")
    exact = share_interval(np.arange(1000) < 990, Level(0.95, "one"))
    assert value.bound == pytest.approx(exact.low)
    assert found["close"].further is not None
    assert (found["good"].requirement, found["good"].asks) == ("daylight", "accuracy >= 0.9, 95 %")


@given(
    hits=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    limit=st.floats(0.05, 0.95),
    confidences=st.tuples(st.floats(0.51, 0.999), st.floats(0.51, 0.999)).map(sorted),
    at_least=st.booleans(),
)
def test_more_confidence_never_decides_what_was_undecided(
    hits: list[int], limit: float, confidences: list[float], at_least: bool
):
    values = of_shares(*hits, size=60)
    less, more = (outcome_of(values, limit, confidence, at_least) for confidence in confidences)
    assert more in (less, "undecided")


def outcome_of(values: Mapping[Names, Sequence[Measured]], limit: float, confidence: float, at_least: bool) -> str:
    limits = {"minimum": limit} if at_least else {"maximum": limit}
    (one,) = judged(Requirement("r", metric=("accuracy",), confidence=confidence, **limits), values)
    return one.outcome


@given(
    hits=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    limit=st.floats(0.05, 0.95),
    confidence=st.floats(0.51, 0.999),
)
def test_at_least_and_at_most_are_never_both_met_nor_both_missed(hits: list[int], limit: float, confidence: float):
    both = {outcome_of(of_shares(hits[0], size=60), limit, confidence, at_least) for at_least in (True, False)}
    assert both in ({"met", "not met"}, {"undecided"}, {"met", "undecided"}, {"not met", "undecided"})


@given(hits=st.lists(st.integers(0, 60), min_size=1, max_size=4), more=st.integers(0, 60), limit=st.floats(0.05, 0.95))
def test_a_further_dataset_never_makes_a_model_meet_what_it_did_not(hits: list[int], more: int, limit: float):
    before = outcome_of(of_shares(*hits, size=60), limit, 0.95, True)
    after = outcome_of(of_shares(*hits, more, size=60), limit, 0.95, True)
    assert before == "met" or after != "met"


def test_all_datasets_are_needed_and_one_is_enough_to_miss():
    assert outcomes(DAYLIGHT, of_shares(990, 980)) == {"svm": "met"}
    assert outcomes(DAYLIGHT, of_shares(990, 905)) == {"svm": "undecided"}
    assert outcomes(DAYLIGHT, of_shares(990, 905, 700)) == {"svm": "not met"}
    (found,) = judged(DAYLIGHT, of_shares(990, 700))
    assert [(one.dataset, one.outcome) for one in found.values] == [("day0", "met"), ("day1", "not met")]


def test_what_is_left_to_chance_is_divided_only_for_not_met():
    bad = next(hits for hits in range(899, 800, -1) if outcomes(DAYLIGHT, of_shares(hits)) == {"svm": "not met"})
    assert outcomes(DAYLIGHT, of_shares(bad, *[990] * 9)) == {"svm": "undecided"}
    good = next(hits for hits in range(900, 1000) if outcomes(DAYLIGHT, of_shares(hits)) == {"svm": "met"})
    assert outcomes(DAYLIGHT, of_shares(good, *[990] * 9)) == {"svm": "met"}


def test_the_value_itself_decides_where_that_is_asked_for():
    by_value = replace(DAYLIGHT, judge="value")
    assert outcomes(by_value, of_shares(901)) == {"svm": "met"}
    assert outcomes(by_value, of_shares(899)) == {"svm": "not met"}
    bare = {place(): [share(901, 1000, place(), interval=None, evidence=None)]}
    assert outcomes(by_value, bare) == {"svm": "met"}
    assert outcomes(by_value, {place(): [share(1, 1, place(), caveat="data changed since")]}) == {"svm": "undecided"}


# What cannot be judged


def test_without_a_value_it_is_undecided():
    for value in (None, float("nan")):
        assert outcomes(DAYLIGHT, {place(): [share(1, 1, place(), value=value)]}) == {"svm": "undecided"}
    (found,) = judged(DAYLIGHT, {}, [place()])
    assert (found.outcome, found.further, found.reason) == ("undecided", None, "not measured")
    assert found.values[0].value is None


def test_what_became_of_a_run_without_a_value_is_the_reason():
    svm, knn = place(), place(model="knn")
    values = {knn: [share(990, 1000, knn)]}
    ends = {svm: "failed", knn: "failed"}
    found = judge([DAYLIGHT], slots_of([svm, knn]), values, NO_READER, {}, ends)
    assert [(one.model, one.outcome, one.reason) for one in found] == [
        ("svm", "undecided", "failed"),
        ("knn", "met", ""),
    ]
    no_worse = Requirement("no worse", metric=("accuracy",), tolerance=0.1, than_model="svm")
    (found,) = judge([no_worse], slots_of([svm, knn]), values, NO_READER, {}, ends)
    assert found.reason == "svm: failed"


def test_values_of_classes_alone_are_said_to_be_no_value_to_judge():
    names = {"capability": "error_analysis", "dataset": "day", "model": "svm", "metric": None}
    values = by_names([{**names, "key": "recall[3]", "scope": "class"}])
    (found,) = judged(Requirement("recall", key="recall[3]", minimum=0.5), values)
    assert "values of classes and slices alone" in found.reason


@pytest.mark.parametrize("hits", [1000, 0])
def test_a_value_with_a_caveat_is_neither_met_nor_not_met(hits: int):
    caveat = "older: the newest attempt failed"
    (found,) = judged(DAYLIGHT, {place(): [share(hits, 1000, place(), caveat=caveat)]})
    assert (found.outcome, found.reason, found.values[0].value) == ("undecided", caveat, hits / 1000)


def test_one_open_value_of_many_says_which():
    values = {**of_shares(990, 990), place("night"): [share(1, 1, place("night"), value=None)]}
    (found,) = judged(DAYLIGHT, values)
    assert [(one.dataset, one.reason) for one in found.values if one.outcome == "undecided"] == [
        ("night", "not measured")
    ]


# Which values


def area(names: Names, hits: int = 500) -> Measured:
    return share(hits, 1000, names, key="accuracy.area", interval=Interval.none(1000, "no interval is known"))


def test_without_capability_those_count_that_give_the_value_of_the_metric_itself():
    curve = place(capability="robustness")
    values = {place(): [share(990, 1000, place())], curve: [area(curve)]}
    (found,) = judged(DAYLIGHT, values)
    assert (found.outcome, [one.capability for one in found.values]) == ("met", ["evaluate"])


def test_what_failed_of_another_capability_is_not_waited_for():
    curve = place(capability="robustness")
    values = {place(): [share(990, 1000, place())]}
    assert judged(DAYLIGHT, values, [place(), curve])[0].outcome == "met"
    (found,) = judged(DAYLIGHT, {curve: [area(curve)]}, [place(), curve])
    assert [(one.capability, one.reason) for one in found.values] == [("evaluate", "not measured")]


def test_a_second_capability_that_gives_the_value_counts_too():
    again = place(capability="evaluate_again")
    values = {place(): [share(990, 1000, place())], again: [share(700, 1000, again)]}
    assert outcomes(DAYLIGHT, values) == {"svm": "not met"}
    assert outcomes(replace(DAYLIGHT, capability=("evaluate",)), values) == {"svm": "met"}


def test_a_key_names_another_value():
    curve = place(capability="robustness")
    values = {place(): [share(990, 1000, place())], curve: [area(curve)]}
    for metric in (("accuracy",), None):
        (found,) = judged(replace(DAYLIGHT, key="accuracy.area", metric=metric, judge="value"), values)
        assert (found.outcome, found.values[0].place) == ("not met", "accuracy.area on day")
    (found,) = judged(replace(DAYLIGHT, key="accuracy.are"), values)
    assert found.reason == (
        "`key` must name one of its values: accuracy; `key` must name one of its values: accuracy.area"
    )


def test_of_several_values_one_must_be_named():
    rows = [share(990, 1000, place(), key=key) for key in ("map", "map_50")]
    (found,) = judged(DAYLIGHT, {place(): rows})
    assert (found.outcome, found.reason) == ("undecided", "`key` must name one of its values: map, map_50")
    assert judged(replace(DAYLIGHT, key="map_50"), {place(): rows})[0].outcome == "met"
    named_like_it = [*rows, share(700, 1000, place())]
    assert judged(DAYLIGHT, {place(): named_like_it})[0].outcome == "not met"


PLACES = [
    place("digits[limit=200]", "svm[C=1]"),
    place("digits[limit=200]", "svm[C=2]"),
    place("digits_dark", "knn", "ece"),
    place("digits", "svm + knn"),
    ("shift", "digits + digits_dark", "", ""),
]


@pytest.mark.parametrize(
    ("globs", "places"),
    [
        ({"metric": ("accuracy",)}, [0, 1, 3]),
        ({"metric": ("*",)}, [0, 1, 2, 3]),
        ({"key": "mmd"}, [0, 1, 2, 3]),
        ({"metric": ("*",), "dataset": ("digits",)}, [0, 1, 3]),
        ({"metric": ("*",), "dataset": ("digits[limit=200]",)}, [0, 1]),
        ({"metric": ("*",), "dataset": ("digits_*",)}, [2]),
        ({"metric": ("*",), "model": ("svm",)}, [0, 1]),
        ({"metric": ("*",), "model": ("svm[C=1]", "knn")}, [0, 2]),
        ({"metric": ("*",), "model": ("svm + *",)}, [3]),
        ({"metric": ("*",), "than_model": "knn"}, [0, 1, 3]),
    ],
)
def test_globs_are_those_of_the_rules(globs: dict[str, object], places: list[int]):
    requirement = Requirement("r", minimum=0.5, **globs)
    assert covered(requirement, slots_of(PLACES)) == [PLACES[number] for number in places]


# Bounds without a table by datum


def stored(value: float, low: float, high: float, confidence: float | None, evidence: Evidence | None) -> Measured:
    interval = Interval(300, 0.02, low, high, "mean_of_kinds")
    return Measured(*place(), "loss", value, False, interval, None, evidence, confidence=confidence)


def test_those_of_a_share_follow_from_its_value_and_the_number_of_data():
    bounds = bounds_of(share(290, 300, place()), "no table")
    for confidence in (0.9, 0.95, 0.999):
        level = Level(confidence, "one")
        exact = share_interval(np.arange(300) < 290, level)
        assert (bounds(level).low, bounds(level).high) == pytest.approx((exact.low, exact.high))


def test_a_stored_interval_is_taken_where_it_is_as_sure_as_asked():
    bounds = bounds_of(stored(0.5, 0.4, 0.6, 0.95, Evidence("brier")), "no table")
    assert (bounds(Level(0.95, "one")).low, bounds(Level(0.975, "one")).low) == (0.4, 0.4)
    found = bounds(Level(0.98, "one"))
    assert (found.is_known, found.method) == (
        False,
        "none: its interval of 95 % is not sure enough, and a surer one cannot be computed: no table",
    )


def test_what_an_older_version_stored_says_why_it_cannot_be_judged():
    unsure = bounds_of(stored(0.5, 0.4, 0.6, None, None), "no table")(Level(0.9, "one"))
    assert unsure.method.startswith("none: its interval does not say how sure it is, and")
    (found,) = judged(DAYLIGHT, {place(): [share(990, 1000, place(), interval=None, evidence=None)]})
    assert (found.outcome, found.reason) == ("undecided", NO_INTERVAL)


def test_too_few_data_say_so():
    few = Interval.none(12, "3 wrong predictions; at least 5 are needed")
    (found,) = judged(DAYLIGHT, {place(): [share(9, 12, place(), interval=few)]})
    assert (found.outcome, found.reason) == ("undecided", "3 wrong predictions; at least 5 are needed")


# A tolerance


def test_without_data_by_datum_two_models_cannot_be_compared():
    values = {place(model=model): [share(900, 1000, place(model=model))] for model in ("svm", "knn")}
    close = Requirement("close", metric=("accuracy",), tolerance=0.05, than_model="svm")
    (found,) = judged(close, values)
    assert (found.model, found.outcome, found.values[0].other) == ("knn", "undecided", 0.9)
    assert found.reason.startswith("it has no table by datum")
    assert judged(replace(close, judge="value"), values)[0].outcome == "met"


@pytest.mark.parametrize(("higher", "outcome"), [(True, "met"), (False, "not met"), (None, "undecided")])
def test_a_tolerance_goes_in_the_direction_of_the_metric(higher: bool | None, outcome: str):
    close = Requirement("close", metric=("accuracy",), tolerance=0.05, than_model="svm", judge="value")
    hits = {"svm": 800, "knn": 900}
    values = {
        place(model=model): [share(number, 1000, place(model=model), higher_is_better=higher)]
        for model, number in hits.items()
    }
    assert judged(close, values)[0].outcome == outcome


def test_what_is_compared_with_must_be_there_and_sound():
    close = Requirement("close", metric=("accuracy",), tolerance=0.05, than_model="svm", judge="value")
    mine = {place(model="knn"): [share(900, 1000, place(model="knn"))]}
    (found,) = judged(close, mine, [place(model="knn"), place(model="svm")])
    assert (found.outcome, found.reason) == ("undecided", "svm: not measured")
    stale = {**mine, place(model="svm"): [share(900, 1000, place(model="svm"), caveat="data changed since")]}
    assert judged(close, stale)[0].reason == "svm: data changed since"
    past = replace(close, than_model=None, than_sweep="nightly")
    none_yet = judge([past], slots_of(list(mine)), mine, NO_READER, {"nightly": None})
    assert none_yet[0].reason == "sweep nightly: there is none before this one"
    better = {place(model="knn"): [share(990, 1000, place(model="knn"))]}
    assert judge([past], slots_of(list(mine)), mine, NO_READER, {"nightly": better})[0].outcome == "not met"


def test_a_dataset_that_is_not_what_a_requirement_calls_it_is_shown():
    for dataset, shown in (("day", ""), ("day[limit=30]", "day[limit=30]")):
        names = place(dataset)
        (table,) = verdict_tables(judged(replace(DAYLIGHT, dataset=("day",)), {names: [share(990, 1000, names)]}))
        assert [line.place for line in table.lines] == [shown]
