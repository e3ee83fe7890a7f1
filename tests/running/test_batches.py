"""Rows that workers hand over: a run counts as completed once they are in the store, and not before."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from sweeper.running import batches
from sweeper.running.batches import Batches


@dataclass
class KeptStore:
    """Takes what it is given, unless it is broken."""

    hands_over: bool = True
    is_broken: bool = False
    written: list[list[Any]] = field(default_factory=list)

    def batch_of(self, runs: Any) -> Any:
        return SimpleNamespace(runs=len(runs), write=lambda: self._write(list(runs)))

    def _write(self, runs: list[Any]) -> None:
        if self.is_broken:
            raise OSError("no route to the server")
        self.written.append(runs)


@dataclass
class Notes:
    said: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.said.append(text)


def run(rows: Any) -> Any:
    return SimpleNamespace(job=SimpleNamespace(result=lambda: SimpleNamespace(rows=rows)))


@dataclass
class Bench:
    store: KeptStore = field(default_factory=KeptStore)
    notes: Notes = field(default_factory=Notes)
    completed: int = 0

    def __post_init__(self) -> None:
        self.batches = Batches(self.store, self.notes, self.count)  # type: ignore[arg-type]

    def count(self) -> None:
        self.completed += 1


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(batches, "WRITE_EVERY_S", 1e9)
    return Bench()


def test_a_run_that_its_worker_wrote_is_not_taken(bench: Bench):
    assert not bench.batches.take(run(None))
    bench.store.hands_over = False
    assert not bench.batches.take(run("rows"))
    assert bench.batches.finish() == 0
    assert bench.store.written == []


def test_runs_are_written_together_and_count_afterwards(bench: Bench):
    assert all(bench.batches.take(run(name)) for name in "abc")
    bench.batches.write_now_and_then()
    assert (bench.store.written, bench.completed) == ([], 0)
    assert bench.batches.finish() == 0
    assert bench.store.written == [["a", "b", "c"]]
    assert bench.completed == 3


def test_a_full_batch_is_written_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batches, "MOST", 2)
    for name in "abc":
        bench.batches.take(run(name))
    assert bench.store.written == [["a", "b"]]
    assert bench.completed == 2


def test_what_cannot_be_written_waits_and_is_said_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batches, "WRITE_EVERY_S", -1.0)
    bench = Bench()
    bench.store.is_broken = True
    for name in "ab":
        bench.batches.take(run(name))
        bench.batches.write_now_and_then()
    assert bench.completed == 0
    assert bench.batches.finish() == 2
    assert len(bench.notes.said) == 1
    assert "no route to the server" in bench.notes.said[0]
    bench.store.is_broken = False
    assert bench.batches.finish() == 0
    assert bench.completed == 2
