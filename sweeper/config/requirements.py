"""`requirements`: what values must be for a model to be good enough, as a config writes it, checked and typed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from sweeper.config.value_checks import amount, each, flag, known_keys, mapping, one_of, optional, sweep_id, text, wrong
from sweeper.errors import ConfigError
from sweeper.messages.requirements import CONFIDENCE, Judge, Requirement, asked_text
from sweeper.vocabulary import AXES

KEYS = ("name", *AXES, "key", "min", "max", "tolerance", "than", "confidence", "judge", "optional")
"""What a requirement may say."""
_THAN = ("model", "sweep")
_EXAMPLE = "{metric: accuracy, min: 0.95}"


def requirements_of(where: str, value: object) -> tuple[Requirement, ...]:
    """The requirements that a config gives.

    Raises
    ------
    ConfigError
        One is not of the form that it must have, or two have one name.
    """
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise wrong(where, value, f"a list, such as [{_EXAMPLE}]")
    found = [_requirement(f"{where}[{index}]", one) for index, one in enumerate(value)]
    _refuse_same_names(where, [one.name for one in found])
    return tuple(found)


def _refuse_same_names(where: str, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            first = f"{where}[{names.index(name)}] and {where}[{place}]"
            raise ConfigError(f"{first} are both called {name!r}; give one of them another `name`.")


def _requirement(where: str, value: object) -> Requirement:
    given = mapping(where, value)
    known_keys(where, given, KEYS)
    _refuse_no_value(where, given)
    globs = each(text)
    than = _than(f"{where}.than", given.get("than"))
    found = Requirement(
        name="",
        **{axis: globs(f"{where}.{axis}", given[axis]) for axis in AXES if given.get(axis) is not None},
        key=optional(text)(f"{where}.key", given.get("key")),
        minimum=optional(_number)(f"{where}.min", given.get("min")),
        maximum=optional(_number)(f"{where}.max", given.get("max")),
        tolerance=optional(amount)(f"{where}.tolerance", given.get("tolerance")),
        than_model=than.get("model"),
        than_sweep=than.get("sweep"),
        confidence=_confidence(f"{where}.confidence", given.get("confidence", CONFIDENCE)),
        judge=_judge(f"{where}.judge", given.get("judge", "interval")),
        optional=flag(f"{where}.optional", given.get("optional", False)),
    )
    _refuse_limits(where, found)
    return _named(found, optional(text)(f"{where}.name", given.get("name")))


def _named(requirement: Requirement, name: str | None) -> Requirement:
    return replace(requirement, name=name or asked_text(requirement))


def _refuse_no_value(where: str, given: Mapping[str, object]) -> None:
    if given.get("metric") is None and given.get("key") is None:
        raise ConfigError(f"{where} names no value: give a `metric`, a `key` or both, as in {_EXAMPLE}.")


def _refuse_limits(where: str, r: Requirement) -> None:
    """Refuse all but one limit."""
    limits = {"min": r.minimum, "max": r.maximum, "tolerance": r.tolerance}
    given = [name for name, limit in limits.items() if limit is not None]
    if len(given) != 1:
        got = " and ".join(given) or "none"
        raise ConfigError(
            f"{where} must have one of min, max and tolerance; it has {got}. For a range write two requirements."
        )
    compared = (r.than_model is not None) + (r.than_sweep is not None)
    if r.tolerance is not None and compared != 1:
        raise ConfigError(
            f"{where}.tolerance needs what to compare with: than: {{model: NAME}}, or than: {{sweep: ID or name}}."
        )
    if r.tolerance is None and compared:
        raise ConfigError(f"{where}.than goes with tolerance; with {given[0]} leave it out.")


def _than(where: str, value: object) -> dict[str, str]:
    if value is None:
        return {}
    given = mapping(where, value)
    known_keys(where, given, _THAN)
    if len(given) != 1:
        raise ConfigError(f"{where} must name one of {' and '.join(_THAN)}, got {dict(given)!r}.")
    return {key: sweep_id(f"{where}.{key}", name) for key, name in given.items()}


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong(where, value, "a finite number")
    return float(value)


def _confidence(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.5 < value < 1:
        raise wrong(where, value, "a number above 0.5 and below 1, such as 0.95")
    return float(value)


def _judge(where: str, value: object) -> Judge:
    word = one_of(get_args(Judge))(where, value)
    return "value" if word == "value" else "interval"
