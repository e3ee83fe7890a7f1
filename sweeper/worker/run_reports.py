"""The report that a run makes of itself: returned while it is small, otherwise a file beside the store or elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from sweeper.common.text import escaped
from sweeper.errors import StoreError
from sweeper.messages.receipts import Report
from sweeper.messages.requests import StoreLocation

MAX_INLINE_BYTES = 256 * 1024
Keep = Callable[[str, bytes], str]
"""Writes a file under a path, and returns its URI."""


def collect(
    run: object, threshold: float | None, keep: Keep, job_id: str, *, max_inline: int = MAX_INLINE_BYTES
) -> Report | None:
    """The report of a run, or `None` if it makes none or none is asked for.

    `collect_md_report` returns Markdown, or an object with `content` or `uri` as checkmaite's reports have them.
    A text over `max_inline` bytes is written by `keep` under the job's id, and its URI is returned.
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
    uri = keep(f"reports/{job_id}/{_file_name(report.filename)}", content)
    return Report(None, uri, report.media_type, report.filename)


def keep_at(location: StoreLocation) -> Keep:
    """What writes files to another place than the store."""

    def keep(path: str, content: bytes) -> str:
        from sweeper.store.opening import open_files

        folder, _, name = path.rpartition("/")
        try:
            return open_files(location.uri, location.storage_options).put(folder, name, content)
        except (OSError, StoreError) as error:
            raise StoreError(
                f"Could not publish an oversized report to the configured artifact_store {location.uri}: {error}"
            ) from error

    return keep


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
