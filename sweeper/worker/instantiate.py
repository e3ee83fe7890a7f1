"""Build the object that a resolved `_target_` mapping describes; outside of `sweeper.config`, only this uses Hydra."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from sweeper.messages import bounds
from sweeper.messages.allowed_targets import is_allowed, not_allowed, refuse_other_targets, targets_of


def instantiate(target: Mapping[str, object]) -> Any:
    """Build what a resolved mapping with `_target_` describes, nested ones included.

    Containers become plain lists and dictionaries, unless the mapping has a `_convert_` of its own.

    Raises
    ------
    ConfigError
        The user allows certain targets only, and this names another.
    """
    from hydra.utils import instantiate as hydra_instantiate

    refuse_what_is_not_allowed(target)
    return hydra_instantiate({"_convert_": "all", **target})


def refuse_what_is_not_allowed(target: Mapping[str, object]) -> None:
    """Refuse targets that the user does not allow, by the paths that are typed and by what these lead to."""
    globs = bounds.current().targets
    if globs is None:
        return
    refuse_other_targets(target, globs)  # before a module is imported
    for path in targets_of(target):
        for home in _homes_elsewhere(path.split(".")):
            if not is_allowed(home, globs):
                raise not_allowed(f"{path} (which is {home})", globs)


def _homes_elsewhere(names: Sequence[str]) -> Iterator[str]:
    """Where things on a path are defined, if that is another package: `package.module.os.system` is `os.system`.

    Looks until the first thing that is no module; what is inside of a class is its own.
    """
    found: object = import_module(names[0])
    for index, name in enumerate(names[1:], 2):
        if not isinstance(found, ModuleType):
            return
        found = _inside(found, name)
        home, rest = _home(found), names[index:]
        if home.split(".")[0] != names[0]:
            yield ".".join([home, *rest])


def _inside(module: ModuleType, name: str) -> object:
    try:
        return getattr(module, name)
    except AttributeError:
        return import_module(f"{module.__name__}.{name}")


def _home(thing: object) -> str:
    if isinstance(thing, ModuleType):
        return thing.__name__
    kind = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{getattr(kind, '__module__', None) or 'builtins'}.{getattr(kind, '__qualname__', '')}"
