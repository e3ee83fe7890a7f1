"""The reports that runs made of themselves, read from the store as long as they fit into one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.report.report_data import RunReport
from sweeper.store.artifacts import artifact_path

if TYPE_CHECKING:
    from sweeper.store import Store

SHOWN = 200
"""So many reports are read at most, and only until they have `MAX_BYTES` in all."""
MAX_BYTES = 20_000_000
_AT_ONCE = 8
"""Read side by side: in an object store each takes tens of milliseconds, of which most is waiting."""

FOREIGN = "kept outside this store"
GONE = "can no longer be read"
FULL = "left out, since the page would grow too large"


def read_reports(store: Store, linked: Sequence[RunReport]) -> tuple[RunReport, ...]:
    """These reports with their text, or with a note that says why it is not there; reading never fails."""
    shown = list(_shown(store, linked[:SHOWN]))
    return (*shown, *(replace(report, note=FULL) for report in linked[len(shown) :]))


def _shown(store: Store, linked: Sequence[RunReport]) -> Iterator[RunReport]:
    """The reports up to where the page is full; at most a few are read in vain."""
    size = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(linked), _AT_ONCE):
            for report in pool.map(lambda one: _read(store, one), linked[start : start + _AT_ONCE]):
                size += len(report.markdown or "")
                if size > MAX_BYTES:
                    return
                yield report


def _read(store: Store, report: RunReport) -> RunReport:
    if artifact_path(report.uri) is None:
        return replace(report, note=FOREIGN)
    try:
        data = store.linked_artifact(report.uri)
    except OSError as error:
        return replace(report, note=f"{GONE} ({type(error).__name__})")
    if data is None:
        return replace(report, note=GONE)
    return replace(report, markdown=data.decode(errors="replace"))
