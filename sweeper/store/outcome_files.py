"""What became of each datum of an inference: one Parquet file for each inference, under `.sweeper/outcomes/`.

A file is named by a hash of its content, its `inference_id`, which the attempts that read the inference repeat. So
whoever makes the same predictions again writes the same file, and others do not touch it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweeper.common.text import escaped, first_line
from sweeper.messages.requests import OUTCOME_COLUMNS
from sweeper.store import sealed
from sweeper.store.arrow_columns import column, of_array, plain_value, texts
from sweeper.store.files import PARQUET, PRIVATE, Files
from sweeper.store.parquet import damage, warn_of_damage

FOLDER = f"{PRIVATE}/outcomes"
_TEXTS = ("inference_id", "condition", "datum_id")
NUMBERS = ("confidence", "log_loss", "brier")
SCHEMA = pa.schema(
    [
        (name, pa.string() if name in _TEXTS else pa.float32() if name in NUMBERS else pa.int32())
        for name in OUTCOME_COLUMNS
    ]
)
"""The columns that people read; those of metadata that were asked for come after them."""
_ENCODINGS = {"datum_id": "DELTA_BYTE_ARRAY", **dict.fromkeys(NUMBERS, "BYTE_STREAM_SPLIT")}
"""Ids mostly begin alike; of scores the upper bytes are alike. Other columns have few different values."""
_KINDS: Mapping[type, pa.DataType] = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
Column: TypeAlias = Sequence[object] | npt.NDArray[np.int32 | np.float32]
"""The values of one column, of all data in their order."""


def write(files: Files, conditions: Mapping[str, Mapping[str, Column]]) -> str:
    """Write the outcomes of an inference; returns its `inference_id`.

    Parameters
    ----------
    conditions
        By the label of the augmentation, `""` for none, the columns of the table, without `inference_id` and
        `condition`. In integer arrays, what is negative is absent, and in others NaN.
    """
    tables = [_table(condition, columns) for condition, columns in conditions.items()]
    names = tables[0].column_names
    data = sealed.encoded(
        *tables,
        compression="zstd",
        use_dictionary=[name for name in names if name not in _ENCODINGS],
        column_encoding={name: encoding for name, encoding in _ENCODINGS.items() if name in names},
        write_statistics=False,
        store_schema=False,
    )
    inference_id = hashlib.sha256(data).hexdigest()[:32]
    sealed.put(files, FOLDER, f"{inference_id}{PARQUET}", data)
    return inference_id


def _table(condition: str, columns: Mapping[str, Column]) -> pa.Table:
    arrays = {name: _array(values) for name, values in columns.items()}
    return pa.table({"condition": texts([condition] * len(arrays["datum_id"])), **arrays})


def _array(values: Column) -> pa.Array:
    if isinstance(values, np.ndarray):
        return of_array(values, values >= 0 if values.dtype.kind == "i" else ~np.isnan(values))
    plain = [plain_value(value) for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds == {int, float}:
        plain, kinds = [float(value) if isinstance(value, int) else value for value in plain], {float}
    if len(kinds) == 1 and (kind := _KINDS.get(kinds.pop())) is not None:
        with suppress(OverflowError):
            return column(plain, kind)
    return column([None if value is None else escaped(str(value)) for value in plain], pa.string())


def ids(files: Files) -> list[str]:
    """The ids of all inferences that have outcomes."""
    return [name.removesuffix(PARQUET) for name in files.names(FOLDER)]


def read(files: Files, inference_ids: Collection[str]) -> pa.Table:
    """The outcomes of these inferences, with the columns of `SCHEMA` and of metadata; those without any are left out.

    A damaged file is left out, with a warning.
    """
    there = inference_ids if len(inference_ids) == 1 else set(inference_ids) & set(ids(files))
    tables = [SCHEMA.empty_table(), *_readable(files, sorted(there))]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowTypeError:  # one key of metadata has numbers here and text there
        return pa.concat_tables(map(_with_text, tables), promote_options="permissive")


def _readable(files: Files, inference_ids: Sequence[str]) -> Iterator[pa.Table]:
    for inference_id in inference_ids:
        name = f"{inference_id}{PARQUET}"
        try:
            with sealed.opened(files, FOLDER, name) as parquet:
                table = sealed.read(parquet)
        except FileNotFoundError:
            continue
        except sealed.UNREADABLE as error:
            warn_of_damage(files, FOLDER, name, first_line(error))
            continue
        yield table.add_column(0, "inference_id", texts([inference_id] * len(table)))


def _with_text(table: pa.Table) -> pa.Table:
    for place, name in enumerate(table.column_names):
        if name not in SCHEMA.names:
            table = table.set_column(place, name, table[name].cast(pa.string()))
    return table


def copy(source: Files, target: Files, inference_ids: Iterable[str]) -> None:
    """Copy the outcomes of these inferences to another store; those that are not there are left out."""
    for inference_id in sorted(set(inference_ids) & set(ids(source))):
        name = f"{inference_id}{PARQUET}"
        target.put(FOLDER, name, source.get(FOLDER, name))


def damaged(files: Files) -> dict[str, str]:
    """The files that cannot be read, each with the reason."""
    reasons = {name: damage(files, FOLDER, name) for name in files.names(FOLDER, "")}
    return {name: reason for name, reason in reasons.items() if reason is not None}
