from __future__ import annotations

from collections import defaultdict
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from runner_bench import ONE, choice

from sweeper.planning.combinations import PlannedItems
from sweeper.planning.decisions import Policy, decide, identify
from sweeper.planning.excerpt import excerpt
from sweeper.vocabulary import Choice, Combination, Runtime


def planned(capabilities: int, datasets: int, models: int, metrics: int) -> PlannedItems:
    """A grid, in the order in which sweeps have it."""

    def choices(axis: str, letter: str, count: int) -> list[Choice]:
        names = [f"{letter}{n}" for n in range(count)]
        return [choice(axis, name, "parts.Any", Runtime(arity=ONE), name=name) for name in names]

    axes = [
        choices("capability", "c", capabilities),
        choices("dataset", "d", datasets),
        choices("model", "m", models),
        choices("metric", "k", metrics),
    ]
    combinations = [Combination(c, (d,), (m,), (k,)) for c, d, m, k in product(*axes)]
    return decide(identify(combinations, "keep").pairs, Policy(), {})


def tables(items: PlannedItems) -> dict[tuple[str, str], dict[str, list[str]]]:
    """The models of each dataset, by capability and metric."""
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        capability, dataset, model, metric = item.combination.names
        found[capability, metric][dataset].append(model)
    return found


def test_a_small_plan_is_shown_whole():
    items = planned(1, 2, 3, 2)
    assert excerpt(items, 12) is items


def test_whole_tables_come_first_and_the_last_may_lack_datasets():
    shown = tables(excerpt(planned(2, 3, 2, 2), 16))
    assert [(table, list(datasets)) for table, datasets in shown.items()] == [
        (("c0", "k0"), ["d0", "d1", "d2"]),
        (("c0", "k1"), ["d0", "d1", "d2"]),
        (("c1", "k0"), ["d0", "d1"]),
    ]


def test_where_not_even_one_dataset_fits_nothing_is_shown():
    assert len(excerpt(planned(1, 2, 5, 1), 4)) == 0


@given(*[st.integers(1, 4)] * 4, st.integers(0, 70))
def test_what_is_shown_fits_and_has_all_models_of_each_dataset(c: int, d: int, m: int, k: int, most: int):
    items = planned(c, d, m, k)
    shown = excerpt(items, most)
    assert len(shown) <= most or shown is items
    everything = tables(items)
    assert all(
        models == everything[table][name] for table, some in tables(shown).items() for name, models in some.items()
    )
    places = {item.fingerprint: place for place, item in enumerate(items)}
    order = [places[item.fingerprint] for item in shown]
    assert order == sorted(order)
