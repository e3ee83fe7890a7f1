"""Reads Parquet and Arrow files that hold data of users. Tables of the store are read in `sweeper.store`."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import accumulate
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.common.text import escaped
from sweeper.datasets.csv_tables import read_csv
from sweeper.datasets.faults import Faults
from sweeper.datasets.tables import Column, Flat, Table
from sweeper.datasets.values import is_number
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

_GROUPS_KEPT = 2
"""Groups of rows of Parquet files that are kept: several threads read on in one order."""


def read_parquet(path: Path) -> Table:
    """A Parquet file as a table; columns of lists, structures and bytes are left out.

    Raises
    ------
    PartError
        The file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        read = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise PartError(f"The file {escaped(str(path))} cannot be read as Parquet: {error}.") from error
    columns = {name: flat_column(read.column(name)) for name in read.column_names if is_flat(read.schema.field(name))}
    return Table(escaped(str(path)), columns, range(read.num_rows))


def is_flat(field: Any) -> bool:
    """Whether a column, or a field of a schema, has one text, number, truth value or time for each row."""
    from pyarrow import types

    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_string, types.is_large_string)
    return any(test(kind) for test in (*tests, types.is_temporal, types.is_null, types.is_string_view))


def flat_column(column: Any) -> Column:
    """The values of a flat column; times as ISO 8601 says them, `None` for what is missing, NaN or infinite."""
    return [_flat(value) for value in column.to_pylist()]


def _flat(value: object) -> Flat | None:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bool | str) or (isinstance(value, int | float) and is_number(value)):
        return value
    return None if value is None or isinstance(value, float) else str(value)


class ArrowRows:
    """Rows of Arrow files as `datasets` saves them, mapped into memory and read where they are looked at.

    A table of metadata, `.csv`, `.jsonl` or `.parquet`, is read whole.

    Raises
    ------
    PartError
        A file cannot be read, or has other columns than the first.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        import pyarrow as pa

        self._files = files
        tables = [_whole_table(file) for file in files]
        try:
            self._table = pa.concat_tables(tables)
        except pa.ArrowException as error:
            raise PartError(f"The files beside {escaped(str(files[0]))} have unlike columns: {error}.") from error
        self.schema: Any = self._table.schema

    def __reduce__(self) -> tuple[type[ArrowRows], tuple[Sequence[Path]]]:
        return ArrowRows, (self._files,)

    def __len__(self) -> int:
        return self._table.num_rows

    def column(self, name: str) -> Any:
        """A whole column."""
        return self._table.column(name)

    def paths(self, name: str) -> list[str | None] | None:
        """The field `path` of a column of structures; `None` where there is no such field."""
        column = self._table.column(name)
        if not _has_paths(column.type):
            return None
        return [path for chunk in column.chunks for path in fields_of(chunk)["path"].to_pylist()]

    def value(self, name: str, row: int) -> Any:
        """The value of one row as Python has it."""
        return self._table.column(name)[row].as_py()


def _whole_table(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import json, parquet

    readers: Mapping[str, Any] = {".csv": _of_csv, ".jsonl": json.read_json, ".parquet": parquet.read_table}
    try:
        if path.suffix == ".arrow":
            return pa.ipc.open_stream(pa.memory_map(str(path))).read_all()
        return readers[path.suffix.lower()](str(path))
    except (OSError, pa.ArrowException) as error:
        raise PartError(f"The file {escaped(str(path))} cannot be read: {error}.") from error


def _of_csv(path: str) -> Any:
    """A CSV by the rules of `ImageCsv`: 007 stays text, and other text than UTF-8 is refused. pyarrow's are others."""
    import pyarrow as pa

    faults = Faults("error", path)
    read = read_csv(Path(path), None, (), faults)
    faults.settled()
    return pa.table({name: [_flat(value) for value in column] for name, column in read.columns.items()})


class ParquetRows:
    """Rows of Parquet files. Of single values, which are images, the group of rows around them is read and kept.

    Raises
    ------
    PartError
        A file cannot be read, or has other columns than the first.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._paths = files
        try:
            self._files = [pq.ParquetFile(file) for file in files]
        except (OSError, pa.ArrowException) as error:
            names = ", ".join(escaped(str(file)) for file in files[:3])
            raise PartError(f"One of {names} cannot be read as Parquet: {error}.") from error
        self.schema: Any = self._files[0].schema_arrow
        if other := [p for p, f in zip(files, self._files, strict=True) if f.schema_arrow.names != self.schema.names]:
            raise PartError(f"{escaped(str(other[0]))} has other columns than {escaped(str(files[0]))}.")
        self._groups = [(file, group) for file in self._files for group in range(file.num_row_groups)]
        sizes = [file.metadata.row_group(group).num_rows for file, group in self._groups]
        self._starts = list(accumulate(sizes, initial=0))
        self._lock, self._kept = Lock(), OrderedDict[tuple[str, int], Any]()

    def __reduce__(self) -> tuple[type[ParquetRows], tuple[Sequence[Path]]]:
        return ParquetRows, (self._paths,)

    def __len__(self) -> int:
        return self._starts[-1]

    def column(self, name: str) -> Any:
        """A whole column."""
        import pyarrow as pa

        return pa.chunked_array(
            [chunk for file in self._files for chunk in file.read(columns=[name]).column(name).chunks],
            type=self.schema.field(name).type,
        )

    def paths(self, name: str) -> list[str | None] | None:
        """The field `path` of a column of structures; `None` where there is no such field. Other fields stay unread."""
        if not _has_paths(self.schema.field(name).type):
            return None
        read = [file.read(columns=[f"{name}.path"]).column(name) for file in self._files]
        return [path for column in read for path in fields_of(column)["path"].to_pylist()]

    def value(self, name: str, row: int) -> Any:
        """The value of one row as Python has it."""
        group = bisect_right(self._starts, row) - 1
        with self._lock:
            if (name, group) not in self._kept:
                file, number = self._groups[group]
                self._kept[name, group] = file.read_row_group(number, columns=[name]).column(name)
                if len(self._kept) > _GROUPS_KEPT:
                    self._kept.popitem(last=False)
            column = self._kept[name, group]
        return column[row - self._starts[group]].as_py()


def _has_paths(kind: Any) -> bool:
    return is_struct(kind) and kind.get_field_index("path") >= 0


def features_of(schema: Any) -> Mapping[str, Any]:
    """What `datasets` says of the columns, its `features`, in the metadata of a schema; empty where it says nothing."""
    said = (schema.metadata or {}).get(b"huggingface")
    try:
        return json.loads(said)["info"]["features"] if said else {}
    except (ValueError, KeyError, TypeError):
        return {}


def ragged(column: Any) -> tuple[npt.NDArray[np.int64], Any]:
    """How many items each row of a column of lists has, and the items of all rows; null rows have none."""
    import pyarrow as pa
    import pyarrow.compute

    pc: Any = pyarrow.compute  # whose functions have no types
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    counts = pc.fill_null(pc.list_value_length(lists), 0)
    return counts.to_numpy(zero_copy_only=False).astype(np.int64), pc.list_flatten(lists)


def fields_of(column: Any) -> dict[str, Any]:
    """The columns of a column of structures by name; rows that are null are null in each."""
    import pyarrow as pa

    structs = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return dict(zip([field.name for field in structs.type], structs.flatten(), strict=True))


def is_list(kind: Any) -> bool:
    """Whether a type is one of lists, of any lengths."""
    from pyarrow import types

    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def is_number_type(kind: Any) -> bool:
    """Whether a type is one of numbers; that of lists without any item is `null`."""
    from pyarrow import types

    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind)


def is_struct(kind: Any) -> bool:
    """Whether a type is one of structures."""
    from pyarrow import types

    return types.is_struct(kind)


def doubles(column: Any) -> npt.NDArray[np.float64]:
    """A column of numbers; NaN where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
