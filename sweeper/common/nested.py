"""Walks through specs: mappings and lists inside of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def mappings_in(value: object) -> Iterator[Mapping[Any, Any]]:
    """Every mapping in a value, itself included, however deep; the outer ones first."""
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from mappings_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from mappings_in(item)
