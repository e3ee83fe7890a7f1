"""What a folder or file of data is, and what has to be known besides."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sweeper.cli.init.asking import Answer, ask
from sweeper.cli.init.contents import Contents, look
from sweeper.cli.init.data_layouts import LOOKED_FOR, Layout, Place, layouts, parted
from sweeper.cli.init.drafts import MISSING, Argument, Draft
from sweeper.errors import ConfigError, PartError


def dataset_draft(path: Path, base: Path, name: str) -> Draft:
    """The choice for a folder or file of data.

    Parameters
    ----------
    base
        The folder that relative paths of the choice start from.
    name
        Of the choice.

    Raises
    ------
    ConfigError
        There is nothing at the path, nothing that is known or more than one thing, or it cannot be read.
    """
    if not path.exists():
        raise ConfigError(f"--data: there is no {path}. Expected is {LOOKED_FOR}.")
    contents = _looked(path)
    found = layouts(contents)
    if len(found) != 1:
        raise ConfigError(f"--data: {_not_one(path, contents, found)}")
    return _draft(found[0], path, base, name)


def _looked(path: Path) -> Contents:
    try:
        return look(path)
    except OSError as error:
        raise ConfigError(f"--data: {path} cannot be looked at: {error}.") from error


def _draft(layout: Layout, path: Path, base: Path, name: str) -> Draft:
    folder = path.parent if path.is_file() else path
    layout, answer = _answered(layout, folder)
    written = tuple(_written(place, folder, base) for place in layout.places)
    return Draft(
        "dataset", name, layout.target, layout.task, layout.what, (*written, *answer.needed), answer.taken, answer.facts
    )


def _answered(layout: Layout, folder: Path) -> tuple[Layout, Answer]:
    """The way in which the data can be read, and what its class says of them."""
    first: PartError | None = None
    tried: Layout | None = layout
    while tried is not None:
        try:
            return tried, ask(tried.target, **{place.argument.name: _asked(place, folder) for place in tried.places})
        except PartError as error:
            first, tried = first or error, tried.otherwise
    if any(place.argument.value == MISSING for place in layout.places):
        return layout, Answer((), (), None)  # what is taken for an example may not be there
    raise ConfigError(f"--data: {first}") from first


def _asked(place: Place, folder: Path) -> object:
    return str(folder / str(place.asked)) if place.is_path else place.asked


def _written(place: Place, folder: Path, base: Path) -> Argument:
    if not place.is_path or place.argument.value == MISSING:
        return place.argument
    return replace(place.argument, value=path_from(base, folder / str(place.argument.value)))


def path_from(base: Path, path: Path) -> str:
    """A path as a choice has it: one that was given as absolute stays so, another starts at a folder."""
    return os.path.normpath(path) if path.is_absolute() else os.path.relpath(path, base)


def _not_one(path: Path, contents: Contents, found: Sequence[Layout]) -> str:
    if parts := parted(contents):
        several = ", ".join(parts)
        return (
            f"{path} holds the folders {several}, each with class folders. Name one of them: --data {path / parts[0]}."
        )
    if not found:
        return f"{path} is nothing that is known. Looked for were {LOOKED_FOR}."
    kinds = "\n".join(f"  {layout.what} ({layout.target})" for layout in found)
    return (
        f"{path} may be read in {len(found)} ways:\n{kinds}\nName the file of the one that is meant (--data FILE), or "
        "move the other one away."
    )
