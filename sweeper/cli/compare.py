"""The command `compare`: what is asked for on the command line, and what is shown of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from sweeper.cli.arguments import Arguments
from sweeper.cli.compare_text import Compared, comparison_text
from sweeper.cli.json_documents import write_json
from sweeper.cli.tables.screen import PLAIN, Screen
from sweeper.comparison.by_datum import DataReader
from sweeper.comparison.differences import Difference, differences
from sweeper.comparison.measured import Measured
from sweeper.comparison.only import is_covered, only_text, parsed_only
from sweeper.comparison.opened import StoreOpener
from sweeper.comparison.repeats import refuse_unswept
from sweeper.comparison.sides import Side, Sides
from sweeper.comparison.specs import spec_differences
from sweeper.errors import ConfigError
from sweeper.statistics.bounds import Level
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.messages.requests import StoreLocation


def compare(
    args: Arguments, location: StoreLocation, repeats: Sequence[str], out: TextIO, screen: Screen = PLAIN
) -> int:
    """Compare what the two operands name, write it, and return the exit status.

    Models, sweeps and dates are those of the store at `location`, which need not be there for two other stores.

    Raises
    ------
    ConfigError
        An operand or an option cannot be used.
    """
    level, tolerance, only = _level(args), _tolerance(args), parsed_only(args.value("--only"))
    opened = StoreOpener(location)
    home = opened(location.uri, must_exist=False)
    known = Sides(home, opened, repeats)
    sides = [known.named(text) for text in args.operands]
    refuse_unswept(repeats, (name for one in sides for value in one.values for name in _own_names(value)))
    first, second = (_chosen(one, only) for one in sides)
    found = differences(first, second, [DataReader(one.store) for one in (first, second)], level)
    by_interval = args.value("--judge") == "interval"
    past = [] if tolerance is None else [one for one in found if one.is_past(tolerance, by_interval=by_interval)]
    compared = Compared(first, second, found, spec_differences(first, second, found), level, tolerance, past)
    if args.has("--json"):
        write_json(_document(compared, exit_status=int(bool(past))), out)
    else:
        out.write(comparison_text(compared, screen))
    return int(bool(past))


def _level(args: Arguments) -> Level:
    return Level(_number(args, "--confidence", 0.5, 1.0))


def _tolerance(args: Arguments) -> float | None:
    return None if args.value("--tolerance") is None else _number(args, "--tolerance", -1.0, math.inf)


def _number(args: Arguments, option: str, above: float, below: float) -> float:
    text = args.value(option) or ""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not above < number < below or (option == "--tolerance" and number < 0):
        allowed = "a number of at least 0" if option == "--tolerance" else "above 0.5 and below 1"
        raise ConfigError(f"{option} is {text!r}; it must be {allowed}.")
    return number


def _chosen(one: Side, only: Mapping[str, str]) -> Side:
    globs = only.items()
    values = [value for value in one.values if all(is_covered(glob, getattr(value, axis)) for axis, glob in globs)]
    if one.values and not values:
        raise ConfigError(f"--only {only_text(only)} leaves out all of {one.label}.")
    return replace(one, values=tuple(values))


def _own_names(value: Measured) -> Iterator[str]:
    """What the runs of a value are called, axis by axis."""
    yield from (getattr(run, axis) for run in value.repeats or (value,) for axis in AXES)


def _document(compared: Compared, *, exit_status: int) -> dict[str, object]:
    return {
        "a": compared.first.label,
        "b": compared.second.label,
        "confidence": compared.level.confidence,
        "differences": [_plain(one) for one in compared.found],
        "specs": [vars(one) for one in compared.specs],
        "tolerance": compared.tolerance,
        "past": [_plain(one) for one in compared.past],
        "exit_status": exit_status,
    }


def _plain(one: Difference) -> dict[str, object]:
    names = {name: getattr(one.either, name) for name in ("capability", "dataset", "model", "metric", "key")}
    interval = one.interval
    return {
        **names,
        "higher_is_better": one.either.higher_is_better,
        "a": one.first.value if one.first else None,
        "b": one.second.value if one.second else None,
        "difference": one.change,
        "ci_low": interval.low if interval else None,
        "ci_high": interval.high if interval else None,
        "ci_method": interval.method if interval else f"none: {one.reason}" if one.reason else None,
        "n": interval.n if interval else None,
        "disagree": one.disagree,
        "verdict": one.verdict or None,
        **dict(zip(("a_caveat", "b_caveat"), one.caveats, strict=True)),
        "a_warning": one.first.warning if one.first else None,
        "b_warning": one.second.warning if one.second else None,
    }
