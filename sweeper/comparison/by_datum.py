"""What stored values were computed from, read from the tables by datum."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.comparison.measured import NOT_KEPT, Measured
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.compared import Comparable
from sweeper.statistics.contributions import Contributions, averaged, weighted
from sweeper.statistics.evidence import RESAMPLED, Evidence, kind_named, scores_of
from sweeper.statistics.kinds import ByDatum
from sweeper.statistics.repeats import ONE_RUN, interval_of_mean
from sweeper.statistics.resampled import Resampled, mean_value

if TYPE_CHECKING:
    from sweeper.statistics.bounds import Interval, Level
    from sweeper.statistics.confusion import Classes
    from sweeper.statistics.kinds import Kind
    from sweeper.store import Store
    from sweeper.store.outcome_arrays import OutcomeArrays

MEMORY = 256 * 1024 * 1024
"""Bytes of the tables that are kept to be read again."""
OTHER_DATA = "the two were measured on other data"
OTHER_WAY = "the two were not computed in the same way"
_Table: TypeAlias = tuple[str, str | None]
"""The id of an inference, and the key of the metadata that is read of it."""
CLOSE = 1e-4
"""By how much a value may differ from what its table gives: confidences and losses are kept with 7 digits."""


@dataclass(frozen=True, eq=False)
class Data:
    """What one value was computed from.

    Attributes
    ----------
    kind
        How it is computed.
    parts
        What became of each of N data, under each condition, with the weight of that condition.
    clusters
        Which data belong together.
    data
        A hash of the ids of the data in their order.
    """

    kind: Kind
    parts: tuple[tuple[float, ByDatum], ...]
    clusters: Clusters
    data: str

    @property
    def size(self) -> int:
        """Number N of data."""
        return len(self.parts[0][1].labels)

    @property
    def method(self) -> tuple[Kind, tuple[float, ...]]:
        """How the value is computed: its kind, and the weights of the conditions."""
        return self.kind, tuple(weight for weight, _ in self.parts)

    @property
    def predictions(self) -> tuple[Classes, ...]:
        """N predicted classes under each condition."""
        return tuple(part.predictions for _, part in self.parts)

    def contributions(self) -> Contributions | None:
        """What each datum adds to the value; `None` where it is no sum over data."""
        found = [(weight, self.kind.contributions(part)) for weight, part in self.parts]
        known = [(weight, part) for weight, part in found if part is not None]
        return weighted(known) if len(known) == len(found) else None

    def interval(self, level: Level) -> Interval | None:
        """The interval of the value; `None` where it was measured under several conditions."""
        return self.kind.interval(self.parts[0][1], level, self.clusters) if len(self.parts) == 1 else None

    def is_of(self, value: float) -> bool:
        """Whether these data give this value."""
        mine = sum(weight * self.kind.value(part) for weight, part in self.parts)
        return math.isclose(mine, value, rel_tol=CLOSE, abs_tol=CLOSE / 100)


@dataclass(frozen=True, eq=False)
class ResampledData:
    """The same of a value that is no mean over data, from its values on resamples.

    Attributes
    ----------
    resampled
        The value and those on resamples.
    cluster_by
        The key of the metadata by which data belong together; their clusters are drawn as a whole.
    data
        A hash of the dataset, the ids of its data in their order, and their clusters.
    """

    resampled: Resampled
    cluster_by: str | None
    data: str

    @property
    def clusters(self) -> Clusters:
        """The resamples know them."""
        return INDEPENDENT

    @property
    def size(self) -> int:
        return self.resampled.size

    @property
    def method(self) -> tuple[str, int, str | None]:
        """Values on as many resamples, drawn in the same way, are those of the same resamples."""
        return RESAMPLED, len(self.resampled.values), self.cluster_by

    @property
    def predictions(self) -> None:
        """They are not kept."""

    def contributions(self) -> Resampled:
        return self.resampled

    def interval(self, level: Level) -> Interval:
        return self.resampled.interval(level)


@dataclass(frozen=True, eq=False)
class RepeatedData:
    """The same of a mean over repeated runs on the same data."""

    runs: tuple[Data | ResampledData, ...]
    values: tuple[float, ...]

    @property
    def clusters(self) -> Clusters:
        return self.runs[0].clusters

    @property
    def data(self) -> str:
        return self.runs[0].data

    @property
    def size(self) -> int:
        return self.runs[0].size

    @property
    def method(self) -> tuple[object, ...]:
        return self.runs[0].method

    @property
    def predictions(self) -> None:
        """Several runs have no prediction together."""

    def contributions(self) -> Comparable | None:
        found = [run.contributions() for run in self.runs]
        by_datum = [one for one in found if isinstance(one, Contributions)]
        by_resample = [one for one in found if isinstance(one, Resampled)]
        if len(by_resample) == len(found):
            return mean_value(by_resample)
        return averaged(by_datum) if len(by_datum) == len(found) else None

    def interval(self, level: Level) -> Interval | None:
        found = [(value, run.interval(level)) for value, run in zip(self.values, self.runs, strict=True)]
        known = [(value, interval) for value, interval in found if interval is not None]
        return interval_of_mean(known, level) if len(known) == len(found) else None


AnyData: TypeAlias = Data | ResampledData | RepeatedData


def unlike(first: AnyData, second: AnyData) -> str | None:
    """Why two values cannot be compared datum by datum; `None` if they can."""
    if first.data != second.data:
        return OTHER_DATA
    return None if first.method == second.method else OTHER_WAY


class DataReader:
    """Reads what values of one store were computed from; tables that were read last are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[_Table, Mapping[str, OutcomeArrays]] = {}

    def data_of(self, values: Sequence[Measured]) -> list[AnyData | str]:
        """What each of some values was computed from; else why that is not known."""
        runs = [one for value in values for one in value.repeats or (value,)]
        found = iter(self._data_of_runs(runs))
        return [_together(value, [next(found) for _ in value.repeats or (value,)]) for value in values]

    def _data_of_runs(self, values: Sequence[Measured]) -> list[Data | ResampledData | str]:
        named = [_table_of(value) for value in values]
        found = self._tables({name for name in named if name is not None})
        return [
            (_of_resamples(value) or value.missing or "") if name is None else _checked(value, found[name])
            for value, name in zip(values, named, strict=True)
        ]

    def _tables(self, names: set[_Table]) -> Mapping[_Table, Mapping[str, OutcomeArrays]]:
        found = {name: self._kept.pop(name) for name in names & self._kept.keys()}
        for key in {key for _, key in names - found.keys()}:
            wanted = sorted(inference_id for inference_id, of in names - found.keys() if of == key)
            read = self._store.outcome_arrays(wanted, [key] if key else [])
            found |= {(inference_id, key): tables for inference_id, tables in read.items()}
        self._kept |= found
        while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > MEMORY:
            del self._kept[next(iter(self._kept))]
        return found


def _together(value: Measured, runs: Sequence[Data | ResampledData | str]) -> AnyData | str:
    if not value.repeats:
        return runs[0]
    if len(runs) == 1:
        return ONE_RUN  # by how much other runs would differ is not known, so no comparison of means would hold
    known = tuple(run for run in runs if not isinstance(run, str))
    if len(known) < len(runs):
        return next(run for run in runs if isinstance(run, str))
    if len({run.data for run in known}) > 1:
        return "its runs were measured on other data"
    if len({run.method for run in known}) > 1:
        return "its runs were not computed in the same way"
    return RepeatedData(known, tuple(one.value or 0.0 for one in value.repeats))


def _of_resamples(value: Measured) -> ResampledData | None:
    """What is kept beside a value itself, if there is anything."""
    kept = value.evidence.resamples if value.evidence is not None else None
    if kept is None or value.evidence is None or value.value is None:
        return None
    resampled = Resampled(value.value, kept.values, kept.size, kept.is_envelope)
    return ResampledData(resampled, value.evidence.cluster_by, kept.data)


def _table_of(value: Measured) -> _Table | None:
    """The table by datum that a value is computed from; `None` where there is none, or none is needed."""
    if value.missing is not None or value.inference_id is None or value.evidence is None:
        return None
    if value.evidence.resamples is not None:
        return None
    return value.inference_id, value.evidence.cluster_by


def _checked(value: Measured, tables: Mapping[str, OutcomeArrays]) -> Data | str:
    data = _data(tables, value.evidence) if value.evidence is not None else NOT_KEPT
    if isinstance(data, str):
        return data
    return data if value.value is not None and data.is_of(value.value) else "its table by datum gives another value"


def _size(tables: Mapping[str, OutcomeArrays]) -> int:
    return sum(table.nbytes for table in tables.values())


def _data(tables: Mapping[str, OutcomeArrays], evidence: Evidence) -> Data | str:
    kind = kind_named(evidence.kind)
    wanted = {label: weight for label, weight in evidence.conditions.items() if weight}
    chosen = [(weight, tables[label]) for label, weight in wanted.items() if label in tables]
    if kind is None or not chosen or len(chosen) < len(wanted):
        return "its table by datum cannot be read"
    parts = [(weight, _by_datum(table, scores_of(evidence.kind))) for weight, table in chosen]
    known = [(weight, part) for weight, part in parts if part is not None]
    if len(known) < len(parts):
        return f"its table by datum lacks {scores_of(evidence.kind) or 'a class'} of some data"
    clusters = _clusters(chosen[0][1], evidence.cluster_by)
    if clusters is None:
        return f"its table by datum lacks {evidence.cluster_by!r} of the metadata"
    return Data(kind, tuple(known), clusters, chosen[0][1].data)


def _by_datum(table: OutcomeArrays, column: str | None) -> ByDatum | None:
    scores = np.zeros(0) if column is None else table.numbers.get(column)
    if scores is None or np.isnan(scores).any() or min(table.labels.min(), table.predictions.min()) < 0:
        return None
    return ByDatum(table.labels, table.predictions, scores)


def _clusters(table: OutcomeArrays, key: str | None) -> Clusters | None:
    if key is None:
        return INDEPENDENT
    return Clusters.by(table.metadata[key]) if key in table.metadata else None
