"""docs/error-analysis.md: its commands run, its queries answer what they are asked, its tables are as described."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import typed
from doc_pages import examples
from test_docs import table_of

from sweeper.capabilities import (
    CalibrationRecord,
    ConfusionRecord,
    ErrorAnalysisRecord,
    SliceClassRecord,
    WorstDatumRecord,
)
from sweeper.records import columns
from sweeper.store import Store, open_store

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "error-analysis.md"
RECORDS = (ErrorAnalysisRecord, SliceClassRecord, ConfusionRecord, CalibrationRecord, WorstDatumRecord)


def commands() -> list[list[str]]:
    return [shlex.split(line)[3:] for text in examples(PAGE, "bash") for line in text.splitlines()]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    """What each command of the page leaves, in a store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("page")
        patch.chdir(folder)
        (code,) = examples(PAGE, "python")
        (folder / "lit_digits.py").write_text(code)
        patch.syspath_prepend(str(folder))
        places = [folder / f"store{number}" for number, _ in enumerate(commands())]
        for argv, place in zip(commands(), places, strict=True):
            status, _, err = typed(*argv, "job_backend.kind=inline", f"analytics_store.uri={place}")
            assert status == 0, err
        return [open_store(place) for place in places]


def asked(store: Store, number: int) -> list[dict[str, Any]]:
    return store.sql(examples(PAGE, "sql")[number]).to_pylist()


def test_the_weakest_classes_come_first(stores: list[Store]):
    rows = asked(stores[0], 0)
    every = stores[0].table("sweeper_error_analysis").to_pylist()
    recalls = sorted(row["output_value"] for row in every if row["quantity"] == "recall")
    assert [row["value"] for row in rows] == recalls[:5]
    assert all(row["ci_low"] < row["value"] < row["ci_high"] for row in rows)


def test_confusions_are_counted_over_all_datasets(stores: list[Store]):
    rows = asked(stores[0], 1)
    cells = stores[0].table("sweeper_error_confusions").to_pylist()
    first = rows[0]
    names = ("model_id", "label_name", "predicted_name")
    same = [cell for cell in cells if all(cell[name] == first[name] for name in names)]
    assert first["n"] == sum(cell["n"] for cell in same)
    assert [row["n"] for row in rows] == sorted((row["n"] for row in rows), reverse=True)


def test_slices_are_as_the_page_shows_them(stores: list[Store]):
    rows = asked(stores[1], 2)
    (shown,) = examples(PAGE, "text")
    header, _, *lines = (re.split(r"\s{2,}", line.strip()) for line in shown.splitlines())
    assert list(rows[0]) == header
    assert lines[0][1] == rows[0]["slice_value"] == "below 0.3"
    assert sorted((line[0], line[1], int(line[2])) for line in lines) == sorted(
        (row["slice_key"], row["slice_value"], row["n"]) for row in rows
    )
    assert rows[0]["p"] < 0.001
    assert {row["p"] < 0.05 for row in rows[1:]} == {False}


def test_calibration_and_data_are_those_of_all_pairs(stores: list[Store]):
    bins, data = asked(stores[0], 3), asked(stores[0], 4)
    assert sum(row["n"] for row in bins) == 4 * 540
    wrong = [row for row in stores[0].table("sweeper_error_data").to_pylist() if not row["is_right"]]
    surest = sorted((row["confidence"] for row in wrong if row["reason"] == "confidently_wrong"), reverse=True)
    assert [row["confidence"] for row in data] == surest[:5]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.table_name)
def test_the_columns_of_each_table_are_those_that_are_described(record: type):
    own = [name for name in columns(record) if name not in ("run_uid", "created_at", "dataset_id", "model_id")]
    assert sorted(table_of(PAGE, f"### `{record.table_name}`")) == sorted(own)  # type: ignore[attr-defined]


def test_settings_and_defaults_are_those_of_the_choice():
    section = PAGE.read_text().split("## Settings", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\| `?([^|`]+)`? \|$", section, re.MULTILINE)
    spec = yaml.safe_load((ROOT / "conf" / "capability" / "error_analysis.yaml").read_text())["error_analysis"]
    shown = {name: yaml.safe_load(default) for name, default in rows}
    own = {name: value for name, value in spec.items() if not name.startswith("_")}
    assert shown == {**own, "soft_targets": False}
