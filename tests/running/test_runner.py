"""What becomes of planned combinations, on both backends."""

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from patience import LIMIT_S
from runner_bench import NONE, Bench, choice, evaluations, planned, tiny

from sweeper.store import Store
from sweeper.vocabulary import Arity, Combination, Runtime


def test_everything_planned_completes_once(bench: Bench):
    outcome = bench.run(planned(*(tiny(f"t{i}", values=[float(i)]) for i in range(20))))
    assert outcome.counts["completed"] == 20
    assert outcome.exit_status == 0
    assert bench.statuses() == sorted((f"t{i}", "completed") for i in range(20))
    values = bench.store.results().to_pylist()
    assert sorted((row["capability"], row["value"]) for row in values) == sorted((f"t{i}", float(i)) for i in range(20))


def test_quick_runs_make_few_files_while_the_sweep_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sweeper.running.journals.FLUSH_EVERY_S", 0.05)
    monkeypatch.setattr("sweeper.running.journals.FLUSH_REST", 0.0)
    flushed: list[int] = []
    real = Store.flush_journals
    monkeypatch.setattr(Store, "flush_journals", lambda store: flushed.append(real(store)))
    assert bench.run(planned(*(tiny(f"t{i}", values=[float(i)]) for i in range(120)))).counts["completed"] == 120
    assert sum(flushed) > 0
    bench.store.flush_journals()
    files = list(Path(bench.store.uri, "attempts").glob("*.parquet"))
    assert len(files) < 120
    assert sum(pq.read_metadata(path).num_rows for path in files) == 120
    assert len(bench.store.results()) == 120


def test_results_that_cannot_be_made_parquet_now_wait_on(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sweeper.running.journals.FLUSH_EVERY_S", 0.0)

    def full(store: Store) -> int:
        raise OSError("No space left on device")

    monkeypatch.setattr(Store, "flush_journals", full)
    assert bench.run(planned(*(tiny(f"t{i}") for i in range(20)))).counts["completed"] == 20
    assert "until `sweeper compact` can be run: No space left on device" in bench.progress.notes[0]
    assert bench.statuses() == sorted((f"t{i}", "completed") for i in range(20))


def test_the_report_of_a_run_is_kept_where_its_choice_asks_for_one(bench: Bench):
    wanted = Runtime(report=0.5)
    outcome = bench.run(
        planned(tiny("told", wanted, report="# Fine"), tiny("silent", report="# Fine"), tiny("none", wanted))
    )
    assert outcome.counts["completed"] == 3
    reports = {row["capability"]: row["report_uri"] for row in bench.store.attempts().to_pylist()}
    assert (reports["silent"], reports["none"]) == (None, None)
    assert Path(reports["told"]).read_text() == "# Fine"


def test_a_report_that_cannot_be_made_loses_no_measurement(bench: Bench):
    assert bench.run(planned(tiny("odd", Runtime(report=0.5), report=7))).counts["completed"] == 1
    (row,) = bench.store.attempts().to_pylist()
    assert (row["status"], row["report_uri"]) == ("completed", None)
    assert len(bench.store.results()) == 1


def test_what_a_users_code_raises_is_recorded_shown_and_leaves_the_rest_alone(bench: Bench):
    outcome = bench.run(planned(tiny("good"), tiny("bad", error="wrong shape"), tiny("fine")))
    assert (outcome.counts["completed"], outcome.counts["failed"], outcome.exit_status) == (2, 1, 1)
    (shown,) = bench.progress.failures
    assert (shown.label, shown.error_type, shown.message) == ("bad", "ValueError", "wrong shape")
    (row,) = [row for row in bench.store.attempts().to_pylist() if row["status"] == "failed"]
    assert (row["error_type"], row["error_message"]) == ("ValueError", "wrong shape")
    assert "raise ValueError(self.error)" in row["traceback"]


def test_a_failure_names_the_log_of_what_it_printed(ray_bench: Bench):
    outcome = ray_bench.run(planned(tiny("loud", error="no")))
    log = Path(outcome.failures[0].log or "")
    assert log.read_text().startswith("loud\n")
    assert "ValueError: no" in log.read_text()


def test_max_failures_stops_and_what_was_not_tried_is_counted(bench: Bench):
    items = planned(*(tiny(f"bad{i}", error="no") for i in range(12)))
    outcome = bench.run(items, max_failures=2, max_in_flight=1)
    assert (outcome.counts["failed"], outcome.counts["not_attempted"]) == (2, 10)
    assert (outcome.stopped_by, outcome.exit_status) == ("max_failures", 3)


def test_an_exception_is_tried_again_only_on_request(bench: Bench):
    assert bench.run(planned(tiny("bad", error="no")), retries=2).counts["failed"] == 1
    assert len(bench.store.attempts()) == 1
    bench.run(planned(tiny("bad2", error="no")), retries=2, retry_exceptions=True)
    numbers = [row["number"] for row in bench.store.attempts().to_pylist() if row["capability"] == "bad2"]
    assert sorted(numbers) == [1, 2, 3]
    assert bench.progress.notes == ["retry 1 of 2: bad2", "retry 2 of 2: bad2"]


def test_a_lost_worker_is_recorded_and_tried_again(ray_bench: Bench):
    outcome = ray_bench.run(planned(tiny("dies", exit_status=1), tiny("lives")), retries=1)
    assert (outcome.counts["lost"], outcome.counts["completed"]) == (1, 1)
    assert ray_bench.statuses() == [("dies", "lost"), ("dies", "lost"), ("lives", "completed")]


def test_a_timeout_kills_and_counts_from_the_start(ray_bench: Bench):
    slow = tiny("slow", Runtime(timeout_s=1.0), sleep_s=LIMIT_S)
    quick = [tiny(f"quick{i}", Runtime(timeout_s=LIMIT_S), sleep_s=0.2) for i in range(4)]
    outcome = ray_bench.run(planned(slow, *quick))
    assert (outcome.counts["timeout"], outcome.counts["completed"]) == (1, 4)
    assert "timeout_s=1" in outcome.failures[0].message
    assert ("slow", "timeout") in ray_bench.statuses()


def test_a_choice_can_limit_how_many_of_it_are_in_flight(ray_bench: Bench):
    limited = (choice("dataset", "one_at_a_time", "parts.Numbers", Runtime(max_in_flight=1)),)
    takes = Runtime(arity={**NONE, "datasets": Arity.ONE})
    naps = [choice("capability", f"c{i}", "parts.Tiny", takes, sleep_s=0.2, values=[i]) for i in range(4)]
    outcome = ray_bench.run(planned(*(Combination(nap, limited, (), ()) for nap in naps)))
    assert outcome.counts["completed"] == 4
    times = sorted((r["started_at"], r["finished_at"]) for r in ray_bench.store.attempts().to_pylist())
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(times))


def test_metrics_share_one_inference_pass_per_pair(bench: Bench, tmp_path: Path):
    passes = tmp_path / "passes"
    passes.mkdir()
    outcome = bench.run(evaluations(passes))
    assert outcome.counts["completed"] == 6
    assert len(list(passes.iterdir())) == 2
    assert {row["value"] for row in bench.store.results().to_pylist()} == {1.0}


def test_many_that_wait_for_one_inference_leave_no_processor_without_another(ray_bench: Bench, tmp_path: Path):
    """More metrics than are in flight as a rule: the second inference begins before the first has ended."""
    metrics = ray_bench.backend.default_window + 1
    ray_bench.run(evaluations(tmp_path, metrics=metrics, waits_for_passes=2))
    assert len(list(tmp_path.glob("pass-*"))) == 2


def test_attempts_tell_how_long_the_inference_took_that_they_read(bench: Bench, tmp_path: Path):
    bench.run([*evaluations(tmp_path, sleep_s=0.2), *planned(tiny("alone"))])
    rows = bench.store.attempts().to_pylist()
    seconds = {row["dataset"]: row["inference_s"] for row in rows}
    assert seconds.pop("") is None
    assert len({(row["dataset"], row["inference_s"]) for row in rows}) == 3
    assert min(seconds.values()) >= 0.2
    assert all(row["duration_s"] < row["inference_s"] for row in rows if row["dataset"])


def test_an_inference_that_fails_fails_its_dependents_with_that_cause(bench: Bench, tmp_path: Path):
    outcome = bench.run(evaluations(tmp_path, error="no weights"))
    assert (outcome.counts["failed"], outcome.counts["completed"]) == (6, 0)
    rows = bench.store.attempts().to_pylist()
    assert {(row["status"], row["error_type"], row["error_message"]) for row in rows} == {
        ("failed", "ValueError", "no weights")
    }
    assert len(rows) == 6


def test_a_timeout_reaches_an_inference_that_hangs_and_all_that_wait_for_it(ray_bench: Bench, tmp_path: Path):
    hanging = evaluations(tmp_path, timeout_s=2.0, sleep_s=10 * LIMIT_S)
    outcome = ray_bench.run([*hanging, *planned(tiny("other"))])
    assert (outcome.counts["timeout"], outcome.counts["completed"]) == (6, 1)
    assert {f.message for f in outcome.failures} == {"its inference ran longer than timeout_s=2 and was killed"}
    timeouts = [row for row in ray_bench.store.attempts().to_pylist() if row["status"] == "timeout"]
    assert len(timeouts) == 6
    assert all(row["started_at"] is not None for row in timeouts)


def test_an_inference_that_waits_for_a_place_is_not_overdue(ray_bench: Bench, tmp_path: Path):
    """Four passes of eight seconds on two processors: the last two end after the limit, counted from the beginning."""
    several = [evaluations(tmp_path, sleep_s=8.0, name=f"model{n}", metrics=1) for n in range(2)]
    outcome = ray_bench.run(list(itertools.chain(*several)), timeout_s=14.0)
    assert outcome.counts["completed"] == 4


def test_an_interrupt_ends_an_inference_that_nobody_will_read(ray_bench: Bench, tmp_path: Path):
    passes = tmp_path / "passes"
    passes.mkdir()
    outcome = ray_bench.interrupted(evaluations(passes, sleep_s=10 * LIMIT_S), passes / "*", grace_s=0.5)
    assert outcome.counts["cancelled"] == 6
    assert ray_bench.run(planned(tiny("after"), tiny("beside"))).counts["completed"] == 2


def test_predictions_that_persist_serve_a_new_metric_without_inference(bench: Bench, tmp_path: Path):
    passes = tmp_path / "passes"
    passes.mkdir()
    bench.run(evaluations(passes, metrics=1), persist_predictions=True)
    assert len(list(passes.iterdir())) == 2
    outcome = bench.run(evaluations(passes, metrics=3), persist_predictions=True)
    assert outcome.counts["completed"] == 6
    assert len(list(passes.iterdir())) == 2
    bench.run(evaluations(passes, metrics=1))
    assert len(list(passes.iterdir())) == 4


def test_the_first_interrupt_lets_what_runs_finish_and_takes_back_what_waits(ray_bench: Bench, tmp_path: Path):
    started = tmp_path / "started"
    items = planned(
        tiny("running", started=str(started), sleep_s=2.0), *(tiny(f"w{i}", sleep_s=1.0) for i in range(30))
    )
    outcome = ray_bench.interrupted(items, started, max_in_flight=8)
    assert (outcome.stopped_by, outcome.exit_status) == ("interrupt", 130)
    assert ("running", "completed") in ray_bench.statuses()
    assert outcome.counts["cancelled"] > 0
    assert outcome.counts["not_attempted"] >= 20
    assert sum(outcome.counts.values()) == 31
    assert "failed" not in dict(ray_bench.statuses()).values()


def test_the_second_interrupt_ends_at_once(bench: Bench, tmp_path: Path):
    started = tmp_path / "started"
    endless = planned(tiny("endless", started=str(started), sleep_s=10 * LIMIT_S))
    outcome = bench.interrupted(endless, started, times=2)
    assert (outcome.counts["cancelled"], outcome.exit_status) == (1, 130)
    assert bench.statuses() == [("endless", "cancelled")]
