"""The example of docs/live-objects.md runs, and does what the page says."""

from __future__ import annotations

from typing import Any

import pytest
from doc_pages import ROOT, examples

import sweeper

PAGE = ROOT / "docs" / "live-objects.md"


@pytest.mark.usefixtures("ray_session", "empty_folder")
def test_the_example_runs_and_a_second_sweep_reuses_its_results():
    (code,) = examples(PAGE, "python")
    names: dict[str, Any] = {}
    exec(code, names)
    result = names["result"]
    assert result.exit_status == 0, result.failures
    assert {(row["dataset"], row["model"], row["metric"]) for row in result.rows} == {
        ("digits_test", "forest", "accuracy"),
        ("digits_test", "forest", "ece"),
    }
    again = sweeper.plan(
        ["capability=[evaluate]", "metric=[accuracy,ece]", "rerun=missing", names["store"]],
        dataset={"test": sweeper.Live(names["test"], revision=1)},
        model={"trees": sweeper.Live(names["forest"], revision="20 trees")},
    )
    assert [item.run for item in again.items] == [False, False]
