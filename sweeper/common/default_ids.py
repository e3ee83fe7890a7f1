"""Default ids of the built-in parts: short, deterministic text that tells their specs apart and can be written."""

from __future__ import annotations

from collections.abc import Iterable

from sweeper.common.text import escaped


def describe(name: str, /, *words: str, **arguments: object) -> str:
    """`digits[test,seed=1]` from a name, bare words, and the arguments that are worth telling.

    Parameters
    ----------
    name
        What the part is. A name that ends in brackets already is extended inside them.
    words
        Come first, as they are.
    arguments
        Come next as `key=value`, in the order given; `None` is left out.
    """
    details = [
        *map(escaped, words),
        *(f"{key}={_text(value)}" for key, value in arguments.items() if value is not None),
    ]
    if not details:
        return name
    if name.endswith("]"):
        return f"{name[:-1]},{','.join(details)}]"
    return f"{name}[{','.join(details)}]"


def unless(value: object, default: object) -> object:
    """The value, or `None` where it is the default and so not worth telling."""
    return None if value == default else value


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "x".join(_text(item) for item in value)
    return str(value)


def distinct(names: Iterable[str]) -> list[str]:
    """The names as text that can be written, each once: one that came before gets a number, `a~2`."""
    taken: set[str] = set()
    return [_free(escaped(name), taken) for name in names]


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}~{number}"
    taken.add(free)
    return free
