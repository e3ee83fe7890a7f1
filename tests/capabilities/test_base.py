"""What every built-in capability keeps to: its contract, its rows, and the parts that it refuses."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys

import pytest
from capability_parts import ALL, CASES, parts

from sweeper.capabilities import Evaluate
from sweeper.errors import PartError
from sweeper.records import columns


@ALL
def test_runs_keep_the_contract(case, model, accuracy):
    capability = case[0]
    given_parts = parts(case, model, accuracy)
    run = capability.run(**given_parts, config=None, use_cache=False)
    again = capability.run(**given_parts)
    assert (capability.supports_datasets, capability.supports_models, capability.supports_metrics) == case[1:]
    assert run.capability_id == capability.id == f"sweeper.{next(k for k, v in CASES.items() if v is case)}"
    assert [m["id"] for m in run.dataset_metadata] == [d.metadata["id"] for d in given_parts["datasets"]]
    assert [m["id"] for m in run.model_metadata] == [m.metadata["id"] for m in given_parts["models"]]
    assert [m["id"] for m in run.metric_metadata] == [m.metadata["id"] for m in given_parts["metrics"]]
    assert len(run.run_uid) == 32
    assert run.run_uid != again.run_uid


@ALL
def test_rows_are_typed_and_reproducible(case, model, accuracy):
    def rows():
        return case[0].run(**parts(case, model, accuracy)).extract()

    first = rows()
    assert first
    for row in first:
        for name, (kind, nullable) in columns(type(row)).items():
            value = getattr(row, name)
            assert type(value) is kind or (value is None and nullable), (name, value)
    values = [row for row in first if row.table_name == first[0].table_name]
    names = ("output_key", "scope", "class_name", "item_id", "box")
    keys = [tuple(getattr(row, name, None) for name in names) for row in values]
    assert len(set(keys)) == len(keys)
    same = {"run_uid": "", "created_at": first[0].created_at}
    assert [dataclasses.replace(row, **same) for row in first] == [dataclasses.replace(row, **same) for row in rows()]


@ALL
def test_runs_travel_and_report(case, model, accuracy):
    run = pickle.loads(pickle.dumps(case[0].run(**parts(case, model, accuracy))))
    report = run.collect_md_report(0.9)
    assert report.startswith("# ")
    assert run.dataset_metadata[0]["id"] in report.replace("\\", "")  # what Markdown would read otherwise is escaped


@ALL
@pytest.mark.parametrize("axis", ["datasets", "models", "metrics"])
def test_another_number_of_parts_is_refused(case, axis, model, accuracy):
    right = len(parts(case, model, accuracy)[axis])
    for count in {0, 1, 2, 3} - {right}:
        with pytest.raises(PartError, match=rf"{case[0].id} takes .* {axis[:-1]}s?; got {count}"):
            case[0].run(**parts(case, model, accuracy, {axis: count}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"models": ["svm"]}, "str as its model, which is not a MAITE Model"),
        ({"datasets": [[1, 2]]}, "list as its dataset"),
        ({"metrics": [len]}, "as its metric"),
        ({"config": {"batch_size": 3}}, "takes no config"),
        ({"use_cache": True}, "keeps no cache"),
    ],
)
def test_parts_of_the_wrong_kind_are_refused(wrong, message, model, accuracy):
    with pytest.raises(PartError, match=message):
        Evaluate().run(**{**parts(CASES["evaluate"], model, accuracy), **wrong})


def test_importing_the_parts_loads_no_heavy_library():
    code = (
        "import sys, sweeper.capabilities, sweeper.datasets, sweeper.models, sweeper.metrics, sweeper.augmentations\n"
        "heavy = {'torch', 'ray', 'sklearn', 'scipy', 'cleanlab', 'pandas', 'duckdb', 'pyarrow', 'imagehash', 'PIL'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
