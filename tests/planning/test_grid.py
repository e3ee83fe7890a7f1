"""The expansion of a grid against a plain reading of its rules, and each thing that a grid refuses."""

from __future__ import annotations

import itertools
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.planning.grid import Grid, Part, Rule, expand, matches
from sweeper.vocabulary import AXES, Arity, Choice, Runtime

ONE = {"datasets": Arity.ONE, "models": Arity.ONE, "metrics": Arity.ONE}


def choice(axis, name, *, base=None, task=None, arity=None):
    runtime = Runtime(task=task, arity=arity or ONE if axis == "capability" else None)
    text = f'{{"_target_":"{axis}.{name}"}}'
    return Choice(axis, name, {"_target_": f"{axis}.{name}"}, text, text, base or name, runtime)


def part(axis, name, *, keys=(), counts=(), **more):
    """A part whose variants are named after the values of its keys."""
    variants = {}
    for point in itertools.product(*(range(n) for n in counts)):
        suffix = f"[{','.join(f'{k}={v}' for k, v in zip(keys, point, strict=True))}]" if keys else ""
        variants[point] = choice(axis, name + suffix, base=name, **more)
    return Part(axis, name, tuple(keys), variants)


def grid(*, capability=("run",), dataset=("d1", "d2"), model=("m1", "m2"), metric=("k1",), arity=None, **algebra):
    """A grid of parts by name; parts may be given ready-made."""
    named = {"capability": capability, "dataset": dataset, "model": model, "metric": metric}
    parts = {
        axis: tuple(p if isinstance(p, Part) else part(axis, p, arity=arity) for p in names)
        for axis, names in named.items()
    }
    return Grid(parts, **algebra)


def names(expansion):
    """Each combination as the names of its parts, axis by axis."""
    return [(c.capability.name, *(" + ".join(p.name for p in axis) for axis in c[1:])) for c in expansion.combinations]


def rules(*patterns, optional=False, where="exclude"):
    globs = [{axis: (g,) if isinstance(g, str) else tuple(g) for axis, g in p.items()} for p in patterns]
    return tuple(Rule(g, f"{where}[{i}]", optional) for i, g in enumerate(globs))


# Arity


def test_one_of_each_axis_in_the_order_of_the_selections():
    assert names(expand(grid())) == [
        ("run", "d1", "m1", "k1"),
        ("run", "d1", "m2", "k1"),
        ("run", "d2", "m1", "k1"),
        ("run", "d2", "m2", "k1"),
    ]


def test_an_axis_that_a_capability_does_not_take_is_not_crossed():
    arity = {"datasets": Arity.ONE, "models": Arity.ZERO, "metrics": Arity.ZERO}
    assert names(expand(grid(arity=arity, model=(), metric=()))) == [("run", "d1", "", ""), ("run", "d2", "", "")]


def test_two_takes_ordered_pairs_of_distinct_choices():
    arity = {"datasets": Arity.TWO, "models": Arity.ZERO, "metrics": Arity.ZERO}
    found = [n[1] for n in names(expand(grid(arity=arity, dataset=("a", "b", "c"))))]
    assert found == ["a + b", "a + c", "b + a", "b + c", "c + a", "c + b"]


def test_many_takes_all_at_once():
    arity = {"datasets": Arity.ONE, "models": Arity.MANY, "metrics": Arity.MANY}
    found = names(expand(grid(arity=arity, metric=("k1", "k2"))))
    assert found == [("run", "d1", "m1 + m2", "k1 + k2"), ("run", "d2", "m1 + m2", "k1 + k2")]


def test_too_few_choices_for_a_pair_are_counted_as_left_out():
    arity = {"datasets": Arity.TWO, "models": Arity.ONE, "metrics": Arity.ONE}
    expansion = expand(grid(arity=arity, dataset=("a",), model=("m1", "m2", "m3")))
    assert (expansion.combinations, dict(expansion.left_out)) == ([], {"arity": 3})


@pytest.mark.parametrize("axis", ["dataset", "model", "metric"])
@pytest.mark.parametrize("number", [Arity.ONE, Arity.TWO, Arity.MANY])
def test_an_empty_axis_that_a_capability_needs_is_refused(axis, number):
    with pytest.raises(ConfigError, match=f"no {axis} is selected"):
        expand(grid(arity=ONE | {f"{axis}s": number}, **{axis: ()}))


# Swept keys


def test_a_key_that_reaches_two_parts_has_one_value_in_a_combination():
    data = part("dataset", "d", keys=("seed",), counts=(2,))
    model = part("model", "m", keys=("seed",), counts=(2,))
    found = names(expand(grid(dataset=(data,), model=(model,), values={"seed": 2})))
    assert found == [("run", "d[seed=0]", "m[seed=0]", "k1"), ("run", "d[seed=1]", "m[seed=1]", "k1")]


def test_combinations_that_no_key_reaches_occur_once():
    tuned = part("model", "tuned", keys=("C",), counts=(3,))
    found = [n[2] for n in names(expand(grid(dataset=("d",), model=(tuned, "plain"), values={"C": 3})))]
    assert found == ["tuned[C=0]", "tuned[C=1]", "tuned[C=2]", "plain"]


def test_different_keys_are_crossed():
    tuned = part("model", "m", keys=("C", "gamma"), counts=(2, 3))
    data = part("dataset", "d", keys=("noise",), counts=(2,))
    expansion = expand(grid(dataset=(data,), model=(tuned,), values={"C": 2, "gamma": 3, "noise": 2}))
    assert len(set(names(expansion))) == 12


@pytest.mark.parametrize("number", [Arity.TWO, Arity.MANY])
def test_both_sides_of_a_set_have_the_same_value(number):
    arity = {"datasets": number, "models": Arity.ZERO, "metrics": Arity.ZERO}
    sides = tuple(part("dataset", name, keys=("seed",), counts=(2,)) for name in "ab")
    found = [n[1] for n in names(expand(grid(arity=arity, dataset=sides, values={"seed": 2})))]
    pairs = ["a[seed={0}] + b[seed={0}]", "b[seed={0}] + a[seed={0}]"][: 2 if number is Arity.TWO else 1]
    assert found == [pair.format(value) for pair in pairs for value in (0, 1)]


def test_variants_of_one_choice_are_no_pair():
    arity = {"datasets": Arity.ZERO, "models": Arity.TWO, "metrics": Arity.ZERO}
    tuned = part("model", "m", keys=("C",), counts=(2,))
    assert dict(expand(grid(arity=arity, model=(tuned,), values={"C": 2})).left_out) == {"arity": 1}


# Globs


@pytest.mark.parametrize(
    ("glob", "name", "base", "covered"),
    [
        ("svm*", "svm_hot", "svm_hot", True),
        ("svm?", "svm1", "svm1", True),
        ("svm?", "svm", "svm", False),
        ("svm[C=1]", "svm[C=1]", "svm", True),
        ("svm[C=*]", "svm[C=1]", "svm", True),
        ("svm", "svm[C=1]", "svm", True),
        ("s[vw]m", "svm", "svm", False),
        ("SVM", "svm", "svm", False),
        ("*", "vision/resnet", "vision/resnet", True),
        ("a.b", "aXb", "aXb", False),
    ],
)
def test_only_star_and_question_mark_are_wild(glob, name, base, covered):
    assert matches(choice("model", name, base=base), glob) is covered


def test_a_choice_in_a_rule_covers_its_variants_and_a_variant_only_itself():
    tuned = part("model", "m", keys=("C",), counts=(3,))
    by_base = grid(dataset=("d",), model=(tuned, "n"), values={"C": 3}, exclude=rules({"model": "m"}))
    by_variant = grid(dataset=("d",), model=(tuned, "n"), values={"C": 3}, exclude=rules({"model": "m[C=1]"}))
    assert [n[2] for n in names(expand(by_base))] == ["n"]
    assert [n[2] for n in names(expand(by_variant))] == ["m[C=0]", "m[C=2]", "n"]


def test_a_sub_grid_may_name_one_variant():
    tuned = part("model", "m", keys=("C",), counts=(3,))
    sub = rules({"model": ["m[C=2]", "n"]}, where="union")
    found = names(expand(grid(dataset=("d",), model=(tuned, "n", "o"), values={"C": 3}, union=sub)))
    assert [n[2] for n in found] == ["m[C=2]", "n"]


# Rules


def test_only_keeps_and_exclude_drops_and_both_are_counted_in_this_order():
    expansion = expand(grid(only=rules({"model": "m1"}), exclude=rules({"dataset": "d2"})))
    assert names(expansion) == [("run", "d1", "m1", "k1")]
    assert dict(expansion.left_out) == {"only": 2, "exclude": 1}
    assert expansion.total == 4


def test_the_axes_of_a_rule_hold_together_and_rules_add_up():
    excluded = rules({"model": "m1", "dataset": "d1"}, {"model": "m2", "dataset": ["d2", "d1"]})
    assert names(expand(grid(exclude=excluded))) == [("run", "d2", "m1", "k1")]


PAIRS = {"datasets": Arity.TWO, "models": Arity.ZERO, "metrics": Arity.ZERO}


def test_of_a_pair_exclude_drops_what_touches_and_only_keeps_what_lies_within():
    three = ("a", "b", "c")
    touched = expand(grid(arity=PAIRS, dataset=three, exclude=rules({"dataset": "a"})))
    within = expand(grid(arity=PAIRS, dataset=three, only=rules({"dataset": ["a", "b"]})))
    assert [n[1] for n in names(touched)] == ["b + c", "c + b"]
    assert [n[1] for n in names(within)] == ["a + b", "b + a"]


@pytest.mark.parametrize("kind", ["only", "union"])
def test_a_joint_glob_tells_the_sides_of_a_pair_apart(kind):
    found = names(expand(grid(arity=PAIRS, dataset=("a", "b", "c"), **{kind: rules({"dataset": "a + *"})})))
    assert [n[1] for n in found] == ["a + b", "a + c"]


def test_a_rule_does_not_speak_of_capabilities_that_lack_its_axis():
    both = (part("capability", "run"), part("capability", "look", arity=ONE | {"models": Arity.ZERO}))
    kept = expand(grid(capability=both, exclude=rules({"model": "*"})))
    assert {n[0] for n in names(kept)} == {"look"}


@pytest.mark.parametrize("kind", ["only", "exclude", "union"])
def test_a_glob_that_matches_nothing_is_refused_with_the_near_match(kind):
    with pytest.raises(ConfigError, match=r"'m11' matches nothing.*Did you mean 'm1'\?"):
        expand(grid(**{kind: rules({"model": "m11"})}))


def test_a_rule_whose_axes_never_meet_is_refused():
    both = (part("capability", "run"), part("capability", "look", arity=ONE | {"models": Arity.ZERO}))
    with pytest.raises(ConfigError, match=r"exclude\[0\] .* matches no combination"):
        expand(grid(capability=both, exclude=rules({"capability": "look", "model": "m1"})))


def test_an_optional_rule_may_match_nothing():
    for kind in ("only", "exclude"):
        algebra = {kind: rules({"model": "nobody"}, optional=True)}
        assert len(expand(grid(**algebra)).combinations) == (0 if kind == "only" else 4)


# Union


def test_sub_grids_stand_in_their_order_and_what_they_share_occurs_once():
    union = rules({"dataset": "d2", "model": "m1"}, {"model": "*"}, where="union")
    found = names(expand(grid(union=union)))
    assert found[0] == ("run", "d2", "m1", "k1")
    assert len(found) == len(set(found)) == 4


# Zip


def test_zipped_axes_advance_together():
    expansion = expand(grid(zip=(("dataset", "model"),), metric=("k1", "k2")))
    assert names(expansion) == [
        ("run", "d1", "m1", "k1"),
        ("run", "d1", "m1", "k2"),
        ("run", "d2", "m2", "k1"),
        ("run", "d2", "m2", "k2"),
    ]


def test_zip_of_axes_that_are_not_neighbours():
    found = names(expand(grid(zip=(("dataset", "metric"),), metric=("k1", "k2"))))
    assert found == [
        ("run", "d1", "m1", "k1"),
        ("run", "d1", "m2", "k1"),
        ("run", "d2", "m1", "k2"),
        ("run", "d2", "m2", "k2"),
    ]


def test_zip_comes_after_union_and_before_the_rules():
    union = rules({"dataset": ["d1", "d2"], "model": ["m2", "m3"]}, where="union")
    three = ("m1", "m2", "m3")
    found = names(expand(grid(union=union, model=three, zip=(("dataset", "model"),), exclude=rules({"dataset": "d1"}))))
    assert found == [("run", "d2", "m3", "k1")]


def test_zip_holds_only_for_capabilities_that_take_those_axes_with_one():
    both = (part("capability", "run"), part("capability", "look", arity=ONE | {"models": Arity.MANY}))
    found = names(expand(grid(capability=both, zip=(("dataset", "model"),))))
    assert [n[:3] for n in found] == [
        ("run", "d1", "m1"),
        ("run", "d2", "m2"),
        ("look", "d1", "m1 + m2"),
        ("look", "d2", "m1 + m2"),
    ]


def test_zip_of_unequal_length_is_refused_with_the_counts():
    with pytest.raises(ConfigError, match="dataset has 2, model has 3"):
        expand(grid(model=("m1", "m2", "m3"), zip=(("dataset", "model"),)))


# Tasks


def test_unlike_tasks_are_left_out_and_an_unnamed_task_goes_with_any():
    models = (part("model", "classifier", task="ic"), part("model", "detector", task="od"), part("model", "any"))
    data = (part("dataset", "images", task="ic"), part("dataset", "boxes", task="od"))
    expansion = expand(grid(dataset=data, model=models))
    found = [n[1:3] for n in names(expansion)]
    assert found == [("images", "classifier"), ("images", "any"), ("boxes", "detector"), ("boxes", "any")]
    assert dict(expansion.left_out) == {"task": 2}


def test_a_capability_with_a_task_takes_many_of_its_own_task():
    arity = {"datasets": Arity.ONE, "models": Arity.MANY, "metrics": Arity.ONE}
    compare = part("capability", "compare", task="ic", arity=arity)
    models = (part("model", "classifier", task="ic"), part("model", "detector", task="od"), part("model", "any"))
    expansion = expand(grid(capability=(compare,), dataset=("d",), model=models))
    assert names(expansion) == [("compare", "d", "classifier + any", "k1")]


def test_many_of_unlike_tasks_are_left_out_where_the_capability_names_none():
    arity = {"datasets": Arity.ONE, "models": Arity.MANY, "metrics": Arity.ONE}
    models = (part("model", "classifier", task="ic"), part("model", "detector", task="od"))
    expansion = expand(grid(dataset=("d",), model=models, arity=arity))
    assert (expansion.combinations, dict(expansion.left_out)) == ([], {"task": 1})


# Against a plain reading


ARITIES = st.fixed_dictionaries({axis: st.sampled_from(list(Arity)) for axis in ("datasets", "models", "metrics")})
GLOBS = st.lists(st.sampled_from(["*", "a", "b", "?", "c*", "a + *", "zz"]), min_size=1, max_size=2)
RULES = st.lists(
    st.dictionaries(st.sampled_from(AXES), GLOBS.map(tuple), min_size=1, max_size=3), min_size=0, max_size=2
)


def says(rule, combination, every):
    """The definition of a match, combination by combination."""
    for axis, globs in rule.patterns.items():
        index = AXES.index(axis)
        parts = (combination[0],) if index == 0 else combination[index]
        single = [g for g in globs if " + " not in g]
        hits = [any(fnmatchcase(p.name, g) for g in single) for p in parts]
        joint = [g.split(" + ") for g in globs if " + " in g]
        together = any(
            len(g) == len(parts) and all(fnmatchcase(p.name, x) for p, x in zip(parts, g, strict=True)) for g in joint
        )
        if not together and not (parts and (all(hits) if every else any(hits))):
            return False
    return True


@settings(max_examples=300, deadline=None)
@given(
    arities=st.lists(ARITIES, min_size=1, max_size=3),
    tasks=st.lists(st.sampled_from([None, "ic", "od"]), min_size=9, max_size=9),
    sizes=st.tuples(*[st.integers(1, 3)] * 3),
    only=RULES,
    exclude=RULES,
)
def test_expansion_is_what_its_definition_says(arities, tasks, sizes, only, exclude):
    task = iter(tasks)
    parts = {
        axis: tuple(part(axis, name, task=next(task)) for name in "abc"[:n])
        for axis, n in zip(AXES[1:], sizes, strict=True)
    }
    parts["capability"] = tuple(part("capability", name, arity=a) for name, a in zip("abc", arities, strict=False))
    kept = tuple(Rule(r, f"only[{i}]", True) for i, r in enumerate(only))
    dropped = tuple(Rule(r, f"exclude[{i}]", True) for i, r in enumerate(exclude))
    expansion = expand(Grid(parts, only=kept, exclude=dropped))

    wanted = []
    for capability in parts["capability"]:
        slots = []
        for axis in AXES[1:]:
            firsts = [p.first for p in parts[axis]]
            number = capability.first.runtime.arity[f"{axis}s"]
            ways = {
                Arity.ZERO: [()],
                Arity.ONE: [(c,) for c in firsts],
                Arity.TWO: [(x, y) for x in firsts for y in firsts if x is not y],
                Arity.MANY: [tuple(firsts)],
            }
            slots.append(ways[number])
        wanted += [(capability.first, *point) for point in itertools.product(*slots)]
    alike = [
        c
        for c in wanted
        if len({p.runtime.task for p in itertools.chain((c[0],), *c[1:]) if p.runtime.task is not None}) < 2
    ]
    after_only = [c for c in alike if not kept or any(says(r, c, True) for r in kept)]
    remaining = [c for c in after_only if not any(says(r, c, False) for r in dropped)]
    assert [tuple(c) for c in expansion.combinations] == remaining
    assert expansion.left_out.get("task", 0) == len(wanted) - len(alike)
    assert expansion.left_out.get("only", 0) == len(alike) - len(after_only)
    assert expansion.left_out.get("exclude", 0) == len(after_only) - len(remaining)


def test_390625_combinations_expand():
    parts = {axis: tuple(part(axis, f"{axis}{i}") for i in range(25)) for axis in AXES}
    excluded = rules({"model": "model1*", "dataset": "dataset2"}, {"metric": "metric24"})
    expansion = expand(Grid(parts, exclude=excluded))
    assert expansion.total == 390_625
    assert len(expansion.combinations) == 390_625 - 25 * 25 * 25 - 25 * 11 * 24
