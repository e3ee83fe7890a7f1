"""The rows and the report of a comparison of two detection datasets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, Unpack

import numpy as np

from sweeper.capabilities.markdown import literal, number, section
from sweeper.capabilities.two_samples import ClassifierTest, FeatureTest
from sweeper.records import Record

if TYPE_CHECKING:
    import numpy.typing as npt

Subject: TypeAlias = Literal["images", "boxes"]
_SUBJECTS: tuple[Subject, ...] = ("images", "boxes")


class DetectionShiftRecord(Record, table_name="sweeper_detection_shift"):
    """One measured quantity of a comparison of two detection datasets."""

    reference_id: str
    candidate_id: str
    test: str
    """`ks`, `chi_square`, `classifier`, `verdict`, or `share` for what is counted and not tested."""
    subject: str | None = None
    """`images` or `boxes`: what was tested, and over which features the p-values are corrected."""
    output_key: str
    output_value: float | None
    scope: str = "overall"
    """`feature` for the test of one feature, `class` for the share of one class."""
    feature: str | None = None
    class_name: str | None = None
    p_value: float | None = None
    """The p-value of the test, without correction."""
    adjusted_p_value: float | None = None
    """For a feature: the p-value after the correction of Benjamini and Hochberg; for a summary the lowest one."""
    shifted: bool | None = None
    reference_value: float | None = None
    """Of a feature the median, of a class its share of all boxes."""
    candidate_value: float | None = None
    n_reference: int | None = None
    """How many values were tested, or boxes counted."""
    n_candidate: int | None = None
    higher_is_better: bool | None = None


@dataclass(frozen=True)
class TestedFeature:
    """The test of one feature, with the medians of both samples and their sizes; `None` for the classes."""

    __test__ = False  # its name begins as pytest's classes do

    subject: Subject
    test: FeatureTest
    reference: float | None = None
    candidate: float | None = None
    n_reference: int | None = None
    n_candidate: int | None = None

    @classmethod
    def of(
        cls,
        subject: Subject,
        test: FeatureTest,
        reference: npt.NDArray[np.floating] | None,
        candidate: npt.NDArray[np.floating] | None,
    ) -> TestedFeature:
        """From both samples."""
        if reference is None or candidate is None:
            return cls(subject, test)
        medians = float(np.median(reference)), float(np.median(candidate))
        return cls(subject, test, *medians, len(reference), len(candidate))


@dataclass(frozen=True)
class ClassShare:
    """How many of all boxes are of one class, in both datasets."""

    name: str
    reference: int
    candidate: int
    n_reference: int
    n_candidate: int

    @property
    def shares(self) -> tuple[float | None, float | None]:
        """`None` in a dataset without boxes."""
        return (
            self.reference / self.n_reference if self.n_reference else None,
            self.candidate / self.n_candidate if self.n_candidate else None,
        )

    @property
    def difference(self) -> float | None:
        """Of the shares: above 0 where the candidate has more."""
        reference, candidate = self.shares
        return None if reference is None or candidate is None else candidate - reference


@dataclass(frozen=True)
class ShiftFindings:
    """All that a comparison finds.

    Attributes
    ----------
    alpha
        Level of the verdict.
    features
        The tests of the features of images and of boxes.
    classifier
        The test by a classifier.
    classes
        The classes, those whose shares differ most first.
    """

    alpha: float
    features: tuple[TestedFeature, ...]
    classifier: ClassifierTest
    classes: tuple[ClassShare, ...]

    def of(self, subject: Subject) -> list[TestedFeature]:
        """The tests of one subject."""
        return [one for one in self.features if one.subject == subject]

    @property
    def shifted(self) -> bool:
        """Whether one of the tests finds a difference."""
        return self.classifier.shifted or any(one.test.shifted for one in self.features)


class _Columns(TypedDict, total=False):
    """Columns that only some rows have."""

    subject: str
    scope: str
    feature: str
    class_name: str
    p_value: float
    adjusted_p_value: float
    shifted: bool
    reference_value: float | None
    candidate_value: float | None
    n_reference: int | None
    n_candidate: int | None
    higher_is_better: bool


@dataclass(frozen=True)
class ShiftRows:
    """Makes the rows of one run."""

    run_uid: str
    reference_id: str
    candidate_id: str
    found: ShiftFindings

    def rows(self) -> Iterator[DetectionShiftRecord]:
        """All rows: the verdict and the summaries, then each feature and each class."""
        found, test = self.found, self.found.classifier
        yield self._row("verdict", "shifted", float(found.shifted), shifted=found.shifted, higher_is_better=False)
        yield self._row(
            "classifier",
            "classifier.auc",
            test.auc,
            p_value=test.p_value,
            shifted=test.shifted,
            higher_is_better=False,
        )
        for subject in _SUBJECTS:
            yield from self._summary(subject)
        yield from map(self._feature, found.features)
        yield from map(self._class, found.classes)

    def _summary(self, subject: Subject) -> Iterator[DetectionShiftRecord]:
        tests = [one.test for one in self.found.of(subject)]
        shifted, lowest = [test.shifted for test in tests], min(test.adjusted_p_value for test in tests)
        values = {"shifted_share": float(np.mean(shifted)), "max_statistic": max(test.statistic for test in tests)}
        for key, value in values.items():
            yield self._row(
                "ks",
                f"{subject}.{key}",
                value,
                subject=subject,
                adjusted_p_value=lowest,
                shifted=any(shifted),
                higher_is_better=False,
            )

    def _feature(self, one: TestedFeature) -> DetectionShiftRecord:
        test, of_classes = one.test, one.test.feature == "class_mix"
        return self._row(
            "chi_square" if of_classes else "ks",
            f"{'cramers_v' if of_classes else 'ks.statistic'}[{test.feature}]",
            test.statistic,
            subject=one.subject,
            scope="feature",
            feature=test.feature,
            p_value=test.p_value,
            adjusted_p_value=test.adjusted_p_value,
            shifted=test.shifted,
            reference_value=one.reference,
            candidate_value=one.candidate,
            n_reference=one.n_reference,
            n_candidate=one.n_candidate,
            higher_is_better=False,
        )

    def _class(self, one: ClassShare) -> DetectionShiftRecord:
        reference, candidate = one.shares
        return self._row(
            "share",
            f"class_share.difference[{one.name}]",
            one.difference,
            subject="boxes",
            scope="class",
            class_name=one.name,
            reference_value=reference,
            candidate_value=candidate,
            n_reference=one.n_reference,
            n_candidate=one.n_candidate,
        )

    def _row(self, test: str, key: str, value: float | None, **columns: Unpack[_Columns]) -> DetectionShiftRecord:
        return DetectionShiftRecord(
            run_uid=self.run_uid,
            reference_id=self.reference_id,
            candidate_id=self.candidate_id,
            test=test,
            output_key=key,
            output_value=value,
            **columns,
        )


def report(reference_id: str, candidate_id: str, found: ShiftFindings, warnings: Sequence[str]) -> str:
    """The report of one comparison, in Markdown."""
    verdict = "differs" if found.shifted else "does not differ detectably"
    notes = "".join(f"\nNote: {literal(line)}\n" for line in warnings)
    counts = ", ".join(
        f"{sum(one.test.shifted for one in found.of(subject))} of {len(found.of(subject))} features of {subject} differ"
        for subject in _SUBJECTS
    )
    title = f"# Detection shift\n\n{literal(candidate_id)} {verdict} from {literal(reference_id)}"
    classifier = f"Classifier on the pixels: AUC {found.classifier.auc:.4f}, p {found.classifier.p_value:.3g}."
    head = f"{title} (alpha {found.alpha:g}).\n\n{classifier} {counts}.\n{notes}"
    return "\n".join((head, *_boxes(found), *_images(found), *_classes(found)))


_HEADERS = ("feature", "statistic", "adjusted p", "median of the reference", "of the candidate", "differs")


def _boxes(found: ShiftFindings) -> Iterator[str]:
    yield from section("Boxes", _HEADERS, list(map(_line, found.of("boxes"))))


def _images(found: ShiftFindings) -> Iterator[str]:
    differing = sorted((one for one in found.of("images") if one.test.shifted), key=lambda one: one.test.p_value)
    if differing:
        yield from section("Images, the clearest features first", _HEADERS, list(map(_line, differing)))


def _classes(found: ShiftFindings) -> Iterator[str]:
    rows = [(literal(one.name), *(number(share) for share in one.shares)) for one in found.classes]
    if rows:
        headers = ("class", "share of the boxes in the reference", "in the candidate")
        yield from section("Classes, the largest difference first", headers, rows)


def _line(one: TestedFeature) -> tuple[str, ...]:
    test = one.test
    medians = number(one.reference, ".4g"), number(one.candidate, ".4g")
    return test.feature, number(test.statistic), f"{test.adjusted_p_value:.3g}", *medians, "yes" if test.shifted else ""
