"""The report that a run makes of itself: returned while it is small, otherwise a file beside the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.common.text import escaped
from sweeper.messages.receipts import Report

if TYPE_CHECKING:
    from sweeper.store import Store

MAX_INLINE_BYTES = 64 * 1024


def collect(
    run: object, threshold: float | None, store: Store, job_id: str, *, max_inline: int = MAX_INLINE_BYTES
) -> Report | None:
    """The report of a run, or `None` if it makes none or none is asked for.

    `collect_md_report` returns Markdown, or an object with `content` or `uri` as checkmaite's reports have them.
    A text over `max_inline` bytes is written to the store's own folder under the job's id, and its URI is returned.
    """
    collect_md_report = getattr(run, "collect_md_report", None)
    if threshold is None or not callable(collect_md_report):
        return None
    try:
        returned = collect_md_report(threshold=threshold)
    except NotImplementedError:  # raised by checkmaite's capabilities that have no report
        return None
    report = None if returned is None else _report(returned)
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


def _report(returned: object) -> Report:
    if isinstance(returned, str):
        return Report(returned)
    return Report(
        getattr(returned, "content", None),
        getattr(returned, "uri", None),
        getattr(returned, "media_type", "text/markdown"),
        getattr(returned, "filename", "report.md"),
    )
