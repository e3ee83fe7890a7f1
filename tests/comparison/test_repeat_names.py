"""What was swept to repeat a run is taken out of the names of choices, whatever the values are called."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.comparison.repeats import aggregated, swept_keys, without_repeats
from sweeper.config.variant_names import value_label
from sweeper.vocabulary import NAME_SEPARATOR


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("svm", "svm"),
        ("mlp[estimator.random_state=1]", "mlp"),
        ("mlp[estimator.random_state=1,estimator.alpha=0.1]", "mlp[estimator.alpha=0.1]"),
        ("mlp[estimator.alpha=0.1,random_state=2]", "mlp[estimator.alpha=0.1]"),
        ("mlp[layers=[64, 32],random_state=2]", "mlp[layers=[64, 32]]"),
        ("mlp[note='a,]b\\'c',random_state=2]", "mlp[note='a,]b\\'c']"),
        ('mlp[map={"a]": [1, "b,"]},random_state=2]', 'mlp[map={"a]": [1, "b,"]}]'),
        ("mlp[random_state=2]#a1b2c3d4", "mlp#a1b2c3d4"),
        ("mlp[my_random_state=2]", "mlp[my_random_state=2]"),
        ("digits[limit=200]", "digits[limit=200]"),
        ("a[random_state=1] + b[random_state=2,x=1]", "a + b[x=1]"),
    ],
)
def test_names(name: str, expected: str):
    assert without_repeats(name, ["random_state"]) == expected


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)
keys = st.from_regex(r"[a-z][a-z_]{0,6}(\.[a-z][a-z_]{0,6})?", fullmatch=True)


@given(st.lists(st.tuples(keys, values), min_size=1, max_size=3, unique_by=lambda pair: pair[0]), values)
def test_any_value_can_stand_beside_the_one_that_is_taken_out(others: list[tuple[str, Any]], seed: Any):
    others = [(key, value) for key, value in others if not f".{key}".endswith(".seed")]
    kept = [f"{key}={value_label(value)}" for key, value in others]
    for place in range(len(kept) + 1):
        name = f"m[{','.join([*kept[:place], f'seed={value_label(seed)}', *kept[place:]])}]"
        assert without_repeats(name, ["seed"]) == (f"m[{','.join(kept)}]" if kept else "m")
        assert sorted(swept_keys(name)) == sorted([key for key, _ in others] + ["seed"])
        pair = NAME_SEPARATOR.join([name, name])
        assert without_repeats(pair, ["seed"]) == NAME_SEPARATOR.join([without_repeats(name, ["seed"])] * 2)


def row(model: str, value: float | None, **more: object) -> dict[str, Any]:
    names = {"capability": "evaluate", "dataset": "d", "model": model, "metric": "accuracy", "key": "accuracy"}
    return {**names, "scope": "overall", "value": value, "caveat": None, "warning": None, **more}


def test_runs_become_their_mean_with_spread_and_number():
    rows = [row(f"mlp[seed={seed}]", value) for seed, value in enumerate([0.5, 0.6, 0.7])] + [row("svm", 0.9)]
    mean, svm = aggregated(rows, ["seed"])
    assert (mean["model"], mean["value"], mean["spread"]) == ("mlp", pytest.approx(0.6), pytest.approx(0.1))
    assert len(mean["repeats"]) == 3
    assert svm == row("svm", 0.9)


def test_a_run_without_a_number_is_told():
    rows = [row("mlp[seed=0]", 0.5), row("mlp[seed=1]", None), row("mlp[seed=2]", 0.7, caveat="suspect")]
    (mean,) = aggregated(rows, ["seed"])
    assert mean["value"] == pytest.approx(0.6)
    assert mean["caveat"] == "suspect; 1 of 3 runs gave no number"
