"""Help is one screen for each command, made at once; docs/command-line.md shows what is expected."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import command_page
import pytest
from command_line import typed
from patience import LIMIT_S

from sweeper.cli.arguments import parse
from sweeper.cli.command import Command
from sweeper.cli.command_table import COMMANDS
from sweeper.cli.help import HEIGHT, WIDTH, overview

PAGE = command_page.PAGE.read_text()
EACH_COMMAND = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
SLOW_TO_IMPORT = {"hydra", "omegaconf", "ray", "pyarrow", "numpy", "maite", "sklearn", "torch"}


def expected(title: str) -> str:
    """The screen that the page has under a heading."""
    found = re.search(rf"^## {title}\n\n```text\n(.*?)```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_page_shows_what_the_table_says():
    """Otherwise run `python tests/helpers/command_page.py`."""
    assert PAGE.endswith(command_page.screens())


@EACH_COMMAND
@pytest.mark.parametrize("form", ["{} --help", "-h {}", "{} model=[svm] --store x --help", "--config-name nope {} -h"])
def test_help_of_a_command_is_its_screen_wherever_it_is_asked_for(command: Command, form: str):
    status, out, err = typed(*form.format(command.name).split())
    assert (status, out, err) == (0, expected(f"sweeper {command.name}"), "")


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["model=[svm]", "--help"]])
def test_help_without_a_command_lists_them(words: list[str]):
    assert typed(*words) == (0, expected("sweeper"), "")


@pytest.mark.parametrize("title", ["sweeper", *(f"sweeper {name}" for name in COMMANDS)])
def test_help_fits_on_a_screen(title: str):
    lines = expected(title).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= HEIGHT


def test_the_list_of_commands_has_room_for_seventeen():
    summary = max((command.summary for command in COMMANDS.values()), key=len)
    more = [Command(f"completio{number}", summary, "", (), {}) for number in range(17 - len(COMMANDS))]
    lines = overview([*COMMANDS.values(), *more]).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= HEIGHT


@EACH_COMMAND
def test_help_has_all_that_belongs_to_a_command(command: Command):
    screen = expected(f"sweeper {command.name}")
    for option in command.options:
        assert option.name in screen
    for status in command.statuses:
        assert re.search(rf"\b{status} ", screen[screen.index("exit status:") :])
    assert len(command.examples) >= 2


@EACH_COMMAND
def test_examples_can_be_typed(command: Command):
    for example in command.examples:
        words = shlex.split(example.line.partition(" > ")[0])
        assert words[0] == "sweeper"
        assert parse(words[1:]).command == command.name


@pytest.mark.parametrize("words", [["--help"], ["plan", "--help"], ["--version"]])
def test_help_imports_nothing_that_takes_time(words: list[str]):
    command = [sys.executable, "-X", "importtime", "-m", "sweeper", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "sweeper" in imported
    assert imported.isdisjoint(SLOW_TO_IMPORT)


def test_hydras_help_and_the_composed_config_are_there():
    assert "Hydra" in typed("--hydra-help")[1]
    assert "analytics_store:" in typed("--cfg", "job")[1]
