"""The report that a run makes of itself: inline while small, else an artifact beside the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeper.common.text import escaped
from sweeper.messages.receipts import Report

if TYPE_CHECKING:
    from sweeper.store import Store

MAX_INLINE_BYTES = 64 * 1024


def collect(
    run: Any, threshold: float | None, store: Store, job_id: str, *, max_inline: int = MAX_INLINE_BYTES
) -> Report | None:
    """The report of a run, or `None` where it makes none or none is asked for.

    `collect_md_report` returns Markdown, or an object with `content` or `uri` as checkmaite's reports have them.
    A text over `max_inline` bytes is written to the store's own folder under the job's id, and its URI is returned.
    """
    make = getattr(run, "collect_md_report", None)
    if threshold is None or not callable(make):
        return None
    try:
        made = make(threshold=threshold)
    except NotImplementedError:  # checkmaite's way of saying that a capability has no report
        return None
    report = made if made is None else _report(made)
    if report is None or report.content is None:
        return report
    content = escaped(report.content).encode()
    if len(content) <= max_inline:
        return report
    uri = store.write_artifact(f"reports/{job_id}/{_file_name(report.filename)}", content)
    return Report(None, uri, report.media_type, report.filename)


def _file_name(name: str) -> str:
    """A name without folders in it, as text that can be stored."""
    own = name.replace("\\", "/").rpartition("/")[2]
    return escaped(own) if own.strip(". ") else Report.filename


def _report(made: Any) -> Report:
    if isinstance(made, str):
        return Report(made)
    return Report(
        getattr(made, "content", None),
        getattr(made, "uri", None),
        getattr(made, "media_type", "text/markdown"),
        getattr(made, "filename", "report.md"),
    )
