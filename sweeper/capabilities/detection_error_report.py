"""The report of an analysis of detection errors, in Markdown: what is weakest first, and the worst images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sweeper.capabilities.detection_error_counts import OVERLAP_BINS
from sweeper.capabilities.markdown import SHOWN, literal, more, number, plain_table, section, table
from sweeper.capabilities.uncertainty import interval_text, verdict
from sweeper.statistics.detection_errors import DETECTION_KINDS

if TYPE_CHECKING:
    from sweeper.capabilities.detection_error_analysis import DetectionAnalysis, GroupShares
    from sweeper.capabilities.detection_error_counts import Cell, Scope, WorstImage

_TITLES: dict[Scope, str] = {
    "slice": "Slices, the weakest first",
    "size": "Sizes",
    "class": "Classes, those with the fewest objects found first",
}
_CONFUSED = ("wrong_class", "wrong_class_badly_placed")
_IMAGE_KINDS = ("missed", *DETECTION_KINDS[1:])


def text(title: str, found: DetectionAnalysis, warnings: Sequence[str], threshold: float) -> str:
    """The whole report.

    Parameters
    ----------
    title
        Which model was analysed on which dataset.
    warnings
        What a reader must know of the values.
    threshold
        The smallest acceptable share of objects that are found, of a slice, a size or a class.
    """
    groups = (part for scope in _TITLES for part in _groups(found, scope, threshold))
    parts = (_head(title, found, warnings), *_overall(found), *groups, *_confusions(found), *_overlaps(found))
    return "\n".join((*parts, *_worst(found)))


def _head(title: str, found: DetectionAnalysis, warnings: Sequence[str]) -> str:
    (objects,), (detections,) = found.of("object", "overall"), found.of("detection", "overall")
    notes = "".join(f"\nNote: {literal(line)}\n" for line in warnings)
    ignored = f"{found.ignored.get('object', 0)} crowds and {found.ignored.get('detection', 0)} detections in them"
    return (
        f"# Detection errors\n\n{objects.kinds['correct'][0]} of {objects.support} objects are found, by "
        f"{detections.support} detections in {found.n_images} images: {literal(title)}. {ignored} are ignored. "
        f"Intervals are of {100 * found.level.confidence:g} %.\n{notes}"
    )


def _overall(found: DetectionAnalysis) -> Iterator[str]:
    rows = [
        (one.side, _words(kind), str(count), number(share.value), interval_text(share.interval))
        for side in ("object", "detection")
        for one in found.of(side, "overall")
        for kind, (count, share) in one.kinds.items()
    ]
    yield table(("", "kind", "number", "share", "interval"), rows)


def _groups(found: DetectionAnalysis, scope: Scope, threshold: float) -> Iterator[str]:
    detections = {one.name: one for one in found.of("detection", scope)}
    objects = [one for one in found.of("object", scope) if one.support or scope != "size"]
    if scope == "class":
        objects.sort(key=lambda one: one.correct.value or 0.0)
    rows = [_group(one, detections.get(one.name), threshold) for one in objects]
    if rows:
        headers = (scope, "objects", "found", "interval", "detections", "right", f"found, threshold {threshold:g}")
        yield from section(_TITLES[scope], headers, rows)
    if rows and scope == "slice":
        yield "These intervals allow for having looked at all of these slices.\n"


def _group(objects: GroupShares, detections: GroupShares | None, threshold: float) -> tuple[str, ...]:
    found = objects.correct
    return (
        literal(objects.name),
        str(objects.support),
        number(found.value),
        interval_text(found.interval),
        str(detections.support if detections else 0),
        number(detections.correct.value if detections else None),
        verdict(found.interval, threshold),
    )


def _confusions(found: DetectionAnalysis) -> Iterator[str]:
    def name(index: int | None) -> str:
        return "" if index is None else literal(found.names[index])

    pairs: dict[Cell, int] = {cell: n for cell, n in found.cells.items() if cell.kind in _CONFUSED}
    rows = [
        (name(cell.label), name(cell.predicted), _words(cell.kind), str(n))
        for cell, n in sorted(pairs.items(), key=lambda one: -one[1])
    ]
    if rows:
        yield from section("Most frequent confusions", ("class", "detected as", "kind", "detections"), rows)


def _overlaps(found: DetectionAnalysis) -> Iterator[str]:
    shown = [place for place, counts in enumerate(found.overlaps) if any(counts)]
    rows = [
        (f"{bin_ / OVERLAP_BINS:g} to {(bin_ + 1) / OVERLAP_BINS:g}", *(str(found.overlaps[p][bin_]) for p in shown))
        for bin_ in range(OVERLAP_BINS)
    ]
    if shown:
        headers = ("overlap", *(_words(DETECTION_KINDS[place]) for place in shown))
        yield f"## Detections by their overlap with the object\n\n{table(headers, rows)}"


def _worst(found: DetectionAnalysis) -> Iterator[str]:
    if not found.worst:
        return
    rows = [_image(found, one) for one in found.worst]
    headers = ("", "item", "errors", *map(_words, _IMAGE_KINDS))
    yield f"## Images with the most errors\n\n{plain_table(headers, rows[:SHOWN])}"
    yield from more(rows)
    if found.pictures:
        yield "Green: objects that are found. Red: objects that are not. Yellow: detections that are wrong.\n"


def _image(found: DetectionAnalysis, one: WorstImage) -> tuple[str, ...]:
    picture = found.pictures.get(one.number)
    counts = (str(one.errors.count(kind)) for kind in _IMAGE_KINDS)
    return f"![]({picture})" if picture else "", literal(one.datum_id), str(one.errors.errors), *counts


def _words(kind: str) -> str:
    return {"wrong_class_badly_placed": "wrong class and badly placed"}.get(kind, kind.replace("_", " "))
