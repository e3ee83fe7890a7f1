"""The README and docs/requirements.md show what the quickstart really says of requirements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import typed
from doc_pages import OWN_FILE, ROOT, examples
from test_docs import command_lines

PAGE = ROOT / "docs" / "requirements.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quickstart")


def ran(folder: Path, argv: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    status, out, err = typed(*argv, "job_backend.kind=inline", "rerun=missing")
    assert status == 0, err
    return out


def test_the_quickstart_gives_each_verdict_and_the_readme_shows_them(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (shown,) = [text for text in examples(ROOT / "README.md", "text") if "+sweep=quickstart" in text]
    command, _, output = shown.partition("\n")
    out = ran(folder, command.removeprefix("$ python -m sweeper ").split(), monkeypatch)
    for part in output.split("...\n"):
        assert part in out
    verdicts = re.findall(r"^\w+ +(met|not met|undecided)  ", out, re.MULTILINE)
    assert set(verdicts) == {"met", "not met", "undecided"}
    assert "about" in output


def test_the_example_of_the_page_says_what_it_says(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (config,) = examples(PAGE, "yaml")
    (name,) = OWN_FILE.findall(config)
    (folder / name).write_text(config)
    ((_, _, _, *argv),) = command_lines(PAGE)
    (shown,) = examples(PAGE, "text")
    assert shown in ran(folder, argv, monkeypatch)


def test_the_page_has_every_key_of_a_requirement():
    from sweeper.config.requirements import KEYS

    rows = re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(KEYS)
