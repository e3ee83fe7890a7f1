"""Where the rows of a run go, by how soon it follows the last one, and which place `record` names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import S3Server, s3_server
from store_parts import ScoreRun, attempt, record

from sweeper.messages.receipts import HandedRows
from sweeper.messages.requests import Provenance
from sweeper.store import Store, open_store


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as started:
        yield started


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run but the first follows the one before within a moment, however slow the machine."""
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))
    monkeypatch.setattr("sweeper.store.handed_over.MOMENT_S", float("inf"))


@pytest.mark.usefixtures("quick")
def test_a_run_that_waits_names_the_payload_file_that_it_will_be_in(store: Store):
    first, second = (record(store, name, 1.0, may_wait=True) for name in "ab")
    assert first is not None
    assert second is not None
    assert Path(first).exists()
    assert not Path(second).exists()
    store.flush_journals()
    assert Path(second).exists()


@pytest.mark.usefixtures("quick")
def test_a_run_that_is_handed_over_names_the_folder_that_it_will_be_in(server: S3Server):
    store = open_store("s3://results/handed-over", server.options)
    handed: list[HandedRows] = []
    runs = [ScoreRun([float(i)]) for i in range(2)]
    places = [
        store.record(run, provenance=Provenance(), attempt=attempt(i), hand_over=handed.append)
        for i, run in enumerate(runs)
    ]
    assert store.hands_over
    assert len(handed) == 1
    assert places[0] is not None
    assert places[0].startswith("s3://results/handed-over/scores/")
    assert places[1] == "s3://results/handed-over/scores"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("may_wait", [True, False])
def test_a_run_without_values_that_is_no_attempt_leaves_no_rows(store: Store, may_wait: bool):
    for _ in range(2):
        assert store.record(ScoreRun([]), provenance=Provenance(), may_wait=may_wait) is None
    assert store.tables() == []
    assert store.flush_journals() == 0


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("may_wait", [True, False])
def test_an_attempt_without_values_names_no_place(store: Store, may_wait: bool):
    assert [record(store, name, may_wait=may_wait) for name in "ab"] == [None, None]
    assert store.attempts(("status",)).to_pylist() == [{"status": "completed"}] * 2


def test_a_run_that_follows_after_more_than_a_moment_has_a_file_of_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", 0.0)
    places = [record(store, name, 1.0, may_wait=True) for name in "ab"]
    assert all(place is not None and Path(place).exists() for place in places)
