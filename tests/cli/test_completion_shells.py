"""The Tab key in real shells on a pseudo-terminal: what is typed and completed arrives as the words that are meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from command_line import write_configs
from shells import Shell

EACH_SHELL = ("bash", "zsh")


@pytest.fixture(scope="module", params=EACH_SHELL)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """One session for all lines, in a folder with a config and a file of the user's."""
    folder, programs = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("bin")
    write_configs(folder / "conf", {"model/mine": "mine: {_target_: own.Mine}"})
    (folder / "my file.csv").touch()
    with Shell(request.param, folder, programs) as session:
        yield session


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("sweeper desc\tsv\t\n", ["describe", "svm"]),
        ("sweeper plan 'model=[kn\t,sv\t]' rerun=mi\t\n", ["plan", "model=[knn,svm]", "rerun=missing"]),
        ('sweeper "model=[svm, kn\t]" x\n', ["model=[svm, knn]", "x"]),
        ("sweeper 'model.svm.estimator.C\t3' compare\n", ["model.svm.estimator.C=3", "compare"]),
        ("sweeper compare model:sv\t\n", ["compare", "model:svm"]),
        ("sweeper --config-dir con\t 'model=[svm,mi\t]'\n", ["--config-dir", "conf/", "model=[svm,mine]"]),
        ("sweeper query --format=cs\t -o my\t\n", ["query", "--format=csv", "-o", "my file.csv"]),
        (r"sweeper model=\[svm,kn" + "\t\\]\n", ["model=[svm,knn]"]),
    ],
)
def test_words_arrive_as_they_are_meant(shell: Shell, keys: str, words: list[str]):
    assert shell.typed(keys) == words


def test_candidates_are_listed_by_their_names(shell: Shell):
    shown = shell.shown("sweeper duplicates=\t\t", "keep")
    assert "drop" in shown
    assert "duplicates=drop" not in shown


def test_python_is_completed_where_that_is_asked_for(shell: Shell):
    shell.typed("complete -o default -F _sweeper python 2>/dev/null || compdef _sweeper python; sweeper ready\n")
    assert shell.typed("python -m sweeper rerun=mi\t\n") == ["-m", "sweeper", "rerun=missing"]
    assert shell.typed("python my\t\n") == ["my file.csv"]
