"""The driver cannot write its own rows: it says so once, tries again, and ends with what it could not write."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import typed, write_configs
from invariant import assert_nothing_lost
from patience import until
from runner_bench import NONE, Bench, choice, planned, tiny

from sweeper.store import AttemptRow, Store, open_store
from sweeper.vocabulary import Combination, Runtime

pytestmark = pytest.mark.faults
REAL = Store.write_attempts
TINY = """
tiny:
  _target_: parts.Tiny
  _sweep_: {arity: {datasets: ZERO, models: ZERO, metrics: ZERO}}
"""


class Full:
    """A store that takes no attempts for so many times."""

    def __init__(self, times: float, error: Exception) -> None:
        self.left, self.error = times, error

    def __call__(self, store: Store, rows: Sequence[AttemptRow]) -> None:
        self.left -= 1
        if self.left >= 0:
            raise self.error
        REAL(store, rows)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("503 Slow Down")])
def test_rows_wait_while_the_store_takes_none(ray_bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception):
    monkeypatch.setattr("sweeper.running.driver_rows.FIRST_PAUSE_S", 0.01)
    full = Full(2, error)
    monkeypatch.setattr(Store, "write_attempts", lambda store, rows: full(store, rows))
    items = planned(*(tiny(f"dies{i}", exit_status=1) for i in range(4)), tiny("lives"))
    outcome = ray_bench.run(items)
    assert (outcome.counts["lost"], outcome.counts["completed"], outcome.unwritten) == (4, 1, {})
    assert len([note for note in ray_bench.progress.notes if "cannot be written" in note]) == 1
    keys = [item.fingerprint for item in items]
    statuses = assert_nothing_lost(ray_bench.store, keys, completed=keys[-1:], tidy=False)
    assert [statuses[key] for key in keys[:4]] == [["lost"]] * 4


def test_rows_that_are_never_written_are_counted_and_the_sweep_ends_in_order(
    ray_bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    full = Full(float("inf"), OSError(28, "No space left on device"))
    monkeypatch.setattr(Store, "write_attempts", lambda store, rows: full(store, rows))
    items = planned(*(tiny(f"dies{i}", exit_status=1) for i in range(3)), tiny("lives"))
    outcome = ray_bench.run(items)
    assert (outcome.unwritten, outcome.exit_status) == ({"lost": 3}, 3)
    assert len([note for note in ray_bench.progress.notes if "No space left" in note]) == 1
    monkeypatch.undo()
    keys = [item.fingerprint for item in items]
    assert_nothing_lost(ray_bench.store, keys, completed=keys[-1:], tidy=False)


def test_a_failed_attempt_that_its_worker_cannot_write_is_written_by_the_driver(bench: Bench, tmp_path: Path):
    """The store is away while the run fails, and comes back once the driver has met that too, before the sweep ends."""
    place, is_back = Path(bench.store.uri), tmp_path / "back"
    place.mkdir(exist_ok=True)
    spec = choice("capability", "fails", "fault_parts.FailsWithoutAStore", Runtime(arity=NONE), store=str(place))
    items = planned(Combination(spec, (), (), ()), tiny("waits", until=str(is_back)))

    def bring_back() -> None:
        until(lambda: any("cannot be written" in note for note in bench.progress.notes))
        place.unlink()
        place.with_name("moved").rename(place)
        is_back.touch()

    thread = threading.Thread(target=bring_back)
    thread.start()
    outcome = bench.run(items)
    thread.join()
    assert (outcome.counts["failed"], outcome.unwritten, outcome.exit_status) == (1, {}, 1)
    (row,) = (row for row in bench.store.attempts().to_pylist() if row["fingerprint"] == items[0].fingerprint)
    assert (row["status"], row["error_type"], row["error_message"]) == ("failed", "ValueError", "it fails")
    assert "The worker could not write this failed attempt" in row["traceback"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_store_that_goes_away_ends_the_sweep_with_its_summary(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
):
    """Everything that the driver writes or reads after the runs fails."""
    conf = write_configs(empty_folder / "conf", {"capability/tiny": TINY})

    def gone(*args: object, **kwargs: object) -> None:
        raise OSError(5, "Input/output error")

    for name in ("flush_journals", "compact_if_needed", "results_of"):
        monkeypatch.setattr(Store, name, gone)
    status, out, err = typed("--config-dir", conf, "capability=[tiny]", "job_backend.kind=inline", *form)
    assert status == 3
    assert "Input/output error" in err
    assert '"unreadable": ' in out if form else "1 completed; 0 skipped" in out
    assert "Traceback" not in err
    monkeypatch.undo()
    keys = open_store(empty_folder / "analytics_store").attempts(("fingerprint",))["fingerprint"].to_pylist()
    assert_nothing_lost(empty_folder / "analytics_store", keys, completed=keys, tidy=False)


def test_a_store_folder_that_is_removed_under_a_sweep_costs_no_summary(empty_folder: Path):
    conf = write_configs(
        empty_folder / "conf", {"capability/tiny": TINY.replace("parts.Tiny", "fault_parts.RemovesTheStore")}
    )
    status, out, err = typed("--config-dir", conf, "capability=[tiny]", "job_backend.kind=inline")
    assert status in (1, 3)
    assert "resume=" in out
    assert "Traceback" not in err
    shutil.rmtree(empty_folder / "analytics_store", ignore_errors=True)
