"""The log of a run: what it does where the disk does not take it. Its limit is in tests/worker/test_log_limit.py."""

from __future__ import annotations

from pathlib import Path

from sweeper.common.log_file import LogFile


def test_a_log_that_cannot_be_written_fails_nothing_and_goes_on_once_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.touch()  # a file where the folder of the log would be
    log = LogFile(str(folder / "logs" / "one.log"), 1000)
    assert log.write("lost") == 4
    folder.unlink()
    log.write("kept")
    log.close()
    assert (folder / "logs" / "one.log").read_text() == "kept"
