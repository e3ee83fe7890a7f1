"""What `--json` prints: one document for a plan, one for a sweep that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from sweeper.messages.outcome import NO_VALUES

if TYPE_CHECKING:
    from sweeper.planning.combinations import Planned
    from sweeper.planning.decisions import Plan
    from sweeper.running.prepare import Prepared
    from sweeper.running.result import SweepResult
    from sweeper.vocabulary import Combination

COMBINATIONS_IN_JSON = 10_000
"""Larger plans leave the list of combinations out of the JSON document unless asked for it."""


def plan_document(prepared: Prepared, *, whole: bool) -> dict[str, object]:
    """`--dry-run --json`: the plan, and its combinations while there are not too many."""
    return {"sweep_id": prepared.sweep_id, **_plan_part(prepared.plan, whole=whole)}


def result_document(
    result: SweepResult, *, whole: bool, exit_status: int, unreadable: str | None = None
) -> dict[str, object]:
    """`--json`: the plan, how it ended, what failed and what was measured.

    Where there are any, also `verdicts`, of each requirement on each model, `earlier_failures`, of what was skipped
    though its newest attempt had failed, `no_values`, what completed and measured nothing, `left_out`, the choices
    whose rest was not attempted, `stopped_by`, what ended it early, `completed_meanwhile`, how many another sweep
    completed before they were submitted, and `unwritten`, how many attempts the store does not tell of. Where the store
    is `unreadable`, that says why, and there are no results.
    """
    document: dict[str, object] = {
        "sweep_id": result.sweep_id,
        **_plan_part(result.plan, whole=whole),
        "counts": dict(result.counts),
        "failures": [failure.to_dict() for failure in result.failures],
        "results": [] if unreadable else result.rows,
        "exit_status": exit_status,
    }
    left_out = [choice.to_dict() for choice in result.outcome.left_out]
    document |= _if_any(left_out=left_out)
    if result.outcome.stopped_by:
        document["stopped_by"] = result.outcome.stopped_by
    if result.outcome.unwritten:
        document["unwritten"] = dict(result.outcome.unwritten)
    if result.outcome.completed_meanwhile:
        document["completed_meanwhile"] = result.outcome.completed_meanwhile
    if unreadable is not None:
        return {**document, "unreadable": unreadable}
    earlier = [failure.to_dict() for failure in result.earlier_failures]
    empty = [gap.to_dict() for gap in result.gaps if gap.status == NO_VALUES]
    verdicts = [one.to_dict() for one in result.verdicts]
    return {**document, **_if_any(verdicts=verdicts, earlier_failures=earlier, no_values=empty)}


def _if_any(**lists: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    return {name: items for name, items in lists.items() if items}


def _plan_part(plan: Plan, *, whole: bool) -> dict[str, object]:
    document: dict[str, object] = {"plan": {**_counts(plan), **_if_any(same=_same_names(plan))}}
    if plan.notes:
        document["notes"] = list(plan.notes)
    if whole or len(plan.items) <= COMBINATIONS_IN_JSON:
        document["combinations"] = [_combination(item) for item in plan.items]
    return document


def _counts(plan: Plan) -> dict[str, object]:
    return {
        "total": len(plan.items),
        "run": len(plan.items) - plan.skipped,
        "skip": plan.skipped,
        "excluded": dict(plan.excluded),
        "duplicates": plan.duplicates,
    }


def _same_names(plan: Plan) -> list[dict[str, object]]:
    return [{"axis": axis, "name": name, "same_as": kept} for axis, name, kept in plan.same]


def _combination(item: Planned) -> dict[str, object]:
    decision = {"decision": "run" if item.run else "skip", "reason": item.reason}
    return {**named_parts(item.fingerprint, item.combination), **decision}


def named_parts(fingerprint: str, combination: Combination) -> dict[str, object]:
    """A combination by its fingerprint and the names of its choices."""
    capability, datasets, models, metrics = combination
    return {
        "fingerprint": fingerprint,
        "capability": capability.name,
        "datasets": [part.name for part in datasets],
        "models": [part.name for part in models],
        "metrics": [part.name for part in metrics],
    }


def write_json(document: dict[str, object], out: TextIO) -> None:
    from sweeper.cli.output import json_text

    out.write(json_text(document))
