"""Compares the values of a report with a baseline, by the engine of the command `compare`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sweeper.comparison.by_datum import DataReader
from sweeper.comparison.differences import differences
from sweeper.comparison.measured import measured_of
from sweeper.comparison.repeats import aggregated
from sweeper.comparison.sides import MODEL, STORE, Side
from sweeper.errors import ConfigError
from sweeper.report.changes import Against
from sweeper.statistics.bounds import Level

if TYPE_CHECKING:
    from sweeper.store import Store

CONFIDENCE = 0.95


def read_against(
    baseline: Side | None, store: Store, rows: Iterable[Mapping[str, Any]], repeats: Sequence[str]
) -> Against | None:
    """Every shown value beside that of the baseline; `None` without a baseline.

    Parameters
    ----------
    rows
        Rows of the view `results` that sum a run up.
    repeats
        Swept keys that only repeat a run.

    Raises
    ------
    ConfigError
        The baseline is a model, or has no value of the same names.
    """
    if baseline is None:
        return None
    if baseline.kind == MODEL:
        raise ConfigError(
            f"--against takes a sweep, a date or a store, and got the {baseline.label}. "
            "To compare two models: python -m sweeper compare A B."
        )
    shown = Side(STORE, "what the report shows", store, tuple(map(measured_of, aggregated(rows, repeats))))
    found = differences(baseline, shown, [DataReader(baseline.store), DataReader(store)], Level(CONFIDENCE))
    return Against(baseline.label, CONFIDENCE, tuple(found))
