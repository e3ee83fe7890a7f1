"""What a check or a merge takes for a whole file, readers can read, and it says what was written."""

from __future__ import annotations

import json
import warnings
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from store_parts import record

from sweeper.errors import DamagedFileWarning
from sweeper.store import json_files, open_store, sealed
from sweeper.store.check import check
from sweeper.store.parquet import encode, encode_large, is_readable, read_all

ROWS = pa.table({"run_uid": ["a", "b", "b"], "value": [1.0, 2.0, None]})
NAME = "1000000000000_0.parquet"


@pytest.mark.parametrize("encoder", [encode, encode_large])
def test_no_flipped_bit_passes_as_whole_and_is_left_out_by_readers(tmp_path: Path, encoder: object):
    """Heads of pages, which say how many values there are, have no CRC."""
    files = open_store(tmp_path).files
    sealed.put(files, "scores", NAME, encoder(ROWS))  # type: ignore[operator]
    path = tmp_path / "scores" / NAME
    data = path.read_bytes()
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
    files.put("scores", NAME, sealed.encoded(ROWS, ROWS))
    with sealed.opened(files, "scores", NAME) as file:
        assert pa.Table.from_batches(sealed.batches(file)).equals(pa.concat_tables([ROWS, ROWS]).combine_chunks())
        assert sealed.row_group(file, 1, ["value"]).equals(ROWS.select(["value"]))


def test_files_of_one_folder_that_changed_places_are_found(tmp_path: Path):
    """Each is whole, and says what another one should say: an attempt under the name of another combination."""
    store = open_store(tmp_path)
    record(store, "a", 1.0)
    record(store, "b", 2.0)
    for table in ("attempts", "scores"):
        one, two = sorted((tmp_path / table).glob("[1-9]*.parquet"))
        first, second = one.read_bytes(), two.read_bytes()
        one.write_bytes(second)
        two.write_bytes(first)
        with pytest.warns(DamagedFileWarning, match="belongs under another name"):
            assert store.table(table).num_rows == 0
        assert len(store.check().damaged) == 2
        one.write_bytes(first)
        two.write_bytes(second)
    assert store.check().sound


def test_a_checksum_of_the_folder_alone_is_that_of_an_earlier_version(tmp_path: Path):
    files = open_store(tmp_path).files
    sealed.put(files, "scores", NAME, encode(ROWS))
    data = (tmp_path / "scores" / NAME).read_bytes()
    footer = data[data.rindex(b"sweeperN") + 16 :]
    seal = b"sweeperC%08x" % zlib.crc32(footer, zlib.crc32(b"scores"))
    (tmp_path / "scores" / NAME).write_bytes(data[: -len(footer) - 16] + seal + footer)
    assert is_readable(files, "scores", NAME)
    (tmp_path / "scores" / NAME).rename(tmp_path / "scores" / f"2{NAME}")
    assert is_readable(files, "scores", f"2{NAME}")
    files.move("scores", f"2{NAME}", "runs")
    assert not is_readable(files, "runs", f"2{NAME}")


def test_a_note_of_another_merge_is_found():
    names = ["1.parquet", "2.parquet"]
    said = json.loads(json_files.listed(names, "3_merged.parquet"))
    assert json_files.file_names("3_merged.parquet")(said) == names
    with pytest.raises(ValueError, match="not the one"):
        json_files.file_names("4_merged.parquet")(said)
    assert json_files.file_names("3_merged.parquet")(names) == names  # of an older version
