"""Tables by datum are written once, found again, and missed by nobody where they are damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from store_parts import record, values

from sweeper.store import DamagedFileWarning, Store, open_store
from sweeper.store.latest import export_latest

COLUMNS = {
    "datum_id": ["a", "b", "c"],
    "label": np.array([0, 1, 1], np.int32),
    "prediction": np.array([0, -1, 1], np.int32),
    "confidence": np.array([0.5, np.nan, 1.0], np.float32),
}

ZSTD = b"\x28\xb5\x2f\xfd"
"""How the data of a page begin."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def file_of(store: Store, inference_id: str) -> Path:
    return Path(store.uri) / ".sweeper" / "outcomes" / f"{inference_id}.parquet"


def test_what_is_written_is_read(store: Store):
    inference_id = store.write_outcomes({"": COLUMNS, "severity=0.5": {**COLUMNS, "datum_id": ["d", "e", "f"]}})
    rows = store.outcomes([inference_id]).to_pylist()
    assert [row["datum_id"] for row in rows] == [*"abcdef"]
    assert [row["condition"] for row in rows] == [""] * 3 + ["severity=0.5"] * 3
    assert [row["label"] for row in rows[:3]] == [0, 1, 1]
    assert [row["prediction"] for row in rows[:3]] == [0, None, 1]
    assert [row["confidence"] for row in rows[:3]] == [0.5, None, 1.0]
    assert {row["inference_id"] for row in rows} == {inference_id}
    assert {row["boxes"] for row in rows} == {None}
    assert store.check().sound


def test_the_same_outcomes_are_one_file_and_others_another(store: Store):
    ids = [store.write_outcomes({"": columns}) for columns in (COLUMNS, COLUMNS, {**COLUMNS, "datum_id": [*"abd"]})]
    assert ids[0] == ids[1] != ids[2]
    assert len(list(file_of(store, ids[0]).parent.iterdir())) == 2


def test_metadata_has_a_type_of_its_own_and_is_text_where_files_differ(store: Store):
    one = store.write_outcomes({"": {**COLUMNS, "height": [1, 2, None], "odd": [1, "x", None]}})
    assert store.outcomes([one])["height"].to_pylist() == [1, 2, None]
    assert store.outcomes([one])["odd"].to_pylist() == ["1", "x", None]
    other = store.write_outcomes({"": {**COLUMNS, "height": ["tall", "small", "?"]}})
    assert sorted(map(str, store.outcomes([one, other])["height"].to_pylist())) == [
        "1",
        "2",
        "?",
        "None",
        "small",
        "tall",
    ]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ([True, None, False], [True, None, False]),
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([1 << 70, None, 1], [str(1 << 70), None, "1"]),
        ([np.int8(3), np.float32(0.5), None], [3.0, 0.5, None]),
        ([True, 1, None], ["True", "1", None]),
        (["a\udce9", None, ""], ["a\\udce9", None, ""]),
        ([None] * 3, [None] * 3),
        ([{"x": 1}, None, [1]], ["{'x': 1}", None, "[1]"]),
    ],
)
def test_any_metadata_is_kept_without_pandas(store: Store, values: list[object], read: list[object]):
    inference_id = store.write_outcomes({"": {**COLUMNS, "key": values}})
    assert store.outcomes([inference_id])["key"].to_pylist() == read


def test_ids_that_no_encoding_has_are_escaped(store: Store):
    inference_id = store.write_outcomes({"": {**COLUMNS, "datum_id": ["\udce9", "b", "c"]}})
    assert store.outcomes([inference_id])["datum_id"].to_pylist() == ["\\udce9", "b", "c"]


def test_who_asks_for_nothing_that_is_there_gets_no_rows(store: Store):
    assert len(store.outcomes([])) == len(store.outcomes(["f" * 32])) == len(store.outcomes()) == 0
    assert store.outcomes().column_names[:3] == ["inference_id", "condition", "datum_id"]


@pytest.mark.parametrize("damage", ["torn", "empty", "flipped", "renamed"])
def test_a_damaged_file_is_left_out_named_and_set_aside(store: Store, damage: str):
    whole, inference_id = store.write_outcomes({"": {**COLUMNS, "x": [1, 2, 3]}}), store.write_outcomes({"": COLUMNS})
    path = file_of(store, inference_id)
    data = path.read_bytes()
    flipped = bytearray(data)
    flipped[data.find(ZSTD) + 6] ^= 4
    other = file_of(store, whole).read_bytes()
    path.write_bytes({"torn": data[:-9], "empty": b"", "flipped": bytes(flipped), "renamed": other}[damage])
    with pytest.warns(DamagedFileWarning, match=inference_id):
        assert len(store.outcomes([whole, inference_id])) == 3
    report = store.check()
    assert [inference_id in damaged for damaged in report.damaged] == [True]
    store.check(repair=True)
    assert store.check().sound
    assert len(store.outcomes([whole, inference_id])) == 3


def test_values_and_outcomes_are_joined_by_the_attempt_in_sql_and_in_an_export(store: Store, tmp_path: Path):
    inference_id = store.write_outcomes({"": COLUMNS})
    record(store, "a", 0.5, inference_id=inference_id)
    record(store, "b", 0.25)
    joined = "SELECT capability, datum_id FROM outcomes JOIN completed USING (inference_id) ORDER BY ALL"
    target = open_store(tmp_path / "latest")
    export_latest(store.files, target.files)
    for one in (store, target):
        assert one.sql(joined).to_pylist() == [{"capability": "a", "datum_id": each} for each in "abc"]
        assert len(one.outcomes()) == 3
    assert values(target) == values(store)
