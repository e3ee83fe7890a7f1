"""Each case in a process of its own: one with threads, as a test session with Ray is, must not be forked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from patience import LIMIT_S

HEAD = """
import os, sys, time
from sweeper.errors import ConfigError
from sweeper.cli.forked import in_child
parent = os.getpid()
did = []
def go(make):
    return in_child(make, meanwhile=lambda: did.append(os.getpid()))
"""


def says(code: str) -> str:
    """What a program that begins with `HEAD` prints; it must end well, and quietly."""
    done = subprocess.run([sys.executable, "-c", HEAD + code], capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_one_is_made_in_a_child_and_the_other_here():
    assert says("made = go(os.getpid); print(made != parent, did == [parent])") == "True True"


def test_both_are_under_way_at_once(tmp_path: Path):
    """Each waits for a file that the other makes."""
    code = f"""
from pathlib import Path
here, there = Path({str(tmp_path)!r}, "here"), Path({str(tmp_path)!r}, "there")
def meet(mine, other):
    mine.touch()
    while not other.exists():
        time.sleep(0.01)
    return "met"
print(in_child(lambda: meet(there, here), lambda: meet(here, there)))
"""
    assert says(code) == "met"


def test_what_was_made_importable_is_importable_here():
    assert says("go(lambda: sys.path.insert(0, '/somewhere')); print(sys.path[0])") == "/somewhere"


@pytest.mark.parametrize("error", ["ConfigError('no')", "SystemExit(2)", "KeyboardInterrupt()"])
def test_an_error_of_the_user_is_raised_here_and_told_once(error: str):
    code = f"""
def fail():
    print("failing", flush=True)
    raise {error}
try:
    go(fail)
except (ConfigError, SystemExit, KeyboardInterrupt) as raised:
    print(repr(raised), did == [parent])
"""
    assert says(code).splitlines() == ["failing", f"{error} True"]


@pytest.mark.parametrize("end", ["os._exit(1)", "1 / 0", "(lambda: 0)"], ids=["killed", "a bug", "not to be pickled"])
def test_where_no_answer_comes_it_is_made_here(end: str):
    code = f"print(go(lambda: 'here' if os.getpid() == parent else {end}))"
    assert says(code) == "here"


def test_where_a_supervisor_ignores_the_ends_of_children_the_answer_arrives():
    code = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); print(go(lambda: 'made'))"
    assert says(code) == "made"


def test_an_error_meanwhile_neither_hides_what_is_made_nor_an_error_of_the_user():
    code = """
print(in_child(lambda: "made", meanwhile=lambda: 1 / 0))
def fail():
    raise ConfigError("no")
try:
    in_child(fail, meanwhile=lambda: 1 / 0)
except ConfigError as raised:
    print(repr(raised))
"""
    assert says(code).splitlines() == ["made", "ConfigError('no')"]


def test_an_interrupt_meanwhile_is_one():
    code = """
def interrupt():
    raise KeyboardInterrupt
try:
    in_child(lambda: "made", meanwhile=interrupt)
except KeyboardInterrupt:
    print("interrupted")
"""
    assert says(code) == "interrupted"


def test_an_answer_longer_than_a_pipe_holds_arrives():
    assert says("print(len(go(lambda: bytes(10_000_000))))") == "10000000"
