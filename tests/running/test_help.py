"""Several workers make one inference: every datum once, the values of one worker, whatever becomes of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from shard_parts import Images

import sweeper
from sweeper.store import open_store

CONFIG = ["capability=[evaluate]", "dataset=[]", "model=[]", "metric=[accuracy,log_loss]", "exclude=[]"]
IMAGES = "{_target_: shard_parts.Images}"
BATCH = 64
SLOW = 10
"""Batches that take so long that help comes where it may."""

pytestmark = pytest.mark.usefixtures("ray_session")


def swept(folder: Path, *more: str, dataset: str = "", **model: Any) -> sweeper.SweepResult:
    """A sweep of one model over one dataset."""
    notes = folder / "notes"
    notes.mkdir(exist_ok=True)
    spec = ", ".join(f"{key}: {value}" for key, value in {"folder": f"'{notes}'", **model}.items())
    parts = [f"+model.m={{_target_: shard_parts.Together, {spec}}}", f"+dataset.images={dataset or IMAGES}"]
    return sweeper.sweep([*CONFIG, *parts, f"analytics_store.uri='{folder / 'store'}'", *more], progress=False)


def values(folder: Path) -> list[tuple[str, float]]:
    rows = open_store(folder / "store").results().to_pylist()
    return sorted((f"{row['capability']} {row['metric']} {row['key']}", row["value"]) for row in rows)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[tuple[str, float]]]:
    """What one worker measures, measured once for each grid."""

    @cache
    def measured(*more: str) -> list[tuple[str, float]]:
        folder = tmp_path_factory.mktemp("alone")
        assert swept(folder, "job_backend.kind=inline", *more, slow=0).exit_status == 0
        return values(folder)

    return measured


def workers(folder: Path) -> Counter[str]:
    """How many data each worker has made."""
    made: Counter[str] = Counter()
    for path in (folder / "notes").glob("* *"):
        process, _, size = path.name.split()
        made[process] += int(size)
    return made


def test_each_datum_is_made_once_and_the_values_are_those_of_one_worker(tmp_path: Path, alone: Callable[..., Any]):
    assert swept(tmp_path).counts["completed"] == 2
    made = workers(tmp_path)
    assert len(made) > 1
    assert sum(made.values()) == len(Images()) + BATCH, "one batch is repeated, to see whether the model has a state"
    assert values(tmp_path) == alone()


def test_several_augmentations_are_one_pass(tmp_path: Path, alone: Callable[..., Any]):
    only = ["capability=[robustness]", "metric=[accuracy]", "capability.robustness.severities=[0.3,0.5]"]
    result = swept(tmp_path, *only)
    assert result.failures == ()
    made = workers(tmp_path)
    assert len(made) > 1
    assert (sum(made.values()) - BATCH) % len(Images()) == 0
    assert values(tmp_path) == alone(*only)


@pytest.mark.parametrize("then", ["exit", "raise", "lose"])
def test_what_is_lost_with_a_worker_or_with_the_board_is_made_again(
    tmp_path: Path, alone: Callable[..., Any], then: str
):
    result = swept(tmp_path, then=then)
    assert (tmp_path / "notes" / "done").exists()
    assert result.counts["completed"] == 2
    assert values(tmp_path) == alone()


def test_a_model_with_a_state_fails_and_is_right_with_one_worker(tmp_path: Path):
    result = swept(tmp_path, state=True)
    assert result.counts["failed"] == 2
    assert "answers differently when its batches are made by several workers" in result.failures[0].message
    assert "set _sweep_.shards: false in its choice" in result.failures[0].message
    only = tmp_path / "only"
    only.mkdir()
    assert swept(only, state=True, slow=SLOW, _sweep_="{shards: false}").exit_status == 0
    assert len(workers(only)) == 1


@pytest.mark.parametrize("limit", ["max_in_flight: 1", "resources: {num_cpus: 0}"])
def test_no_more_workers_use_a_part_than_the_user_lets(tmp_path: Path, limit: str):
    """A limit of what may be in flight holds for those who help too; what asks for no processor has no room at all."""
    assert swept(tmp_path, slow=SLOW, _sweep_=f"{{{limit}}}").exit_status == 0
    assert sum(workers(tmp_path).values()) <= len(Images()) + BATCH
    if "in_flight" in limit:
        assert len(workers(tmp_path)) == 1


def test_a_shorter_dataset_in_another_process_does_not_count(tmp_path: Path, alone: Callable[..., Any]):
    dataset = f"{{_target_: shard_parts.Images, folder: '{tmp_path}', then: shorter}}"
    assert swept(tmp_path, dataset=dataset, slow=SLOW).counts["completed"] == 2
    assert len(workers(tmp_path)) == 1
    assert values(tmp_path) == alone()


def test_data_in_another_order_in_another_process_are_found_out(tmp_path: Path):
    dataset = f"{{_target_: shard_parts.Images, folder: '{tmp_path}', then: another}}"
    result = swept(tmp_path, dataset=dataset)
    assert result.counts["failed"] == 2
    assert "Two workers did not read the same data" in result.failures[0].message


def test_one_worker_applies_augmentations_of_which_nobody_knows_whether_they_keep_a_state(tmp_path: Path):
    only = ["capability=[robustness]", "metric=[accuracy]", "capability.robustness.severities=[0.3,0.5]"]
    blur = "capability.robustness.augmentation={_target_: shard_parts.Blur, _partial_: true}"
    assert swept(tmp_path, *only, blur, slow=SLOW).exit_status == 0
    assert len(workers(tmp_path)) == 1
