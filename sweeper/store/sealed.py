"""Parquet files with checksums, by which every flipped bit is found.

Each page carries a CRC, which Arrow writes and compares. The footer, which says what the columns are called, of which
types they are and where they lie, has none in the format. So 16 bytes right before it, which nothing in the file
refers to, hold one: `sweeperN`, and in eight hexadecimal digits the CRC of folder and name of the file and of the
footer, so that a file which stands under the name of another one is found too. With `sweeperC`, which was written
before, it is the CRC of the folder and of the footer.
Readers of other programs do not see them, and a file that another program made of ours has none. Files without them
are read as they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.store.files import Files

UNREADABLE = (pa.ArrowException, OSError, ValueError)
"""What opening or reading a Parquet file raises that is damaged, or no Parquet file."""
_MARK = b"sweeperN"
_OF_FOLDER = b"sweeperC"
_SEAL = len(_MARK) + 8
"""Bytes of the mark and the CRC."""
_MAGIC = b"PAR1"
_END = 8
"""Bytes after the footer: its length and the magic."""
_SMALL = 1 << 16
"""The last bytes of a file that are read at once: mostly the whole file, or its footer."""


class ChecksumError(OSError):
    """The bytes of a file are not those that were written."""


def encoded(*tables: pa.Table, **options: Any) -> pa.Buffer:
    """Tables of one schema as the bytes of a Parquet file, each a row group; `put` adds the checksum of its footer."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, tables[0].schema, write_page_checksum=True, **options) as writer:
        for table in tables:
            writer.write_table(table)
    return sink.getvalue()


def put(files: Files, folder: str, name: str, data: pa.Buffer) -> str:
    """Write what `encoded` gave, with the checksum for its place; returns the URI of the file."""
    view = memoryview(data)
    start = len(view) - _footer_size(view)
    seal = _seal(_MARK, f"{folder}/{name}", view[start:])
    return files.put(folder, name, pa.py_buffer(b"".join([view[:start], seal, view[start:]])))


def size(data: pa.Buffer) -> int:
    """The bytes of the file that `put` writes."""
    return len(data) + _SEAL


def _seal(mark: bytes, place: str, footer: memoryview | bytes) -> bytes:
    return mark + b"%08x" % zlib.crc32(footer, zlib.crc32(place.encode()))


def _footer_size(end: memoryview | bytes) -> int:
    """Bytes from the beginning of the footer to the end of the file."""
    return int.from_bytes(end[-_END:-4], "little") + _END


@contextmanager
def opened(files: Files, folder: str, name: str) -> Generator[pq.ParquetFile]:
    """An open Parquet file of a store; what is read of it is compared with its checksums.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    UNREADABLE
        It is damaged, or no Parquet file; reading may raise these too.
    """
    source = files.source(folder, name)
    with pa.OSFile(source) if isinstance(source, str) else source as file:
        end = _end(file)
        footer = _compared(folder, name, end)
        is_whole = len(end) == file.size()  # then what was compared is what is parsed
        metadata = None if is_whole else pq.read_metadata(pa.BufferReader(_MAGIC + footer))
        source = pa.BufferReader(end) if is_whole else file
        with pq.ParquetFile(source, metadata=metadata, page_checksum_verification=True) as parquet:
            yield parquet


def _end(file: pa.NativeFile) -> bytes:
    """The last bytes of a file: at least its footer and what is before it."""
    size = file.size()
    end = file.read_at(min(size, _SMALL), max(0, size - _SMALL))
    if len(end) < _END + len(_MAGIC) or end[-4:] != _MAGIC or _footer_size(end) > size:
        raise ChecksumError("it does not end as a Parquet file does")
    needed = min(size, _footer_size(end) + _SEAL)
    return end if needed <= len(end) else file.read_at(needed, size - needed)


def _compared(folder: str, name: str, end: bytes) -> bytes:
    """The footer of a file, compared with its CRC where it has one."""
    start = len(end) - _footer_size(end)
    seal, footer = end[max(0, start - _SEAL) : start], end[start:]
    expected = [_seal(mark, place, footer) for mark, place in ((_MARK, f"{folder}/{name}"), (_OF_FOLDER, folder))]
    if seal.startswith((_MARK, _OF_FOLDER)) and seal not in expected:
        raise ChecksumError("its checksum is that of another file: it was changed, or belongs under another name")
    return footer


def batches(parquet: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """All rows of an open file, to its last page, one row group after another: what `read` would refuse, this does.

    The heads of pages have no CRC. One that says another number of values gives columns of unlike lengths, which
    `iter_batches` cuts to the shortest without a word.
    """
    for number in range(parquet.metadata.num_row_groups):
        rows = row_group(parquet, number)
        rows.validate()
        yield from rows.to_batches()


def row_group(parquet: pq.ParquetFile, number: int, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of one row group of an open file."""
    rows = parquet.read_row_group(number, None if columns is None else [*columns], use_threads=False)
    _counted(rows, parquet.metadata.row_group(number).num_rows)
    return rows


def _counted(rows: pa.Table, written: int) -> None:
    if len(rows) != written:
        raise ChecksumError(f"it has {len(rows)} rows and was written with {written}")


def read(parquet: pq.ParquetFile, columns: list[str] | None = None) -> pa.Table:
    """All rows of an open file, without what is written beside its schema."""
    table = parquet.read(columns, use_threads=False).replace_schema_metadata(None)
    if columns != []:
        _counted(table, parquet.metadata.num_rows)
    return table
