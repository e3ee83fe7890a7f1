from __future__ import annotations

import contextlib
import io
import os
import pdb
import re
import termios
import threading
from collections.abc import Callable

import pytest
from patience import LIMIT_S

from sweeper.cli.tables.cells import width_of
from sweeper.messages.outcome import Failure
from sweeper.running import progress as shown
from sweeper.running.now import Now
from sweeper.running.ticker import in_debugger

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
    progress.running(lambda: Now(submitted=2))
    progress.ended("completed")
    progress.ended("failed", FAILURE)
    progress.close()


def test_the_bar_counts_ok_failed_running_and_skipped_and_shows_failures_above_it():
    stream = Terminal()
    play(shown.Bar(stream))
    said = stream.getvalue()
    assert "ok 1, failed 1, skipped 3" in said
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
    assert lines[-1].endswith("(ok 1, failed 1, skipped 3)")


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


def shown_in(columns: int, draw: Callable[[shown.Bar], None]) -> str:
    """What a bar shows on a real terminal of so many columns."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    read: list[bytes] = []

    def read_all() -> None:
        with contextlib.suppress(OSError):  # Linux says so where nobody has it open any more
            while part := os.read(ours, 65536):
                read.append(part)

    thread = threading.Thread(target=read_all, daemon=True)
    thread.start()
    with os.fdopen(theirs, "w") as terminal:
        bar = shown.Bar(terminal)
        draw(bar)
        bar.close()
    thread.join(LIMIT_S)
    os.close(ours)
    return b"".join(read).decode()


LONG_NAME = "predicting a_model_with_a_long_name[estimator.C=0.25] on a_dataset_with_a_long_name, 1,200 of 5,000 data"


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_what_the_bar_shows_fits(columns: int):
    now = Now(14, 12, f"{LONG_NAME} (35 s)", "3 nodes, 10 of 12 CPUs, 2 of 2 GPUs")

    def draw(bar: shown.Bar) -> None:
        bar.start(22_500, 3)
        bar.running(lambda: now)
        for number in range(150):
            bar.ended("failed", alike(number))
        bar.tick()

    said = shown_in(columns, draw)
    lines = [line for line in re.split(r"[\r\n]|\x1b\[A", said) if "wrong" not in line and "failed: " not in line]
    assert max(map(width_of, lines)) <= columns
    assert any(line.startswith("running 12, submitted 14: p") and line.endswith("(35 s)") for line in lines)
    assert any(line.startswith("3 nodes, 10 of 12 CPUs") for line in lines)
    last = next(line for line in reversed(lines) if "150/22500" in line)
    assert ("failed 150 (1 cause), skipped 3]" in last) is (columns > 40)


def test_the_bar_ticks_while_the_main_thread_is_busy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shown, "TICK_S", 0.01)
    looked = threading.Event()

    def look() -> Now:
        if threading.current_thread() is not threading.main_thread():
            looked.set()
        return Now(4, 1, "loading svm (12 s)")

    stream = Terminal()
    bar = shown.Bar(stream)
    bar.start(9, 0)
    bar.stage("starting workers")
    bar.running(look)
    assert looked.wait(LIMIT_S)
    bar.close()
    assert "running 1, submitted 4: loading svm (12 s)" in stream.getvalue()


def test_workers_are_said_to_start_until_one_is_known_to_run():
    lines = shown.Lines(stream := io.StringIO())
    lines.start(2, 0)
    lines.stage("starting workers")
    for now in (Now(2), Now(2, 1, "loading svm (2 s)"), Now(2)):
        lines.running(lambda now=now: now)
        lines.tick()
    lines.close()
    assert [line.partition(" s, ")[2] or line for line in stream.getvalue().splitlines()[2:]] == [
        "starting workers (ok 0, failed 0, submitted 2)",
        "loading svm (2 s) (ok 0, failed 0, running 1, submitted 2)",
        "0/2 done in 0 s (ok 0, failed 0, submitted 2)",
        "0/2 done in 0 s (ok 0, failed 0)",
    ]


def test_a_thread_that_shows_stops_with_what_it_shows():
    bar = shown.Bar(Terminal())
    bar.start(1, 0)
    assert "sweeper-progress" in [thread.name for thread in threading.enumerate()]
    bar.close()
    assert "sweeper-progress" not in [thread.name for thread in threading.enumerate()]


def test_nothing_is_drawn_into_a_debugger():
    assert not in_debugger()
    typed = pdb.Pdb(stdin=io.StringIO("seen.append(in_debugger())\nq\n"), stdout=io.StringIO(), nosigint=True)
    seen: list[bool] = []
    typed.runeval("list((1,))", {"seen": seen, "in_debugger": in_debugger})
    assert seen == [True]


def test_what_is_left_is_told_by_the_rate_since_the_first_end(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(shown.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    lines = shown.Lines(stream)
    lines.start(10, 0)
    for now[0] in (100.0, 103.0, 106.0):  # a slow start, then three seconds each
        lines.ended("completed")
    lines.tick()
    lines.close()
    assert "about 21 s left" in stream.getvalue()
