"""Tests whether two detection datasets have the same distribution of images, boxes and classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.class_names import ClassNames
from sweeper.capabilities.detection_shift_rows import (
    ClassShare,
    DetectionShiftRecord,
    ShiftFindings,
    ShiftRows,
    Subject,
    TestedFeature,
    report,
)
from sweeper.capabilities.pixel_features import pixel_names
from sweeper.capabilities.scene_features import SceneFeatures, features_of
from sweeper.capabilities.two_samples import Tested, classes_test, classifier_test, corrected, ks_test
from sweeper.errors import PartError
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel

    Columns = Mapping[str, npt.NDArray[np.floating]]

LEAST_WITH_BOXES = 5
"""With fewer images that have a box in one of the datasets, boxes and classes are not tested."""
_KINDS = 3
"""Kinds of tests, which share the level: pixels and sizes of images, boxes and classes, the classifier."""


@dataclass(frozen=True, kw_only=True)
class DetectionShiftRun(CapabilityRun):
    """The results of all tests, and the verdict that follows from them."""

    found: ShiftFindings

    @property
    def shifted(self) -> bool:
        """The verdict: whether one of the three kinds of tests finds a difference."""
        return self.found.shifted

    def extract(self) -> list[DetectionShiftRecord]:
        """The verdict, the summary of each kind of tests, a row per feature, and a row per class."""
        reference, candidate = map(metadata_id, self.dataset_metadata)
        return list(ShiftRows(self.run_uid, reference, candidate, self.found).rows())

    def collect_md_report(self, threshold: float) -> str:
        """The verdict, boxes, the clearest features of images, and classes. The threshold is not used."""
        reference, candidate = map(metadata_id, self.dataset_metadata)
        return report(reference, candidate, self.found, self.warnings)


class DetectionShift(BuiltinCapability):
    """Tests whether two detection datasets have the same distribution of images, boxes and classes.

    There are three kinds of tests, each with the level `alpha` / 3:

    1. Of images: their pixels, average-pooled to `side` x `side` per channel, brightness, contrast, width and height.
    2. Of boxes: their number in an image, and of one box of each image that has one its area, aspect, centre and class.
    3. The classifier two-sample test on the pixels, as in `sweeper.capabilities.Shift`.

    Features are tested by Kolmogorov and Smirnov's two-sample test, classes by Pearson's chi-square test, corrected
    after Benjamini and Hochberg (1995) within each of the first two kinds. So two samples of one distribution are
    called shifted with a probability of about `alpha` at most.

    Parameters
    ----------
    alpha
        Level of the verdict, in (0, 1).
    side
        Number of pixels per side after pooling. Images may differ in size; they are compared by what is where in them.
    most_images
        The pixels of at most so many images of each dataset are compared, evenly spread over it; boxes of all images.
    folds
        Number of folds of the cross-validation; each dataset needs at least that many images.
    seed
        Of the box that is drawn of each image, of the forest and of the folds.

    Values
    ------
    shifted
        1 if one of the three tests says that the datasets differ, otherwise 0.
    classifier.auc
        How well a classifier tells the images of the two datasets apart, 0.5 for not at all, 1 for always. Lower is
        better.
    images.shifted_share, boxes.shifted_share
        The share of the features of images, or of boxes, whose distributions differ. Lower is better.
    images.max_statistic, boxes.max_statistic
        The largest distance between the distributions of a feature in the two datasets, from 0 to 1. Lower is better.

    Raises
    ------
    PartError
        An argument is out of range.

    Notes
    -----
    Boxes of one image are alike: an image of a crowd has many small ones. The tests need independent values, so one box
    of each image is drawn. Boxes that stand for a crowd, or have no area, are left out. Images are read one at a time;
    of each about 60 bytes are kept, and of `most_images` their pooled pixels.
    """

    id = "sweeper.detection_shift"
    supports_datasets = Arity.TWO

    def __init__(
        self, *, alpha: float = 0.05, side: int = 8, most_images: int = 2000, folds: int = 5, seed: int = 0
    ) -> None:
        if not 0 < alpha < 1 or side < 1 or folds < 2 or most_images < folds:
            raise PartError(
                f"DetectionShift got alpha={alpha}, side={side}, most_images={most_images}, folds={folds}; allowed: "
                "alpha between 0 and 1, side from 1, folds from 2, most_images from folds."
            )
        self._alpha, self._side, self._most_images = alpha, side, most_images
        self._folds, self._seed = folds, seed

    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
    ) -> DetectionShiftRun:
        """Compare a candidate, the second dataset, with a reference, the first.

        Parameters
        ----------
        models, datasets, metrics, config, use_cache
            As `BuiltinCapability.run` says.

        Raises
        ------
        PartError
            The arguments are wrong in number or kind, a dataset has fewer images than folds, a datum has no image or no
            boxes, or images differ in their number of channels.
        """
        inputs = self.check(models, datasets, metrics, config, use_cache)
        reference, candidate = (self._features(dataset, place) for place, dataset in enumerate(inputs.datasets))
        ids = [metadata_id(dict(dataset.metadata)) for dataset in inputs.datasets]
        if reference.shape != candidate.shape:
            raise PartError(
                f"DetectionShift compares pixel by pixel, but the images of {ids[0]} have {reference.shape[0]} "
                f"channels, and those of {ids[1]} {candidate.shape[0]}: convert one."
            )
        names = _Names(*(ClassNames.of(dict(dataset.metadata)) for dataset in inputs.datasets))
        with_boxes = (reference.with_boxes, candidate.with_boxes)
        return DetectionShiftRun(
            capability_id=self.id,
            **inputs.metadata(),
            warnings=tuple(_too_few(id_, n) for id_, n in zip(ids, with_boxes, strict=True) if n < LEAST_WITH_BOXES),
            found=self._found(reference, candidate, names),
        )

    def _features(self, dataset: TaskDataset, place: int) -> SceneFeatures:
        if len(dataset) < self._folds:
            raise PartError(f"DetectionShift needs {self._folds} images; {dataset.metadata['id']} has {len(dataset)}.")
        return features_of(dataset, side=self._side, most_images=self._most_images, seed=2 * self._seed + place)

    def _found(self, reference: SceneFeatures, candidate: SceneFeatures, names: _Names) -> ShiftFindings:
        level, both = self._alpha / _KINDS, (reference, candidate)
        tests_boxes = all(one.with_boxes >= LEAST_WITH_BOXES for one in both)
        classes = classes_test(*names.of(reference.labels, candidate.labels)) if tests_boxes else None
        images = _image_columns(reference), _image_columns(candidate)
        boxes = _box_columns(reference, tests_boxes), _box_columns(candidate, tests_boxes)
        return ShiftFindings(
            alpha=self._alpha,
            features=(
                *_tested("images", images[0], images[1], None, level),
                *_tested("boxes", boxes[0], boxes[1], classes, level),
            ),
            classifier=classifier_test(
                reference.pixels, candidate.pixels, folds=self._folds, seed=self._seed, alpha=level
            ),
            classes=_class_shares(*names.of(reference.all_labels, candidate.all_labels)),
        )


@dataclass(frozen=True)
class _Names:
    """The names of the classes of both datasets."""

    reference: ClassNames
    candidate: ClassNames

    def of(self, reference: Mapping[int, int], candidate: Mapping[int, int]) -> tuple[dict[str, int], dict[str, int]]:
        """Numbers by class name, from those by index; by the index where one of the datasets has no names."""
        if self.reference.names and self.candidate.names:
            return _renamed(reference, self.reference), _renamed(candidate, self.candidate)
        nameless = ClassNames({})
        return _renamed(reference, nameless), _renamed(candidate, nameless)


def _renamed(counts: Mapping[int, int], names: ClassNames) -> dict[str, int]:
    return {names[index]: n for index, n in counts.items()}


def _image_columns(features: SceneFeatures) -> Columns:
    columns = dict(zip([*pixel_names(features.shape), "brightness", "contrast"], features.pixels.T, strict=True))
    return columns | {name: features.images[name] for name in ("image_width", "image_height")}


def _box_columns(features: SceneFeatures, with_drawn: bool) -> Columns:
    counts = {"box_count": features.images["box_count"]}
    return counts | dict(features.boxes) if with_drawn else counts


def _tested(
    subject: Subject, reference: Columns, candidate: Columns, classes: Tested | None, level: float
) -> list[TestedFeature]:
    tests = {name: ks_test(values, candidate[name]) for name, values in reference.items()}
    if classes is not None:
        tests["class_mix"] = classes
    return [
        TestedFeature.of(subject, test, reference.get(test.feature), candidate.get(test.feature))
        for test in corrected(tests, level)
    ]


def _class_shares(reference: Mapping[str, int], candidate: Mapping[str, int]) -> tuple[ClassShare, ...]:
    totals = sum(reference.values()), sum(candidate.values())
    found = (
        ClassShare(name, reference.get(name, 0), candidate.get(name, 0), *totals)
        for name in sorted(reference.keys() | candidate.keys())
    )
    return tuple(sorted(found, key=lambda one: -abs(one.difference or 0.0)))


def _too_few(dataset_id: str, with_boxes: int) -> str:
    return (
        f"Dataset {dataset_id!r} has {with_boxes} images with boxes; at least {LEAST_WITH_BOXES} are needed: sizes, "
        "places and classes of boxes are not tested."
    )
