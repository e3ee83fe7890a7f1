"""A plan as text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sweeper.cli.tables.cells import Line, Span, Tone, line_of, shown
from sweeper.cli.tables.prose import broken
from sweeper.cli.tables.screen import PLAIN, Screen
from sweeper.planning.combinations import Planned
from sweeper.planning.decisions import Plan

LISTED = 200
"""Plans up to this many combinations are listed one by one; larger ones by their reasons."""
SAME = 20
"""So many names that stand for the same as another are listed."""
_FINGERPRINT = 12
"""So many characters of a fingerprint are shown."""


def plan_text(plan: Plan, screen: Screen = PLAIN, *, listed: int = LISTED) -> str:
    """What would run and why: each combination of a small plan, the counts of a large one."""
    lines = [] if len(plan.items) > listed else [line for item in plan.items for line in _decision(item, screen.width)]
    counts = [(Span(line),) for text in _counts(plan) for line in broken(text, screen.width, 11)]
    return screen.text([*lines, *([()] if lines else []), *counts])


def _decision(item: Planned, width: int | None) -> Iterator[Line]:
    """Run or skip, the fingerprint, the names and the reason; what has no room goes on below the names."""
    word = Span("run   ", Tone.GOOD) if item.run else Span("skip  ", Tone.FAINT)
    key = Span(f"{item.fingerprint[:_FINGERPRINT]}  ", Tone.FAINT)
    room = None if width is None else width - len(word.text) - len(key.text)
    first, *others = broken(shown(f"{item.combination.label()}  ({item.reason})"), room)
    yield line_of(word, key, Span(first))
    yield from (line_of(Span(" " * len(word.text + key.text)), Span(text)) for text in others)


def _counts(plan: Plan) -> list[str]:
    run = len(plan.items) - plan.skipped
    lines = [f"{len(plan.items)} combinations: {run} to run, {plan.skipped} skipped"]
    lines += [f"  {n:>8} {'run' if runs else 'skip'}: {why}" for (runs, why), n in plan.reasons.most_common()]
    lines += [f"  {n:>8} left out by {rule}" for rule, n in plan.excluded.items() if n]
    if plan.duplicates:
        lines.append(f"  {plan.duplicates:>8} duplicates dropped (same fingerprint as another; duplicates=drop)")
        lines += [f"           {same.axis} {same.text()}" for same in plan.same[:SAME]]
        if len(plan.same) > SAME:
            lines.append(f"           and {len(plan.same) - SAME} more names")
    return lines + [f"note: {note}" for note in plan.notes]
