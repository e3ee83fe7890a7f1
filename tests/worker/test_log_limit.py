"""Logs and errors are as long as the user lets them be, and say what they lack."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from sweeper.common.log_file import LogFile
from sweeper.common.text import shortened
from sweeper.messages import bounds
from sweeper.messages.bounds import Bounds
from sweeper.messages.failures import ErrorInfo, WorkerFailure, raised_as

PARTS = ["x", "é☃𝄞\n", "a line\n" * 300, "☃" * 5000 + "\n"]


@pytest.mark.parametrize("limit", [1000, 1001, 30_000])
@pytest.mark.parametrize("text", PARTS, ids=["a letter", "odd letters", "lines", "one long line"])
def test_a_log_keeps_its_beginning_and_its_end(tmp_path: Path, limit: int, text: str):
    written, log = "BEGAN\n", LogFile(str(tmp_path / "logs" / "one.log"), limit)
    log.write(written)
    while len(written.encode()) < 5 * limit:
        log.write(text)
        written += text
        assert os.path.getsize(log.path) <= limit
    log.write("ENDED\n")
    log.close()
    found = Path(log.path).read_text(encoding="utf-8")
    beginning, count, end = re.fullmatch(
        r"(.*)\n\[\.\.\. ([\d,]+) bytes were left out here; log_limit says .*?\]\n(.*)", found, re.DOTALL
    ).groups()  # type: ignore[union-attr]
    written += "ENDED\n"
    assert written.startswith(beginning)
    assert written.endswith(end)
    assert len(beginning.encode()) + len(end.encode()) + int(count.replace(",", "")) == len(written.encode())
    assert min(len(beginning.encode()), len(end.encode())) >= limit // 4 - 3


def test_what_fits_is_left_as_it_is(tmp_path: Path):
    log = LogFile(str(tmp_path / "one.log"), 1000)
    log.write("x" * 999 + "\n")
    log.close()
    assert Path(log.path).read_text() == "x" * 999 + "\n"
    assert shortened("é" * 500, 1000) == "é" * 500


def test_a_log_is_for_its_user_alone(tmp_path: Path):
    before = os.umask(0o000)
    try:
        log = LogFile(str(tmp_path / "a" / "b" / "one.log"), 1000)
        log.write("x")
        log.close()
    finally:
        os.umask(before)
    modes = [os.stat(path).st_mode & 0o777 for path in (tmp_path / "a" / "b", log.path)]
    assert modes == [0o700, 0o600]


def test_every_word_of_an_error_has_its_limit():
    def failed() -> ValueError:
        try:
            try:
                raise ValueError("begin " + "é" * 10_000_000 + " end")
            except ValueError as error:
                raise ValueError(str(error)) from error
        except ValueError as error:
            return error

    with bounds.applying(Bounds(error_bytes=2000)):
        failure = WorkerFailure.of(failed())
        (outer,) = raised_as(failed())
    assert isinstance(failure.info, ErrorInfo)
    for text in (failure.info.message, failure.info.trace, outer):
        assert 1900 < len(text.encode()) < 2200
        assert "bytes were left out here; error_limit says how many are kept" in text
    assert failure.info.message.startswith("begin é")
    assert failure.info.message.endswith("é end")
    assert failure.info.trace.startswith("Traceback (most recent call last):")
    assert failure.pickled is None
    assert isinstance(failure.original(), WorkerFailure)
