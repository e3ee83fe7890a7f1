"""Build an object from its spec, and remember what that changed of this process.

A constructor, or the import of a module, may set an environment variable, say. That belongs to the part: it is put back
after the run, and changed again in each later run that uses the part, see `sweeper.isolation.process_state`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress

from sweeper.isolation import process_state
from sweeper.messages.requests import ObjectSpec
from sweeper.worker import activity
from sweeper.worker.instantiate import instantiate, refuse_what_is_not_allowed

process_changes: dict[str, list[process_state.Change]] = {}
"""What building a spec has changed of this process, by its key, and importing a module, by its name."""


def build(spec: ObjectSpec) -> object:
    """Instantiate a spec as Hydra does; containers become plain lists and dictionaries unless it says otherwise.

    The random generators are seeded from the spec, so that the result does not depend on what ran before.
    """
    refuse_what_is_not_allowed(spec.target)
    _forget_changed_code(spec)
    with activity.loading(spec.name), process_state.preserve_generators():
        changes = [change for module in _target_modules(spec.target) for change in _import(module)]
        before = process_state.snapshot()
        process_state.seed(spec.digest)
        built: object = instantiate(spec.target)
        process_changes[spec.key] = [*changes, *process_state.changes(before)]
    return built


def _forget_changed_code(spec: ObjectSpec) -> None:
    """Make sure that user modules which changed since this process imported them are imported again."""
    if spec.code:
        from sweeper.revision.reload import reload_changed_modules

        for module in reload_changed_modules(spec.target, spec.digest, spec.code):
            process_changes.pop(module, None)


def _import(module: str) -> list[process_state.Change]:
    """Import a module, or change again what its import has changed."""
    if module in process_changes:
        process_state.redo(process_changes[module])
    else:
        before = process_state.snapshot()
        with suppress(Exception):  # building raises the same error, with a better message
            importlib.import_module(module)
        process_changes[module] = process_state.changes(before)
    return process_changes[module]


def _target_modules(target: object) -> Iterator[str]:
    """The modules of all targets in a spec, in order."""
    if isinstance(target, Mapping):
        if isinstance(path := target.get("_target_"), str) and (module := _module_of(path)):
            yield module
        target = list(target.values())
    for inside in target if isinstance(target, list | tuple) else ():
        yield from _target_modules(inside)


def _module_of(path: str) -> str | None:
    """The module in a dotted path: the longest prefix that is a module."""
    names = path.split(".")[:-1]
    for end in range(len(names), 0, -1):
        name = ".".join(names[:end])
        with suppress(Exception):  # finding a module imports its packages
            if name in sys.modules or importlib.util.find_spec(name) is not None:
                return name
    return None
