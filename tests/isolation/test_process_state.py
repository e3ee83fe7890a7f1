"""A run finds the process as a new one would be: seeded from what it is, and nothing left of what ran before."""

from __future__ import annotations

import os
import random
import warnings
from pathlib import Path
from typing import Any

import isolation_parts
import numpy as np
import pytest
from isolation_parts import Looks, Stays, looked, meddle
from patience import LIMIT_S

import sweeper
from sweeper import jobs
from sweeper.isolation import process_state
from sweeper.jobs import JobStatus
from sweeper.messages.requests import ObjectSpec
from sweeper.worker import object_cache
from sweeper.worker.part_use import PartUse

NOTHING = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO}}"


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPER_TEST_STAYS", "stays")
    object_cache.process_cache().clear()


def swept(tmp_path: Path, kind: str, *overrides: str) -> sweeper.SweepResult:
    fixed = [f"job_backend.kind={kind}", f"analytics_store.uri={tmp_path}/store", "dataset=[digits]"]
    result = sweeper.sweep([*fixed, *overrides], progress=False)
    assert not result.failures, [failure.traceback for failure in result.failures]
    return result


def part(name: str, **arguments: Any) -> str:
    spec = ",".join([f"_target_:isolation_parts.{name}", *(f"{key}:{value}" for key, value in arguments.items())])
    return "{" + spec + "}"


def numbers(result: sweeper.SweepResult) -> list[float]:
    return result.store.table("isolation_numbers")["value"].to_pylist()


ROLLS = ("+model.rolls={_target_:isolation_parts.Rolls}", "capability=[evaluate]", "metric=[log_loss,accuracy]")


def test_what_a_part_changes_of_the_process_reaches_no_other(kind: str, tmp_path: Path) -> None:
    """Twice in one process, where the second time every part is there already."""
    looks = f"+capability.looks={{_target_:isolation_parts.Looks,{NOTHING}}}"
    meddling = (
        f"+model.a_call={part('Meddles')}",
        f"+model.a_init={part('Meddles', at='init')}",
        f"+metric.meddles={part('MeddlingMetric')}",
        "exclude=[{model: 'a_*', metric: log_loss}]",
    )
    alone = swept(tmp_path / "alone", "inline", looks, *ROLLS, "model=[]")
    found = [swept(tmp_path / f"{n}", kind, looks, *meddling, *ROLLS, "model=[naive_bayes]") for n in (1, 2)]
    for result in found:
        assert numbers(result)[1:] == numbers(alone)[1:]
        for key in ("accuracy", "log_loss"):
            (value,) = [r["value"] for r in alone.rows if r["key"] == key and r["model"] == "rolls"]
            assert [r["value"] for r in result.rows if r["key"] == key and r["model"] == "rolls"] == [value]
    assert numbers(found[0]) == numbers(found[1])


def test_the_process_of_an_inline_run_is_left_as_it_was(tmp_path: Path) -> None:
    before = process_state.snapshot()
    states = random.getstate(), np.random.get_state()[1].tolist()
    meddles = f"+model.a_init={part('Meddles', at='init')}"
    swept(tmp_path, "inline", meddles, "model=[]", "capability=[evaluate]", "metric=[accuracy]")
    assert process_state.changes(before) == []
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    assert process_state.not_restored() == []


@pytest.mark.parametrize("state", process_state.STATES, ids=lambda state: state.name)
def test_each_state_is_put_back(state: process_state.State) -> None:
    before = process_state.snapshot()
    place = process_state.STATES.index(state)
    meddle()
    changed = process_state.snapshot()[place] != before[place]
    process_state.put_back(before)
    assert process_state.snapshot() == before
    assert changed or state.name in ("torch", "the locale", "the processors", "the priority")


def test_what_a_constructor_sets_up_holds_for_each_run_of_its_part(kind: str, tmp_path: Path) -> None:
    """As it would in a process of its own: the second time the model is there already."""
    folder = Path(os.path.realpath(tmp_path / "here"))
    folder.mkdir()
    (folder / "digit").write_text("3")
    here = f"+model.here={part('HereModel', folder=folder)}"
    for n in range(2):
        swept(tmp_path / f"{n}", kind, here, "model=[]", "capability=[evaluate,robustness]", "metric=[accuracy]")


def test_what_importing_a_module_sets_up_holds_for_each_part_in_it(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "sets_up.py").write_text(
        "import os, warnings\nos.environ['SWEEPER_TEST_SET_UP'] = 'yes'\nwarnings.filterwarnings('error', 'set up')\n"
        "class First: pass\nclass Second: pass\n"
    )
    for name in ("First", "Second", "First"):
        with process_state.isolated(""):
            use = PartUse(ObjectSpec({"_target_": f"sets_up.{name}"}, f"sets up {name}"))
            use.load()
            assert os.environ["SWEEPER_TEST_SET_UP"] == "yes"
            with pytest.raises(UserWarning):
                warnings.warn("set up", stacklevel=1)
        assert "SWEEPER_TEST_SET_UP" not in os.environ
    with process_state.isolated(""):
        object_cache.new_instance(ObjectSpec({"_target_": "sets_up.Second"}, "sets up Second"))
        assert os.environ["SWEEPER_TEST_SET_UP"] == "yes"


def test_jobs_outside_a_sweep_are_seeded_from_what_their_parts_call_themselves(kind: str, tmp_path: Path) -> None:
    jobs.configure_job_backend(kind, analytics_store=str(tmp_path))
    for _ in range(2):
        random.seed()
        assert jobs.submit_capability(Looks()).wait(LIMIT_S) is JobStatus.COMPLETED
    jobs.shutdown_job_backend(wait=False)
    from sweeper.store import open_store

    values = open_store(str(tmp_path)).table("isolation_numbers")["value"].to_pylist()
    assert sorted(values[:4]) == sorted(values[4:])
    with process_state.preserve_generators():
        process_state.seed("")
        assert looked()[2] in values


@pytest.mark.usefixtures("ray_session")
def test_a_worker_in_which_something_cannot_be_put_back_is_replaced(tmp_path: Path) -> None:
    jobs.configure_job_backend("ray-simple", analytics_store=str(tmp_path))
    whole = {"num_cpus": 2}
    for stays in (False, False, True, False, False):
        assert jobs.submit_capability(Stays(stays), resources=whole).wait(LIMIT_S) is JobStatus.COMPLETED
    jobs.shutdown_job_backend(wait=False)
    from sweeper.store import open_store

    table = open_store(str(tmp_path)).table("isolation_numbers").sort_by("created_at")
    first, second, spoiled, *after = table["value"].to_pylist()
    assert first == second == spoiled
    assert spoiled not in after


def test_settings_of_torch_are_put_back() -> None:
    torch = pytest.importorskip("torch")
    before = process_state.snapshot()
    with process_state.preserve_generators():
        with process_state.isolated("one"):
            drawn = float(torch.rand(1))
            isolation_parts.meddle()
        assert process_state.snapshot() == before
        assert (torch.is_grad_enabled(), torch.get_default_dtype()) == (True, torch.float32)
        with process_state.isolated("one"):
            assert float(torch.rand(1)) == drawn


def test_torch_imported_in_a_run_is_left_as_it_is_imported() -> None:
    torch = pytest.importorskip("torch")
    before = process_state.snapshot()
    absent = tuple(None if s.name == "torch" else v for s, v in zip(process_state.STATES, before, strict=True))
    meddle()
    process_state.put_back(absent)
    assert torch.is_grad_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    process_state.put_back(before)
    assert process_state.snapshot() == before
