from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st
from test_decisions import choice

from sweeper.planning.combinations import Planned
from sweeper.planning.order import WorkGroup, order, order_beside, work_groups
from sweeper.store import AttemptState
from sweeper.vocabulary import Combination


def plan(models: Sequence[str], datasets: Sequence[str], metrics: Sequence[str] = ("f1",)) -> list[Planned]:
    """A grid in the order of a plan, with one object per choice, as the grid shares them."""
    evaluate = choice("capability", "evaluate")
    axes = [[choice(axis, name) for name in names] for axis, names in (("dataset", datasets), ("model", models))]
    scores = [choice("metric", name) for name in metrics]
    grid = [Combination(evaluate, (d,), (m,), (k,)) for d, m, k in product(*axes, scores)]
    return [Planned(combination, combination.label(), True, "") for combination in grid]


def ended(items: Sequence[Planned], runs: dict[str, float], inferences: dict[str, float]) -> dict[str, AttemptState]:
    """What is known where the first combination of each of these models completed."""
    first = {model_of(item): item for item in reversed(items)}
    return {
        first[model].fingerprint: AttemptState(True, "completed", duration_s=s, inference_s=inferences.get(model))
        for model, s in runs.items()
    }


def model_of(item: Planned) -> str:
    return item.combination.models[0].name


def names(items: Sequence[Planned]) -> list[str]:
    """Model and dataset of each, once where several follow each other."""
    said = [f"{model_of(item)} {item.combination.datasets[0].name}" for item in items]
    return [name for name, before in zip(said, [None, *said], strict=False) if name != before]


def test_what_shares_a_model_and_a_dataset_follows_each_other_and_models_follow_each_other():
    items = plan(["a", "b"], ["x", "y"], metrics=["f1", "ece"])
    assert names(order(work_groups(items, {}), 1)) == ["a x", "a y", "b x", "b y"]


def test_each_of_two_workers_meets_one_model_after_another():
    items = plan(["a", "b", "c", "d"], ["x", "y", "z"])
    out = names(order(work_groups(items, {}), 2))
    assert out == ["a x", "b x", "a y", "b y", "a z", "b z", "c x", "d x", "c y", "d y", "c z", "d z"]


def test_a_model_with_more_than_its_share_is_spread_over_the_workers():
    items = plan(["a"], ["w", "x", "y", "z"])
    assert names(order(work_groups(items, {}), 2)) == ["a w", "a y", "a x", "a z"]


def test_the_longest_starts_first_and_its_inference_counts_once_for_all_that_read_it():
    items = plan(["quick", "scored", "inferred"], ["x"], metrics=["f1", "ece", "brier"])
    known = ended(items, {"quick": 1.0, "scored": 2.0, "inferred": 1.0}, {"inferred": 2.0, "quick": 0.5})
    work = work_groups(items, known)
    assert [group.seconds for group in work] == [3.5, 6.0, 5.0]
    assert names(order(work, 1)) == ["scored x", "inferred x", "quick x"]


def test_what_is_known_of_combinations_that_do_not_run_counts_and_they_do_not_go_out():
    items = plan(["quick", "slow"], ["x", "y"])
    known = ended(items, {"quick": 1.0, "slow": 9.0}, {})
    left = [item._replace(run=item.fingerprint not in known) for item in items]
    assert names(order(work_groups(left, known), 1)) == ["slow y", "quick y"]


def test_a_model_of_which_nothing_is_known_is_taken_to_last_as_long_as_the_others():
    items = plan(["new", "quick", "slow"], ["x"])
    work = work_groups(items, ended(items, {"quick": 1.0, "slow": 9.0}, {}))
    assert [group.seconds for group in work] == [5.0, 1.0, 9.0]


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.integers(1, 7), st.data())
def test_everything_goes_out_once_in_whole_groups_however_many_workers(
    models: int, datasets: int, metrics: int, workers: int, data: st.DataObject
):
    items = plan(*([f"{axis}{i}" for i in range(n)] for axis, n in (("m", models), ("d", datasets), ("k", metrics))))
    seconds = st.floats(0, 1e6, allow_nan=False)
    work = [WorkGroup(group.items, data.draw(seconds)) for group in work_groups(items, {})]
    out = order(work, workers)
    assert sorted(map(id, out)) == sorted(map(id, items))
    assert len(names(out)) == models * datasets


@given(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6))
def test_each_model_has_one_worker_where_they_divide_evenly(each: int, datasets: int, workers: int):
    """Workers that take what comes next, each pass as long as the others."""
    items = plan([f"m{i}" for i in range(each * workers)], [f"d{i}" for i in range(datasets)])
    out = order(work_groups(items, {}), workers)
    assert len({(number % workers, model_of(item)) for number, item in enumerate(out)}) == each * workers


def test_sweeps_at_the_same_time_begin_at_different_places_and_share_inferences_as_before():
    items = plan("abcdefgh", "stuvwxyz", metrics=["f1", "ece", "loss"])
    work = work_groups(items, {})
    orders = [order_beside(work, 2, place, f"sweep {place}") for place in range(4)]
    assert all(sorted(i.fingerprint for i in one) == sorted(i.fingerprint for i in items) for one in orders)
    assert all(len(names(one)) == 64 for one in orders)
    assert all(not {*names(a)[:16]} & {*names(b)[:16]} for a, b in combinations(orders, 2))


def test_the_first_of_several_sweeps_goes_from_the_front_and_the_second_from_the_back():
    work = work_groups(plan("abcdefgh", "stuvwxyz"), {})
    alone = names(order(work, 2))
    for place, expected in ((0, alone), (1, alone[::-1])):
        found = names(order_beside(work, 2, place, "seed"))
        assert all({*found[at : at + 16]} == {*expected[at : at + 16]} for at in range(0, 64, 16))
    assert order_beside(work, 2, 0, "seed") == order_beside(work, 2, 0, "seed")
    assert len({tuple(names(order_beside(work, 2, 0, f"sweep {i}"))) for i in range(8)}) == 8
