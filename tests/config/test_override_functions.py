"""The values of the sweep grammar against Hydra's documentation of it, worked out by hand.

The table is taken from the pages "Basic Override syntax" and "Extended Override syntax" of Hydra 1.3: what they say a
line means, not what Hydra makes of it. `None` for the values: the line is refused, since the documentation calls it an
error, gives it no list of values, or does not have it.
"""

from __future__ import annotations

import pytest
from command_line import write_configs
from hypothesis import given
from hypothesis import strategies as st

from sweeper.config import load
from sweeper.config.override_functions import DocumentedFunctions, elements
from sweeper.config.override_text import override_text
from sweeper.errors import ConfigError
from sweeper.planning.grid import expand

FILES = {
    "model/m": "m: {_target_: lib.M, v: here}",
    "model/x_school": "x_school: {_target_: lib.School}",
    "model/x_support": "x_support: {_target_: lib.Support}",
    "model/x_warehouse": "x_warehouse: {_target_: lib.Warehouse}",
    "dataset/d": "d: {_target_: lib.D}",
    "metric/k": "k: {_target_: lib.K}",
    "capability/c": "c: {_target_: lib.C, _sweep_: {arity: {datasets: ONE, models: ONE, metrics: ONE}}}",
    "config": "defaults: [capability: [c], dataset: [d], model: [m], metric: [k], _self_]",
}

BASIC = [
    # quoted values
    ("'hello there'", ["hello there"]),
    (r'"escaped \"double quote\""', ['escaped "double quote"']),
    (r"'escaped \'single quote\''", ["escaped 'single quote'"]),
    (r'"the path is C:\\\"some folder\"\\"', ['the path is C:\\"some folder"\\']),
    (r"'the path is C:\\\'some folder\'\\'", ["the path is C:\\'some folder'\\"]),
    ('"1,2,3"', ["1,2,3"]),
    ("'{a:10}'", ["{a:10}"]),
    ("\"'single quoted string'\"", ["'single quoted string'"]),
    ("'\"double quoted string\"'", ['"double quoted string"']),
    ('"{a: 10}"', ["{a: 10}"]),
    ("{a: 10}", [{"a": 10}]),
    ("'10'", ["10"]),
    ("'null'", ["null"]),
    # whitespace and escapes in unquoted values
    ("hello world", ["hello world"]),
    ("    hello world    ", ["hello world"]),
    (r"job\{a\=1\,b\=2\,c\=3\}", ["job{a=1,b=2,c=3}"]),
    (r"A\[B", ["A[B"]),
    ('"A[B"', ["A[B"]),
    ("A[B", None),
    (r"a\,b,c\:d", ["a,b", "c:d"]),
    (r"a\\b,c", ["a\\b", "c"]),
    (r"\(x\),\[y\]", ["(x)", "[y]"]),
    # primitives
    ("oompa10,loompa_12", ["oompa10", "loompa_12"]),
    ("null,a,NULL", [None, "a", None]),
    ("10,-20,0,1_000_000", [10, -20, 0, 1_000_000]),
    ("3.14,-20.0,1e-1,-10e3", [3.14, -20.0, 0.1, -10000.0]),
    ("true,TrUe,false,False", [True, True, False, False]),
    ("foo.bar,a:b,/a/b-c.d", ["foo.bar", "a:b", "/a/b-c.d"]),
    ("", [""]),
    # lists and mappings
    ("[1,2,3]", [[1, 2, 3]]),
    ("[a,[b,[c]]]", [["a", ["b", ["c"]]]]),
    ("['1',1,1.0,null,true,'true']", [["1", 1, 1.0, None, True, "true"]]),
    ("{a:10,b:{c:30,d:40}}", [{"a": 10, "b": {"c": 30, "d": 40}}]),
    ("{10:a,b:'10'}", [{10: "a", "b": "10"}]),
    # the sweeper's syntax
    ("a,b", ["a", "b"]),
    ('"a,b","c,d"', ["a,b", "c,d"]),
    ("[a,b],[c,d]", [["a", "b"], ["c", "d"]]),
    ("{a:10, b:20},{c:30,d:40}", [{"a": 10, "b": 20}, {"c": 30, "d": 40}]),
    ("'1',1,1.0", ["1", 1, 1.0]),
    ("'true',true", ["true", True]),
]
EXTENDED = [
    # choice
    ("choice(mysql,postgresql)", ["mysql", "postgresql"]),
    ("choice('1',1)", ["1", 1]),
    ("choice('a,b',c)", ["a,b", "c"]),
    ("choice([1,'1'],{a:'x y'})", [[1, "1"], {"a": "x y"}]),
    ("choice(true,'true',1.0)", [True, "true", 1.0]),
    ("choice(only)", ["only"]),
    ("choice('10')", ["10"]),
    ("choice()", None),
    ("choice(a,choice(b,c))", None),
    ("[choice(a,b),c]", None),
    ("a,choice(b,c)", None),
    # range
    ("range(5)", [0, 1, 2, 3, 4]),
    ("range(0,5)", [0, 1, 2, 3, 4]),
    ("range(0,5,2)", [0, 2, 4]),
    ("range(0,10,3.3)", [0.0, 3.3, 6.6, 9.9]),
    ("range(-5,step=-1)", [0, -1, -2, -3, -4]),
    ("range(start=1,stop=4)", [1, 2, 3]),
    ("range(10,1,-3)", [10, 7, 4]),
    ("range(0,0.9,0.3)", [0.0, 0.3, 0.6]),
    ("range(0,0.3,0.1)", [0.0, 0.1, 0.2]),
    ("range(0,1,0.1)", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
    ("range(1,0,-0.25)", [1.0, 0.75, 0.5, 0.25]),
    ("range(0.1,0.7,0.2)", [0.1, 0.3, 0.5]),
    ("range(0.7,0.1,-0.2)", [0.7, 0.5, 0.3]),
    ("range(1.0,4)", [1.0, 2.0, 3.0]),
    ("range(0,1e-3,4e-4)", [0.0, 0.0004, 0.0008]),
    ("range(3,1)", None),
    ("range(0,3,0)", None),
    ("range(0,inf)", None),
    ("range(a,b)", None),
    # interval
    ("interval(1.0,5.0)", None),
    ("float(interval(1,5))", None),
    ("tag(log,interval(0,1))", None),
    # tag
    ("tag(log,choice(1,2))", [1, 2]),
    ("tag(foo,bar,range(2))", [0, 1]),
    ("tag(foo,sweep=choice('1',2))", ["1", 2]),
    ("tag(foo)", None),
    # sort
    ("sort(1,3,2)", [1, 2, 3]),
    ("sort(1,3,2,reverse=true)", [3, 2, 1]),
    ("sort(choice(1,2,3))", [1, 2, 3]),
    ("sort(sweep=choice(3,2,1))", [1, 2, 3]),
    ("sort(choice(1,2,3),reverse=true)", [3, 2, 1]),
    ("sort(range(10,1,-1))", [2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ("sort(range(10,1,-2))", [2, 4, 6, 8, 10]),
    ("sort(range(1,10),reverse=true)", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ("sort(range(1,10,2),reverse=true)", [9, 7, 5, 3, 1]),
    ("sort(range(0,1,0.25),reverse=true)", [0.75, 0.5, 0.25, 0.0]),
    ("sort([1,3,2])", [[1, 2, 3]]),
    ("sort(list=[1,3,2])", [[1, 2, 3]]),
    ("sort(list=[1,3,2], reverse=true)", [[3, 2, 1]]),
    ("sort(1)", [1]),
    ("sort('10','9')", ["10", "9"]),
    ("sort('b','a')", ["a", "b"]),
    ("sort(['b','a'])", [["a", "b"]]),
    ("sort(2.5,1,3)", [1, 2.5, 3]),
    ("sort(shuffle(3,1,2))", [1, 2, 3]),
    ("sort(1,a)", None),
    ("sort(['1',1])", None),
    ("sort(null,1)", None),
    ("sort()", None),
    # casts
    ("int(3.14)", [3]),
    ("int(value=3.14)", [3]),
    ("float(10)", [10.0]),
    ("str(10)", ["10"]),
    ("bool(1)", [True]),
    ("float(range(1,10))", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
    ("str([1,2,3])", [["1", "2", "3"]]),
    ("str({a:10})", [{"a": "10"}]),
    ("float(range(0,4,3))", [0.0, 3.0]),
    ("int(range(0,5,1.5))", [0, 1, 2, 3, 4]),
    ("int(range(0,1,0.25))", None),
    ("str(choice('a b',1))", ["a b", "1"]),
    ("float(sort(3,1))", [1.0, 3.0]),
    ("str(int(3.7))", ["3"]),
    ("func(1)", None),
]
MATRIX = {  # int, float, str, bool; None is an error
    "10": (10, 10.0, "10", True),
    "0": (0, 0.0, "0", False),
    "10.0": (10, 10.0, "10.0", True),
    "0.0": (0, 0.0, "0.0", False),
    "1e6": (1_000_000, 1e6, "1000000.0", True),
    "foo": (None, None, "foo", None),
    "''": (None, None, "", None),
    "'10'": (10, 10.0, "10", None),
    "'10.0'": (None, 10.0, "10.0", None),
    "'true'": (None, None, "true", True),
    "'false'": (None, None, "false", False),
    "'[1,2,3]'": (None, None, "[1,2,3]", None),
    "'{a:10}'": (None, None, "{a:10}", None),
    "true": (1, 1.0, "true", True),
    "false": (0, 0.0, "false", False),
    "[]": ([], [], [], []),
    "[0,1,2]": ([0, 1, 2], [0.0, 1.0, 2.0], ["0", "1", "2"], [False, True, True]),
    "[1,[2]]": ([1, [2]], [1.0, [2.0]], ["1", ["2"]], [True, [True]]),
    "[a,1]": (None, None, ["a", "1"], None),
    "{a:10}": ({"a": 10}, {"a": 10.0}, {"a": "10"}, {"a": True}),
    "{a:[0,1,2]}": ({"a": [0, 1, 2]}, {"a": [0.0, 1.0, 2.0]}, {"a": ["0", "1", "2"]}, {"a": [False, True, True]}),
    "{a:10,b:xyz}": (None, None, {"a": "10", "b": "xyz"}, None),
}
OF_SWEEPS = {
    "choice(0,1)": ([0, 1], [0.0, 1.0], ["0", "1"], [False, True]),
    "choice(a,b)": (None, None, ["a", "b"], None),
    "choice(1,a)": (None, None, ["1", "a"], None),
    "range(1,4)": ([1, 2, 3], [1.0, 2.0, 3.0], None, None),
    "range(1.0, 4.0)": ([1, 2, 3], [1.0, 2.0, 3.0], None, None),
}
CASTS = ("int", "float", "str", "bool")
CONVERSIONS = [
    (f"{cast}({given})", None if value is None else [value])
    for given, row in MATRIX.items()
    for cast, value in zip(CASTS, row, strict=True)
] + [(f"{cast}({given})", value) for given, row in OF_SWEEPS.items() for cast, value in zip(CASTS, row, strict=True)]
TABLE = [*BASIC, *EXTENDED, *CONVERSIONS, ("int(inf)", None), ("int(nan)", None), ("str(inf)", ["inf"])]


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_configs(tmp_path_factory.mktemp("conf"), FILES)


def grid_values(conf: str, text: str, key: str = "++model.m.v", **how: bool) -> list[object] | None:
    """The values of that key over the combinations, in their order; `None` where the line is refused."""
    try:
        config = load([f"{key}={text}"], config_dir=conf, **{"multirun": True, **how})
    except ConfigError as error:
        return None if key in str(error) and "\n" not in str(error) else [error]
    return [c.models[0].spec["v"] for c in expand(config.grid).combinations]


@pytest.mark.parametrize(("text", "values"), TABLE, ids=[text for text, _ in TABLE])
def test_values_are_those_of_the_documentation(conf: str, text: str, values: list[object] | None):
    assert repr(grid_values(conf, text)) == repr(values)


@pytest.mark.parametrize(
    ("text", "values"), [(t, v) for t, v in TABLE if v and len(v) == 1 and "choice" not in t], ids=lambda x: str(x)[:30]
)
def test_a_single_value_is_the_same_without_multirun(conf: str, text: str, values: list[object]):
    assert repr(grid_values(conf, text, multirun=False)) == repr(values)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("glob(x_*)", ["x_school", "x_support", "x_warehouse"]),
        ("glob(x_s*)", ["x_school", "x_support"]),
        ("glob(x_*,exclude=x_support)", ["x_school", "x_warehouse"]),
        ("glob([x_s*,x_w*],exclude=x_school)", ["x_support", "x_warehouse"]),
        ("glob(['x_s*','x_w*'],exclude=['x_school'])", ["x_support", "x_warehouse"]),
        ("glob(include='x_s*')", ["x_school", "x_support"]),
        ("x_school,x_support", ["x_school", "x_support"]),
        ("choice(x_support,x_school)", ["x_support", "x_school"]),
        ("choice(x_school)", ["x_school"]),
        ("sort(x_warehouse,x_school)", ["x_school", "x_warehouse"]),
        ("sort([x_warehouse,x_school])", ["x_school", "x_warehouse"]),
        ("str(x_school)", ["x_school"]),
        ("glob(y*)", None),
        ("glob(1)", None),
        ("range(2)", None),
        ("choice(x_school,1)", None),
        ("glob(x_*),m", None),
    ],
)
def test_choices_are_those_of_the_documentation(conf: str, text: str, names: list[str] | None):
    try:
        config = load([f"model={text}"], multirun=True, config_dir=conf)
    except ConfigError:
        assert names is None
    else:
        assert [part.base for part in config.grid.parts["model"]] == names


@pytest.mark.parametrize("inner", ["a,b,c,'1',1", "choice(a,b,c,'1',1)", "sweep=choice(a,b,c,'1',1)"])
def test_shuffled_values_are_all_there_in_one_order_that_stays(conf: str, inner: str):
    text = f"shuffle({inner})"
    found = grid_values(conf, text)
    assert sorted(map(repr, found or [])) == sorted(map(repr, ["a", "b", "c", "1", 1]))
    assert grid_values(conf, text) == found


def test_a_shuffled_range_and_list_keep_their_values(conf: str):
    assert sorted(grid_values(conf, "shuffle(range(1,10))") or []) == list(range(1, 10))
    ((*found,),) = grid_values(conf, "shuffle([a,b,c])") or []
    assert sorted(found) == ["a", "b", "c"]
    assert grid_values(conf, "shuffle(list=[a,b,c])") == [found]


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=8).filter(lambda text: "$" not in text)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.booleans(), inner, max_size=2),
    max_leaves=5,
)


def parsed(text: str) -> object:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser(DocumentedFunctions()).parse_override(f"k={text}")


@given(DATA)
def test_what_is_written_reads_as_what_it_is(value: object):
    override = parsed(override_text(value))
    assert not override.is_sweep_override()
    assert repr(override.value()) == repr(value)


@given(st.lists(DATA, min_size=2, max_size=5))
def test_a_sweep_keeps_the_order_and_the_types_of_its_values(values: list[object]):
    text = ",".join(map(override_text, values))
    assert repr(elements(parsed(text).value())) == repr(values)
    assert repr(elements(parsed(f"choice({text})").value())) == repr(values)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-9, 9).filter(bool), st.sampled_from([1, 10, 1000]))
def test_a_range_is_start_and_steps_below_its_stop(start: int, stop: int, step: int, unit: int):
    """Decimals are written as whole numbers of units, of which Python's own range is exact."""
    wanted = [n / unit for n in range(start, stop, step)]
    text = f"range({start / unit!r},{stop / unit!r},{step / unit!r})"
    assert elements(parsed(text).value()) == wanted
    whole = elements(parsed(f"range({start},{stop},{step})").value())
    assert repr(whole) == repr(list(range(start, stop, step)))


@given(
    st.lists(st.integers() | st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=6), st.booleans()
)
def test_sorted_values_are_the_same_values_in_order(values: list[float], reverse: bool):
    text = f"sort({','.join(map(override_text, values))},reverse={override_text(reverse)})"
    assert repr(elements(parsed(text).value())) == repr(sorted(values, reverse=reverse))
