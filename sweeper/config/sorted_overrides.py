"""The overrides of one command line, sorted by what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.config.one_override import line_of
from sweeper.config.override_text import override_text

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override


@dataclass(frozen=True)
class SweptGroup:
    """A config group outside the axes, or nested in a choice, that takes several configs in turn."""

    key: str
    options: tuple[str, ...]
    """One override for each."""
    labels: tuple[str, ...]


@dataclass(frozen=True)
class SweptValue:
    """A config key that takes several values in turn."""

    key: str
    overrides: tuple[Override, ...]
    """One for each value."""

    def as_list(self) -> str:
        """As one override that sets the key to a list of all values."""
        return f"{self.overrides[0].get_key_element()}={override_text([o.value() for o in self.overrides])}"


@dataclass(frozen=True)
class SortedOverrides:
    """The overrides of one command line, sorted by what they do."""

    selections: tuple[str, ...]
    """For the composition: config groups, and Hydra's own keys."""
    values: tuple[Override, ...]
    """Set after the composition, in this order."""
    groups: tuple[SweptGroup, ...] = ()
    swept: tuple[SweptValue, ...] = ()
    after: tuple[Override, ...] = ()
    """Set after the swept values, since they reach into one that stands before them."""

    def lines(self) -> list[str]:
        """As overrides of a single composition: axes as lists, swept values as lists, swept groups by their first."""
        shown = [line_of(o) for o in self.values]
        shown += [swept.as_list() for swept in self.swept]
        return [*self.selections, *(g.options[0] for g in self.groups), *shown, *map(line_of, self.after)]
