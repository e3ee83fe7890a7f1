"""What a check or a merge takes for a whole file, readers can read, and it says what was written."""

from __future__ import annotations

import warnings
from pathlib import Path

import pyarrow as pa
import pytest

from sweeper.errors import DamagedFileWarning
from sweeper.store import open_store, sealed
from sweeper.store.check import check
from sweeper.store.parquet import encode, encode_large, is_readable, read_all

ROWS = pa.table({"run_uid": ["a", "b", "b"], "value": [1.0, 2.0, None]})
NAME = "1000000000000_0.parquet"


@pytest.mark.parametrize("encoder", [encode, encode_large])
def test_no_flipped_bit_passes_as_whole_and_is_left_out_by_readers(tmp_path: Path, encoder: object):
    """Heads of pages, which say how many values there are, have no CRC."""
    files = open_store(tmp_path).files
    data = bytes(encoder("scores", ROWS))  # type: ignore[operator]
    files.put("scores", NAME, data)
    path = tmp_path / "scores" / NAME
    warnings.simplefilter("ignore", DamagedFileWarning)
    found = {True: 0, False: 0}
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        read, whole = read_all(files, "scores", [NAME]), is_readable(files, "scores", NAME)
        assert (NAME in read) is whole, f"bit {bit}"
        assert not whole or read[NAME].equals(ROWS), f"bit {bit}"
        if bit % 50 == 0:
            assert check(files).sound is whole
        found[whole] += 1
    assert found[False] > found[True]  # bits that stand for nothing, such as those of the seal's mark, do no harm


def test_batches_are_all_rows_of_all_row_groups(tmp_path: Path):
    files = open_store(tmp_path).files
    files.put("scores", NAME, sealed.encoded("scores", ROWS, ROWS))
    with sealed.opened(files, "scores", NAME) as file:
        assert pa.Table.from_batches(sealed.batches(file)).equals(pa.concat_tables([ROWS, ROWS]).combine_chunks())
        assert sealed.row_group(file, 1, ["value"]).equals(ROWS.select(["value"]))
