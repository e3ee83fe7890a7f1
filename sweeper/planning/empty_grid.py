"""Why nothing is left of a grid: which rule left out what, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sweeper.errors import ConfigError
from sweeper.planning.grid import CROSSED, Expansion, Grid, Part, Rule
from sweeper.vocabulary import AXES, Arity

NAMED = 5
"""So many parts or rules are named, and the others are counted."""
_NEXT = (
    "Select parts that go together or change the rule; where nothing to run is right, say so: --allow-empty, or "
    "allow_empty: true in the config."
)


def refuse_empty(grid: Grid, expansion: Expansion, *, allowed: bool) -> None:
    """Refuse a grid of which nothing is left, unless that is allowed.

    Raises
    ------
    ConfigError
        Naming each rule that left something out, and what it found.
    """
    if expansion.combinations or allowed:
        return
    reasons = " ".join(_reason(grid, name, count) for name, count in expansion.left_out.items())
    found = reasons or "No sub-grid of `union` takes in all that its capability needs."
    raise ConfigError(f"Nothing is left to run of {expansion.total} combinations. {found} {_NEXT}")


def _reason(grid: Grid, name: str, count: int) -> str:
    told = {
        "arity": lambda: "; ".join(_too_few(grid)) or "a sub-grid of `union` selects too few parts",
        "task": lambda: "; ".join(_by_task(grid)),
        "only": lambda: f"they match none of {_rules(grid.only)}",
        "exclude": lambda: f"they match {_rules(grid.exclude)}",
    }
    return f"{count} left out by {name}: {told[name]()}."


def _by_task(grid: Grid) -> Iterator[str]:
    """The parts that are made for each task."""
    tasks: dict[str, list[str]] = {}
    for axis in AXES:
        for part in grid.parts.get(axis, ()):
            if (task := part.first.runtime.task) is not None:
                tasks.setdefault(task, []).append(f"{axis} {part.base}")
    for task, names in tasks.items():
        yield f"{_some(names)} {'is' if len(names) == 1 else 'are'} for {task}"


def _too_few(grid: Grid) -> Iterator[str]:
    """Each axis of which a capability takes more than there is."""
    for capability in grid.parts.get("capability", ()):
        for axis in CROSSED:
            if lack := _lack(capability, axis, grid.parts.get(axis, ())):
                yield f"capability {capability.base} takes {lack}"


def _lack(capability: Part, axis: str, parts: Sequence[Part]) -> str:
    """What a capability takes of an axis and does not find there; empty where it finds it."""
    takes, task = (capability.first.runtime.arity or {}).get(f"{axis}s"), capability.first.runtime.task
    if takes is Arity.TWO and len(parts) < 2:
        return f"two {axis}s, and {_some([p.base for p in parts])} is selected"
    if takes is Arity.MANY and task is not None and not _of_task(parts, task):
        return f"{axis}s for {task}, and those selected are for another task"
    return ""


def _of_task(parts: Sequence[Part], task: str) -> bool:
    return any(part.first.runtime.task in (None, task) for part in parts)


def _rules(rules: Sequence[Rule]) -> str:
    return _some(f"{rule.where} ({rule.text()})" for rule in rules)


def _some(names: Iterable[str]) -> str:
    named = list(names)
    more = [f"{len(named) - NAMED} more"] if len(named) > NAMED else []
    return ", ".join([*named[:NAMED], *more])
