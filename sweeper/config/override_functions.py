"""The functions of Hydra's override grammar, with the values that its documentation gives. Pure.

Hydra 1.3 parses them; what it makes of them itself is not always what it documents: quoted arguments lose their quotes
(so `choice('1',1)` sweeps 1 twice), `sort` changes which numbers a range has, a range of floats may hold its own end.
"""

from __future__ import annotations

import builtins
import inspect
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hydra._internal.grammar.functions import FunctionCall, Functions
from hydra.core.override_parser.types import ChoiceSweep, Glob, IntervalSweep, QuotedString, RangeSweep, Sweep
from hydra.errors import HydraException

MOST_VALUES = 100_000
"""Of one range."""


@dataclass
class DocumentedFunctions(Functions):
    """What Hydra's parser calls for `name(...)`."""

    def eval(self, func: FunctionCall) -> Any:
        known = _FUNCTIONS.get(func.name)
        if known is None:
            raise HydraException(f"there is no function {func.name!r}; there are {', '.join(sorted(_FUNCTIONS))}")
        args = [without_quotes(arg) for arg in func.args]
        named = {name: without_quotes(arg) for name, arg in func.kwargs.items()}
        bound = inspect.signature(known).bind(*args, **named)
        return known(*bound.args, **bound.kwargs)


def without_quotes(value: Any) -> Any:
    """A parsed value with its quotes taken off, at every depth.

    Raises
    ------
    ValueError
        A sweep stands inside of a list or mapping.
    """
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, builtins.list):
        return [_inner(item) for item in value]
    if isinstance(value, dict):
        return {key: _inner(item) for key, item in value.items()}
    return value


def _inner(value: Any) -> Any:
    if isinstance(value, Sweep | Glob):
        raise ValueError("a sweep inside of a list, mapping or other sweep has no meaning; sweep over whole values")
    return without_quotes(value)


def elements(sweep: Any) -> builtins.list[Any]:
    """The values of a choice or range, in their order.

    Raises
    ------
    ValueError
        It is an interval or a glob, or holds another sweep.
    """
    if isinstance(sweep, ChoiceSweep):
        return [_inner(value) for value in sweep.list]
    if isinstance(sweep, RangeSweep):
        return _numbers(sweep)
    raise ValueError("it has no list of values; use choice(), range() or a comma list")


def _numbers(sweep: RangeSweep) -> builtins.list[int] | builtins.list[float]:
    """r[i] = start + step*i, exactly, with the numbers as they are written."""
    bounds = _bounds(sweep)
    start, stop, step = (Fraction(repr(number)) for number in bounds)
    count = max(math.ceil((stop - start) / step), 0)
    if count > MOST_VALUES:
        raise ValueError(f"the range has {count} values; {MOST_VALUES} are the most")
    exact = [start + step * i for i in builtins.range(count)]
    whole = all(isinstance(number, int) for number in bounds)
    return [int(number) for number in exact] if whole else [float(number) for number in exact]


def _bounds(sweep: RangeSweep) -> tuple[float, float, float]:
    """Start, stop and step: each an int or a float."""
    if sweep.start is None or sweep.stop is None:
        raise ValueError("a range needs its start and its stop")
    return sweep.start, sweep.stop, sweep.step


def _range(start: Any, stop: Any = None, step: Any = 1) -> RangeSweep:
    start, stop = (0, start) if stop is None else (start, stop)
    for number in (start, stop, step):
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise TypeError(f"range() takes finite numbers, got {number!r}")
    if step == 0:
        raise ValueError("the step of a range must not be 0")
    sweep = RangeSweep(start=start, stop=stop, step=step)
    _numbers(sweep)
    return sweep


def _choice(*args: Any) -> ChoiceSweep:
    if len(args) == 1 and isinstance(args[0], ChoiceSweep):
        return ChoiceSweep(list=args[0].list)
    return _sweep_over(args)


def _sweep_over(values: Any) -> ChoiceSweep:
    choices = [_inner(value) for value in values]
    if not choices:
        raise ValueError("there is nothing to choose from")
    return ChoiceSweep(list=choices)


def _interval(start: Any, end: Any) -> IntervalSweep:
    return IntervalSweep(start=float(start), end=float(end))


def _tag(*args: Any, sweep: Any = None) -> Sweep:
    *tags, last = args if sweep is None else (*args, sweep)
    if not isinstance(last, Sweep) or not all(isinstance(tag, str) for tag in tags):
        raise TypeError("tag() takes words and, last, a choice(), range() or interval()")
    return last  # tags are for sweepers that search; they change no value


def _glob(include: Any, exclude: Any = None) -> Glob:
    return Glob(include=_words(include), exclude=[] if exclude is None else _words(exclude))


def _words(given: Any) -> builtins.list[str]:
    words = given if isinstance(given, builtins.list) else [given]
    if not all(isinstance(word, str) for word in words):
        raise TypeError(f"glob() takes text or lists of it, got {given!r}")
    return words


def _reordered(
    name: str, args: tuple[Any, ...], sweep: Any, list: Any, order: Callable[[builtins.list[Any]], builtins.list[Any]]
) -> Any:
    """What `sort` and `shuffle` have in common: a list, a sweep, or several values that become one."""
    given: builtins.list[Any] = [*args, *(value for value in (sweep, list) if value is not None)]
    if not given or (args and len(given) > len(args)) or (sweep is not None and list is not None):
        raise TypeError(f"{name}() takes values, or one sweep, or one list")
    if len(given) > 1:
        return ChoiceSweep(list=order([_inner(value) for value in given]))
    if isinstance(given[0], builtins.list):
        return order(given[0])
    if not isinstance(given[0], Sweep | Glob):
        return given[0]
    values = elements(given[0])
    if not values:
        raise ValueError("there is nothing to sweep over: a range that goes down needs a step below 0")
    return ChoiceSweep(list=order(values))


def _sort(*args: Any, sweep: Any = None, list: Any = None, reverse: Any = False) -> Any:
    if not isinstance(reverse, bool):
        raise TypeError(f"reverse is true or false, got {reverse!r}")
    if len(args) > 1 and not all(isinstance(value, int | float | bool | str) for value in args):
        raise TypeError("sort() takes numbers, texts or booleans")
    return _reordered("sort", args, sweep, list, lambda values: sorted(values, reverse=reverse))


def _shuffle(*args: Any, sweep: Any = None, list: Any = None) -> Any:
    return _reordered("shuffle", args, sweep, list, _shuffled)


def _shuffled(values: builtins.list[Any]) -> builtins.list[Any]:
    """In an order that depends on the values alone: a plan, its run and its rerun must be the same."""
    mixed = builtins.list(values)
    random.Random(repr(values)).shuffle(mixed)
    return mixed


_NOT_GIVEN = object()


def _cast(to: Callable[[Any], Any]) -> Callable[..., Any]:
    def cast(*args: Any, value: Any = _NOT_GIVEN) -> Any:
        values = (*args, *(() if value is _NOT_GIVEN else (value,)))
        if not values or (args and value is not _NOT_GIVEN):
            raise TypeError("a cast takes one value, or several to sweep over")
        return _as(to, values[0]) if len(values) == 1 else ChoiceSweep(list=[_as(to, _inner(v)) for v in values])

    return cast


def _as(to: Callable[[Any], Any], value: Any) -> Any:
    """Every value inside of a list, mapping or sweep is cast; keys stay."""
    if isinstance(value, dict):
        return {key: _as(to, item) for key, item in value.items()}
    if isinstance(value, builtins.list):
        return [_as(to, item) for item in value]
    if isinstance(value, ChoiceSweep):
        return ChoiceSweep(list=[_as(to, item) for item in elements(value)])
    if isinstance(value, IntervalSweep) or (isinstance(value, RangeSweep) and to not in (int, float)):
        raise TypeError("a range can be cast to int or float, and an interval() has no values to cast")
    if isinstance(value, RangeSweep):
        return _range(*map(to, _bounds(value)))
    if not isinstance(value, int | float | bool | str):
        raise TypeError(f"{value!r} cannot be cast")
    return to(value)


def _text(value: float | bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _truth(value: float | bool | str) -> bool:
    if not isinstance(value, str):
        return bool(value)
    if value.lower() not in ("true", "false"):
        raise ValueError(f"{value!r} is neither true nor false")
    return value.lower() == "true"


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "choice": _choice,
    "range": _range,
    "interval": _interval,
    "glob": _glob,
    "tag": _tag,
    "sort": _sort,
    "shuffle": _shuffle,
    "int": _cast(int),
    "float": _cast(float),
    "str": _cast(_text),
    "bool": _cast(_truth),
}
