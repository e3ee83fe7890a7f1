"""What a worker answers with: where the results are, not the results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sweeper.messages.model_methods import ModelMethods, text

HandedRows: TypeAlias = tuple[tuple[str, bytes], ...]
"""Names of tables, each with the rows of one run as an Arrow stream."""


INLINE, ARTIFACT = "inline_text", "artifact"
"""checkmaite's names of the two kinds of reports."""


@dataclass(frozen=True)
class Report(ModelMethods):
    """The report of a run: its text while that is small, else where the text is kept."""

    content: str | None
    uri: str | None = None
    media_type: str = "text/markdown"
    filename: str = "report.md"

    @property
    def kind(self) -> str:
        """`inline_text` where the text is here, `artifact` where it is at `uri`; checkmaite's names."""
        return ARTIFACT if self.content is None else INLINE

    def _plain(self) -> dict[str, Any]:
        held = {"uri": self.uri} if self.content is None else {"content": self.content}
        return {"media_type": self.media_type, "filename": self.filename, "kind": self.kind, **held}

    @classmethod
    def _checked(cls, plain: Mapping[str, Any]) -> Report:
        if (kind := plain.get("kind")) not in (INLINE, ARTIFACT):
            raise ValueError(f"Report has the kind {kind!r}; allowed: {INLINE}, {ARTIFACT}.")
        media_type, filename = (text("Report", plain, name) for name in ("media_type", "filename"))
        if kind == INLINE:
            return cls(text("Report", plain, "content"), None, media_type, filename)
        return cls(None, text("Report", plain, "uri"), media_type, filename)


@dataclass(frozen=True)
class InferenceReceipt:
    """What the driver learns of an inference: the predictions stay where they are."""

    nbytes: int
    """What they take of the object store, estimated."""
    note: str = ""
    """What the user should know of them."""


@dataclass(frozen=True)
class CapabilityRunRef(ModelMethods):
    """What a completed job returns: where the results are, not the results.

    As checkmaite's it has `model_dump`, `model_dump_json`, `model_validate`, `model_validate_json` and `model_copy`.

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

    def _plain(self) -> dict[str, Any]:
        report = None if self.report is None else self.report.model_dump()
        named = {name: getattr(self, name) for name in ("run_uid", "capability_id", "store_uri", "outputs_uri")}
        return {**named, "report": report}

    @classmethod
    def _checked(cls, plain: Mapping[str, Any]) -> CapabilityRunRef:
        needed = {name: text("CapabilityRunRef", plain, name) for name in ("run_uid", "capability_id")}
        places = {name: text("CapabilityRunRef", plain, name, optional=True) for name in ("store_uri", "outputs_uri")}
        report = plain.get("report")
        return cls(**needed, **places, report=None if report is None else Report.model_validate(report))
