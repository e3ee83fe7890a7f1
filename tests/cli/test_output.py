from __future__ import annotations

import csv
import io
import json
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweeper.cli.output import json_text, write_table
from sweeper.errors import ConfigError

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


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_cannot_be_written_is_told(tmp_path, form: str):
    with pytest.raises(ConfigError, match=r"no/such/t\.x cannot be written: No such file or directory"):
        write_table(TABLE, form, str(tmp_path / "no" / "such" / "t.x"), io.StringIO())


def test_a_number_that_json_cannot_say_is_null():
    out = io.StringIO()
    write_table(pa.table({"value": [math.nan, math.inf, 0.5], "all": [[-math.inf], [], [1.0]]}), "json", None, out)
    assert "NaN" not in out.getvalue()
    assert json.loads(out.getvalue()) == [
        {"value": None, "all": [None]},
        {"value": None, "all": []},
        {"value": 0.5, "all": [1.0]},
    ]
    assert json_text({"scores": (math.nan, {"a": math.inf})}) == '{"scores": [null, {"a": null}]}\n'


def test_a_file_is_written_where_one_is_named(tmp_path):
    write_table(TABLE, "csv", str(tmp_path / "t.csv"), io.StringIO())
    assert (tmp_path / "t.csv").read_text().startswith('"model"')
