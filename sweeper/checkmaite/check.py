"""What the driver checks of a capability derived from checkmaite's, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from sweeper.common import source
from sweeper.errors import ConfigError, near_match
from sweeper.vocabulary import Choice

_IGNORED = ("model_config",)
"""Annotated attributes of a pydantic model that are no fields."""


def heavy_modules(choices: Iterable[Choice]) -> tuple[str, ...]:
    """What workers should import before their first combination: checkmaite, where a choice builds something of it."""
    return ("checkmaite",) if any(_top(choice) == "checkmaite" for choice in choices) else ()


def _top(choice: Choice) -> str:
    return str(choice.spec.get("_target_", "")).split(".")[0]


def check_config(choice: Choice) -> None:
    """Refuse a key in a capability's `config` that its pydantic config would silently ignore.

    Raises
    ------
    ConfigError
        Names the key, where it stands and the near match.
    """
    config = choice.spec.get("config")
    if choice.axis != "capability" or not isinstance(config, Mapping) or "_target_" in config:
        return
    capability = source.find(str(choice.spec["_target_"]))
    model = _config_class(capability) if capability is not None else None
    if model is not None:
        _check(f"capability.{choice.base}.config", config, model)


def _config_class(capability: source.Definition) -> source.Definition | None:
    """What the nearest `_create_config` says that it returns."""
    for cls in source.lineage(capability):
        assert isinstance(cls.node, ast.ClassDef)
        for node in cls.node.body:
            if isinstance(node, ast.FunctionDef) and node.name == "_create_config" and node.returns is not None:
                return source.resolve(cls.module, node.returns)
    return None


def _check(where: str, given: Mapping[str, Any], model: source.Definition) -> None:
    fields = {name: place for name, place in source.fields(model).items() if name not in _IGNORED}
    if not fields and not _is_config(model):
        return
    for key, value in given.items():
        if key not in fields:
            raise ConfigError(unknown_key(where, key, fields))
        inner = source.resolve(*fields[key]) if isinstance(value, Mapping) and "_target_" not in value else None
        if inner is not None and _is_pydantic(inner):
            _check(f"{where}.{key}", value, inner)


def unknown_key(where: str, key: str, fields: Iterable[str]) -> str:
    """The message for a key that a config does not have."""
    names = sorted(fields)
    has = ", ".join(names) if names else "no keys"
    return f"{where} has no {key!r}: it would be ignored, and change nothing.{near_match(key, names)} It has {has}."


def _is_config(cls: source.Definition) -> bool:
    return any(
        isinstance(each.node, ast.ClassDef) and each.node.name == "CapabilityConfigBase" for each in source.lineage(cls)
    )


def _is_pydantic(cls: source.Definition) -> bool:
    """Whether a base is written as `BaseModel` or `pydantic.BaseModel`."""
    return any(
        ast.unparse(base).split(".")[-1] == "BaseModel"
        for each in source.lineage(cls)
        if isinstance(each.node, ast.ClassDef)
        for base in each.node.bases
    )
