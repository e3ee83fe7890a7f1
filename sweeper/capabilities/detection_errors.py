"""Where a detector errs: what it misses, invents, confuses and places badly, by class, size and slice of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.capabilities import detection_error_report
from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.class_names import ClassNames
from sweeper.capabilities.detection_error_analysis import DetectionAnalysis, analysis_of
from sweeper.capabilities.detection_error_counts import ErrorTally, WorstImage
from sweeper.capabilities.detection_error_records import DetectionErrorRows
from sweeper.capabilities.outcomes import peeked
from sweeper.capabilities.predictions import BATCH_SIZE, Predictions, predict
from sweeper.capabilities.scene_pictures import errors_picture
from sweeper.capabilities.slicing import keys_of, slices_of
from sweeper.capabilities.worst_data import image_of
from sweeper.checks import rules
from sweeper.checks.detections import detection_of
from sweeper.checks.numbers import Batch, datum_name
from sweeper.errors import PartError
from sweeper.records import Record
from sweeper.statistics.bounds import Level
from sweeper.statistics.detection_errors import ImageErrors, errors_of_image, surest
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sweeper.common.detections import DetectionTarget
    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel

PICTURES = 20
"""So many of the images with the most errors have a picture at most, however many are listed."""


@dataclass(frozen=True, kw_only=True)
class DetectionErrorsRun(CapabilityRun):
    """The errors of one detector on one dataset."""

    analysis: DetectionAnalysis

    def extract(self) -> list[Record]:
        """A row for each share, each range of overlap and pair of classes that occurs, and each listed image."""
        dataset, model = metadata_id(self.dataset_metadata[0]), metadata_id(self.model_metadata[0])
        return list(DetectionErrorRows(self.run_uid, dataset, model, self.analysis).rows())

    def collect_md_report(self, threshold: float) -> str:
        """The errors of all data, the weakest slices and classes, sizes, confusions, overlaps, and the worst images.

        Of each slice, class and size it says whether the share of objects that are found meets `threshold`.
        """
        dataset, model = metadata_id(self.dataset_metadata[0]), metadata_id(self.model_metadata[0])
        return detection_error_report.text(f"{model} on {dataset}", self.analysis, self.warnings, threshold)


class DetectionErrors(BuiltinCapability):
    """Where a detector errs. It reads predictions that were made for others, so it costs no inference of its own.

    Each object, and each detection that is sure enough, is put into one kind: `sweeper.statistics.detection_errors` has
    the definitions, which follow Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object
    Detection Errors", ECCV 2020. Crowds are ignored as COCO's metrics ignore them.

    Parameters
    ----------
    by
        Keys of the metadata of the data, such as `[site, weather]`: all shares are measured on each of their values
        too. A number with more than 10 different values is cut into ranges. A key, or a list of them.
    bins
        How many ranges such a number has, of about equally many data each.
    confidence
        The least score of a detection that counts, in [0, 1], as of `sweeper.metrics.DetectionF1`.
    overlap
        The least overlap (intersection over union) with which a detection finds an object, in (0, 1].
    background_overlap
        With less than this overlap a detection is about no object, above 0 and at most `overlap`.
    interval_level
        Of the intervals, with images as clusters: of each share by itself, of those of all slices together.
    worst
        How many of the images with the most errors are listed.
    pictures
        Whether the first 20 of these are read once more, for pictures of the report.
    batch_size
        Number of data per call of the model. It belongs to the identity of the run, since a model's predictions may
        depend on it.

    Values
    ------
    object.correct
        The share of the objects that a detection of their class has found. Higher is better.
    object.wrong_class
        The share of the objects that are not found and that a detection of another class covers. Lower is better.
    object.badly_placed
        The share of the objects that are not found and that a detection of their class touches. Lower is better.
    object.missed
        The share of the objects that are not found and that no detection of a wrong class or place stands for. Lower is
        better.
    detection.correct
        The share of the detections that have found an object of their class. Higher is better.
    detection.double
        The share of the detections that cover an object which a surer one has found. Lower is better.
    detection.wrong_class
        The share of the detections that cover an object of another class. Lower is better.
    detection.badly_placed
        The share of the detections that touch an object of their class without covering it. Lower is better.
    detection.wrong_class_badly_placed
        The share of the detections that touch an object of another class without covering it. Lower is better.
    detection.background
        The share of the detections where no object is. Lower is better.

    Raises
    ------
    PartError
        An argument is out of range.

    Notes
    -----
    Predictions are read a block at a time, so they may be larger than memory. What is kept does not grow with the
    images, but for `by`: of each image the values of these keys.
    """

    id = "sweeper.detection_errors"
    supports_datasets = Arity.ONE
    supports_models = Arity.ONE
    reads_predictions = True

    def __init__(
        self,
        *,
        by: str | Sequence[str] = (),
        bins: int = 5,
        confidence: float = 0.5,
        overlap: float = 0.5,
        background_overlap: float = 0.1,
        interval_level: float = 0.95,
        worst: int = 10,
        pictures: bool = True,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        if not (0 <= confidence <= 1 and 0 < background_overlap <= overlap <= 1):
            raise PartError(
                f"DetectionErrors got confidence={confidence}, overlap={overlap}, "
                f"background_overlap={background_overlap}; allowed: confidence from 0 to 1, overlap above 0 and up to "
                "1, background_overlap above 0 and up to overlap."
            )
        if bins < 2 or worst < 0 or not 0.5 < interval_level < 1:
            raise PartError(
                f"DetectionErrors got bins={bins}, worst={worst}, interval_level={interval_level}; allowed: bins from "
                "2, worst from 0, interval_level above 0.5 and below 1."
            )
        self.batch_size = batch_size
        self._keys, self._bins = keys_of(by, "DetectionErrors"), bins
        self._confidence, self._overlap, self._background = confidence, overlap, background_overlap
        self._level, self._worst, self._pictures = Level(interval_level), worst, pictures

    def augmentations(self) -> dict[str, None]:
        """The inference passes that are needed, by their label: one, on the unchanged data."""
        return {"": None}

    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
        *,
        predictions: Mapping[str, Predictions] | None = None,
    ) -> DetectionErrorsRun:
        """Analyse the errors of one detector on one dataset.

        Parameters
        ----------
        models, datasets, metrics, config, use_cache
            As `BuiltinCapability.run` says.
        predictions
            Predictions that were made before, under the key `""`. If it is `None`, they are made here.

        Raises
        ------
        PartError
            The arguments are wrong in number or kind, what they return fails a check (`sweeper.checks`), the model is
            no detector, or a datum has no usable value of a key in `by`.
        """
        inputs = self.check(models, datasets, metrics, config, use_cache)
        (model,), (dataset,) = inputs.models, inputs.datasets
        used = predict(model, dataset, batch_size=self.batch_size) if predictions is None else predictions[""]
        with rules.applying(rules.allowed_by(rules.current(), self, ())):
            warnings = used.verify()
        tally = self._counted(used, metadata_id(dict(model.metadata)))
        pictures = _pictures(tally.worst_images()[:PICTURES], dataset) if self._pictures else {}
        names = ClassNames.of(dict(dataset.metadata), dict(model.metadata))
        return DetectionErrorsRun(
            capability_id=self.id,
            **inputs.metadata(),
            warnings=warnings,
            analysis=analysis_of(tally, self._level, names, pictures),
        )

    def _counted(self, predictions: Predictions, model_id: str) -> ErrorTally:
        tally = ErrorTally(self._worst, slices_of(predictions, self._keys, self._bins))
        batches = zip(
            predictions.prediction_batches, predictions.target_batches, predictions.metadata_batches, strict=True
        )
        for answers, targets, metadata in batches:
            first, ids = tally.images, list[str]()
            for index, pair in enumerate(zip(answers, targets, strict=True)):
                errors = self._errors(pair, metadata, index, first, model_id)
                if not ids and tally.takes(errors):
                    ids = [str(each.get("id")) for each in peeked(metadata)]
                tally.add(errors, ids[index] if ids else "")
        return tally

    def _errors(
        self, pair: tuple[object, object], metadata: Batch, index: int, first: int, model_id: str
    ) -> ImageErrors:
        answer, target = (_detection(item, metadata, index, first, model_id) for item in pair)
        return errors_of_image(surest(answer, self._confidence), target, self._overlap, self._background)


def _detection(item: object, metadata: Batch, index: int, first: int, model_id: str) -> DetectionTarget:
    try:
        return detection_of(item)
    except PartError as error:
        raise PartError(
            f"An analysis of detection errors needs a detector and targets with boxes. Of datum "
            f"{datum_name(metadata, index, first)}, model {model_id!r} or the dataset gave {error}. Of a classifier, "
            "use sweeper.capabilities.ErrorAnalysis."
        ) from None


def _pictures(worst: Sequence[WorstImage], dataset: TaskDataset) -> dict[int, str]:
    """Pictures of the images with the most errors, by their number; of those that can still be read."""
    images = ((one, image_of(dataset, one.number)) for one in worst)
    found = ((one.number, errors_picture(image, one.errors)) for one, image in images if image is not None)
    return {number: picture for number, picture in found if picture is not None}
