"""What another sweep completes while one runs is not run again, and sweeps that run together take other orders."""

from __future__ import annotations

from pathlib import Path

import pytest
from runner_bench import Bench, on_ray, planned, tiny
from store_parts import fail, fingerprint, record

from sweeper.running.meanwhile import Meanwhile
from sweeper.store import open_store
from sweeper.store.endings import write as say_ended
from sweeper.store.journal import segments
from sweeper.store.meanwhile import NewCompletions, not_ended

pytestmark = pytest.mark.faults


def test_only_what_completes_from_now_on_is_new(tmp_path: Path):
    store = open_store(tmp_path / "store")
    record(store, "before", 1.0)
    watched = NewCompletions(store.files)
    assert watched.take() == set()
    record(store, "after", 1.0)
    fail(store, "failed")
    assert watched.take() == {fingerprint("after")}
    assert watched.take() == set()


def test_what_was_completed_elsewhere_is_skipped_counted_and_no_failure(bench: Bench):
    items = planned(*(tiny(f"t{i}") for i in range(6)))

    class Others:
        def take(self) -> set[str]:
            return {item.fingerprint for item in items[2:5]}

    outcome = bench.run(items, meanwhile=Meanwhile(Others(), items), max_in_flight=1)
    assert (outcome.counts["completed"], outcome.counts["not_attempted"]) == (3, 0)
    assert (outcome.completed_meanwhile, outcome.exit_status) == (3, 0)


def test_what_waits_for_its_start_here_is_taken_back_when_it_completes_elsewhere(ray_session: None, tmp_path: Path):
    """Two run until the last four of those that wait for them have completed elsewhere."""
    go, started = tmp_path / "go", [tmp_path / f"started{i}" for i in range(8)]
    items = planned(*(tiny(f"t{i}", started=str(path), until=str(go)) for i, path in enumerate(started)))
    looks: list[int] = []

    class Others:
        def take(self) -> set[str]:
            looks.append(len(looks))
            if len(looks) > 4:  # they were taken back after the fourth look
                go.touch()
            return {item.fingerprint for item in items[4:]} if len(looks) > 2 else set()

    uri = str(tmp_path / "store")
    outcome = Bench(on_ray(uri), uri).run(items, meanwhile=Meanwhile(Others(), items), max_in_flight=8)
    assert (outcome.counts["completed"], outcome.completed_meanwhile, outcome.exit_status) == (4, 4, 0)
    assert [path.exists() for path in started] == [True] * 4 + [False] * 4


@pytest.mark.parametrize(("per_second", "fewest", "most"), [(0, 15, 40), (1, 15, 40), (50, 200, 600)])
def test_looks_are_as_frequent_as_others_are_fast(
    monkeypatch: pytest.MonkeyPatch, per_second: int, fewest: int, most: int
):
    """For 15 seconds; the first combination has completed here."""
    items = planned(*(tiny(f"t{i}") for i in range(1000)))
    clock, looks = [0.0], list[float]()
    monkeypatch.setattr("sweeper.running.meanwhile.time.monotonic", lambda: clock[0])

    class Others:
        def take(self) -> set[str]:
            looks.append(clock[0])
            return {item.fingerprint for item in items[: 1 + int(per_second * clock[0])]}

    meanwhile = Meanwhile(Others(), items)
    meanwhile.submitted(items[0])
    while clock[0] < 15:
        meanwhile.look_now_and_then()
        clock[0] += 0.005
    assert fewest < len(looks) < most


def test_a_long_first_run_is_not_waited_for_with_many_looks(monkeypatch: pytest.MonkeyPatch):
    clock, looks = [0.0], list[float]()
    monkeypatch.setattr("sweeper.running.meanwhile.time.monotonic", lambda: clock[0])

    class Nobody:
        def take(self) -> set[str]:
            looks.append(clock[0])
            return set()

    meanwhile = Meanwhile(Nobody(), planned(tiny("long"), tiny("next")))
    while clock[0] < 600:
        meanwhile.look_now_and_then()
        clock[0] += 0.25
    assert 500 < len(looks) < 700, "about one each second"


def test_a_store_that_cannot_be_looked_at_holds_up_nothing(bench: Bench):
    class Gone:
        def take(self) -> set[str]:
            raise OSError("the store is gone")

    items = planned(tiny("a"), tiny("b"))
    assert bench.run(items, meanwhile=Meanwhile(Gone(), items)).counts["completed"] == 2


def test_sweeps_that_did_not_say_that_they_ended_are_known_for_a_day(tmp_path: Path):
    store = open_store(tmp_path / "store")
    store.write_artifact("sweeps/20200101T000000-aaaaaa.parquet", b"")
    assert not_ended(store.files, "me") == []
    store.write_artifact("sweeps/29990101T000000-bbbbbb.parquet", b"")
    assert not_ended(store.files, "me") == ["29990101T000000-bbbbbb"]
    assert not_ended(store.files, "29990101T000000-bbbbbb") == []
    say_ended(store.files, "29990101T000000-bbbbbb")
    assert not_ended(store.files, "me") == []


def test_what_waits_in_a_journal_is_new_once_and_so_is_what_became_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))  # however slow this machine is
    store = open_store(tmp_path / "store")
    for name in ("first", "before"):
        record(store, name, 1.0, may_wait=True)
    watched = NewCompletions(store.files)
    for name in ("after", "later"):
        record(store, name, 1.0, may_wait=True)
    assert len(segments(store.files)) == 1
    assert watched.take() == {fingerprint("after"), fingerprint("later")}
    assert watched.take() == set()
    record(store, "last", 1.0, may_wait=True)
    store.flush_journals()
    assert watched.take() == {fingerprint("after"), fingerprint("later"), fingerprint("last")}
