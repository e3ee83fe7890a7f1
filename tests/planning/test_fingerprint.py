from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.planning import fingerprint as fp
from sweeper.vocabulary import Arity, Choice, Combination, Runtime

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
ANY_KEYS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(SCALARS | st.sampled_from([fp.TAG, "items"]), inner, max_size=3)
    ),
    max_leaves=8,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SPECS = st.dictionaries(st.text(max_size=5), JSON, max_size=3)


def choice(axis: str, spec: dict[str, object], name: str = "x", **arity: Arity) -> Choice:
    text = fp.canonical(spec)
    return Choice(axis, name, spec, text, fp.digest(text), name, Runtime(arity=arity or None))


def combination(capability: Choice, datasets=(), models=(), metrics=()) -> Combination:
    return Combination(capability, tuple(datasets), tuple(models), tuple(metrics))


def simple() -> Combination:
    return combination(
        choice("capability", {"_target_": "c.C"}, datasets=Arity.ONE, models=Arity.ONE, metrics=Arity.ONE),
        [choice("dataset", {"_target_": "d.D", "n": 3})],
        [choice("model", {"_target_": "m.M", "C": 0.1, "name": "é"})],
        [choice("metric", {"_target_": "k.K"})],
    )


def test_golden_values():
    """These are stored in users' stores: where one changes, VERSION must rise."""
    assert fp.VERSION == 1
    assert fp.fingerprint(simple()) == GOLDEN_SIMPLE
    assert fp.fingerprint(combination(choice("capability", {"_target_": "c.C"}))) == GOLDEN_ALONE


GOLDEN_SIMPLE = "5fe5f22752b60eaa7309017ec228f816e617998f85c48ecf7d355279d7b18028"
GOLDEN_INTEGER_KEYS = "efa5ef34b0386ae7b98de7a637d8482f9c62a6e39e69d0fd9469386fe10f164a"
GOLDEN_ALONE = "a12d0435819ed7c983de51050bcdd8e47deede74c64d73219606c80069083ce3"


@given(SPECS, SPECS, SPECS)
def test_it_is_the_hash_of_canonical_json_of_the_whole(capability, dataset, model):
    whole = {"capability": capability, "datasets": [dataset], "models": [model], "metrics": [], "version": fp.VERSION}
    made = combination(choice("capability", capability), [choice("dataset", dataset)], [choice("model", model)])
    assert fp.fingerprint(made) == fp.digest(fp.canonical(whole))


@given(SPECS)
def test_canonical_json_forgets_key_order_and_nothing_else(spec):
    text = fp.canonical(spec)
    assert text == fp.canonical(dict(reversed(spec.items())))
    assert json.loads(text) == spec


GOLDEN_KEYS = [
    ({0: "cat", 1: "dog"}, '{"non_text_keys":true,"items":[[0,"cat"],[1,"dog"]]}'),
    ({"0": "cat", "1": "dog"}, '{"0":"cat","1":"dog"}'),
    ({"b": 1, "a": {2: [{True: None}], "2": "é"}},
     '{"a":{"non_text_keys":true,"items":[["2","é"],[2,[{"non_text_keys":true,"items":[[true,null]]}]]]},"b":1}'),
    ({0.5: 1, 10: 2, 9: 3}, '{"non_text_keys":true,"items":[[0.5,1],[10,2],[9,3]]}'),
    ({"non_text_keys": True, "items": [[0, "cat"]]}, '{"items":[[0,"cat"]],"non_text_keys":true}'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), GOLDEN_KEYS, ids=[text for _, text in GOLDEN_KEYS])
def test_golden_texts_of_keys(value, text):
    assert fp.canonical(value) == text
    assert repr(fp.spec_of(text)) == repr(_sorted(value))


def _sorted(value):
    """As it is read back: keys in the order of the text."""
    if isinstance(value, dict):
        by_text = sorted(value, key=lambda key: json.dumps(key)) if set(map(type, value)) != {str} else sorted(value)
        return {key: _sorted(value[key]) for key in by_text}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def test_golden_value_of_a_spec_with_integer_keys():
    spec = {"_target_": "d.D", "index2label": {0: "cat", 1: "dog"}}
    made = simple()._replace(datasets=(choice("dataset", spec),))
    assert fp.fingerprint(made) == GOLDEN_INTEGER_KEYS


@given(ANY_KEYS, ANY_KEYS)
def test_keys_are_told_apart_by_their_type_and_come_back(one, other):
    assert _typed(fp.spec_of(fp.canonical(one))) == _typed(one)
    assert (fp.canonical(one) == fp.canonical(other)) == (_typed(one) == _typed(other))


def _typed(value):
    """Equal only where types are, whatever the order of keys."""
    if isinstance(value, dict):
        return ("mapping", frozenset((_typed(key), _typed(item)) for key, item in value.items()))
    return ("list", *map(_typed, value)) if isinstance(value, list) else (type(value).__name__, repr(value))


@given(JSON)
def test_data_with_text_keys_is_written_as_plain_json(value):
    assert fp.canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_names_and_runtime_fields_do_not_count():
    base = simple()
    renamed = base._replace(models=(choice("model", {"_target_": "m.M", "C": 0.1, "name": "é"}, name="other"),))
    assert fp.fingerprint(renamed) == fp.fingerprint(base)


def test_one_and_one_point_zero_differ():
    assert fp.canonical({"C": 1}) != fp.canonical({"C": 1.0})


@pytest.mark.parametrize(("arity", "same"), [(Arity.MANY, True), (Arity.TWO, False)])
def test_many_is_a_set_and_two_an_ordered_pair(arity, same):
    capability = choice("capability", {"_target_": "c.C"}, datasets=arity)
    a, b = (choice("dataset", {"_target_": "d.D", "n": n}) for n in (1, 2))
    one, other = combination(capability, [a, b]), combination(capability, [b, a])
    assert (fp.fingerprint(one) == fp.fingerprint(other)) is same


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": {"b": math.nan}}, "spec.a.b is nan"),
        ({"a": [1, math.inf]}, r"spec.a\[1\] is inf"),
        ({"_target_": "a.B", 1: "x"}, "spec has the key 1 .int. beside its _target_"),
        ({"a": {b"x": 1}}, "spec.a has the key b'x' .bytes."),
        ({"a": {Arity.ONE: 1}}, "spec.a has the key <Arity.ONE"),
        ({"a": {math.nan: 1}}, "A key of spec.a is nan"),
        ({"a": {0: math.nan}}, "spec.a.0 is nan"),
        ({"a": object()}, "spec.a is a object"),
    ],
)
def test_what_json_cannot_carry_is_refused_with_its_place(value, place):
    with pytest.raises(ConfigError, match=place):
        fp.canonical(value)
