"""What a notebook shows, in a real kernel: plans, results, stores, jobs, errors and the bar."""

from __future__ import annotations

import os
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = {
    "plan": """import sweeper
sweeper.plan(["model=[logreg]", "dataset=[digits]", "capability=[evaluate]"])""",
    "result": """result = sweeper.sweep(
    ["model=[logreg]", "dataset=[digits]", "capability=[evaluate]", "metric=[accuracy,ece]"]
    + ["job_backend.kind=inline", "analytics_store.uri=store"]
)
result""",
    "store": "result.store",
    "text for a list": "sweeper.plan('model=[svm] rerun=missing')",
    "unknown choice": "sweeper.sweep(['model=[swm]'])",
    "wrong part": "from sweeper.datasets import ImageFolder\nImageFolder('no/such/folder')",
    "job": """from sweeper.jobs import configure_job_backend, submit_capability
from sweeper.metrics import SklearnMetric

class Broken:
    id = "broken"
    supports_datasets = supports_models = supports_metrics = 0

    def run(self, models, datasets, metrics, config, use_cache):
        raise ValueError("the sensor is <off>")

configure_job_backend("inline", analytics_store={"uri": "store"})
job = submit_capability(Broken(), use_cache=False)
job.wait()
job""",
    "failed job": "job.result()",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of each cell, run in one kernel in an empty folder."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    client = NotebookClient(
        notebook, timeout=120, startup_timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env={**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "jupyter")})
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def shown(outputs: list[Any]) -> str:
    """The HTML of the value that a cell ends with."""
    (value,) = (one for one in outputs if one.output_type == "execute_result")
    return value.data["text/html"]


def error_of(outputs: list[Any]) -> str:
    (error,) = (one for one in outputs if one.output_type == "error")
    return "\n".join(error.traceback)


def test_a_plan_is_shown_as_its_counts_and_its_combinations(outputs: dict[str, list[Any]]):
    text = shown(outputs["plan"])
    assert "6 combinations: 6 to run, 0 skipped" in text
    assert text.count('<td style="text-align: left">evaluate</td>') == 6


def test_a_result_is_shown_as_its_tables(outputs: dict[str, list[Any]]):
    text = shown(outputs["result"])
    assert "2 completed; 0 skipped" in text
    assert "evaluate: accuracy (higher is better)" in text
    assert "0.9704" in text


def test_the_bar_of_a_notebook_is_a_widget(outputs: dict[str, list[Any]]):
    """As tqdm makes it where ipywidgets is installed; no bar of characters is printed beside it."""
    kinds = {kind for one in outputs["result"] if "data" in one for kind in one.data}
    assert "application/vnd.jupyter.widget-view+json" in kinds
    assert not [one for one in outputs["result"] if one.output_type == "stream" and "█" in one.text]


def test_a_store_says_what_is_in_it(outputs: dict[str, list[Any]]):
    text = shown(outputs["store"])
    assert "sweeps: 1, the newest 20" in text
    assert "maite_evaluation" in text


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("text for a list", "['model=[svm]', 'rerun=missing']"),
        ("unknown choice", "Did you mean 'svm'?"),
        ("wrong part", "no/such/folder"),
    ],
)
def test_an_error_is_one_message_without_frames(outputs: dict[str, list[Any]], cell: str, message: str):
    text = error_of(outputs[cell])
    assert message in text
    assert text.startswith(("ConfigError: ", "PartError: "))
    assert "Traceback" not in text
    assert "site-packages" not in text
    assert ".py" not in text


def test_a_job_is_shown_with_its_state_and_why(outputs: dict[str, list[Any]]):
    text = shown(outputs["job"])
    assert "failed" in text
    assert "ValueError: the sensor is &lt;off&gt;" in text


def test_a_failed_job_shows_the_traceback_of_the_user_alone(outputs: dict[str, list[Any]]):
    text = error_of(outputs["failed job"])
    assert text.count("ValueError: the sensor is <off>") == 2
    assert 'raise ValueError("the sensor is <off>")' in text
    assert "sweeper/jobs" not in text
