"""What a sweep requires of its values, as plain data: the config gives it, and the store keeps it with the sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from sweeper.vocabulary import AXES

Globs = tuple[str, ...] | None
"""Globs over the names of one axis; `None` where a requirement does not name the axis."""
Judge = Literal["interval", "value"]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Requirement:
    """A limit for some values of each model, or for how much worse they may be than others.

    Attributes
    ----------
    name
        How it is called where verdicts are shown.
    capability, dataset, model, metric
        Which combinations it is for. Without `capability`, those whose capability gave such a value.
    key
        Which value of a run; `None`: that which the metric itself gives.
    minimum, maximum
        The limit: one of them is given, unless `tolerance` is.
    tolerance
        By how much a value may be worse than that of `than_model` or `than_sweep`, in the unit of the metric.
    than_model
        The name of a model of the same sweep.
    than_sweep
        The id of an earlier sweep, or the name of earlier sweeps, of which the newest counts.
    confidence
        How sure a verdict shall be, in (0.5, 1).
    judge
        `interval`: the bound of the value decides. `value`: the value itself does, however few the data are.
    optional
        Whether it may be for nothing that the sweep has.
    """

    name: str
    capability: Globs = None
    dataset: Globs = None
    model: Globs = None
    metric: Globs = None
    key: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    tolerance: float | None = None
    than_model: str | None = None
    than_sweep: str | None = None
    confidence: float = CONFIDENCE
    judge: Judge = "interval"
    optional: bool = False

    @property
    def globs(self) -> Mapping[str, tuple[str, ...]]:
        """The globs of each axis that it names."""
        found = {axis: getattr(self, axis) for axis in AXES}
        return {axis: globs for axis, globs in found.items() if globs is not None}

    @property
    def asks(self) -> str:
        """What it asks for, in words: `accuracy >= 0.95 on digits*, 95 %`."""
        sure = "by value" if self.judge == "value" else f"{self.confidence * 100:g} %"
        return f"{asked_text(self)}, {sure}"


def from_plain(contents: Iterable[Mapping[str, Any]]) -> tuple[Requirement, ...]:
    """What `dataclasses.asdict` gave for some requirements, after it has been JSON.

    One that says what this version does not know is passed over: a verdict without it would be about something else.
    """
    known = {field.name for field in fields(Requirement)}
    return tuple(_requirement(content) for content in contents if set(content) <= known)


def _requirement(content: Mapping[str, Any]) -> Requirement:
    globs: dict[str, Any] = {axis: tuple(content[axis]) for axis in AXES if content.get(axis) is not None}
    return Requirement(**{**content, **globs})


def asked_text(requirement: Requirement) -> str:
    """The value that a requirement is for, and its limit: `accuracy >= 0.95 on digits*`."""
    r = requirement
    what = " ".join([*([_listed(r.metric)] if r.metric else []), *([r.key] if r.key and (r.key,) != r.metric else [])])
    where = [
        *([f"on {_listed(r.dataset)}"] if r.dataset else []),
        *([f"of {_listed(r.model)}"] if r.model and r.model != ("*",) else []),
        *([f"by {_listed(r.capability)}"] if r.capability else []),
    ]
    return " ".join([what, _limit(r), *where])


def _limit(requirement: Requirement) -> str:
    r = requirement
    if r.tolerance is not None:
        other = f"sweep {r.than_sweep}" if r.than_sweep is not None else r.than_model
        return f"at most {r.tolerance:g} worse than {other}"
    return f">= {r.minimum:g}" if r.minimum is not None else f"<= {r.maximum:g}"


def _listed(globs: tuple[str, ...] | None) -> str:
    return ", ".join(globs or ())
