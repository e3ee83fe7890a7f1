"""Which `_target_` a config may build, where the user limits that with `allowed_targets`. Reads no module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from sweeper.common.nested import mappings_in
from sweeper.errors import ConfigError

_BY_NAME = ("path", "_args_")
"""Arguments by which Hydra's own helpers (`hydra.utils.get_method`) are told what to look up."""


def refuse_other_targets(value: object, globs: Sequence[str] | None, place: str = "") -> None:
    """Refuse a spec that names, at any depth, a target that none of the globs allows.

    Raises
    ------
    ConfigError
        It does; the message names the target and the globs.
    """
    if globs is None:
        return
    for target in targets_of(value):
        if not is_allowed(target, globs):
            raise not_allowed(target, globs, place)


def is_allowed(target: str, globs: Sequence[str]) -> bool:
    """Whether a dotted path matches one of the globs; names such as `__globals__` lead anywhere and never do."""
    if any(name.startswith("__") for name in target.split(".")):
        return False
    return any(fnmatchcase(target, glob) for glob in globs)


def not_allowed(target: str, globs: Sequence[str], place: str = "") -> ConfigError:
    """The error for a target that no glob allows."""
    allowed = ", ".join(globs) or "nothing"
    return ConfigError(
        f"{place + ': ' if place else ''}_target_ {target!r} is not allowed: allowed_targets has {allowed}. "
        "Select another choice, or add a glob that matches it."
    )


def targets_of(value: object) -> Iterator[str]:
    """What a spec builds, calls or looks up: each `_target_`, however deep."""
    for mapping in mappings_in(value):
        target = mapping.get("_target_")
        if target is not None:
            yield str(target)
        if isinstance(target, str) and target.startswith("hydra."):
            yield from (text for key in _BY_NAME for text in _texts(mapping.get(key)))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (item for item in value if isinstance(item, str))
