"""Where a classifier errs: by class, by slice of the data, by confidence, and on which data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.capabilities import error_report
from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.class_names import ClassNames
from sweeper.capabilities.error_counts import Analysis, errors_of, slice_errors
from sweeper.capabilities.error_records import RowMaker
from sweeper.capabilities.judgements import Confidences, judgements_of
from sweeper.capabilities.predictions import BATCH_SIZE, Predictions, predict
from sweeper.capabilities.slicing import keys_of, slices_of
from sweeper.capabilities.worst_data import worst_data
from sweeper.checks import rules
from sweeper.errors import PartError
from sweeper.records import Record
from sweeper.statistics.bounds import Level
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel

NO_CONFIDENCES: Mapping[Confidences, str] = {
    "scores": "gives scores that are no probabilities: there are no calibration bins",
    "one": "gives a confidence of 1 for every datum: which ones are most uncertain cannot be said",
    "none": "gives classes without confidences: there are neither calibration bins nor worst data",
}
"""What an analysis cannot say of a model, and why."""


@dataclass(frozen=True, kw_only=True)
class ErrorAnalysisRun(CapabilityRun):
    """The errors of one model on one dataset."""

    analysis: Analysis

    def extract(self) -> list[Record]:
        """A row for each value, each cell of the confusion matrix that is not 0, each calibration bin, each datum."""
        dataset, model = metadata_id(self.dataset_metadata[0]), metadata_id(self.model_metadata[0])
        return list(RowMaker(self.run_uid, dataset, model, self.analysis).rows())

    def collect_md_report(self, threshold: float) -> str:
        """Slices and classes, the weakest first, confusions, calibration, and the worst data with pictures.

        Of each slice and class it says whether its accuracy, or recall, meets `threshold`, as far as that is sure.
        """
        dataset, model = metadata_id(self.dataset_metadata[0]), metadata_id(self.model_metadata[0])
        return error_report.text(f"{model} on {dataset}", self.analysis, self.warnings, threshold)


class ErrorAnalysis(BuiltinCapability):
    """Where a classifier errs. It reads predictions that were made for others, so it costs no inference of its own.

    Parameters
    ----------
    by
        Keys of the metadata of the data, such as `[site, weather]`: everything is measured on each of their values too.
        A number with more than 10 different values is cut into ranges. A key, or a list of them.
    bins
        How many ranges such a number has, of about equally many data each.
    confidence
        Of the intervals: of a class or a calibration bin by itself, of the accuracies of all slices together.
    calibration_bins
        Number of ranges of confidence, of equal width. 15 are those of `sweeper.metrics.ExpectedCalibrationError`.
    worst
        How many data are listed as confidently wrong, and how many as most uncertain.
    pictures
        Whether these data are read once more for the small pictures of the report.
    batch_size
        Number of data per call of the model. It belongs to the identity of the run, since a model's predictions may
        depend on it.
    soft_targets
        Whether a target may be a distribution over the classes. Its largest entry is then the class. Otherwise targets
        must be one-hot.

    Values
    ------
    precision[<class>]
        Of the data that the model takes for this class, the share that is of it. Higher is better.
    recall[<class>]
        Of the data of this class, the share that the model takes for it. Higher is better.
    f1[<class>]
        The harmonic mean of precision and recall of this class. Higher is better.
    accuracy[<slice>]
        The share of the data of this slice that is classified correctly. Higher is better.

    Raises
    ------
    PartError
        An argument is out of range.

    Notes
    -----
    Of each datum a few bytes are kept, and predictions are read a block at a time, so they may be larger than memory.
    """

    id = "sweeper.error_analysis"
    supports_datasets = Arity.ONE
    supports_models = Arity.ONE
    reads_predictions = True

    def __init__(
        self,
        *,
        by: str | Sequence[str] = (),
        bins: int = 5,
        confidence: float = 0.95,
        calibration_bins: int = 15,
        worst: int = 10,
        pictures: bool = True,
        batch_size: int = BATCH_SIZE,
        soft_targets: bool = False,
    ) -> None:
        if bins < 2 or calibration_bins < 1 or worst < 0:
            raise PartError(
                f"ErrorAnalysis got bins={bins}, calibration_bins={calibration_bins}, worst={worst}; allowed: bins "
                "from 2, calibration_bins from 1, worst from 0."
            )
        self.batch_size, self.soft_targets = batch_size, soft_targets
        self._keys, self._bins, self._calibration_bins = keys_of(by, "ErrorAnalysis"), bins, calibration_bins
        self._level, self._worst, self._pictures = Level(confidence), worst, pictures

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
    ) -> ErrorAnalysisRun:
        """Analyse the errors of one model on one dataset.

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
            no classifier, or a datum has no usable value of a key in `by`.
        """
        inputs = self.check(models, datasets, metrics, config, use_cache)
        (model,), (dataset,) = inputs.models, inputs.datasets
        used = predict(model, dataset, batch_size=self.batch_size) if predictions is None else predictions[""]
        with rules.applying(rules.allowed_by(rules.current(), self, ())):
            warnings = used.verify()
        model_id = metadata_id(dict(model.metadata))
        judged = judgements_of(used, model_id)
        slices = slices_of(used, self._keys, self._bins)
        unsaid = NO_CONFIDENCES.get(judged.confidences)
        return ErrorAnalysisRun(
            capability_id=self.id,
            **inputs.metadata(),
            warnings=(*warnings, *([f"Model {model_id!r} {unsaid}."] if unsaid else [])),
            analysis=Analysis(
                self._level,
                ClassNames.of(dict(dataset.metadata), dict(model.metadata)),
                errors_of(judged, None, self._level, self._calibration_bins),
                slice_errors(judged, slices, self._level, self._calibration_bins),
                worst_data(judged, self._worst, used, dataset if self._pictures else None),
            ),
        )
