"""Whatever a command line, a stream or a place can be: one message and the right status, and nothing is created."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import typed
from patience import LIMIT_S
from store_parts import record

from sweeper.cli.discreet import Discreet
from sweeper.common.quoting import as_text
from sweeper.errors import StoreError
from sweeper.store import open_store
from sweeper.store.local_files import LocalFiles
from sweeper.store.opening import open_files

pytestmark = pytest.mark.usefixtures("empty_folder")


def refused(*argv: str) -> str:
    """The one message with which a command line is refused."""
    status, out, err = typed(*argv)
    assert (status, out) == (2, ""), err
    assert err.startswith("sweeper: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("axis", ["model", "capability"])
@pytest.mark.parametrize(
    "value", ["[1]", "[null]", "[true]", "1", "null", "true", "{}", "[[svm]]", "['']", "''", "[1.5]", "[{}]", "[svm,1]"]
)
def test_a_choice_is_selected_by_name(axis: str, value: str):
    assert f"{axis}={value}: a {axis} is selected by name: '{axis}=[NAME]'." in refused("plan", f"{axis}={value}")


@pytest.mark.parametrize("value", ["[é]", "'é'", "'../x'", "'/'", "[svm", "svm]", "[~]", "[${a}]", "'*'", "'\x00'"])
def test_what_is_no_name_of_a_choice_is_refused(value: str):
    refused("plan", f"model={value}")


@pytest.mark.parametrize(
    "argv",
    [
        ["--nope"],
        ["--format", "x"],
        ["--output"],
        ["--config-dir"],
        ["--cfg", "x"],
        ["--info", "x"],
        ["-x"],
        ["+model.x={_base_: 1}"],
        ["+model.x={_base_: x}"],
        ["+model.''={}"],
        ["model=" + "a" * 5000],
        ["model=" + "[" * 200 + "]" * 200],
        ["model.svm.estimator.C=" + "[" * 200 + "]" * 200],
    ],
    ids=lambda argv: argv[0][:20],
)
def test_a_command_line_that_is_wrong_has_one_message(argv: list[str], empty_folder: Path):
    refused("plan", *argv)
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize("words", [["check"], ["compact"], ["query", "SELECT 1"], ["report"], ["check", "--repair"]])
@pytest.mark.parametrize("place", ["nothing", "a_file", "a_file/below"])
def test_a_store_that_is_not_there_is_told_and_not_made(words: list[str], place: str, empty_folder: Path):
    Path("a_file").write_text("x")
    said = refused(*words, f"analytics_store.uri={place}")
    assert ("There is no analytics store" if place == "nothing" else "is not a folder") in said
    assert [p.name for p in empty_folder.iterdir()] == ["a_file"]


@pytest.mark.parametrize("words", [["query", "SELECT 1"], ["check"], ["check", "--repair"], ["compact"], ["report"]])
def test_a_store_that_cannot_be_read_or_written_ends_with_one_message(words: list[str], empty_folder: Path):
    store = open_store(empty_folder / "store")
    record(store, 0)
    own = empty_folder / "store" / ".sweeper"
    own.rename(empty_folder / "aside")
    own.write_text("a file where a folder of the store belongs")
    status, _, err = typed(*words, "analytics_store.uri=store")
    assert status in ((1,) if words == ["check"] else (0, 2))
    if status == 2:
        assert err.startswith("sweeper: The analytics store")
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    "uri",
    ["''", "' '", "foo://x", "s3://", "file://", "file://host/x", "'file://[x'", "'a\x00b'", "a_file", "a_file/x", "1"],
)
@pytest.mark.parametrize("words", [["plan"], ["plan", "rerun=missing"], ["job_backend.kind=inline"]])
def test_a_place_that_can_hold_no_store_is_refused(uri: str, words: list[str], empty_folder: Path):
    Path("a_file").write_text("x")
    refused(*words, f"analytics_store.uri={uri}")
    assert [p.name for p in empty_folder.iterdir()] == ["a_file"]


# Paths


def test_the_home_folder_means_the_same_everywhere(empty_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(empty_folder))
    record(open_store("~/store"), "a", 1.0)
    assert (empty_folder / "store").is_dir()
    (empty_folder / "conf").mkdir()
    (empty_folder / "conf" / "own.yaml").write_text("defaults: [config, _self_]\nanalytics_store: {uri: ~/store}\n")
    at = ["--config-dir", "~/conf", "--config-name", "own"]
    assert typed("query", "SELECT count(*) FROM runs", *at, "--output", "~/rows.txt", "--format", "csv")[0] == 0
    assert (empty_folder / "rows.txt").is_file()
    assert not (empty_folder / "~").exists()


def test_a_file_uri_is_a_path():
    def root(uri: str) -> str:
        files = open_files(uri, {})
        assert isinstance(files, LocalFiles)
        return files.root

    assert root("file:///a%20b/c#d") == root("file://localhost/a%20b/c#d") == "/a b/c#d"
    with pytest.raises(StoreError, match="write file:///absolute/path"):
        open_files("file://store", {})


@pytest.mark.parametrize("path", ["~/x", "a (1)/b", "/a=b/c", "it's/x", 'say "x"/y', "a&b/c", "é/ü", "a;b/c", "x\\/y"])
def test_a_path_that_the_grammar_refuses_comes_back_quoted(path: str, empty_folder: Path):
    line = f"analytics_store.uri={path}"
    status, _, err = typed("plan", line)
    copied = as_text(line)
    if status:
        assert f"If that is one text: {copied}" in err
    (words,) = shlex.split(copied)
    assert typed("plan", "model=[svm]", words)[0] == 0
    from sweeper.config import load

    assert load([words]).settings.store.uri == path


# Streams


def process(*argv: str, shell: str) -> subprocess.CompletedProcess[str]:
    line = f"{shlex.join([sys.executable, '-m', 'sweeper', *argv])} {shell}"
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=LIMIT_S, check=False)


def test_output_that_is_closed_is_discarded():
    done = process("plan", "model=[svm]", shell=">&-")
    assert (done.returncode, done.stderr) == (0, "")
    done = process("plan", "model=[nope]", shell="2>&-")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_output_that_is_full_is_told():
    done = process("plan", "model=[svm]", shell=">/dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "stdout cannot be written: No space left on device" in done.stderr
    done = process("plan", "model=[nope]", shell="2>/dev/full")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_stream_may_outlive_the_one_that_it_writes_on():
    below = io.TextIOWrapper(io.BytesIO())
    above = Discreet(below, [])
    below.close()
    above.close()  # as Python does when it deletes one; it tells of errors there from 3.13 on
    assert above.closed


def test_a_sweep_whose_terminal_has_no_size_runs(empty_folder: Path):
    import pty

    grid = ["model=[naive_bayes]", "dataset=[digits]", "capability=[evaluate]", "metric=[accuracy]"]
    command = [sys.executable, "-m", "sweeper", *grid, "job_backend.kind=inline"]
    leader, follower = pty.openpty()  # no columns, no rows
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=follower, text=True, timeout=LIMIT_S, check=False)
    os.close(follower)
    os.close(leader)
    assert (done.returncode, "1 completed" in done.stdout) == (0, True)
