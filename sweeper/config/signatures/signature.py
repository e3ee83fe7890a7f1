"""What a constructor or function takes, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_NUMBERS = frozenset(("int", "float"))
_IN_WORDS = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}
_FLAGS = frozenset(("true", "false", "yes", "no", "on", "off", "1", "0"))
"""Texts that a constructor may well read as true or false."""


@dataclass(frozen=True)
class PlainType:
    """An annotation that is made of `int`, `float`, `str`, `bool`, `None` and `Literal` alone."""

    kinds: frozenset[str]
    """Those of `int`, `float`, `str` and `bool` that it names."""
    words: tuple[str | int | bool, ...] = ()
    """The members of its literals."""

    def refuses(self, value: object) -> bool:
        """Whether a value of a config contradicts it.

        Annotations are not enforced by Python, so what a constructor may well convert is let pass: a number for text,
        `"0.5"` for a number, a number for a flag, a fraction for a whole number, and `None`, which many mean by a
        default.
        """
        if value is None or not isinstance(value, str | int | float | list | tuple | Mapping):
            return False
        if isinstance(value, str):
            return not self._may_be_text(value)
        if isinstance(value, int | float):
            return not self.kinds and not self._is_word(value)
        return True

    def _may_be_text(self, value: str) -> bool:
        if "str" in self.kinds or self._is_word(value):
            return True
        if "bool" in self.kinds and value.lower() in _FLAGS:
            return True
        return not self.kinds.isdisjoint(_NUMBERS) and _is_number(value)

    def _is_word(self, value: object) -> bool:
        return str(value) in map(str, self.words)

    @property
    def text(self) -> str:
        """What it allows, in words."""
        kinds = [kind for kind in _IN_WORDS if kind in self.kinds and not (kind == "int" and "float" in self.kinds)]
        words = [f"one of {', '.join(map(repr, self.words))}"] if self.words else []
        return " or ".join([*words, *(_IN_WORDS[kind] for kind in kinds)])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Parameter:
    """One parameter that can be given by its name."""

    name: str
    is_required: bool
    plain: PlainType | None = None
    """Its annotation, where that is a plain one."""


@dataclass(frozen=True)
class Signature:
    """What a constructor or function takes."""

    name: str
    """Of the class or function."""
    parameters: tuple[Parameter, ...]
    takes_any: bool = False
    """Whether it takes further arguments of any name."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of its parameters."""
        return tuple(parameter.name for parameter in self.parameters)
