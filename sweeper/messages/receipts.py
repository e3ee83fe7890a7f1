"""What a worker answers with: where the results are, not the results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

HandedRows: TypeAlias = tuple[tuple[str, bytes], ...]
"""Names of tables, each with the rows of one run as an Arrow stream."""


@dataclass(frozen=True)
class Report:
    """The report of a run: its text while that is small, else where the text is kept."""

    content: str | None
    uri: str | None = None
    media_type: str = "text/markdown"
    filename: str = "report.md"

    @property
    def kind(self) -> str:
        """`inline_text` where the text is here, `artifact` where it is at `uri`; checkmaite's names."""
        return "artifact" if self.content is None else "inline_text"


@dataclass(frozen=True)
class InferenceReceipt:
    """What the driver learns of an inference: the predictions stay where they are."""

    nbytes: int
    """What they take of the object store, estimated."""
    note: str = ""
    """What the user should know of them."""


@dataclass(frozen=True)
class CapabilityRunRef:
    """What a completed job returns: where the results are, not the results.

    Attributes
    ----------
    run_uid
        Identity of the run, the key of its rows in the store.
    capability_id
        `id` of the capability.
    store_uri
        The payload file with the rows of this run, or `None` where it measured nothing.
    outputs_uri
        Where the full outputs are; `None`, since only rows are kept.
    report
        The run's own report where it makes one and it was asked for.
    rows
        What the driver of a sweep has to write, where the worker has not; `None` for all others.
    """

    run_uid: str
    capability_id: str
    store_uri: str | None
    outputs_uri: str | None = None
    report: Report | None = None
    rows: HandedRows | None = field(default=None, repr=False)
