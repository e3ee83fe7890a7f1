"""Say in the log of a run which data its datasets left out."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from sweeper.common.log_file import LogFile

logger = logging.getLogger(__name__)
_logged: set[str] = set()
"""Messages that went to this process's own log already: every run of a dataset would repeat them."""


def log_passed_over(run: object, log: LogFile | None) -> None:
    """Write the counts in `metadata["passed_over"]` of each dataset to the log of the run; without one, warn once."""
    for metadata in getattr(run, "dataset_metadata", None) or ():
        text = _text(metadata)
        if text and log is not None:
            log.write(f"{text}\n")
        elif text and text not in _logged:
            _logged.add(text)
            logger.warning("%s", text)


def _text(metadata: object) -> str:
    counts = metadata.get("passed_over") if isinstance(metadata, Mapping) else None
    if not isinstance(metadata, Mapping) or not counts or not isinstance(counts, Mapping):
        return ""
    reasons = ", ".join(f"{count} ({reason})" for reason, count in sorted(counts.items()))
    return f"{metadata.get('id')}: passed over {reasons}"
