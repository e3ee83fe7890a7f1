from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from command_line import typed
from hypothesis import given
from hypothesis import strategies as st

from sweeper._version import __version__
from sweeper.cli.arguments import options_of, parse
from sweeper.cli.command_table import COMMANDS, HYDRA
from sweeper.errors import ConfigError


def test_without_a_word_it_runs():
    args = parse(["model=[svm]", "--json"])
    assert (args.command, args.has("--json"), args.plans, args.overrides) == ("run", True, False, ["model=[svm]"])


def test_our_flags_never_reach_hydra():
    args = parse(["--multirun", "model=svm,knn", "--rerun-only-missing", "dataset=digits", "--config-name", "nightly"])
    assert args.overrides == ["model=svm,knn", "dataset=digits", "rerun=missing"]
    assert args.hydra_words == ["--multirun", "--config-name", "nightly"]


@given(st.permutations([["--store", "a b"], ["--json"], ["-cn=nightly"], ["plan", "model=[svm]"]]))
def test_options_may_stand_anywhere(parts: Sequence[Sequence[str]]):
    args = parse([word for part in parts for word in part])
    assert (args.command, args.has("--json"), args.value("--config-name")) == ("plan", True, "nightly")
    assert args.overrides == ["model=[svm]", 'analytics_store.uri="a b"']


def test_an_option_has_its_value_behind_it_or_attached():
    for words in (["-o", "x"], ["-ox"], ["-o=x"], ["--output", "x"], ["--output=x"], ["-o", "y", "-o", "x"]):
        assert parse(["report", *words]).value("--output") == "x"
    assert parse(["compare", "a", "b"]).value("--confidence") == "0.95"
    assert parse(["--info", "plan"]).hydra_words == ["--info", "all"]
    assert parse(["--info", "plan", "--info=plugins"]).hydra_words == ["--info", "plugins"]


def test_the_subcommand_is_the_first_word():
    assert parse(["plan", "model=[svm]"]).plans
    with pytest.raises(ConfigError, match="the subcommand 'plan' must be the first word"):
        parse(["model=[svm]", "plan"])


def test_a_deletion_is_an_override():
    assert parse(["~model.svm"]).overrides == ["~model.svm"]


def test_query_takes_its_sql_whole():
    args = parse(["query", "SELECT * FROM results WHERE model = 'svm'", "--format", "csv", "analytics_store.uri=x"])
    assert args.operands == ("SELECT * FROM results WHERE model = 'svm'",)
    assert (args.value("--format"), args.overrides) == ("csv", ["analytics_store.uri=x"])


@pytest.mark.parametrize("sql", ["-- all\nSELECT 1", "SELECT a[b]=1", "SELECT(1=1)", ""])
def test_sql_may_look_like_a_flag_or_an_override(sql: str):
    args = parse(["query", "analytics_store.uri=x", sql, "~model.svm"])
    assert (args.operands, args.overrides) == ((sql,), ["analytics_store.uri=x", "~model.svm"])


WRONG = [
    (["paln"], r"'paln' is neither a subcommand nor .*\. Did you mean 'plan'\? Subcommands: run, plan, "),
    (["model=[svm]", "svm"], "'svm' is not an override"),
    (["--dryrun"], r"There is no flag --dryrun\. Did you mean '--dry-run'\? .*--help"),
    (["plan", "--config_name", "x"], r"no flag --config_name\. Did you mean '--config-name'\?"),
    (["--rerun=missing"], r"no flag --rerun\. What is set in the config is written without dashes: rerun=VALUE\."),
    (["--max-failures", "3"], r"written without dashes: max_failures=VALUE\."),
    (["--model", "svm"], r"written without dashes: model=VALUE\."),
    (["-x"], r"There is no flag -x\."),
    (["plan", "--repair"], r"plan has no flag --repair, which belongs to check: `sweeper check --help`"),
    (["compact", "--output", "x"], r"no flag --output, which belongs to report and query"),
    (
        ["query", "SELECT 1", "--format", "cvs"],
        r"--format: 'cvs' is not allowed\. Did you mean 'csv'\? Allowed: table, ",
    ),
    (["--output"], r"--output needs a value: --output FILE\."),
    (["--config-dir", "--json"], r"--config-dir needs a value: --config-dir DIR\."),
    (["--json=yes"], r"--json takes no value, and got 'yes'\."),
    (["query"], "query needs one SQL statement"),
]


@pytest.mark.parametrize(("argv", "message"), WRONG, ids=[" ".join(argv) for argv, _ in WRONG])
def test_what_is_wrong_is_told_with_what_was_meant(argv: list[str], message: str):
    with pytest.raises(ConfigError, match=message):
        parse(argv)


def test_behind_two_dashes_no_word_is_a_flag():
    assert parse(["query", "--", "--not-a-flag"]).operands == ("--not-a-flag",)


def test_the_version_is_ours_with_hydras_beside_it():
    status, out, err = typed("--version")
    assert (status, err) == (0, "")
    assert re.fullmatch(rf"sweeper {re.escape(__version__)} \(Hydra \d+\.\d+\.\d+\)\n", out)


@pytest.mark.parametrize("argv", [[], ["run"], ["model=[svm]", "--json"], ["--multirun", "model=svm,knn"]])
def test_a_sweep_may_need_ray(argv: list[str]):
    assert parse(argv).may_run


@pytest.mark.parametrize(
    "argv", [["plan"], ["query", "SELECT 1"], ["--dry-run"], ["--cfg", "job"], ["--help"], ["job_backend.kind=inline"]]
)
def test_what_runs_nothing_on_ray_does_not(argv: list[str]):
    assert not parse(argv).may_run


# The table


def test_hydras_flags_are_those_of_its_parser():
    from hydra._internal.utils import get_args_parser

    def takes(choices: Sequence[str] | None) -> tuple[str, ...]:
        return tuple(choices or ())

    theirs = {
        frozenset(action.option_strings): (
            action.nargs != 0,
            takes(action.choices),
            action.const if action.nargs else None,
        )
        for action in get_args_parser()._actions  # pyright: ignore[reportPrivateUsage] - argparse has no public list
        if action.option_strings
    }
    for ours_as_well in ("--help", "-h"), ("--version",), ("--experimental-rerun",):
        del theirs[frozenset(ours_as_well)]
    assert theirs == {frozenset(o.flags): (o.value is not None, o.allowed, o.alone) for o in HYDRA}


def test_a_flag_is_read_alike_whatever_the_command():
    forms = {
        (flag, o.name, o.value, o.alone) for c in COMMANDS.values() for o in options_of(c).values() for flag in o.flags
    }
    assert len({flag for flag, *_ in forms}) == len(forms)


def test_a_default_that_is_one_of_the_allowed_values_is_the_first():
    for command in COMMANDS.values():
        for option in options_of(command).values():
            assert option.default is None or not option.allowed or option.default == option.allowed[0]
