"""What a run's datasets left out, told where the run's output goes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sweeper.common.log_file import LogFile

logger = logging.getLogger(__name__)
_told: set[str] = set()
"""What was said on this process's own streams, where every run of a dataset would say it again."""


def note_passed_over(run: Any, log: LogFile | None) -> None:
    """Write what `metadata["passed_over"]` of each dataset counts to the log of the run; without one, warn once."""
    for metadata in getattr(run, "dataset_metadata", None) or ():
        text = _text(metadata)
        if text and log is not None:
            log.write(f"{text}\n")
        elif text and text not in _told:
            _told.add(text)
            logger.warning("%s", text)


def _text(metadata: Any) -> str:
    counts = metadata.get("passed_over") if isinstance(metadata, Mapping) else None
    if not counts or not isinstance(counts, Mapping):
        return ""
    reasons = ", ".join(f"{count} ({reason})" for reason, count in sorted(counts.items()))
    return f"{metadata.get('id')}: passed over {reasons}"
