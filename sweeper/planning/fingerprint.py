"""Identity: canonical JSON of resolved specs, and the SHA-256 over it. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sweeper.common.columns import Digests
from sweeper.errors import ConfigError
from sweeper.planning.combinations import Combinations
from sweeper.vocabulary import Arity, Choice, Combination

if TYPE_CHECKING:
    from _hashlib import HASH

VERSION = 1
"""Raised whenever the same config would give another fingerprint; golden values are pinned in the tests."""

_MOST_HASHES = 20_000
"""So many begun hashes are kept, half a kilobyte each."""
TAG = "non_text_keys"
"""Marks a mapping that has other keys than text: `{"non_text_keys":true,"items":[[0,"cat"],[1,"dog"]]}`.

JSON has text keys alone. No mapping with text keys is written like this: its keys are sorted, and these are not.
"""


def canonical(value: Any, *, where: str = "spec") -> str:
    """Canonical JSON: sorted keys, no white space, non-ASCII kept; 1 and 1.0 differ, and so do the keys 1 and "1".

    A mapping with a key that is a number, true, false or null is written as a list of its items under `TAG`; all
    others are written as they are.

    Raises
    ------
    ConfigError
        Where a value is not JSON (an object, NaN, infinity); the message names its place.
    """
    if _has_text_keys(value, where):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _tagged(value)


def spec_of(text: str) -> Any:
    """The plain data that `canonical` wrote, keys and numbers with their types."""
    return json.loads(text, object_pairs_hook=_mapping)


def _mapping(pairs: list[tuple[str, Any]]) -> dict[Any, Any]:
    if [key for key, _ in pairs] == [TAG, "items"]:
        return dict(pairs[1][1])
    return dict(pairs)


def _tagged(value: Any) -> str:
    if isinstance(value, Mapping):
        items = [(json.dumps(key, ensure_ascii=False), _tagged(item)) for key, item in value.items()]
        if not all(isinstance(key, str) for key in value):
            return f'{{"{TAG}":true,"items":[{",".join(sorted(f"[{key},{item}]" for key, item in items))}]}}'
        by_key = sorted(zip(value, items, strict=True))
        return f"{{{','.join(f'{key}:{item}' for _, (key, item) in by_key)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_tagged, value))}]"
    return json.dumps(value, ensure_ascii=False)


def digest(text: str) -> str:
    """Full hexadecimal SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()


def fingerprint(combination: Combination) -> str:
    """Full hexadecimal SHA-256 over `canonical_text` of a combination: its identity."""
    return sha256(canonical_text(combination).encode()).hexdigest()


def fingerprints(combinations: Combinations) -> Digests:
    """The `fingerprint` of each combination; those that differ in their models only share most of the work."""
    capabilities, datasets, models, metrics = combinations.axes

    @lru_cache(_MOST_HASHES)
    def begun(capability: int, dataset: int, metric: int) -> HASH:
        (first,) = capabilities.values[capability]
        return sha256(_before_models(first, datasets.values[dataset], metrics.values[metric]).encode())

    @cache
    def rest(capability: int, model: int) -> bytes:
        return _models_and_rest(capabilities.values[capability][0], models.values[model]).encode()

    digests = bytearray()
    for capability, dataset, model, metric in zip(*(column.codes for column in combinations.axes), strict=True):
        whole = begun(capability, dataset, metric).copy()
        whole.update(rest(capability, model))
        digests += whole.digest()
    return Digests(digests)


def canonical_text(combination: Combination) -> str:
    """Canonical JSON of the version and the resolved specs of a combination.

    The parts carry their canonical JSON already, so it is put together here, keys in sorted order. The parts of an
    axis count in their order (TWO takes ordered pairs), those of a MANY axis as a set.
    """
    capability, datasets, models, metrics = combination
    return _before_models(capability, datasets, metrics) + _models_and_rest(capability, models)


def _before_models(capability: Choice, datasets: tuple[Choice, ...], metrics: tuple[Choice, ...]) -> str:
    arity = capability.runtime.arity or {}
    return (
        f'{{"capability":{capability.canonical},"datasets":{_list(datasets, arity.get("datasets"))},'
        f'"metrics":{_list(metrics, arity.get("metrics"))},"models":'
    )


def _models_and_rest(capability: Choice, models: tuple[Choice, ...]) -> str:
    return f'{_list(models, (capability.runtime.arity or {}).get("models"))},"version":{VERSION}}}'


def _list(choices: tuple[Choice, ...], arity: Arity | None) -> str:
    if len(choices) == 1:
        return f"[{choices[0].canonical}]"
    parts = [c.canonical for c in choices]
    return f"[{','.join(sorted(parts) if arity is Arity.MANY else parts)}]"


def _has_text_keys(value: Any, where: str) -> bool:
    """Check that a value can be part of an identity, and tell whether all keys in it are text."""
    if value is None or isinstance(value, str | bool | int):
        return True
    if isinstance(value, float):
        _check_finite(value, where)
        return True
    only_text = True
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                _check_key(key, where, value)
                only_text = False
            only_text &= _has_text_keys(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            only_text &= _has_text_keys(item, f"{where}[{index}]")
    else:
        raise ConfigError(
            f"{where} is a {type(value).__name__}, which JSON cannot carry; use numbers, text, lists and mappings."
        )
    return only_text


def _check_key(key: Any, where: str, mapping: Mapping[Any, Any]) -> None:
    kind = type(key).__name__
    if "_target_" in mapping:
        raise ConfigError(
            f"{where} has the key {key!r} ({kind}) beside its _target_, and an argument is named by text: quote it."
        )
    if isinstance(key, Enum) or not (key is None or isinstance(key, bool | int | float)):
        raise ConfigError(f"{where} has the key {key!r} ({kind}); keys must be text, numbers, true or false.")
    if isinstance(key, float):
        _check_finite(key, f"A key of {where}")


def _check_finite(value: float, where: str) -> None:
    if not math.isfinite(value):
        raise ConfigError(f"{where} is {value}, which JSON cannot carry, so it cannot be part of an identity.")
