"""What runs printed, as text: what several printed alike stands once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.store.printed import Printed

EDGE_LINES = 20
"""So many lines of the beginning and of the end of a long text are shown."""


def printed_text(sweep_id: str, found: Sequence[Printed]) -> str:
    """What was printed in a sweep, each text once, under who printed it."""
    if not found:
        return f"sweep {sweep_id}: no run printed anything that was kept; with the backend inline nothing is kept\n"
    alike: dict[tuple[str | None, str], list[Printed]] = {}
    for one in found:
        alike.setdefault((one.text, one.log if one.text is None or one.by_inference else ""), []).append(one)
    return "\n".join(_entry(group) for group in alike.values())


def _entry(group: Sequence[Printed]) -> str:
    first = group[0]
    who = f"predictions of {first.model} on {first.dataset}" if first.by_inference else _label(first)
    times = f"{len(group)} times, first: " if len(group) > 1 and not first.by_inference else ""
    if first.text is None:
        where = f" of {first.host}" if first.host else ""
        return f"{times}{who}: its log is not on this machine, or was removed: {first.log}{where}\n"
    lines = [f"    {line}" for line in _edges(first.text.splitlines(), first.log)]
    return "\n".join([f"{times}{who} (log: {first.log})", *lines, ""])


def _label(one: Printed) -> str:
    return " · ".join(filter(None, (one.capability, one.dataset, one.model, one.metric)))


def _edges(lines: Sequence[str], log: str) -> Sequence[str]:
    left_out = len(lines) - 2 * EDGE_LINES
    if left_out <= 0:
        return lines
    return [*lines[:EDGE_LINES], f"[... {left_out:,} lines are in {log} ...]", *lines[-EDGE_LINES:]]
