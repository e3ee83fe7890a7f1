"""A line of a defaults list that was meant to replace a selection, and lacks the word `override`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sweeper.config.sketch import sketch
from sweeper.errors import ConfigError
from sweeper.vocabulary import AXES


def selections_added(folders: Sequence[Path], config_name: str, overrides: Iterable[str]) -> list[str]:
    """A note for each line that adds to what another one selects, as Hydra does without `override`.

    An axis that the command line selects from is left out: there that selection replaces both.

    Raises
    ------
    ConfigError
        Such a line selects nothing that is not selected anyway, so that it has no effect.
    """
    if not any((folder / f"{config_name}.yaml").is_file() for folder in folders[:-1]):
        return []  # what ships is right, and need not be read once more
    typed = {line.lstrip("+~").partition("=")[0] for line in overrides}
    found = sketch(folders, config_name, {}).selections
    notes: list[str] = []
    for axis in (axis for axis in AXES if axis not in typed):
        lines = [line for line in found if line.axis == axis][::-1]
        for number, line in enumerate(lines[1:], 1):
            others = {name for other in lines[:number] for name in other.names}
            listed = f"`{axis}: [{', '.join(line.names)}]`"
            cure = f"to select these alone, write `override {axis}: [{', '.join(line.names)}]` as its last line"
            if others.issuperset(line.names):
                raise ConfigError(
                    f"{line.config}.yaml: {listed} in its defaults list changes nothing, since {lines[0].config} "
                    f"selects {', '.join(lines[0].names)}, and lists are added up: {cure}, or take it out."
                )
            notes.append(f"{line.config}.yaml adds {listed} to the {axis}s that {lines[0].config} selects; {cure}")
    return notes
