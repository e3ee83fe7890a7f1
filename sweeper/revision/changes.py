"""What planning knows of revisions: those of a stored result, and what has changed since, in words. Imports nothing."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class RecordedRevisions(Protocol):
    """What the store knows of a completed attempt."""

    @property
    def code_revision(self) -> str | None: ...
    @property
    def data_revision(self) -> str | None: ...
    @property
    def libraries_revision(self) -> str | None: ...
    @property
    def working_folder(self) -> str | None: ...


class Changes(NamedTuple):
    """What differs from what a result was measured with, in words; `None` where nothing is known to."""

    data: str | None = None
    is_moved: bool = False
    """Whether `data` is of relative paths that mean another place than they did."""
    code: str | None = None
    libraries: str | None = None


NO_CHANGES = Changes()
