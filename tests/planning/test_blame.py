"""Whom failures that look alike are held against, whatever order results come in."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_decisions import choice

from sweeper.messages.causes import same_error
from sweeper.planning.blame import Blame, Blamed, Part, Suspects, parts
from sweeper.vocabulary import Choice, Combination

LIMIT = 5
SIZES = {"capability": "XY", "dataset": "pqr", "model": "ABC", "metric": "kl"}


def grid(capability: str = "X", dataset: str = "p", model: str = "A", metric: str = "k") -> list[Combination]:
    """One choice for each letter, crossed so that what has a model and a dataset in common follows each other."""
    axes = [[choice(axis, letter) for letter in letters] for axis, letters in
            (("model", model), ("dataset", dataset), ("capability", capability), ("metric", metric))]  # fmt: skip
    return [Combination(c, (d,), (m,), (k,)) for m, d, c, k in product(*axes)]


def run(order: list[Combination], culprits: Suspects, limit: int = LIMIT) -> tuple[list[Combination], list[Blamed]]:
    """Try one after the other; those with all culprits fail alike. What was left out, and who was blamed."""
    blame, blamed, left_out = Blame(), list[Blamed](), list[Combination]()
    for combination in order:
        if any(found.suspects <= parts(combination) for found in blamed):
            left_out.append(combination)
        elif culprits <= parts(combination):
            found = blame.failed(combination, "ValueError: no", limit)
            blamed += [found] if found else []
        else:
            blame.completed(combination)
    return left_out, blamed


def suspects(*named: str) -> Suspects:
    """Parts by their letters."""
    axis_of = {letter: axis for axis, letters in SIZES.items() for letter in letters}
    return frozenset((axis_of[name], name) for name in named)


def failed(order: list[Combination], culprits: Suspects) -> int:
    """How many were tried and failed before the rest was left out."""
    left_out, _ = run(order, culprits)
    return sum(culprits <= parts(c) for c in order) - len(left_out)


def broken_model(model: str) -> Suspects:
    return frozenset({("model", model)})


@pytest.mark.parametrize(("datasets", "metrics"), [(72, 1), (1, 72), (9, 8), (8, 9), (24, 3), (2, 36)])
def test_seventy_two_combinations_of_a_broken_model_end_after_five_or_the_one_more_that_tells_it_from_its_dataset(
    datasets: int, metrics: int
):
    letters = "".join(chr(200 + i) for i in range(72))
    order = grid(model="AB", dataset=letters[:datasets], metric=letters[:metrics])
    left_out, _ = run(order, broken_model("A"))
    assert 72 - len(left_out) in (5, 6)
    assert all(("model", "A") in parts(combination) for combination in left_out)


def test_a_broken_capability_blames_no_model():
    order = grid(capability="XY", model="ABC", dataset="pqr", metric="kl")
    left_out, blamed = run(order, suspects("X"))
    assert blamed[-1].suspects == suspects("X")
    assert all(("capability", "X") in parts(combination) for combination in left_out)
    assert failed(order, suspects("X")) <= LIMIT + 2


def test_models_that_lack_the_same_thing_are_no_fault_of_what_they_share():
    order = grid(model="ABC", dataset="p", metric="".join(chr(300 + i) for i in range(8)))
    blame, blamed = Blame(), list[Blamed]()
    for combination in order:
        if combination.models[0].name != "C" and not any(b.suspects <= parts(combination) for b in blamed):
            found = blame.failed(combination, "ModuleNotFoundError: No module named 'xgboost'", LIMIT)
            blamed += [found] if found else []
    assert {name for b in blamed for axis, name in b.suspects if axis == "model"} == {"A", "B"}
    assert all(any(axis == "model" for axis, _ in b.suspects) for b in blamed)


def test_one_that_completes_in_between_starts_the_count_anew():
    (first, *others) = grid(dataset="pqrstuvw")
    blame = Blame()
    assert [blame.failed(c, "e", 5) for c in others[:4]] == [None] * 4
    blame.completed(first)
    assert [blame.failed(c, "e", 5) for c in others[:4]] == [None] * 4
    assert blame.failed(others[4], "e", 5) is not None


def test_another_error_in_between_starts_the_count_anew():
    order = grid(dataset="pqrstuvwxyz")
    blame = Blame()
    errors = ["e", "e", "e", "e", "f", "e", "e", "e", "e"]
    assert [blame.failed(c, e, 5) for c, e in zip(order, errors, strict=False)] == [None] * 9
    assert blame.failed(order[9], "e", 5) is not None


def test_many_variants_that_fail_alike_end_their_choice_and_one_that_completes_keeps_it():
    def variants(count: int) -> list[Combination]:
        made = [choice("model", f"svm[C={i}]") for i in range(count)]
        named = [Choice(m.axis, m.name, m.spec, m.canonical, m.digest, "svm") for m in made]
        return [c._replace(models=(model,)) for model in named for c in grid()]

    order = [*variants(20), *grid(model="B")]
    left_out, blamed = run(order, frozenset({("model", "svm")}))
    assert len(left_out) == 15
    assert blamed[0].named(frozenset({("dataset", "p"), ("capability", "X"), ("metric", "k")})) == "model svm"
    only_one = frozenset({("model", "svm[C=3]"), ("model", "svm")})
    assert run(order, only_one) == ([], [])


def test_a_dataset_among_several_is_blamed_by_itself():
    datasets = [choice("dataset", letter) for letter in "pqrstuvw"]
    (only,) = grid()
    order = [only._replace(datasets=(a, b)) for a in datasets for b in datasets if a is not b]
    left_out, blamed = run(order, frozenset({("dataset", "p")}))
    assert blamed[-1].suspects >= {("dataset", "p")}
    assert left_out
    assert all(("dataset", "p") in parts(c) for c in left_out)


culprits = st.sets(st.sampled_from(sorted(parts(grid()[0]))), min_size=1, max_size=3)


@given(st.data(), st.integers(1, 6))
def test_in_every_order_only_what_has_all_culprits_is_left_out(data: st.DataObject, limit: int):
    order = data.draw(st.permutations(grid(**SIZES)))
    guilty: frozenset[Part] = frozenset(data.draw(culprits))
    left_out, blamed = run(order, guilty, limit)
    assert all(guilty <= parts(combination) for combination in left_out)
    assert all(guilty <= found.suspects for found in blamed)


@given(st.data())
def test_one_broken_choice_is_found_out_in_every_order(data: st.DataObject):
    everything = grid(capability="XY", dataset="pqrs", model="ABC", metric="klmn")
    guilty = frozenset({data.draw(st.sampled_from([("model", "A"), ("dataset", "p"), ("metric", "k")]))})
    order = data.draw(st.permutations(everything))
    left_out, blamed = run(order, guilty)
    assert guilty in [found.suspects for found in blamed]
    assert len(left_out) >= len(everything) / 4 - 3 * LIMIT


@given(st.permutations(grid(capability="X", dataset="pqr", model="ABC", metric="kl")))
def test_what_fails_for_reasons_of_its_own_each_time_blames_nobody(order: list[Combination]):
    blame = Blame()
    assert [blame.failed(c, f"ValueError: {i}", LIMIT) for i, c in enumerate(order)] == [None] * len(order)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("batch 3 has 17 rows", "batch 4 has 9 rows"),
        ("cannot open /tmp/a1/weights.pt", "cannot open ./b/weights.pt"),
        ("<Net object at 0x7f00a1>", "<Net object at 0x7f99ff>"),
        ("run 1f4c3b2a-77aa of A", "run 99aa3b2a-77ab of A"),
        ("s3://bucket/a not found", "s3://bucket/b not found"),
        ("-0.5 is no probability", "-1.75 is no probability"),
    ],
)
def test_errors_are_the_same_whatever_numbers_ids_and_paths_they_name(one: str, other: str):
    (combination,) = grid()
    assert same_error("ValueError", one, combination.names) == same_error("ValueError", other, combination.names)


def test_errors_are_the_same_whatever_names_of_their_own_choices_they_name():
    one, other = grid(dataset="pq")
    assert same_error("E", "model A on p: no", one.names) == same_error("E", "model A on q: no", other.names)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("E", "no module named 'a'"), ("E", "no module named 'b'")), (("E", "no"), ("F", "no")), (("E", "a"), ("E", ""))],
)
def test_errors_of_another_type_or_with_other_words_are_others(one: tuple[str, str], other: tuple[str, str]):
    (combination,) = grid(dataset="z")
    assert same_error(*one, combination.names) != same_error(*other, combination.names)
