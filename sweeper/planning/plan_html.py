"""A plan as a notebook shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from sweeper.common.html_text import paragraph, table
from sweeper.planning.combinations import Planned, Verdict

SHOWN = 20
"""So many combinations are listed."""


def plan_line(total: int, skipped: int, duplicates: int, excluded: Mapping[str, int]) -> str:
    """A plan in one line."""
    further = {"duplicates dropped": duplicates, "left out": sum(excluded.values())}
    parts = [
        f"{total - skipped:,} to run",
        f"{skipped:,} skipped",
        *(f"{n:,} {what}" for what, n in further.items() if n),
    ]
    return f"{total:,} combinations: {', '.join(parts)}"


def reasons_html(reasons: Sequence[tuple[Verdict, int]], excluded: Mapping[str, int]) -> str:
    """How many combinations run, are skipped or are left out, and why."""
    rows = [(f"{n:,}", "run" if runs else "skip", why) for (runs, why), n in reasons]
    rows += [(f"{n:,}", "left out", f"by {rule}") for rule, n in excluded.items() if n]
    return table("", ("combinations", "", "why"), rows, numbers=(0,)) if rows else ""


def items_html(items: Sequence[Planned]) -> str:
    """The first combinations, each with the decision on it and the reason."""
    heads = ("", "capability", "dataset", "model", "metric", "why")
    rows = [("run" if item.run else "skip", *item.combination.names, item.reason) for item in islice(items, SHOWN)]
    title = f"The first {SHOWN} of {len(items):,}" if len(items) > SHOWN else ""
    return table(title, heads, rows) if rows else ""


def notes_html(notes: Sequence[str]) -> str:
    """What to know beside the decisions."""
    return "".join(paragraph(f"note: {note}") for note in notes)
