"""The errors of a detector as shares with intervals, from what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sweeper.capabilities.class_names import ClassNames
from sweeper.capabilities.detection_error_counts import KINDS, SIZES, Cell, ErrorTally, Group, Scope, Side, WorstImage
from sweeper.capabilities.slicing import Slice
from sweeper.statistics.bounds import Level
from sweeper.statistics.by_class import Estimate
from sweeper.statistics.clustered_shares import ShareSums
from sweeper.statistics.clusters import FEWEST


@dataclass(frozen=True)
class GroupShares:
    """The shares of the kinds among some objects or detections.

    Attributes
    ----------
    side, scope
        Of which things: of all, or of those of a class, a size or a slice.
    name
        Of the class, the size or the slice; empty for all.
    kinds
        Of each kind the number of things, and its share with the interval.
    class_index, part
        The class, or the slice.
    place
        Of a slice: 1 for the weakest, by the upper bound of the share of objects that are found.
    """

    side: Side
    scope: Scope
    name: str
    support: int
    kinds: Mapping[str, tuple[int, Estimate]]
    class_index: int | None = None
    part: Slice | None = None
    place: int | None = None

    @property
    def correct(self) -> Estimate:
        """Of objects the share that is found, of detections the share that is right."""
        return self.kinds["correct"][1]


@dataclass(frozen=True, eq=False)
class DetectionAnalysis:
    """All that an analysis of detection errors finds.

    Attributes
    ----------
    level
        Of the intervals.
    names
        Of the classes.
    n_images
        How many there are.
    ignored
        Number of crowds, and of detections that have found one.
    groups
        The shares of all things, of classes, sizes and slices.
    overlaps
        Of each kind of detections the numbers in ranges of overlap.
    cells
        Number of detections, and of missed objects, by kind and classes.
    worst
        The images with the most errors.
    pictures
        The URI of a picture of some of these, by the number of the image.
    """

    level: Level
    names: ClassNames
    n_images: int
    ignored: Mapping[Side, int]
    groups: tuple[GroupShares, ...]
    overlaps: tuple[tuple[int, ...], ...]
    cells: Mapping[Cell, int]
    worst: tuple[WorstImage, ...]
    pictures: Mapping[int, str]

    def of(self, side: Side, scope: Scope) -> list[GroupShares]:
        """The groups of one side and scope."""
        return [one for one in self.groups if (one.side, one.scope) == (side, scope)]


def analysis_of(tally: ErrorTally, level: Level, names: ClassNames, pictures: Mapping[int, str]) -> DetectionAnalysis:
    """The analysis of what was counted."""
    return DetectionAnalysis(
        level=level,
        names=names,
        n_images=tally.images,
        ignored=dict(tally.ignored),
        groups=tuple(_groups(tally, level, names)),
        overlaps=tuple(map(tuple, tally.overlaps.tolist())),
        cells=dict(sorted(tally.cells.items(), key=lambda one: (one[0].kind, -one[1]))),
        worst=tuple(tally.worst_images()),
        pictures=pictures,
    )


def _groups(tally: ErrorTally, level: Level, names: ClassNames) -> Iterator[GroupShares]:
    for side, sums in tally.sums.items():
        yield _shares(side, Group("overall"), "", sums.get(Group("overall")), level)
        for index in sorted(group.which for group in sums if group.scope == "class"):
            group = Group("class", index)
            yield replace(_shares(side, group, names[index], sums[group], level), class_index=index)
        for index, name in enumerate(SIZES):
            yield _shares(side, Group("size", index), name, sums.get(Group("size", index)), level)
    yield from _slices(tally, level)


def _slices(tally: ErrorTally, level: Level) -> Iterator[GroupShares]:
    """The slices of both sides. Their intervals hold together, for all of one side and kind."""
    objects, detections = (_slices_of(side, tally, level) for side in KINDS)
    order = sorted(range(len(objects)), key=lambda number: _weakness(objects[number].correct))
    places = {number: place for place, number in enumerate(order, start=1)}
    for side in (objects, detections):
        yield from (replace(side[number], place=places[number]) for number in order)


def _slices_of(side: Side, tally: ErrorTally, level: Level) -> Sequence[GroupShares]:
    sums = [tally.sums[side].get(Group("slice", number)) for number in range(len(tally.slices))]
    looked_at = sum(one is not None and one.clusters >= FEWEST for one in sums)
    each = Level(1 - (1 - level.confidence) / max(looked_at, 1))
    return [
        replace(_shares(side, Group("slice", number), part.name, mine, each, looked_at), part=part)
        for number, (part, mine) in enumerate(zip(tally.slices, sums, strict=True))
    ]


def _weakness(correct: Estimate) -> tuple[bool, float, float]:
    """What slices are sorted by, the weakest first; those without bounds come last."""
    high = correct.interval.high
    return high is None, high or 0.0, correct.value or 0.0


def _shares(side: Side, group: Group, name: str, sums: ShareSums | None, level: Level, slices: int = 0) -> GroupShares:
    """The shares of one group; with so many `slices` their intervals allow for that."""
    counted = ShareSums(len(KINDS[side])) if sums is None else sums
    kinds = {
        kind: (int(counted.hits[number]), _named(counted.share(number, level), slices))
        for number, kind in enumerate(KINDS[side])
    }
    return GroupShares(side, group.scope, name, counted.size, kinds)


def _named(share: Estimate, slices: int) -> Estimate:
    interval = share.interval
    if not slices or not interval.is_known:
        return share
    return share._replace(interval=replace(interval, method=f"{interval.method}, simultaneous over {slices} slices"))
