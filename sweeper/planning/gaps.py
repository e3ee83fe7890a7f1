"""How the combinations of a plan stand once a sweep has ended, where a value does not say it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sweeper.messages.causes import same_error
from sweeper.messages.outcome import FAILING, NO_VALUES, Failure, Gap
from sweeper.planning.combinations import Planned, PlannedItems
from sweeper.planning.decisions import State


def unmeasured(items: PlannedItems, measured: Collection[str]) -> PlannedItems:
    """Combinations of which the fingerprint is not among those of the measured values."""
    return items.where(key not in measured for key in items.identified.fingerprints)


def gaps(items: Iterable[Planned], states: Mapping[str, State]) -> list[Gap]:
    """What became of combinations without a value; of those that were never attempted there is nothing to say."""
    known = ((item, states[item.fingerprint]) for item in items if item.fingerprint in states)
    return [
        Gap(item.fingerprint, *item.combination.names, NO_VALUES if state.completed else state.status)
        for item, state in known
    ]


def failing_before(items: PlannedItems, states: Mapping[str, State]) -> PlannedItems:
    """Combinations that were skipped though their newest attempt had failed or timed out."""
    failing = {key for key, state in states.items() if state.newest_status in FAILING}
    flags = zip(items.identified.fingerprints, items.runs, strict=True)
    return items.where(key in failing and not run for key, run in flags)


def earlier(items: Iterable[Planned], attempts: Mapping[str, Mapping[str, Any]]) -> tuple[Failure, ...]:
    """The failures behind them, by the rows of `attempts`, each under its fingerprint."""
    known = ((item, attempts[item.fingerprint]) for item in items if item.fingerprint in attempts)
    return tuple(
        Failure(
            fingerprint=item.fingerprint,
            label=item.combination.label(),
            status=row["status"],
            error_type=row["error_type"] or "",
            message=row["error_message"] or "",
            log=row["log_uri"],
            names=item.combination.names,
            cause=same_error(row["error_type"] or "", row["error_message"] or "", item.combination.names),
        )
        for item, row in known
    )
