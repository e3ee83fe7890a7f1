from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.common.capacity import max_parallel, unschedulable_reason
from sweeper.planning.limits import Defaults, combine
from sweeper.vocabulary import Choice, Combination, Runtime


def combination(*runtimes: Runtime) -> Combination:
    first, *others = [Choice("x", str(i), {}, "{}", "d", str(i), r) for i, r in enumerate(runtimes)]
    return Combination(first, tuple(others), (), ())


def test_each_field_has_its_own_way_to_combine():
    limits = combine(
        combination(
            Runtime(resources={"num_cpus": 0.5, "num_gpus": 0.25}, retries=1, timeout_s=9),
            Runtime(resources={"num_cpus": 0.25, "num_gpus": 0.5, "disk": 1}, retries=3, timeout_s=4),
        ),
        Defaults(retries=2, timeout_s=100),
    )
    assert limits.resources == {"num_cpus": 0.5, "num_gpus": 0.5, "disk": 1}
    assert (limits.retries, limits.timeout_s) == (3, 4)


def test_what_no_part_says_comes_from_the_settings_and_one_cpu():
    limits = combine(combination(Runtime(), Runtime()), Defaults(retries=2, retry_exceptions=True, timeout_s=7))
    assert (limits.resources, limits.retries, limits.retry_exceptions, limits.timeout_s) == (
        {"num_cpus": 1.0},
        2,
        True,
        7,
    )


def test_zero_cpus_is_a_wish_and_not_silence():
    assert (
        combine(combination(Runtime(resources={"num_cpus": 0, "num_gpus": 1})), Defaults()).resources["num_cpus"] == 0
    )


@given(st.lists(st.floats(0, 8), min_size=1, max_size=4))
def test_resources_are_the_maximum_whatever_the_order(amounts: list[float]):
    forward = combine(combination(*(Runtime(resources={"num_gpus": a}) for a in amounts)), Defaults())
    assert forward.resources["num_gpus"] == max(amounts)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"num_cpus": 2}, None),
        ({"num_cpus": 3}, "it needs num_cpus=3 and no node of the cluster has more than 2"),
        ({"num_gpus": 0.25}, "it needs num_gpus=0.25 and no node of the cluster has more than 0"),
        ({"tpu": 1}, "it needs tpu=1 and no node of the cluster has more than 0"),
    ],
)
def test_what_no_cluster_of_that_size_can_give_is_named(wanted, says):
    assert unschedulable_reason(wanted, {"CPU": 2.0}) == says


@pytest.mark.parametrize(
    ("wanted", "fit"),
    [
        ({"num_cpus": 1}, 6),
        ({"num_cpus": 0.5}, 12),
        ({"num_cpus": 3}, 1),
        ({"num_cpus": 0.3}, 19),
        ({"num_gpus": 0.6}, 1),
        ({"num_cpus": 0.1, "num_gpus": 0.1}, 10),
        ({"num_cpus": 1, "num_gpus": 0.25}, 2),
        ({"num_gpus": 0.25}, 4),
        ({"num_cpus": 1, "tpu": 1}, 1),
        ({"num_cpus": 5}, 1),
        ({"num_cpus": 0}, sys.maxsize),
    ],
)
def test_as_many_run_at_once_as_each_node_has_room_for(wanted: dict[str, float], fit: int):
    assert max_parallel(wanted, [{"CPU": 4.0}, {"CPU": 2.0, "GPU": 1.0}]) == fit
