"""Identity: canonical JSON of resolved specs, and the SHA-256 over it. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from sweeper.errors import ConfigError
from sweeper.spec import Arity, Choice, Combination

VERSION = 1
"""Raised whenever the same config would give another fingerprint; golden values are pinned in the tests."""


def canonical(value: Any, *, where: str = "spec") -> str:
    """Canonical JSON: sorted keys, no white space, non-ASCII kept; 1 and 1.0 differ.

    Raises
    ------
    ConfigError
        Where a value is not JSON (an object, NaN, infinity, a key that is no string); the message names its place.
    """
    _check(value, where)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Full hexadecimal SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(combination: Combination) -> str:
    """Full hexadecimal SHA-256 over `canonical_text` of a combination: its identity."""
    return hashlib.sha256(canonical_text(combination).encode()).hexdigest()


def canonical_text(combination: Combination) -> str:
    """Canonical JSON of the version and the resolved specs of a combination.

    The parts carry their canonical JSON already, so it is put together here, keys in sorted order. The parts of an
    axis count in their order (TWO takes ordered pairs), those of a MANY axis as a set.
    """
    capability, datasets, models, metrics = combination
    arity = capability.runtime.arity or {}
    return (
        f'{{"capability":{capability.canonical},"datasets":{_list(datasets, arity.get("datasets"))},'
        f'"metrics":{_list(metrics, arity.get("metrics"))},"models":{_list(models, arity.get("models"))},'
        f'"version":{VERSION}}}'
    )


def _list(choices: tuple[Choice, ...], arity: Arity | None) -> str:
    if len(choices) == 1:
        return f"[{choices[0].canonical}]"
    parts = [c.canonical for c in choices]
    return f"[{','.join(sorted(parts) if arity is Arity.MANY else parts)}]"


def _check(value: Any, where: str) -> None:
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigError(f"{where} is {value}, which JSON cannot carry, so it cannot be part of an identity.")
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise ConfigError(
                    f"{where} has the key {key!r} ({type(key).__name__}); keys must be strings: quote it."
                )
            _check(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]")
    else:
        raise ConfigError(
            f"{where} is a {type(value).__name__}, which JSON cannot carry; use numbers, text, lists and mappings."
        )
