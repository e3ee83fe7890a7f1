"""What the workers of one inference pass and the board that gives out its batches tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

Range = tuple[int, int]
"""Places in the list of what is to be made: the first, and the one after the last."""


class Answer(Enum):
    """What a worker is told that is given nothing."""

    WAIT = "ask again"
    END = "nothing is left for it"


@dataclass(frozen=True)
class PassInfo:
    """What the first worker of a pass tells of it."""

    shape: tuple[object, ...]
    """What all workers must see alike: the number of data, the batch size, the labels of the augmentations."""
    todo: Sequence[int]
    """The numbers of the batches that are to be made."""
    load_s: float
    """How long it took to load model and dataset."""
    hashes: bool
    """Whether the images are to be hashed on the way."""


@dataclass(frozen=True)
class Joining:
    """What a further worker of a pass needs to know before it asks for batches."""

    info: PassInfo
    repeated: int
    """A batch that the first worker makes, and not as its first: whoever makes it anew must come to the same."""
