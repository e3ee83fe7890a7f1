"""The rows and the report of a check of a detection dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

from sweeper.capabilities.box_checks import BOX_CHECKS
from sweeper.capabilities.class_names import ClassNames
from sweeper.capabilities.detection_tally import Case, Found
from sweeper.capabilities.findings import Balance
from sweeper.capabilities.markdown import literal, table
from sweeper.records import Record

SHOWN = 5
"""So many cases of each check, and twice as many classes at either end, are in the report."""


class DetectionQualityRecord(Record, table_name="sweeper_detection_quality"):
    """One measured quantity of a detection dataset or of one of its classes, or one case that a check found."""

    dataset_id: str
    check: str
    """`contents`, `class_balance`, or the name of a check that finds boxes or images."""
    output_key: str
    output_value: float | None
    """Null where there is nothing to check."""
    scope: str = "overall"
    """`overall`, `class`, or `item` for one box or image that a check found."""
    class_index: int | None = None
    class_name: str | None = None
    item_id: str | None = None
    """Of an item: the id of the datum."""
    box: int | None = None
    """Of an item: which box of the datum, from 0; null where it is the whole image."""
    detail: str | None = None
    """Of an item: the corners of the box in pixels, and beside what it was found; or which image it doubles."""
    n_found: int | None = None
    n_checked: int | None = None
    """Of a share: so many of so many boxes, or images."""
    higher_is_better: bool | None = None


@dataclass(frozen=True)
class DetectionQualityFindings:
    """All that was found in one dataset.

    Attributes
    ----------
    n_images, n_boxes, n_crowds
        How many there are; a crowd is a box that stands for several objects.
    names
        Of the classes.
    boxes, images, crowds
        Of each class index that is named or occurs: number of its boxes, of the images with one, and of its crowds.
    balance
        Of the boxes over these classes; `None` where there are no boxes.
    checks
        What each check found, by its name.
    """

    n_images: int
    n_boxes: int
    n_crowds: int
    names: ClassNames
    boxes: Mapping[int, int]
    images: Mapping[int, int]
    crowds: Mapping[int, int]
    balance: Balance | None
    checks: Mapping[str, Found]


class _Subject(TypedDict):
    """What a row is about."""

    scope: str
    class_index: int | None
    class_name: str | None


class _Columns(TypedDict, total=False):
    """Columns that only some rows have."""

    item_id: str
    box: int | None
    detail: str | None
    n_found: int
    n_checked: int
    higher_is_better: bool | None


_DATASET: _Subject = {"scope": "overall", "class_index": None, "class_name": None}


@dataclass(frozen=True)
class QualityRows:
    """Makes the rows of one run."""

    run_uid: str
    dataset_id: str
    found: DetectionQualityFindings

    def rows(self) -> Iterator[DetectionQualityRecord]:
        """All rows: of the dataset, of each class, and of each case that is listed."""
        yield from self._summary()
        for index in self.found.boxes:
            yield from self._class(index)
        for check, one in self.found.checks.items():
            for case in one.clearest:
                yield self._item(check, case)

    def _summary(self) -> Iterator[DetectionQualityRecord]:
        found = self.found
        for check, one in found.checks.items():
            yield self._share(check, f"{check}.share", one.n_found, one.n_checked, better=False)
        yield self._share("contents", "crowds.share", found.n_crowds, found.n_boxes)
        for key, number in (("images", found.n_images), ("boxes", found.n_boxes)):
            yield self._row("contents", f"contents.{key}", float(number))
        yield self._row("contents", "contents.boxes_per_image", found.n_boxes / found.n_images)
        for key, better in (("evenness", True), ("imbalance_ratio", False), ("empty_classes", False)):
            value = None if found.balance is None else float(getattr(found.balance, key))
            yield self._row("class_balance", f"class_balance.{key}", value, higher_is_better=better)

    def _class(self, index: int) -> Iterator[DetectionQualityRecord]:
        found, boxes = self.found, self.found.boxes[index]
        of: _Subject = {"scope": "class", "class_index": index, "class_name": found.names[index]}
        yield self._share("class_balance", "class_balance.box_share", boxes, found.n_boxes, of)
        yield self._share("class_balance", "class_balance.image_share", found.images[index], found.n_images, of)
        yield self._share("contents", "crowds.share", found.crowds[index], boxes, of)
        for check in BOX_CHECKS:
            n_found = found.checks[check].by_class.get(index, 0)
            yield self._share(check, f"{check}.share", n_found, boxes, of, better=False)

    def _share(
        self, check: str, key: str, n: int, among: int, of: _Subject = _DATASET, better: bool | None = None
    ) -> DetectionQualityRecord:
        value = n / among if among else None
        return self._row(check, key, value, of, n_found=n, n_checked=among, higher_is_better=better)

    def _item(self, check: str, case: Case) -> DetectionQualityRecord:
        name = None if case.label is None else self.found.names[case.label]
        of: _Subject = {"scope": "item", "class_index": case.label, "class_name": name}
        detail = case.detail or None
        return self._row(check, f"{check}.score", case.score, of, item_id=case.datum_id, box=case.box, detail=detail)

    def _row(
        self, check: str, key: str, value: float | None, of: _Subject = _DATASET, **columns: Unpack[_Columns]
    ) -> DetectionQualityRecord:
        return DetectionQualityRecord(
            run_uid=self.run_uid,
            dataset_id=self.dataset_id,
            check=check,
            output_key=key,
            output_value=value,
            **of,
            **columns,
        )


def report(dataset_id: str, found: DetectionQualityFindings) -> str:
    """The report of one dataset, in Markdown."""
    return "\n".join((_head(dataset_id, found), _checks(found), _classes(found)))


def _head(dataset_id: str, found: DetectionQualityFindings) -> str:
    spread = ""
    if found.balance is not None:
        ratio = found.balance.imbalance_ratio
        spread = f" Class evenness {found.balance.evenness:.3f}, imbalance ratio {ratio:.3g}."
    return (
        f"# Detection quality\n\n{literal(dataset_id)}: {found.n_images} images, {found.n_boxes} boxes, "
        f"{found.n_crowds} of them crowds.{spread}\n"
    )


def _checks(found: DetectionQualityFindings) -> str:
    rows = [
        (check, str(one.n_found), _percent(one.share), ", ".join(map(_shown, one.clearest[:SHOWN])))
        for check, one in found.checks.items()
    ]
    return table(("check", "found", "share", "clearest (datum, box)"), rows)


def _classes(found: DetectionQualityFindings) -> str:
    order = sorted(found.boxes, key=lambda index: -found.boxes[index])
    shown = order if len(order) <= 4 * SHOWN else [*order[: 2 * SHOWN], *order[-2 * SHOWN :]]
    rows = [
        (
            literal(found.names[index]),
            str(found.boxes[index]),
            _percent(found.boxes[index] / found.n_boxes if found.n_boxes else None),
            str(found.images[index]),
            str(sum(found.checks[check].by_class.get(index, 0) for check in BOX_CHECKS)),
        )
        for index in shown
    ]
    more = f"\nAnd {len(order) - len(shown)} classes between them.\n" if len(shown) < len(order) else ""
    return f"## Classes\n\n{table(('class', 'boxes', 'share', 'images', 'flaws'), rows)}{more}" if rows else ""


def _shown(case: Case) -> str:
    return literal(case.datum_id) + ("" if case.box is None else f" ({case.box})")


def _percent(share: float | None) -> str:
    return "not checked" if share is None else f"{share:.2%}"
