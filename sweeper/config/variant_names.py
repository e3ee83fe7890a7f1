"""How values and variants are named: on one line, told apart by type, and no two of a sweep alike. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sweeper.planning.grid import Part
from sweeper.vocabulary import NAME_SEPARATOR, Choice

LONGEST = 100
"""Labels with more characters are cut, and end in a part of their hash."""
_KEPT, _HASHED = 80, 8
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_SPECIAL = frozenset(",=[]{}()'\"\\" + _ELLIPSIS)
_HIDDEN_SEPARATOR = NAME_SEPARATOR.replace("+", r"\u002b")
"""Inside of a name, where it joins nothing."""
_NO_TEXT = ("true", "false", "null", "none", "nan", "inf", "infinity")


def value_label(value: object) -> str:
    """A value as the name of a variant shows it.

    Numbers, booleans and null are written as in JSON, lists and mappings too (keys that are no text without quotes).
    Text stands as it is where it cannot be taken for anything else, and quoted and escaped otherwise: 'true' and '1'
    are texts. Equal labels mean equal values of equal types; long ones keep their beginning and a hash of the whole.
    """
    text = _text(value) if isinstance(value, str) else _json(value)
    if len(text) <= LONGEST:
        return text
    return f"{text[:_KEPT].rstrip()}{_ELLIPSIS}{_hash(text)}"


def _text(value: str) -> str:
    is_plain = value == value.strip() != "" and value.isprintable() and _SPECIAL.isdisjoint(value)
    if is_plain and NAME_SEPARATOR not in value and not _reads_as_other(value):
        return value
    return f"'{''.join(map(_escaped, value)).replace(NAME_SEPARATOR, _HIDDEN_SEPARATOR)}'"


def _reads_as_other(value: str) -> bool:
    if value.lower().lstrip("+-") in _NO_TEXT:
        return True
    try:
        float(value)
    except ValueError:
        return False
    return True


def _escaped(char: str) -> str:
    if char in "'\\":
        return "\\" + char
    return char if char.isprintable() else repr(char)[1:-1]


def _json(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_json(key)}: {_json(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not value.isprintable() or NAME_SEPARATOR in value).replace(
            NAME_SEPARATOR, _HIDDEN_SEPARATOR
        )
    return json.dumps(value, default=str)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASHED]


def with_distinct_names(parts: Iterable[Part]) -> list[Part]:
    """The parts of one axis with names that stand for one spec each.

    Where a variant and another choice would be called alike, the plain choice keeps the name and the others get a part
    of the hash of their spec.
    """
    made = list(parts)
    owners: dict[str, str] = {}
    for part in sorted(made, key=lambda part: bool(part.keys)):
        for choice in part.variants.values():
            owners.setdefault(choice.name, choice.digest)
    return [replace(part, variants={at: _renamed(c, owners) for at, c in part.variants.items()}) for part in made]


def _renamed(choice: Choice, owners: dict[str, str]) -> Choice:
    name, length = choice.name, 0
    while owners.setdefault(name, choice.digest) != choice.digest:
        length += _HASHED
        name = f"{choice.name}#{choice.digest[:length]}"
    return choice if name == choice.name else replace(choice, name=name)
