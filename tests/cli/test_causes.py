"""What failed shows its innermost cause first, in the words of whoever raised it, wherever it is shown."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from sweeper.cli.commands import run_command
from sweeper.cli.render import failures_text
from sweeper.errors import JobFailedError, PartError
from sweeper.messages.failures import ErrorInfo, raised_as
from sweeper.messages.outcome import BRIEF_LINES, Failure, brief
from sweeper.report import html
from sweeper.store import open_store

LINES = "the weights do not fit:\n  layer1: 3 x 3\n  layer2: 5 x 5"
PARTS = f"""
LINES = {LINES!r}


class Loads:
    metadata = {{"id": "loads"}}

    def __init__(self, how):
        if how == "lines":
            raise ValueError(LINES)
        if how == "from":
            try:
                {{}}["weights"]
            except KeyError as error:
                raise RuntimeError("the model cannot be loaded") from error
        if how == "handling":
            try:
                {{}}["weights"]
            except KeyError:
                raise RuntimeError("the fallback failed")
        if how == "group":
            raise ExceptionGroup("two of them", [ValueError("the first"), ValueError("the second")])
        if how == "plainly":
            raise ValueError("no weights at a.pt")

    def __call__(self, batch):
        raise ArithmeticError("the input has 3 channels, not 1")
"""
CAUSES = {
    "plainly": ("ValueError", "no weights at a.pt"),
    "lines": ("ValueError", LINES),
    "from": ("KeyError", "'weights'"),
    "handling": ("RuntimeError", "the fallback failed"),
    "group": ("ValueError", "the first"),
    "called": ("ArithmeticError", "the input has 3 channels, not 1"),
    "missing": ("ModuleNotFoundError", "No module named 'a_package_that_is_not_there'"),
}


@pytest.fixture
def grid(tmp_path, monkeypatch):
    """A sweep of one model for each way to fail, in a folder with the user's modules."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cause_parts.py").write_text(PARTS)
    missing = "from importlib import import_module\nimport_module('a_package_that_is_not_there')\nclass Model: pass\n"
    (tmp_path / "cause_missing.py").write_text(missing)  # a plain import is seen before anything runs
    models = {how: f"+model.{how}={{_target_: cause_parts.Loads, how: {how}}}" for how in CAUSES if how != "missing"}
    models["missing"] = "+model.missing={_target_: cause_missing.Model}"
    return ["model=[]", *models.values(), "dataset=[digits]", "metric=[accuracy]", "capability=[evaluate]"]


def check(document, err, folder):
    """The document, what was shown live, the attempts and the report agree on every cause."""
    failures = {failure["label"].split(" · ")[2]: failure for failure in document["failures"]}
    assert {name: (f["error_type"], f["message"]) for name, f in failures.items()} == CAUSES
    attempts = open_store(str(folder / "analytics_store")).attempts().to_pylist()
    assert {row["model"]: (row["error_type"], row["error_message"]) for row in attempts} == CAUSES
    assert failures["from"]["chain"][0] == "RuntimeError: the model cannot be loaded"
    assert "Error in call to target" in failures["plainly"]["chain"][0]
    assert "Error locating target" in failures["missing"]["chain"][-1]
    for name, (kind, message) in CAUSES.items():
        first, *more = message.splitlines()
        shown = err[err.index(f"· {name} ·") :].splitlines()[1:]
        assert shown[: 1 + len(more)] == [f"    {kind}: {first}", *(f"    {line}" for line in more)]
        log = next(line for line in shown if line.startswith("    log: ")).removeprefix("    log: ")
        assert f"{kind}: {first}" in Path(log).read_text()
        assert failures[name]["log"] == log


def run(arguments):
    out, err = io.StringIO(), io.StringIO()
    status = run_command(arguments, out, err)
    return status, out.getvalue(), err.getvalue()


def test_a_sweep_shows_the_causes(grid, backend, tmp_path):
    status, out, err = run([*grid, backend, "--json"])
    assert status == 1
    check(json.loads(out), err, tmp_path)


def test_the_summary_and_the_report_show_the_causes(grid):
    _, out, _ = run([*grid, "job_backend.kind=inline"])
    assert ": ValueError: the weights do not fit:\n        layer1: 3 x 3\n        layer2: 5 x 5\n" in out
    assert "Error in call to target" in out
    assert out.count("      log: ") == len(CAUSES)
    page = html(open_store("analytics_store"))
    assert "the weights do not fit:\n  layer1: 3 x 3\n  layer2: 5 x 5</p>" in page
    assert "No module named &#39;a_package_that_is_not_there&#39;</p>" in page


# Which exception is the cause


def raised(error, cause=None):
    try:
        raise error from cause
    except BaseException as caught:  # noqa: BLE001 - any kind is looked at
        return caught


def test_the_cause_is_what_was_raised_from_it():
    error = raised(RuntimeError("outer"), raised(OSError("middle"), KeyError("inner")))
    info = ErrorInfo.of(error)
    assert (info.kind, info.message) == ("KeyError", "'inner'")
    assert raised_as(error) == ("OSError: middle", "RuntimeError: outer")
    assert "outer" in info.trace
    assert "inner" in info.trace


def falls_back():
    try:
        raise KeyError("not in the cache")
    except KeyError:
        raise ValueError("what went wrong")  # noqa: B904 - as users write it


def test_what_was_being_handled_is_no_cause():
    with pytest.raises(ValueError, match="what went wrong") as caught:
        falls_back()
    assert ErrorInfo.of(caught.value)[:2] == ("ValueError", "what went wrong")


def test_an_error_that_names_the_file_stays_whole():
    error = raised(PartError("Cannot read cat/a.png as an image: truncated."), OSError("truncated"))
    info = ErrorInfo.of(error)
    assert info.message == "Cannot read cat/a.png as an image: truncated."
    assert raised_as(error) == ()
    assert ErrorInfo.of(raised(JobFailedError("1", "failed"), error)).message == info.message


def test_causes_in_a_circle_come_to_an_end():
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    assert ErrorInfo.of(first)[:2] == ("KeyError", "'second'")


# How much of it is shown


def test_a_short_message_is_whole_and_a_long_one_says_how_long():
    assert brief(f" {LINES}\n") == LINES
    lines = brief("\n".join(map(str, range(100)))).splitlines()
    assert lines == [*map(str, range(BRIEF_LINES)), f"... ({100 - BRIEF_LINES} more lines)"]
    assert len(brief("x" * 10_000)) < 2100


def test_an_exception_without_words_is_its_type():
    failure = Failure("f", "a · b", "failed", "AssertionError", "", log="/logs/a.log")
    assert failure.line() == "failed: a · b\n    AssertionError\n    log: /logs/a.log"
    assert failures_text([failure]) == ["  failed: a · b: AssertionError", "      log: /logs/a.log"]


def failing(number: int, model: str, cause: str) -> Failure:
    names = ("evaluate", f"d{number}", model, "f1")
    label = " · ".join(names)
    return Failure(str(number), label, "failed", "ValueError", f"{cause} {number}", names=names, cause=cause)


def test_failures_of_one_cause_are_one_entry_with_the_command_that_runs_just_these():
    many = [failing(number, "svm", "boom") for number in range(72)]
    other = failing(1, "knn", "crash")
    lines = failures_text([other, *many], "python -m sweeper resume=x")
    assert lines == [
        "  failed 72 times, first: evaluate · d0 · svm · f1: ValueError: boom 0",
        "      run just these: python -m sweeper resume=x 'only=[{model: svm}]'",
        "  failed: evaluate · d1 · knn · f1: ValueError: crash 1",
    ]


def test_where_all_failed_alike_no_other_command_is_named():
    lines = failures_text([failing(number, "svm", "boom") for number in range(3)], "python -m sweeper resume=x")
    assert lines == ["  failed 3 times, first: evaluate · d0 · svm · f1: ValueError: boom 0"]


def test_of_many_causes_the_first_are_shown_and_the_others_counted():
    lines = failures_text([failing(number, f"m{number}", f"cause {number}") for number in range(30)])
    assert lines[-1] == "  and 10 more, of 10 other causes: see the `attempts` table"
    assert len(lines) == 21
