"""What completion answers for a line that is being typed; tests/cli/test_completion_shells.py asks in real shells."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import typed, write_configs
from damage_parts import asked
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import LIMIT_S

from sweeper.cli.arguments import options_of
from sweeper.cli.command_table import COMMANDS
from sweeper.cli.completion.answers import BY_NAME
from sweeper.cli.completion.line import line_of
from sweeper.config.settings import WORDS
from sweeper.config.value_checks import words_of
from sweeper.store import open_store

OWN = {
    "model/mine": "# A model of my own.\nmine: {_target_: own.Mine, depth: {start: 1}, fast: true}",
    "model/a b": "a b: {_target_: own.Spaced}",
    "tuning/fast": "steps: 3",
    "tuning/slow": "steps: 30",
    "tuned": "# With a group of my own.\ndefaults: [config, {tuning: fast}, _self_]\nextra: {deep: 1}",
}
SLOW_TO_IMPORT = ("hydra", "omegaconf", "ray", "pyarrow", "numpy", "maite", "sklearn", "torch")


@pytest.fixture
def own(empty_folder: Path) -> Path:
    write_configs(empty_folder / "conf", OWN)
    return empty_folder


def rows(line: str, shell: str = "zsh") -> list[list[str]]:
    status, out, err = typed("completion", shell, f"--line={line}")
    assert (status, err) == (0, "")
    return [row.split("\x1f") for row in out.splitlines()]


def offered(line: str) -> list[str]:
    """What a list of the candidates shows."""
    return [row[1] for row in rows(line)]


def ends(line: str) -> list[str]:
    """The end of the line with each candidate, from its last blank on; with a blank behind what ends the word."""
    return [f"{line}{row[3]}{' ' if row[0] == '.' else ''}".partition("sweeper ")[2] for row in rows(line)]


def test_a_line_begins_with_a_command_or_an_override():
    assert offered("sweeper ") == list(COMMANDS)
    assert ends("sweeper desc") == ["describe "]
    assert ends("sweeper mod") == ["model=", "model."]
    assert ends("sweeper plan --json rerun=mi") == ["plan --json rerun=missing "]
    assert ends("python -m sweeper desc") == ["describe "]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("model=sv", ["model=svm "]),
        ("'model=[svm,kn", ["'model=[svm,knn,", "'model=[svm,knn] "]),
        ('"model=[svm,kn', ['"model=[svm,knn,', '"model=[svm,knn] ']),
        ("model='[svm,kn", ["model='[svm,knn,", "model='[svm,knn] "]),
        (r"model=\[svm,kn", [r"model=\[svm,knn,", r"model=\[svm,knn] "]),
        ("'model=[svm, kn", ["'model=[svm, knn,", "'model=[svm, knn] "]),
        ("'model=[svm,sv", []),
        ("'model=[svm]", ["'model=[svm] "]),
        ("-m model=svm,kn", ["-m model=svm,knn "]),
        (
            "'capability=[checkmaite/ic_ro",
            ["'capability=[checkmaite/ic_robustness,", "'capability=[checkmaite/ic_robustness] "],
        ),
        ("+sweep=ni", ["+sweep=nightly "]),
        (
            "+swe",
            [f"+sweep={name} " for name in ("conditions", "detection", "model_selection", "nightly", "quickstart")],
        ),
        ("job_backend.ki", ["job_backend.kind=ray-simple ", "job_backend.kind=inline ", "job_backend.kind=ray "]),
        ("job_backend.kind=in", ["job_backend.kind=inline "]),
        ("duplicates=dr", ["duplicates=drop "]),
        ("'rerun_triggers=[config,co", ["'rerun_triggers=[config,code,", "'rerun_triggers=[config,code] "]),
        ("retry_exc", ["retry_exceptions=true ", "retry_exceptions=false "]),
        ("model.svm.estimator.ker", ["model.svm.estimator.kernel="]),
        ("++model.svm.estimator.ker", ["++model.svm.estimator.kernel="]),
        ("~model.svm.estimator.ker", ["~model.svm.estimator.kernel "]),
        (
            "model.mlp.est",
            [
                f"model.mlp.estimator.{k}="
                for k in ("_target_", "hidden_layer_sizes", "learning_rate_init", "max_iter", "random_state")
            ],
        ),
        ("model=knn model.svm.", []),
        (
            "capability.robustness.augmentation._par",
            [
                "capability.robustness.augmentation._partial_=true ",
                "capability.robustness.augmentation._partial_=false ",
            ],
        ),
        ("+na", ["+name="]),
    ],
)
def test_overrides(line: str, expected: list[str]):
    assert ends(f"sweeper {line}") == expected
    assert ends(f"sweeper plan --json {line}") == [f"plan --json {end}" for end in expected]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--conf", ["--config-dir ", "--config-name ", "--config-path "]),
        ("query --form", ["query --format "]),
        ("query x --format cs", ["query x --format csv "]),
        ("query x --format=cs", ["query x --format=csv "]),
        ("--color n plan --rerun", ["--color n plan --rerun-only-missing "]),
        ("--info de", ["--info defaults ", "--info defaults-tree ", "--info describe "]),
        ("--config-name ni", ["--config-name nightly "]),
        ("ls mod", ["ls model "]),
        ("describe kn", ["describe knn "]),
        ("describe quick", ["describe quickstart "]),
        ("completion ", ["completion bash ", "completion zsh "]),
        ("compare model:sv", ["compare model:svm "]),
        ("compare knn dat", ["compare knn date:"]),
        ("plan -- --js", []),
        ("--nope", []),
        (
            "query --format x --format ",
            [f"query --format x --format {form} " for form in ("table", "csv", "json", "parquet", "md")],
        ),
    ],
)
def test_flags_their_values_and_operands(line: str, expected: list[str]):
    assert ends(f"sweeper {line}") == expected


def test_configs_of_the_user_that_the_line_names(own: Path):
    at = "--config-dir conf"
    assert ends(f"sweeper {at} model=mi") == [f"{at} model=mine "]
    assert ends("sweeper plan -cd conf 'model=[svm,mi") == [
        "plan -cd conf 'model=[svm,mine,",
        "plan -cd conf 'model=[svm,mine] ",
    ]
    assert ends(f"sweeper {at} model=mine model.mine.depth") == [f"{at} model=mine model.mine.depth.start="]
    assert ends(f"sweeper {at} model=mine model.mine.f") == [
        f"{at} model=mine model.mine.fast={x} " for x in ("true", "false")
    ]
    assert ends(f"sweeper {at} -cn tu") == [f"{at} -cn tuned "]
    assert ends(f"sweeper {at} -cn tuned tuning=s") == [f"{at} -cn tuned tuning=slow "]
    assert ends(f"sweeper {at} -cn tuned ext") == [f"{at} -cn tuned extra.deep="]
    assert ends(f"sweeper {at} describe mi") == [f"{at} describe mine "]
    assert "a b" not in offered(f"sweeper {at} model=")
    assert rows(f"sweeper {at} model=mi")[0][2] == "A model of my own."
    assert ends("sweeper --config-dir nowhere model=sv") == ["--config-dir nowhere model=svm "]


def test_files_and_folders(own: Path):
    for name in ("a file.csv", "plain.csv", ".hidden"):
        (own / name).touch()
    (own / "store").mkdir()
    assert ends("sweeper query x -o pl") == ["query x -o plain.csv "]
    assert ends("sweeper query x -o a") == [r"query x -o a\ file.csv "]
    assert ends("sweeper query x -o 'a") == ["query x -o 'a file.csv "]
    assert ends("sweeper ls > pl") == ["ls > plain.csv "]
    assert offered("sweeper query x -o ") == ["a file.csv", "conf/", "plain.csv", "store/"]
    assert offered("sweeper --config-dir ") == ["conf/", "store/"]
    assert ends("sweeper --store st") == ["--store store/"]
    assert ends("sweeper 'analytics_store.uri=st") == ["'analytics_store.uri=store/"]
    assert ends("sweeper +model.x.path=./pl") == ["+model.x.path=./plain.csv "]
    assert ends("sweeper init --model conf/mo") == ["init --model conf/model/"]


def test_sweeps_of_the_store(empty_folder: Path):
    sweep = asked()
    sweep_id = sweep.header.sweep_id
    open_store(empty_folder / "here").write_asked(replace(sweep, header=replace(sweep.header, name="mine")))
    assert offered("sweeper status --store here ") == ["mine", sweep_id]
    assert offered("sweeper failures analytics_store.uri=here mi") == ["mine"]
    assert offered("sweeper --store here resume=2") == [sweep_id]
    assert offered("sweeper report --store here --sweep mi") == ["mine"]
    assert sweep_id not in offered("sweeper status ")
    assert sweep_id not in offered("sweeper status --store s3://bucket/x ")


KNOWN_TO_NOBODY = {"SQL", "NUMBER", "SHARE", "AXIS=GLOB", "KEY", "LINE", "TEXT", "KINDS"}
"""Operands and values of options that are free."""


def test_what_stands_for_each_operand_and_value_is_known_or_free():
    options = [option for command in COMMANDS.values() for option in options_of(command).values()]
    values = [option.value for option in options if option.value and not option.allowed and option.name not in BY_NAME]
    operands = [operand.name for command in COMMANDS.values() for operand in command.operands]
    assert {*values, *operands} - {*BY_NAME} <= KNOWN_TO_NOBODY


def test_bash_is_kept_from_closing_a_quote_too_early():
    assert [row[3] for row in rows("sweeper 'model.svm.estimator.C", "bash")] == ["=", "=..."]
    assert [row[3] for row in rows("sweeper model.svm.estimator.C", "bash")] == ["="]
    assert [row[3] for row in rows("sweeper 'model=[svm,kn", "bash")] == ["n,", "n]"]


def test_settings_with_some_words_are_all_known():
    assert WORDS["rerun"] == ("all", "missing", "failed", "stale")
    assert WORDS["enforce"] == ("true", "false")
    assert words_of(str.format) == ()


@pytest.mark.parametrize("shell", ["fish", "bsh", ""])
def test_another_shell_is_refused(shell: str):
    status, out, err = typed("completion", shell)
    assert (status, out) == (2, "")
    assert "Allowed: bash, zsh." in err


# Words, as a shell reads them

PLAIN = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=200, deadline=None)
@given(PLAIN, PLAIN, st.sampled_from(["", "'", '"']))
def test_what_is_typed_adds_exactly_that_to_the_word(word: str, more: str, quote: str):
    begun = line_of(f"sweeper x y{quote}")
    typed_word = begun.typed(word)
    first = line_of(f"sweeper x y{quote}{typed_word}")
    if first.words == ("x",):  # a blank that no quote protects ends the word, which `typed` escapes
        assert first.current == f"y{word}"
    whole = line_of(f"sweeper x y{quote}{typed_word}{first.typed(more)}")
    assert whole.current == f"y{word}{more}"
    assert whole.quote == quote


@pytest.mark.parametrize(
    ("text", "words", "current", "quote"),
    [
        ("sweeper", (), "sweeper", ""),
        ("sweeper ", (), "", ""),
        ("sweeper 'a b' c", ("a b",), "c", ""),
        ("sweeper 'a'\"b\"c", (), "abc", ""),
        ('sweeper "a\\"b', (), 'a"b', '"'),
        ("sweeper a\\ b", (), "a b", ""),
        ("sweeper ''", (), "", ""),
        ("sweeper '' x", ("",), "x", ""),
        ("sweeper 'a\\", (), "a\\", "'"),
        ("~/bin/sweeper plan x", ("plan",), "x", ""),
        ("python -m sweeper plan x", ("plan",), "x", ""),
    ],
)
def test_words_are_read_as_a_shell_reads_them(text: str, words: tuple[str, ...], current: str, quote: str):
    line = line_of(text)
    assert (line.words, line.quote) == (words, quote)
    assert line.current == current


@pytest.mark.parametrize("line", ["sweeper model.svm.estimator.", "sweeper --store . status ", "sweeper describe k"])
def test_an_answer_imports_nothing_that_takes_time(line: str):
    command = [sys.executable, "-X", "importtime", "-m", "sweeper", "completion", "bash", f"--line={line}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    imported = {name.rpartition("|")[2].strip().partition(".")[0] for name in done.stderr.splitlines()}
    assert "sweeper" in imported
    assert imported.isdisjoint(SLOW_TO_IMPORT)
