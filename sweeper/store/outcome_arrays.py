"""The table by datum of one inference as arrays, for comparisons."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweeper.store import outcome_files
from sweeper.store.compute import pc
from sweeper.store.files import Files


@dataclass(frozen=True, eq=False)
class OutcomeArrays:
    """What became of N data under one condition, in the order of the dataset.

    Attributes
    ----------
    data
        A hash of the ids of the data in their order: equal for models that were measured on the same data.
    labels, predictions
        N class indices (int64), -1 where there is none.
    numbers
        By name (`confidence`, `log_loss`, `brier`) N values (float64), NaN where there is none; those that the table
        has.
    metadata
        N values of each key of the metadata that was kept.
    """

    data: str
    labels: npt.NDArray[np.int64]
    predictions: npt.NDArray[np.int64]
    numbers: Mapping[str, npt.NDArray[np.float64]]
    metadata: Mapping[str, Sequence[object]]

    @property
    def nbytes(self) -> int:
        """About how much memory they take."""
        return len(self.labels) * (16 + 8 * len(self.numbers) + 64 * len(self.metadata))


def read(
    files: Files, inference_ids: Collection[str], keys: Sequence[str] = ()
) -> dict[str, Mapping[str, OutcomeArrays]]:
    """The outcomes of inferences, by id and condition; empty where they are not there or not those of a classifier.

    `keys` are the keys of the metadata to read; those that were not kept are left out. Files of an object store are
    fetched several at a time.
    """
    if files.at_once == 1:
        return {inference_id: _of_one(files, inference_id, keys) for inference_id in inference_ids}
    with ThreadPoolExecutor(files.at_once) as pool:
        found = pool.map(lambda inference_id: _of_one(files, inference_id, keys), inference_ids)
        return dict(zip(inference_ids, found, strict=True))


def _of_one(files: Files, inference_id: str, keys: Sequence[str]) -> Mapping[str, OutcomeArrays]:
    table = outcome_files.read(files, [inference_id])
    if not len(table) or table["label"].null_count == len(table):
        return {}
    conditions = pc.unique(table["condition"]).to_pylist()
    return {each: _arrays(table.filter(pc.equal(table["condition"], each)), keys) for each in conditions}


def _arrays(table: pa.Table, keys: Sequence[str]) -> OutcomeArrays:
    has = set(table.column_names) - set(outcome_files.SCHEMA.names)
    return OutcomeArrays(
        _digest(table["datum_id"]),
        *(_classes(table[name]) for name in ("label", "prediction")),
        numbers={name: _numbers(table[name]) for name in outcome_files.NUMBERS if table[name].null_count < len(table)},
        metadata={key: table[key].to_pylist() for key in keys if key in has},
    )


def _digest(ids: pa.ChunkedArray) -> str:
    lengths = pc.binary_length(ids).to_numpy().tobytes()
    return hashlib.sha256(lengths + b"".join(map(_bytes, ids.chunks))).hexdigest()


def _bytes(ids: pa.Array) -> bytes:
    """The texts one after another."""
    _, offsets, data = ids.cast(pa.large_binary()).buffers()
    if data is None:
        return b""
    places = np.frombuffer(offsets, np.int64)[ids.offset : ids.offset + len(ids) + 1]
    return memoryview(data)[places[0] : places[-1]].tobytes()


def _classes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return pc.fill_null(column, -1).to_numpy().astype(np.int64)


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    return pc.fill_null(column, float("nan")).to_numpy().astype(np.float64)
