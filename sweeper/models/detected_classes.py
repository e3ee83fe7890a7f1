"""Which classes the labels of a detector stand for, and the indices that a dataset gives them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweeper.errors import PartError
from sweeper.models.class_names import CLASS_NAMES, NO_CLASS, opened, read_class_names
from sweeper.models.parameters import Parameter

BACKGROUND = "__background__"
"""The name of what is no object, as torchvision writes it."""


def _read(value: object) -> tuple[str, ...]:
    """Names by label. A mapping may leave labels out: 0 is then the background, and any other stands for no class."""
    content = opened(value)
    if isinstance(content, Mapping) and content:
        labels = {int(str(label)): name for label, name in content.items()}
        content = [labels.get(label, NO_CLASS if label else BACKGROUND) for label in range(max(labels) + 1)]
    return read_class_names(content)


DETECTED_NAMES = Parameter(
    "class_names",
    _read,
    f"{CLASS_NAMES.allowed}; {BACKGROUND} and {NO_CLASS} name labels that stand for no class",
    "the names of the network's labels in their order",
    CLASS_NAMES.example,
)


@dataclass(frozen=True)
class DetectedClasses:
    """The classes of a detector.

    Parameters
    ----------
    by_label
        The name of each label that the network can answer with; `BACKGROUND` and `NO_CLASS` stand for none.
    """

    by_label: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes by index: those of the labels in their order, without labels that stand for none."""
        return named(self.by_label)

    def indices(self, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The class index of each label; -1 for a label that stands for no class."""
        stands = np.array([name not in (BACKGROUND, NO_CLASS) for name in self.by_label])
        return np.where(stands, np.cumsum(stands) - 1, -1)[labels]


def named(names: Sequence[str]) -> tuple[str, ...]:
    """The names that stand for a class."""
    return tuple(name for name in names if name not in (BACKGROUND, NO_CLASS))


def detected_classes(names: Sequence[str], count: int, *, starts_with_background: bool, source: str) -> DetectedClasses:
    """The classes of a network whose last layer is for `count` labels.

    Parameters
    ----------
    names
        As given: of all labels, or without the background.
    starts_with_background
        Whether label 0 of this kind of network is the background, whatever it was trained on.
    source
        What the network comes from, for messages.

    Raises
    ------
    PartError
        The names are more or fewer than the labels, or it is not clear which is the background.
    """
    without = len(names) == count - 1 and BACKGROUND not in names
    if starts_with_background and without:
        return DetectedClasses((BACKGROUND, *names))
    if len(names) == count and (names[0] == BACKGROUND or not starts_with_background):
        return DetectedClasses(tuple(names))
    raise PartError(f"{source} {_difference(names, count, starts_with_background, without)}")


def _difference(names: Sequence[str], count: int, starts_with_background: bool, without: bool) -> str:
    if without:
        return (
            f"has {count} labels, and class_names has {len(names)}. If label 0 is no class, as in training with "
            f"torchvision's own scripts, begin class_names with {BACKGROUND}; else name the last one too."
        )
    kind = "the background and " if starts_with_background else ""
    wanted = f"{kind}{count - 1 if starts_with_background else count} classes"
    first = f", of which the first is {names[0]!r}" if len(names) == count else ""
    return (
        f"is for {wanted}, and class_names has {len(names)} names{first}. Give the names that it was trained with, in "
        f"the order of its labels; {BACKGROUND} may come first."
    )
