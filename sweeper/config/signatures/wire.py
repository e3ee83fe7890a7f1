"""Signatures as JSON, between the process that imports and the one that asks."""

from __future__ import annotations

from typing import Any

from sweeper.config.signatures.signature import Parameter, PlainType, Signature


def to_json(signature: Signature) -> dict[str, Any]:
    """A signature as plain data."""
    return {
        "name": signature.name,
        "takes_any": signature.takes_any,
        "parameters": [[one.name, one.is_required, _plain_to_json(one.plain)] for one in signature.parameters],
    }


def from_json(value: Any) -> Signature:
    """The signature that `to_json` made plain data of."""
    parameters = (Parameter(name, bool(required), _plain_of(plain)) for name, required, plain in value["parameters"])
    return Signature(value["name"], tuple(parameters), value["takes_any"])


def _plain_to_json(plain: PlainType | None) -> list[Any] | None:
    return None if plain is None else [sorted(plain.kinds), list(plain.words)]


def _plain_of(value: Any) -> PlainType | None:
    return None if value is None else PlainType(frozenset(value[0]), tuple(value[1]))
