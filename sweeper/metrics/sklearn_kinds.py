"""Which kind of value each function of `sklearn.metrics` computes that has an interval."""

from __future__ import annotations

from collections.abc import Mapping

from sweeper.statistics.kinds import Kind, MeanLoss, MeanOverClasses, Share, brier_loss, log_loss

_MACRO = {"average": ("macro",), "zero_division": ("warn", 0, 0.0)}
_KNOWN: Mapping[str, tuple[str, Kind, Mapping[str, tuple[object, ...]]]] = {
    "accuracy_score": ("labels", Share(), {"normalize": (True,)}),
    "balanced_accuracy_score": ("labels", MeanOverClasses("balanced_accuracy"), {"adjusted": (False,)}),
    "recall_score": ("labels", MeanOverClasses("recall"), _MACRO),
    "precision_score": ("labels", MeanOverClasses("precision"), _MACRO),
    "f1_score": ("labels", MeanOverClasses("f1"), _MACRO),
    "brier_score_loss": ("probabilities", MeanLoss(brier_loss), {"scale_by_half": (False,)}),
    "log_loss": ("probabilities", MeanLoss(log_loss), {"normalize": (True,)}),
}
"""By function: what it must take, the kind, and the arguments that keep the kind, with their values."""
_NEEDED = {
    "recall_score": "average",
    "precision_score": "average",
    "f1_score": "average",
    "brier_score_loss": "scale_by_half",
}
"""Arguments without which the function computes something else."""


def kind_of(path: str, takes: str, arguments: Mapping[str, object]) -> Kind | None:
    """The kind of what a function computes with these arguments; `None` if it is not known."""
    module, _, name = path.rpartition(".")
    if module != "sklearn.metrics" or name not in _KNOWN:
        return None
    needs, kind, allowed = _KNOWN[name]
    fits = all(key in allowed and value in allowed[key] for key, value in arguments.items())
    return kind if takes == needs and fits and (name not in _NEEDED or _NEEDED[name] in arguments) else None
