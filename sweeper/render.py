"""Text for people: the plan, the leaderboards and the summary. Pure: it returns strings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sweeper.outcome import Failure, Outcome
from sweeper.planning import Plan, Planned

LISTED = 200
"""Plans up to this many combinations are listed one by one; larger ones by their reasons."""
BEST = "*"


def plan_text(plan: Plan, *, listed: int = LISTED) -> str:
    """What would run and why: each combination of a small plan, the counts of a large one."""
    lines = [] if len(plan.items) > listed else [_decision(item) for item in plan.items]
    return "\n".join([*lines, *([""] if lines else []), *_counts(plan)])


def _decision(item: Planned) -> str:
    return f"{'run ' if item.run else 'skip'}  {item.fingerprint[:12]}  {item.combination.label()}  ({item.reason})"


def _counts(plan: Plan) -> list[str]:
    run = sum(item.run for item in plan.items)
    lines = [f"{len(plan.items)} combinations: {run} to run, {len(plan.items) - run} skipped"]
    lines += [f"  {n:>8} {'run' if runs else 'skip'}: {why}" for (runs, why), n in plan.reasons.most_common()]
    lines += [f"  {n:>8} left out by {rule}" for rule, n in plan.excluded.items() if n]
    if plan.duplicates:
        lines.append(f"  {plan.duplicates:>8} duplicates dropped (same fingerprint as another; duplicates=drop)")
    return lines


def leaderboards(rows: Iterable[Mapping[str, Any]]) -> str:
    """One table per capability, metric and key: models by datasets, the best of each dataset marked.

    Rows of the `results` view, of which only those that sum a run up are shown. Where no model takes part there is one
    table per capability. The best is marked where the rows say which direction is better (`higher_is_better`).
    """
    tables: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["scope"] != "overall":
            continue
        title = f"{row['metric']} {_key(row)}".strip() if row["model"] else ""
        tables.setdefault((row["capability"], title), []).append(row)
    return "\n\n".join(
        _table(f"{capability}: {title}" if title else capability, rows) for (capability, title), rows in tables.items()
    )


def _key(row: Mapping[str, Any]) -> str:
    """What a key says beyond the metric's name: nothing for `ece`, `area` for `ece.area`."""
    return str(row["key"]).removeprefix(str(row["metric"])).lstrip(".")


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    from tabulate import tabulate

    side, top = _axes(rows)
    cells: dict[str, dict[str, Any]] = {}
    for row in rows:
        cells.setdefault(row[side], {})[row[top]] = row["value"]
    columns = list(dict.fromkeys(row[top] for row in rows))
    better = rows[0].get("higher_is_better") if rows[0]["model"] else None
    best = {column: _best((line.get(column) for line in cells.values()), better) for column in columns}
    body = [[name, *(_cell(line.get(c), best[c]) for c in columns)] for name, line in cells.items()]
    header = [f"{title}{'' if better is None else ' (higher is better)' if better else ' (lower is better)'}", *columns]
    return tabulate(body, header, disable_numparse=True, stralign="right", colalign=("left",))


def _axes(rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """What stands down the side of a table and what along its top: without models, the more numerous down the side."""
    if rows[0]["model"]:
        return "model", "dataset"
    many_datasets = len({row["dataset"] for row in rows}) > len({row["key"] for row in rows})
    return ("dataset", "key") if many_datasets else ("key", "dataset")


def _best(values: Iterable[float | None], higher: bool | None) -> float | None:
    present = [value for value in values if value is not None and not math.isnan(value)]
    if higher is None or len(present) < 2:
        return None
    return max(present) if higher else min(present)


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}{BEST if value == best else ' ' if best is not None else ''}"


def shared_ids_text(shared: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """A line for each id that several different choices go by in payload tables."""
    return "".join(
        f"note: {axis}s {', '.join(names)} all call themselves {entity!r}: "
        "tell their payload rows apart by fingerprint\n"
        for axis, entity, names in shared
    )


def outcome_text(outcome: Outcome, plan: Plan, resume: str) -> str:
    """Counts, what failed and how to go on."""
    skipped = sum(not item.run for item in plan.items)
    counts = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in outcome.counts.items() if n)
    lines = [f"{counts or 'nothing to run'}; {skipped} skipped"]
    lines += failures_text(outcome.failures)
    if outcome.exit_status:
        lines.append(f"run what is missing: {resume}")
    return "\n".join(lines)


def failures_text(failures: Sequence[Failure], *, shown: int = 20) -> list[str]:
    """A line per failure, the first `shown` of them."""
    lines = [f"  {f.status}: {f.label}: {f.error_type}: {_first_line(f.message)}" for f in failures[:shown]]
    if len(failures) > shown:
        lines.append(f"  and {len(failures) - shown} more: see the `attempts` table")
    return lines


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
