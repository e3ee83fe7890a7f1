"""Fifty mistakes of a first hour: each is answered with one message that says how to go on, kept as it is read.

Otherwise run `python tests/helpers/mistakes.py`, and read what it has changed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mistakes
import pytest
from patience import LIMIT_S
from places import ROOT

KEPT = mistakes.PAGE.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
pytestmark = pytest.mark.usefixtures("empty_folder")


def test_there_are_fifty_of_them_and_each_is_kept():
    assert len(mistakes.MISTAKES) >= 50
    assert len(KEPT) == len(mistakes.MISTAKES)


@pytest.mark.parametrize(("mistake", "kept"), list(zip(mistakes.MISTAKES, KEPT, strict=False)), ids=range(len(KEPT)))
def test_the_message_is_the_one_that_is_kept(mistake: mistakes.Mistake, kept: str, empty_folder: Path):
    assert mistakes.answered(mistake) == kept
    assert kept.endswith("\nexit status 2")
    assert kept.count("\nsweeper: ") == 1
    assert not any(path.is_file() for path in empty_folder.rglob("*"))


@pytest.mark.parametrize("number", [7, 34])
def test_a_process_of_its_own_says_the_same(number: int, empty_folder: Path):
    mistake = mistakes.MISTAKES[number]
    for name, text in mistake.files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "sweeper", *mistake.words],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] in KEPT[number].splitlines()
