"""What a part says of itself before it is built, from the files that its spec names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Facts:
    """What a model takes and answers, or what a dataset gives; `None` where the files do not say.

    Parameters
    ----------
    source
        Where this stands, for messages: the path of a file or folder.
    channels, height, width
        Of the images. Of a model: what it takes after its own conversions, so a model that resizes has no height and
        width here.
    n_classes
        Number of classes.
    class_names
        Names of the classes by index.
    occurring
        Of a dataset: class indices that occur in its targets. `None` where finding out would take long; all classes
        that it lists are then taken to occur.
    """

    source: str
    channels: int | None = None
    height: int | None = None
    width: int | None = None
    n_classes: int | None = None
    class_names: Mapping[int, str] | None = None
    occurring: frozenset[int] | None = None


def facts_of(part: object) -> Facts:
    """The facts of a part inside of another, as `facts` is given it; where they are not known, none are."""
    return part if isinstance(part, Facts) else Facts("")


@runtime_checkable
class KnownBeforehand(Protocol):
    """A class of parts that can tell its facts from the arguments of its constructor."""

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """Read the headers of the files that the arguments name; no weights are loaded, and no image is decoded.

        An argument that is a part with facts of its own, such as the dataset in a `Subset`, is given as its `Facts`;
        any other argument as it stands in the config.

        Raises
        ------
        PartError
            An argument or a file is wrong in a way that building the part would find, too.
        """
        ...
