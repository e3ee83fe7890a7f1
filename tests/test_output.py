from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweeper.errors import ConfigError
from sweeper.output import write_table

TABLE = pa.table({"model": ["svm[C=0.1]", None], "value": [0.9812345678, 1.0]})


def written(form: str) -> str:
    out = io.StringIO()
    write_table(TABLE, form, None, out)
    return out.getvalue()


def test_a_table_for_people_keeps_brackets_and_leaves_nothing_blank_but_nulls():
    lines = written("table").splitlines()
    assert lines[2].split() == ["svm[C=0.1]", "0.981235"]
    assert lines[3].split() == ["1"]


def test_csv_and_json_carry_the_exact_values():
    assert next(csv.DictReader(io.StringIO(written("csv")))) == {"model": "svm[C=0.1]", "value": "0.9812345678"}
    assert json.loads(written("json")) == TABLE.to_pylist()


def test_parquet_goes_to_a_file_only(tmp_path):
    write_table(TABLE, "parquet", str(tmp_path / "t.parquet"), io.StringIO())
    assert pq.read_table(tmp_path / "t.parquet").equals(TABLE)
    with pytest.raises(ConfigError, match="--output FILE"):
        written("parquet")


def test_a_file_is_written_where_one_is_named(tmp_path):
    write_table(TABLE, "csv", str(tmp_path / "t.csv"), io.StringIO())
    assert (tmp_path / "t.csv").read_text().startswith('"model"')
