"""What a value was computed from, in a form that is stored beside it: by this it is compared and judged later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sweeper.statistics.kinds import CalibrationError, Kind, MeanLoss, MeanOverClasses, Share, brier_loss, log_loss
from sweeper.statistics.stored_values import StoredValues

_KINDS: Mapping[str, Kind] = {
    "share": Share(),
    "balanced_accuracy": MeanOverClasses("balanced_accuracy"),
    "recall": MeanOverClasses("recall"),
    "precision": MeanOverClasses("precision"),
    "f1": MeanOverClasses("f1"),
    "brier": MeanLoss(brier_loss),
    "log_loss": MeanLoss(log_loss),
}
_CALIBRATION = "ece"
LOSSES = ("log_loss", "brier")
"""The losses that are kept of each datum, under the names of their kinds."""
RESAMPLED = "resampled"
"""What stands in the place of a kind for a metric of which none is known, and whose interval is from resamples."""


@dataclass(frozen=True)
class Evidence:
    """What a stored value was computed from.

    Attributes
    ----------
    kind
        The name of its kind, as `name_of` gives it.
    conditions
        The labels of the augmentations under which the data were seen, `""` for none, each with its weight: the value
        is the sum of the values under these, times their weights.
    cluster_by
        The key of the metadata that says which data belong together; `None` where none does.
    confidence
        With which probability its stored interval contains the truth.
    resamples
        Of a value that is no mean over data, what it is on resamples; `None` if that was not asked for.
    """

    kind: str
    conditions: Mapping[str, float] = field(default_factory=lambda: {"": 1.0})
    cluster_by: str | None = None
    confidence: float = 0.95
    resamples: StoredValues | None = field(default=None, compare=False)

    def text(self) -> str:
        """It as JSON in one line."""
        content: dict[str, object] = {
            "kind": self.kind,
            "conditions": dict(self.conditions),
            "cluster_by": self.cluster_by,
            "confidence": self.confidence,
        }
        if self.resamples is not None:
            content["resamples"] = self.resamples.content()
        return json.dumps(content, separators=(",", ":"))


def parsed(text: str | None) -> Evidence | None:
    """What `Evidence.text` gave; `None` for anything else, such as what a later version writes."""
    try:
        content: Any = json.loads(text or "null")
        conditions = {str(label): float(weight) for label, weight in content["conditions"].items()}
        kept = content.get("resamples")
        found = Evidence(
            str(content["kind"]),
            conditions,
            content.get("cluster_by"),
            float(content["confidence"]),
            StoredValues.of(kept) if kept is not None else None,
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return found if kind_named(found.kind) is not None or found.resamples is not None else None


def confidence_of(text: str | None) -> float | None:
    """With which probability the interval beside a value contains the truth, also for a kind that is not known here."""
    try:
        return float(json.loads(text or "null")["confidence"])
    except (ValueError, TypeError, LookupError):
        return None


def name_of(kind: Kind) -> str | None:
    """The name by which a kind is stored; `None` for one of a user's own."""
    if isinstance(kind, CalibrationError):
        return f"{_CALIBRATION}[{kind.bins}]"
    return next((name for name, known in _KINDS.items() if known == kind), None)


def kind_named(name: str) -> Kind | None:
    """The kind that `name_of` gave a name."""
    head, _, bins = name.rstrip("]").partition("[")
    if head == _CALIBRATION and bins.isdecimal() and int(bins):
        return CalibrationError(int(bins))
    return _KINDS.get(name)


def scores_of(name: str) -> str | None:
    """The column of the table by datum that has `ByDatum.scores` of a kind; `None` where it needs no scores."""
    if name.startswith(_CALIBRATION):
        return "confidence"
    return name if name in LOSSES else None
