"""A grid of which nothing is left is refused, and the message names the rules that left it out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweeper.errors import ConfigError
from sweeper.planning.empty_grid import refuse_empty
from sweeper.planning.grid import Grid, Part, Rule, expand
from sweeper.vocabulary import AXES, Arity, Choice, Runtime

ONE = {"datasets": Arity.ONE, "models": Arity.ONE, "metrics": Arity.ONE}


def part(axis: str, name: str, **runtime: object) -> Part:
    text = f'{{"_target_":"{axis}.{name}"}}'
    made = replace(Runtime(arity=ONE if axis == "capability" else None), **runtime)
    return Part(axis, name, (), {(): Choice(axis, name, {"_target_": f"{axis}.{name}"}, text, text, name, made)})


def grid(**parts: list[Part]) -> Grid:
    """One part on each axis that is not given."""
    return Grid({axis: tuple(parts.get(axis, [part(axis, axis[0])])) for axis in AXES})


def refused(empty: Grid) -> str:
    expansion = expand(empty)
    refuse_empty(empty, expansion, allowed=True)
    with pytest.raises(ConfigError) as error:
        refuse_empty(empty, expansion, allowed=False)
    assert "--allow-empty" in str(error.value)
    return str(error.value)


def test_a_grid_with_something_left_passes():
    refuse_empty(grid(), expand(grid()), allowed=False)


def test_parts_of_unlike_tasks_are_named_by_their_tasks():
    models = [part("model", f"m{i}", task="classification") for i in range(8)]
    message = refused(grid(model=models, metric=[part("metric", "map", task="detection")]))
    assert "Nothing is left to run of 8 combinations. 8 left out by task: " in message
    assert "model m0, model m1, model m2, model m3, model m4, 3 more are for classification" in message
    assert "metric map is for detection." in message


def test_a_capability_that_takes_all_parts_of_its_task_and_finds_none():
    arity = {**ONE, "metrics": Arity.MANY}
    capability = part("capability", "detect", task="detection", arity=arity)
    message = refused(grid(capability=[capability], metric=[part("metric", "acc", task="classification")]))
    assert "capability detect takes metrics for detection, and those selected are for another task" in message


def test_a_capability_that_takes_two_and_finds_one():
    capability = part("capability", "shift", arity={**ONE, "datasets": Arity.TWO})
    assert "1 left out by arity: capability shift takes two datasets, and d is selected." in refused(
        grid(capability=[capability])
    )


def test_rules_are_named_with_their_place_and_what_they_say():
    two = grid(model=[part("model", "m"), part("model", "n")])
    exclude = Rule({"model": ("m", "n"), "dataset": ("d",)}, "exclude[0]")
    assert "2 left out by exclude: they match exclude[0] (model: m | n, dataset: d)." in refused(
        replace(two, exclude=(exclude,))
    )
    only = Rule({"model": ("other*",)}, "only[0]", optional=True)
    assert "2 left out by only: they match none of only[0] (model: other*)." in refused(replace(two, only=(only,)))


def test_several_reasons_are_counted_apart():
    tasks = {"model": [part("model", "m", task="a"), part("model", "n", task="b")], "metric": [part("metric", "k")]}
    mixed = replace(grid(**tasks, dataset=[part("dataset", "d", task="a")]), exclude=(Rule({"model": ("m",)}, "x"),))
    message = refused(mixed)
    assert "Nothing is left to run of 2 combinations. 1 left out by task: " in message
    assert "1 left out by exclude: they match x (model: m)." in message


def test_sub_grids_that_take_in_nothing():
    union = Rule({"model": ("other",)}, "union[0]", optional=True)
    assert "No sub-grid of `union` takes in all that its capability needs." in refused(replace(grid(), union=(union,)))


def test_a_rule_is_not_blamed_for_matching_nothing_where_tasks_left_nothing():
    unlike = grid(model=[part("model", "m", task="a")], metric=[part("metric", "k", task="b")])
    message = refused(replace(unlike, exclude=(Rule({"model": ("m",)}, "exclude[0]"),)))
    assert "exclude" not in message
