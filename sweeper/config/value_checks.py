"""Checks of single values in a config: each takes the place and the value, and returns the value with its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from sweeper.errors import ConfigError, near_match

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
LEAST_BYTES = 1000
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmg]?i?b)?", re.IGNORECASE)
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "ib": 1}
Check = Callable[[str, object], T]
"""(place, value) -> the value; raises `ConfigError` for a value that is not allowed."""


def known_keys(where: str, value: Mapping[str, object], allowed: Sequence[str]) -> None:
    """Refuse a key that is not allowed, naming the near match."""
    for key in value:
        if key not in allowed:
            hint = near_match(str(key), allowed)
            raise ConfigError(f"{where} has no {key!r}.{hint} It takes {', '.join(allowed)}.")


def wrong(where: str, value: object, allowed: str) -> ConfigError:
    """The error for a value of the wrong type or range."""
    return ConfigError(f"{where} must be {allowed}, got {value!r} ({type(value).__name__}).")


def mapping(where: str, value: object) -> Mapping[str, object]:
    """A mapping."""
    if not isinstance(value, Mapping):
        raise wrong(where, value, "a mapping")
    return value


def mapping_or_empty(where: str, value: object) -> Mapping[str, object]:
    """A mapping; `null` counts as an empty one."""
    return mapping(where, value or {})


def text(where: str, value: object) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        raise wrong(where, value, "text")
    return value


def flag(where: str, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong(where, value, "true or false")
    return value


def count(where: str, value: object) -> int:
    """A whole number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise wrong(where, value, "a whole number, 0 or more")
    return value


def positive_count(where: str, value: object) -> int:
    """A whole number, 1 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong(where, value, "a whole number, 1 or more")
    return value


def size(where: str, value: object) -> int:
    """A number of bytes, at least `LEAST_BYTES`: a whole number, or text such as `64 KB` or `1.5 MiB`."""
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    amount_ = float(found["number"]) * _UNITS[(found["unit"] or "b").lower()] if found else value
    if isinstance(amount_, bool) or not isinstance(amount_, int | float) or not LEAST_BYTES <= amount_ < 1 << 62:
        raise wrong(where, value, f"a number of bytes of at least {LEAST_BYTES}, such as 64000, 64 KB or 10 MB")
    return int(amount_)


def amount(where: str, value: object) -> float:
    """A finite number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise wrong(where, value, "a number, 0 or more")
    return value


def positive(where: str, value: object) -> float:
    """A finite number above 0."""
    number = amount(where, value)
    if number == 0:
        raise wrong(where, value, "a number above 0")
    return number


def sweep_id(where: str, value: object) -> str:
    """An id, or the beginning of one, which may look like a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(where, value)


def optional(check: Check[T]) -> Check[T | None]:
    """`null` is allowed too, and stays."""
    return lambda where, value: None if value is None else check(where, value)


@dataclass(frozen=True)
class Words(Generic[T]):
    """A check that lets some words pass."""

    words: tuple[str, ...]
    made: Callable[[str], T]
    """What is made of an allowed one."""

    def __call__(self, where: str, value: object) -> T:
        if not isinstance(value, str) or value not in self.words:
            hint = near_match(str(value), self.words)
            raise ConfigError(f"{where} cannot be {value!r}.{hint} It must be one of {', '.join(self.words)}.")
        return self.made(value)


def one_of(allowed: Iterable[str]) -> Words[str]:
    """One of some words."""
    return Words(tuple(map(str, allowed)), str)


def member_of(kind: type[E]) -> Words[E]:
    """A word that is a member of an enum."""
    return Words(tuple(map(str, kind)), kind)


@dataclass(frozen=True)
class Each(Generic[T]):
    """A check of a list, by one of its items; a single value is taken as a list of one."""

    check: Check[T]

    def __call__(self, where: str, value: object) -> tuple[T, ...]:
        items: Sequence[object] = value if isinstance(value, list | tuple) else [value]
        return tuple(self.check(f"{where}[{index}]", item) for index, item in enumerate(items))


def each(check: Check[T]) -> Each[T]:
    """A list of what `check` lets pass."""
    return Each(check)


def words_of(check: Check[object]) -> tuple[str, ...]:
    """The words that a check lets pass, or those of an item of a list; none where it takes more than some words."""
    if isinstance(check, Each):
        return words_of(check.check)
    if isinstance(check, Words):
        return check.words
    return ("true", "false") if check is flag else ()
