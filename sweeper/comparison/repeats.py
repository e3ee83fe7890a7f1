"""Runs that repeat each other, such as trainings with several seeds, shown as one: their mean, and how they differ."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sweeper.errors import ConfigError, near_match
from sweeper.messages.outcome import Gap
from sweeper.vocabulary import AXES, NAME_SEPARATOR

_CUT = re.compile(r"\N{HORIZONTAL ELLIPSIS}[0-9a-f]{8}(?=[,\]])")
"""Where the label of a value was cut: what was open in it is not closed."""
_OPENING, _CLOSING = "([{", ")]}"
Row = Mapping[str, Any]


def without_repeats(name: str, keys: Sequence[str]) -> str:
    """The name of a choice, or of several, without what was swept only to repeat it.

    Parameters
    ----------
    name
        `mlp[estimator.random_state=1,estimator.alpha=0.1]`; several are joined by ` + `.
    keys
        Swept keys, as names show them or their last parts: `random_state` gives `mlp[estimator.alpha=0.1]`.
    """
    return NAME_SEPARATOR.join(_without(one, keys) for one in name.split(NAME_SEPARATOR))


def swept_keys(name: str) -> list[str]:
    """The swept keys that the name of a choice, or of several, shows."""
    return [key for key, _ in swept_values(name)]


def swept_values(name: str) -> list[tuple[str, str]]:
    """The swept keys that the name of a choice, or of several, shows, each with the text of its value."""
    return [pair for one in name.split(NAME_SEPARATOR) for pair in _taken_apart(one)[1]]


def _without(name: str, keys: Sequence[str]) -> str:
    base, assignments, rest = _taken_apart(name)
    kept = [f"{key}={value}" for key, value in assignments if not is_repeat(key, keys)]
    if len(kept) == len(assignments):
        return name
    suffix = f"[{','.join(kept)}]" if kept else ""
    return f"{base}{suffix}{rest}"


def is_repeat(key: str, keys: Sequence[str]) -> bool:
    """Whether a swept key is one of these, or ends in one of them."""
    return any(key == each or key.endswith(f".{each}") for each in keys)


def _taken_apart(name: str) -> tuple[str, list[tuple[str, str]], str]:
    """The name of the choice, what was swept of it, and what stands behind."""
    base, bracket, rest = name.partition("[")
    if not bracket:
        return name, [], ""
    parts, end = comma_parts(rest)
    pairs = [(key, value) for key, _, value in (part.partition("=") for part in parts)]
    return base, pairs, rest[end:]


def comma_parts(text: str) -> tuple[list[str], int]:
    """What commas separate up to a bracket that closes and none opens, and the place behind it; else up to the end.

    Commas that are quoted, or inside of brackets, do not separate.
    """
    parts, begin, depth, quote, at = list[str](), 0, 0, "", 0
    while at < len(text):
        char = text[at]
        if _CUT.match(text, at):
            depth, quote = 0, ""
        elif quote:
            at += char == "\\" and not _CUT.match(text, at + 1)
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _OPENING:
            depth += 1
        elif char in _CLOSING and depth:
            depth -= 1
        elif char == "]":
            return [*parts, text[begin:at]], at + 1
        elif char == "," and not depth:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    return [*parts, text[begin:]], len(text)


def aggregated(rows: Iterable[Row], keys: Sequence[str], gaps: Iterable[Gap] = ()) -> list[dict[str, Any]]:
    """Rows of the view `results`, with one row in the place of those that repeat each other.

    That has the mean as its value, `spread`, the standard deviation between runs (N - 1 in the denominator), and
    `repeats`, the rows themselves. `gaps` are combinations without a value: how many of them a mean lacks is a warning.
    """
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        names = _names([row[axis] or "" for axis in AXES], keys)
        groups.setdefault((*names, row["key"], row["scope"]), []).append(row)
    missing = Counter(_names([getattr(gap, axis) for axis in AXES], keys) for gap in gaps)
    return [_one(key[: len(AXES)], group, missing[key[: len(AXES)]]) for key, group in groups.items()]


def _names(names: Iterable[str], keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(without_repeats(name, keys) for name in names)


def _one(names: tuple[str, ...], group: Sequence[Row], missing: int) -> dict[str, Any]:
    if len(group) == 1 and names == tuple(group[0][axis] or "" for axis in AXES):
        return dict(group[0])
    numbers = [row["value"] for row in group if row["value"] is not None and not math.isnan(row["value"])]
    odd = len(group) - len(numbers)
    caveats = [row.get("caveat") for row in group] + [f"{odd} of {len(group)} runs gave no number" if odd else None]
    warnings = [line for row in group for line in (row.get("warning") or "").splitlines()]
    warnings += [f"{missing} of {len(group) + missing} runs gave no value"] if missing else []
    return {
        **group[0],
        **dict(zip(AXES, names, strict=True)),
        "value": math.fsum(numbers) / len(numbers) if numbers else None,
        "spread": _spread(numbers),
        "repeats": group,
        "caveat": "; ".join(dict.fromkeys(filter(None, caveats))) or None,
        "warning": "\n".join(dict.fromkeys(warnings)) or None,
    }


def _spread(numbers: Sequence[float]) -> float | None:
    if len(numbers) < 2:
        return None
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))


def refuse_unswept(keys: Sequence[str], names: Iterable[str]) -> None:
    """Refuse a key to aggregate that none of these names of choices shows as swept.

    Raises
    ------
    ConfigError
        Naming what is swept.
    """
    swept = list(dict.fromkeys(key for name in names for key in swept_keys(name))) if keys else []
    for place, key in enumerate(keys):
        if not any(is_repeat(one, [key]) for one in swept):
            hint = near_match(key, [*swept, *(one.rpartition(".")[2] for one in swept)])
            known = f"Swept are {', '.join(swept)}." if swept else "In this sweep nothing is swept."
            raise ConfigError(f"aggregate[{place}]: {key!r} is no swept key.{hint} {known}")


def aggregated_gaps(gaps: Iterable[Gap], keys: Sequence[str]) -> Iterator[Gap]:
    """What has no value, under the names that `aggregated` gives."""
    for gap in gaps:
        yield replace(gap, **{axis: without_repeats(getattr(gap, axis), keys) for axis in AXES})
