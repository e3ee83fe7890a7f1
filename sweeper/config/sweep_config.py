"""One sweep as plain data: what leaves this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sweeper.config.resume import merged_root, note_if_moved
from sweeper.config.settings import Settings, settings_of, settings_to_store
from sweeper.planning.grid import Grid

if TYPE_CHECKING:
    from sweeper.messages.asked import AskedSweep


@dataclass(frozen=True)
class SweepConfig:
    """One sweep as plain data."""

    grid: Grid
    """Of a config that resumes a sweep: only the rules that leave out more of it."""
    settings: Settings
    notes: tuple[str, ...] = ()
    """What the user should know about how it was composed."""
    overrides: tuple[str, ...] = ()
    """The command line that it comes from, without secrets."""
    stored_settings: Mapping[str, object] = field(default_factory=dict[str, object])
    """The settings as the config has them, without where the store is and without secrets."""
    root: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """Of a config that resumes a sweep: its settings as they are, secrets included."""
    overridden_keys: frozenset[str] = frozenset()
    """Of a config that resumes a sweep: the keys that the command line sets."""
    live: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """Objects in the place of specs, by the digest of their choices."""
    asked: AskedSweep | None = field(default=None, repr=False)
    """What the sweep that it resumes asked for, once that has been read."""

    def with_settings_of(self, asked: AskedSweep) -> SweepConfig:
        """A config that resumes a sweep, once it is known what that one asked for and with which settings.

        Raises
        ------
        ConfigError
            One of these settings is no longer allowed.
        """
        root = merged_root(self.root, self.overridden_keys, asked.header.settings)
        return replace(
            self,
            settings=settings_of(root, asked.header.name),
            stored_settings=settings_to_store(root),
            asked=asked,
            notes=(*self.notes, *note_if_moved(asked.header.working_folder)),
        )
