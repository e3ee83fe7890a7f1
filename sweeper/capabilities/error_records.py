"""The rows of an error analysis, in five tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from sweeper.capabilities.error_counts import Analysis, Errors, SliceErrors
from sweeper.capabilities.uncertainty import columns_of
from sweeper.capabilities.worst_data import WorstDatum
from sweeper.records import Record
from sweeper.statistics.by_class import ClassValues


class ErrorAnalysisRecord(Record, table_name="sweeper_error_analysis"):
    """One value of a class, or of a slice. These are the values of the view `results`."""

    dataset_id: str
    model_id: str
    output_key: str
    """Quantity and class or slice in one text: `recall[cat]`, `accuracy[site=rome]`."""
    output_value: float | None
    """Null where it is not defined, as the precision of a class that was never predicted."""
    scope: str
    """`class` or `slice`."""
    quantity: str
    """`precision`, `recall` or `f1` of a class; `accuracy` of a slice."""
    class_index: int | None = None
    class_name: str | None = None
    slice_key: str | None = None
    """The key of the metadata that the slice is by; null for a class."""
    slice_value: str | None = None
    slice_low: float | None = None
    """Of a range of a number: from here on, or null if it has no lower end."""
    slice_high: float | None = None
    """Of a range of a number: below this, or null if it has no upper end."""
    support: int
    """Number of data of the class, or of the slice."""
    place: int | None = None
    """Of a slice: 1 for the weakest."""
    rest_value: float | None = None
    """Of a slice: the accuracy on all other data."""
    p_value: float | None = None
    """Of a slice: of "the model is not worse here than on the rest"; null where that was not tested."""
    adjusted_p_value: float | None = None
    """The same with the correction of Holm over all slices."""
    higher_is_better: bool | None = True
    n: int | None = None
    """Number of data that the value is a share of."""
    stderr: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None
    """How the bounds were computed; where there are none, `none: ` and the reason. See docs/error-analysis.md."""


class SliceClassRecord(Record, table_name="sweeper_error_slice_classes"):
    """One value of a class on the data of one slice.

    They stand apart from the values of all data, since there are so many of them: slices times classes.
    """

    dataset_id: str
    model_id: str
    slice_key: str
    slice_value: str
    class_index: int
    class_name: str
    quantity: str
    """`precision`, `recall` or `f1`."""
    value: float | None
    """Null where it is not defined."""
    support: int
    """Number of data of the class in the slice."""
    n: int | None = None
    stderr: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None


class ConfusionRecord(Record, table_name="sweeper_error_confusions"):
    """One cell of the confusion matrix that is not 0, of all data or of one slice."""

    dataset_id: str
    model_id: str
    slice_key: str | None = None
    slice_value: str | None = None
    label_index: int
    label_name: str
    predicted_index: int
    predicted_name: str
    n: int
    """Number of data with this label and this prediction."""
    is_right: bool


class CalibrationRecord(Record, table_name="sweeper_error_calibration"):
    """The data of one range of confidences, of all data or of one slice."""

    dataset_id: str
    model_id: str
    slice_key: str | None = None
    slice_value: str | None = None
    bin: int
    low: float
    """The confidences are above this (the first bin has 0 too)."""
    high: float
    """The confidences are at most this."""
    confidence: float | None
    """Mean confidence; null where the bin has no data."""
    accuracy: float | None
    """The share of right predictions."""
    gap: float | None
    """Accuracy less confidence: below 0 where the model is too sure."""
    n: int | None = None
    stderr: float | None = None
    """This and the next three are of the accuracy."""
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None


class WorstDatumRecord(Record, table_name="sweeper_error_data"):
    """One datum that is worth a look."""

    dataset_id: str
    model_id: str
    reason: str
    """`confidently_wrong` or `most_uncertain`."""
    place: int
    """1 for the clearest case of this reason."""
    datum_id: str
    datum_number: int
    """Its place in the dataset, from 0."""
    label_index: int
    label_name: str
    predicted_index: int
    predicted_name: str
    confidence: float
    is_right: bool


class _Parts(TypedDict):
    """The columns that all rows of one run have."""

    run_uid: str
    dataset_id: str
    model_id: str


class _SliceColumns(TypedDict):
    slice_key: str | None
    slice_value: str | None


_ALL_DATA: _SliceColumns = {"slice_key": None, "slice_value": None}


@dataclass(frozen=True)
class RowMaker:
    """Makes the rows of one run."""

    run_uid: str
    dataset_id: str
    model_id: str
    analysis: Analysis

    def rows(self) -> Iterator[Record]:
        """All rows: the values first, since the table of the first row is that of the values."""
        for values in self.analysis.errors.classes:
            yield from self._class(values)
        yield from map(self._slice, self.analysis.slices)
        for one in self.analysis.slices:
            for values in one.errors.classes:
                yield from self._class_in(one, values)
        slices = self.analysis.slices
        parts = [(self.analysis.errors, _ALL_DATA), *((one.errors, _columns(one)) for one in slices)]
        yield from (row for errors, columns in parts for row in self._confusions(errors, columns))
        yield from (row for errors, columns in parts for row in self._bins(errors, columns))
        yield from map(self._datum, self.analysis.worst)

    @property
    def _parts(self) -> _Parts:
        return {"run_uid": self.run_uid, "dataset_id": self.dataset_id, "model_id": self.model_id}

    def _class(self, values: ClassValues) -> Iterator[ErrorAnalysisRecord]:
        name = self.analysis.names[values.index]
        for quantity, (value, interval) in values.estimates.items():
            yield ErrorAnalysisRecord(
                **self._parts,
                output_key=f"{quantity}[{name}]",
                output_value=value,
                scope="class",
                quantity=quantity,
                class_index=values.index,
                class_name=name,
                support=values.support,
                **columns_of(interval),
            )

    def _class_in(self, part: SliceErrors, values: ClassValues) -> Iterator[SliceClassRecord]:
        for quantity, (value, interval) in values.estimates.items():
            yield SliceClassRecord(
                **self._parts,
                slice_key=part.key,
                slice_value=part.value,
                class_index=values.index,
                class_name=self.analysis.names[values.index],
                quantity=quantity,
                value=value,
                support=values.support,
                **columns_of(interval),
            )

    def _slice(self, part: SliceErrors) -> ErrorAnalysisRecord:
        found = part.accuracy
        return ErrorAnalysisRecord(
            **self._parts,
            output_key=f"accuracy[{part.name}]",
            output_value=found.accuracy.value,
            scope="slice",
            quantity="accuracy",
            **_columns(part),
            slice_low=part.low,
            slice_high=part.high,
            support=part.errors.n,
            place=found.place,
            rest_value=found.rest,
            p_value=found.p_value,
            adjusted_p_value=found.adjusted_p_value,
            **columns_of(found.accuracy.interval),
        )

    def _confusions(self, errors: Errors, columns: _SliceColumns) -> Iterator[ConfusionRecord]:
        for label, prediction, n in errors.confusions:
            yield ConfusionRecord(
                **self._parts,
                **columns,
                label_index=label,
                label_name=self.analysis.names[label],
                predicted_index=prediction,
                predicted_name=self.analysis.names[prediction],
                n=n,
                is_right=label == prediction,
            )

    def _bins(self, errors: Errors, columns: _SliceColumns) -> Iterator[CalibrationRecord]:
        for one in errors.bins:
            yield CalibrationRecord(
                **self._parts,
                **columns,
                bin=one.number,
                low=one.low,
                high=one.high,
                confidence=one.confidence,
                accuracy=one.accuracy.value,
                gap=one.gap,
                **columns_of(one.accuracy.interval),
            )

    def _datum(self, one: WorstDatum) -> WorstDatumRecord:
        return WorstDatumRecord(
            **self._parts,
            reason=one.reason,
            place=one.place,
            datum_id=one.datum_id,
            datum_number=one.number,
            label_index=one.label,
            label_name=self.analysis.names[one.label],
            predicted_index=one.prediction,
            predicted_name=self.analysis.names[one.prediction],
            confidence=one.confidence,
            is_right=one.is_right,
        )


def _columns(part: SliceErrors) -> _SliceColumns:
    return {"slice_key": part.key, "slice_value": part.value}
