"""A store says its format, and who does not know it reads and writes nothing; a worker of another version refuses."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import sys
from pathlib import Path

import pytest
from patience import LIMIT_S
from store_parts import record, values

from sweeper import __version__, open_store, sweep
from sweeper.cli.commands import run_command
from sweeper.errors import StoreError, VersionError
from sweeper.messages import versions
from sweeper.store import DamagedFileWarning, formats

NAMED = Path(".sweeper", formats.NAME)
SMALL = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy]"]


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A store in which a sweeper of the future has written."""
    folder = tmp_path / "store"
    record(open_store(folder), "a", 1.0)
    (folder / NAMED).write_text(json.dumps({"format": formats.FORMAT + 1, "sweeper": "9.0.0"}))
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()


def test_a_store_says_its_format_from_the_first_write_on(tmp_path: Path):
    record(open_store(tmp_path), "a", 1.0)
    said = json.loads((tmp_path / NAMED).read_text())
    assert (said["format"], said["sweeper"]) == (formats.FORMAT, __version__)


def test_one_process_writes_the_number_once_and_reads_it_at_most_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = open_store(tmp_path)
    looked: list[str] = []
    get = store.files.get
    monkeypatch.setattr(store.files, "get", lambda folder, name: (looked.append(name), get(folder, name))[1])
    for name in range(20):
        record(store, name, 1.0)
    assert looked.count(formats.NAME) == 1
    written = (tmp_path / NAMED).stat().st_mtime_ns
    record(open_store(tmp_path), "later", 1.0)
    assert (tmp_path / NAMED).stat().st_mtime_ns == written


def test_a_store_without_a_number_is_old_and_read_and_gets_one_when_written(tmp_path: Path):
    record(open_store(tmp_path), "a", 1.0)
    (tmp_path / NAMED).unlink()
    assert values(open_store(tmp_path)) == [("a", "k0", 1.0)]
    assert not (tmp_path / NAMED).exists()
    record(open_store(tmp_path), "b", 2.0)
    assert json.loads((tmp_path / NAMED).read_text())["format"] == formats.FORMAT


@pytest.mark.parametrize("command", ["run", "plan", "query", "report", "compact", "check"])
def test_an_older_sweeper_refuses_a_newer_store_before_anything_starts(newer: Path, command: str):
    before = content(newer)
    words = {"query": ["SELECT 1"], "run": SMALL, "plan": SMALL}.get(command, [])
    status, out, err = typed(command, *words, f"analytics_store.uri={newer}")
    assert (status, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert f"format {formats.FORMAT + 1}, written by sweeper 9.0.0" in err
    assert __version__ in err
    assert content(newer) == before


def test_an_inline_sweep_and_a_missing_one_refuse_it_too(newer: Path):
    before = content(newer)
    for more in (["job_backend.kind=inline"], ["rerun=missing"]):
        with pytest.raises(StoreError, match=r"sweeper 9\.0\.0"):
            sweep([*SMALL, f"analytics_store.uri={newer}", *more], progress=False)
    assert content(newer) == before


def test_a_worker_refuses_it_at_its_first_write(newer: Path):
    with pytest.raises(StoreError, match=r"sweeper 9\.0\.0"):
        record(open_store(newer), "b", 2.0)


@pytest.mark.parametrize("said", ["x", "[]", '{"number": 2}', '{"format": null}', '{"format": 1', "[" * 100_000])
def test_a_damaged_format_file_is_named_and_not_fatal(tmp_path: Path, said: str):
    record(open_store(tmp_path), "a", 1.0)
    (tmp_path / NAMED).write_text(said)
    with pytest.warns(DamagedFileWarning, match=r"format\.json does not say which format"):
        assert values(open_store(tmp_path)) == [("a", "k0", 1.0)]
    with pytest.warns(DamagedFileWarning):
        assert open_store(tmp_path).check().damaged[0].startswith(".sweeper/format.json: ")
    with pytest.warns(DamagedFileWarning):
        record(open_store(tmp_path), "b", 1.0)
    assert open_store(tmp_path).check().sound
    assert (tmp_path / ".sweeper" / "quarantine" / "format.json").read_text() == said


def test_what_is_left_of_a_newer_format_file_is_still_refused(newer: Path):
    (newer / NAMED).write_text((newer / NAMED).read_text()[:-5])
    with pytest.raises(StoreError, match=f"has format {formats.FORMAT + 1}"):
        open_store(newer).results()


def test_an_empty_format_file_is_that_of_a_machine_that_died(tmp_path: Path):
    record(open_store(tmp_path), "a", 1.0)
    (tmp_path / NAMED).write_text("")
    record(open_store(tmp_path), "b", 2.0)
    assert json.loads((tmp_path / NAMED).read_text())["format"] == formats.FORMAT


# Workers


def test_a_message_of_another_version_is_not_opened(monkeypatch: pytest.MonkeyPatch):
    message = versions.labelled(pickle.dumps(("request", "ticket")))
    assert versions.opened(message) == ("request", "ticket")
    assert versions.opened((__version__, "request", "ticket")) == ("request", "ticket")
    monkeypatch.setattr(versions, "__version__", "9.0.0")
    for other in (message, (__version__, "request", "ticket")):
        with pytest.raises(VersionError, match=f"has sweeper 9.0.0 and the driver has {__version__}"):
            versions.opened(other)


def test_workers_of_another_version_are_refused_and_the_attempts_say_so(tmp_path: Path):
    import subprocess

    import sweeper

    other = tmp_path / "other"
    shutil.copytree(Path(sweeper.__file__).parent, other / "sweeper", ignore=shutil.ignore_patterns("__pycache__"))
    (other / "sweeper" / "_version.py").write_text('__version__ = "9.0.0"\n')
    environment = f"job_backend.runtime_env={{env_vars: {{PYTHONPATH: '{other}'}}}}"
    command = [sys.executable, "-m", "sweeper", *SMALL, "job_backend.num_cpus=1", environment, "--json"]
    command += ["capability=[evaluate,data_quality]", f"analytics_store.uri={tmp_path / 'store'}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert document["counts"]["failed"] == 2
    assert {failure["error_type"] for failure in document["failures"]} == {"sweeper.errors.VersionError"}
    assert all(f"has sweeper 9.0.0 and the driver has {__version__}" in f["message"] for f in document["failures"])
    attempts = open_store(tmp_path / "store").attempts().to_pylist()
    assert [(row["status"], row["error_type"]) for row in attempts] == [("failed", "sweeper.errors.VersionError")] * 2
