"""What a person has accepted: that results of one revision count as if they were of another. Plain data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

KINDS = ("code", "data", "libraries")
"""What may have changed since a result was measured, and still leave it valid."""


class Texts(Protocol):
    """The revisions that are recorded with a result."""

    @property
    def code_revision(self) -> str | None: ...
    @property
    def data_revision(self) -> str | None: ...
    @property
    def libraries_revision(self) -> str | None: ...
    @property
    def working_folder(self) -> str | None: ...


class RevisionTexts(NamedTuple):
    """Revisions as they are recorded, and the folder that relative paths were resolved in."""

    code_revision: str | None = None
    data_revision: str | None = None
    libraries_revision: str | None = None
    working_folder: str | None = None


@dataclass(frozen=True)
class AcceptanceHeader:
    """Who accepted results, when and why: what is the same for all that were accepted at once."""

    acceptance_id: str
    accepted_at: datetime
    accepted_by: str
    host: str
    reason: str
    sweeper_version: str
    combinations: int = 0
    """How many combinations it is about."""
    changed: tuple[str, ...] = ()
    """What of `KINDS` had changed, for any of them."""


class Acceptance(NamedTuple):
    """That the results of one combination which were measured with some revisions count as measured with others."""

    header: AcceptanceHeader
    changed: tuple[str, ...]
    """What of `KINDS` is accepted; of the rest the revisions are not kept."""
    before: RevisionTexts
    now: RevisionTexts

    def is_about(self, kind: str, measured: Texts) -> bool:
        """Whether it accepts that something of this kind has changed since a result with these revisions."""
        return kind in self.changed and _of_kind(kind, self.before) == _of_kind(kind, measured)


class Accepted(NamedTuple):
    """What is accepted of one combination: `Acceptance` without its header."""

    fingerprint: str
    names: tuple[str, ...]
    """Of capability, dataset, model and metric."""
    changed: tuple[str, ...]
    before: RevisionTexts
    now: RevisionTexts


def only(kinds: Iterable[str], revisions: Texts) -> RevisionTexts:
    """Of some revisions those of these kinds; data come with the folder that they lay in."""
    chosen = {f"{kind}_revision": getattr(revisions, f"{kind}_revision") for kind in kinds}
    return RevisionTexts(**chosen, working_folder=revisions.working_folder if "data" in kinds else None)


def in_words(acceptances: Sequence[Acceptance]) -> str:
    """When and why, as a plan says it: each acceptance once."""
    headers = dict.fromkeys(one.header for one in acceptances)
    return "; ".join(f"accepted on {header.accepted_at:%Y-%m-%d}: {header.reason}" for header in headers)


def warnings(acceptances: Sequence[Acceptance], measured: Texts) -> list[str]:
    """What a reader must know of a value with these revisions: what was accepted last of each kind, a line each."""
    newest = {kind: one for one in acceptances for kind in KINDS if one.is_about(kind, measured)}
    kinds: dict[AcceptanceHeader, list[str]] = {}
    for kind, one in newest.items():
        kinds.setdefault(one.header, []).append(kind)
    return [
        f"accepted on {header.accepted_at:%Y-%m-%d}, though {_listed(changed)} changed: {header.reason}"
        for header, changed in kinds.items()
    ]


def _listed(kinds: Sequence[str]) -> str:
    return " and ".join(kind for kind in KINDS if kind in kinds)


def _of_kind(kind: str, revisions: Texts) -> tuple[str | None, ...]:
    folder = (revisions.working_folder,) if kind == "data" else ()
    return (getattr(revisions, f"{kind}_revision"), *folder)
