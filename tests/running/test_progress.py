from __future__ import annotations

import io

import pytest

from sweeper.messages.outcome import Failure
from sweeper.running import progress as shown

FAILURE = Failure("ab", "evaluate · digits · svm · f1", "failed", "ValueError", "wrong\nshape", log="/logs/ab.log")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines():
    assert isinstance(shown.for_stream(Terminal()), shown.Bar)
    assert isinstance(shown.for_stream(io.StringIO()), shown.Lines)


def play(progress: shown.Progress) -> None:
    progress.start(4, 3)
    progress.stage("starting workers")
    progress.stage("")
    progress.running(2)
    progress.ended("completed")
    progress.ended("failed", FAILURE)
    progress.close()


def test_the_bar_counts_ok_failed_running_and_skipped_and_shows_failures_above_it():
    stream = Terminal()
    play(shown.Bar(stream))
    said = stream.getvalue()
    assert "ok 1, failed 1, running 2, skipped 3" in said
    assert "starting workers" in said
    assert "2/4" in said
    assert "failed: evaluate · digits · svm · f1\n    ValueError: wrong\n    shape\n    log: /logs/ab.log" in said


def test_lines_come_at_the_start_on_failure_and_at_the_end():
    stream = io.StringIO()
    play(shown.Lines(stream))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "4 to run, 3 skipped"
    assert lines[1] == "starting workers"
    assert lines[2] == "failed: evaluate · digits · svm · f1"
    assert lines[-1].startswith("2/4 done in 0 s")
    assert lines[-1].endswith("(ok 1, failed 1, running 2, skipped 3)")


def alike(number: int, cause: str = "one") -> Failure:
    return Failure(str(number), f"evaluate · d{number}", "failed", "ValueError", f"wrong {number}", cause=cause)


@pytest.mark.parametrize("kind", [shown.Bar, shown.Lines])
def test_failures_with_one_cause_are_shown_once_and_counted(kind: type[shown.Bar | shown.Lines]):
    stream = Terminal()
    progress = kind(stream)
    progress.start(9, 0)
    for number in range(5):
        progress.ended("failed", alike(number))
    progress.ended("failed", alike(5, cause="another"))
    progress.ended("failed", alike(6, cause=""))
    progress.ended("failed", alike(7, cause=""))
    progress.close()
    said = stream.getvalue()
    assert [number for number in range(8) if f"wrong {number}" in said] == [0, 5, 6, 7]
    assert "failed 8 (3 causes)" in said


def test_the_bar_is_drawn_anew_each_second_although_nothing_ends(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(shown.time, "monotonic", lambda: now[0])
    stream = Terminal()
    bar = shown.Bar(stream)
    bar.start(9, 0)
    drawn = []
    for now[0] in (10.0, 10.5, 10.9, 11.1, 30.0):
        before = len(stream.getvalue())
        bar.running(2, lambda: f"{now[0]:.0f} s in evaluate · digits · svm")
        drawn.append(len(stream.getvalue()) > before)
    bar.close()
    assert drawn == [True, False, False, True, True]
    assert "running 2" in stream.getvalue()
    assert "30 s in evaluate · digits · svm" in stream.getvalue()


def test_lines_come_now_and_then_although_nothing_ends(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(shown.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    lines = shown.Lines(stream, interval_s=15.0)
    lines.start(2, 0)
    for now[0] in (5.0, 16.0, 20.0, 32.0):
        lines.running(1, lambda: "16 s in something")
    said = stream.getvalue().splitlines()
    assert said[1:] == [
        "0/2 done in 16 s, 16 s in something (ok 0, failed 0, running 1, skipped 0)",
        "0/2 done in 32 s, 16 s in something (ok 0, failed 0, running 1, skipped 0)",
    ]


def test_what_is_left_is_told_by_the_rate_since_the_first_end(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(shown.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    lines = shown.Lines(stream, interval_s=5.0)
    lines.start(10, 0)
    for now[0] in (100.0, 103.0, 106.0):  # a slow start, then three seconds each
        lines.ended("completed")
    assert "about 21 s left" in stream.getvalue()
