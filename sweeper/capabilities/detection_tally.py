"""Counts the flaws of a detection dataset image by image, and keeps the clearest cases of each check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweeper.capabilities.box_checks import BOX_CHECKS, BoxChecks, Flaw
from sweeper.capabilities.clearest import Clearest
from sweeper.capabilities.duplicates import alike, digest, first_of_each, in_range, perceptual_hash
from sweeper.datasets.arrays import unit_range
from sweeper.statistics.matching import crowd_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    import numpy.typing as npt

    from sweeper.capabilities.scenes import Scene

IMAGE_CHECKS = ("no_boxes", "exact_duplicates", "near_duplicates")
ASCENDING = frozenset({"tiny", "near_duplicates"})
"""Of these checks a low score is the clearest case."""


class Case(NamedTuple):
    """One image, or one box of it, that a check found."""

    datum_id: str
    score: float
    detail: str
    box: int | None = None
    label: int | None = None


class Found(NamedTuple):
    """What a check found in a whole dataset."""

    n_found: int
    n_checked: int
    """How many boxes, or images, there are."""
    by_class: Mapping[int, int]
    """How many boxes of each class it found; empty for a check of images."""
    clearest: tuple[Case, ...]

    @property
    def share(self) -> float | None:
        """`None` where there is nothing to check."""
        return self.n_found / self.n_checked if self.n_checked else None


@dataclass
class _Check:
    """Of one check, while it goes through the images."""

    clearest: Clearest[Case]
    n_found: int = 0
    by_class: Counter[int] = field(default_factory=Counter[int])

    def add(self, case: Case, clearness: float) -> None:
        self.n_found += 1
        if case.label is not None:
            self.by_class[case.label] += 1
        self.clearest.add(clearness, case)

    def found(self, n_checked: int) -> Found:
        return Found(self.n_found, n_checked, dict(self.by_class), tuple(self.clearest.cases()))


@dataclass
class DetectionTally:
    """What was seen of a dataset so far. Of each image it keeps its id and 24 bytes.

    Attributes
    ----------
    checks
        The limits of the checks of boxes.
    known
        The class indices that have names.
    listed
        How many cases of each check are kept.
    """

    checks: BoxChecks
    known: AbstractSet[int]
    listed: int
    ids: list[str] = field(default_factory=list[str])
    boxes: Counter[int] = field(default_factory=Counter[int])
    """Number of boxes of each class."""
    images: Counter[int] = field(default_factory=Counter[int])
    """Number of images with a box of each class."""
    crowds: Counter[int] = field(default_factory=Counter[int])
    """Number of boxes of each class that stand for a crowd."""
    _found: dict[str, _Check] = field(default_factory=dict[str, _Check])
    _digests: list[bytes] = field(default_factory=list[bytes])
    _hashes: list[npt.NDArray[np.uint8]] = field(default_factory=list["npt.NDArray[np.uint8]"])

    def __post_init__(self) -> None:
        self._found = {name: _Check(Clearest(self.listed)) for name in (*BOX_CHECKS, *IMAGE_CHECKS)}

    def add(self, scene: Scene) -> None:
        """Look at the next image.

        Raises
        ------
        PartError
            Nothing says which of its integers is white.
        """
        self.ids.append(scene.datum_id)
        gray = unit_range(scene.image).mean(axis=0)
        self._digests.append(digest(scene.image))
        self._hashes.append(np.packbits(perceptual_hash(in_range(gray))))
        labels = scene.truth.labels
        self.boxes.update(labels.tolist())
        self.images.update(set(labels.tolist()))
        self.crowds.update(labels[crowd_of(scene.truth)].tolist())
        if not len(labels):
            self._note("no_boxes", Case(scene.datum_id, 0.0, ""))
        for flaw in self.checks.flaws(scene, self.known):
            self._note(flaw.check, _case(scene, flaw))

    def _note(self, check: str, case: Case) -> None:
        self._found[check].add(case, -case.score if check in ASCENDING else case.score)

    def found(self, near_distance: int) -> dict[str, Found]:
        """What each check found, once all images are seen.

        Parameters
        ----------
        near_distance
            Largest Hamming distance, in bits, between the hashes of near duplicates.
        """
        firsts = first_of_each(self._digests)
        duplicates = {"exact_duplicates": self._equal(firsts), "near_duplicates": self._alike(firsts, near_distance)}
        for check, cases in duplicates.items():
            self._found[check] = _Check(Clearest(self.listed))
            for case in cases:
                self._note(check, case)
        n_boxes, n_images = self.boxes.total(), len(self.ids)
        return {name: one.found(n_images if name in IMAGE_CHECKS else n_boxes) for name, one in self._found.items()}

    def _equal(self, firsts: list[int]) -> Iterator[Case]:
        for index, first in enumerate(firsts):
            if first != index:
                yield Case(self.ids[index], 0.0, self.ids[first])

    def _alike(self, firsts: list[int], distance: int) -> Iterator[Case]:
        distinct = [index for index, first in enumerate(firsts) if index == first]
        bits = np.unpackbits(np.stack([self._hashes[index] for index in distinct]), axis=1).astype(np.float32)
        for later, earlier, apart in alike(bits, distance):
            yield Case(self.ids[distinct[later]], apart, self.ids[distinct[earlier]])


def _case(scene: Scene, flaw: Flaw) -> Case:
    return Case(scene.datum_id, flaw.score, flaw.detail, flaw.box, int(scene.truth.labels[flaw.box]))
