from __future__ import annotations

import re

import pytest
from command_line import typed

from sweeper._version import __version__
from sweeper.cli.arguments import may_run, own_help, parse
from sweeper.errors import ConfigError


def test_without_a_word_it_runs():
    args = parse(["model=[svm]", "--json"])
    assert (args.command, args.json, args.dry_run, args.overrides) == ("run", True, False, ["model=[svm]"])


def test_our_flags_may_stand_anywhere_and_never_reach_hydra():
    args = parse(["--multirun", "model=svm,knn", "--rerun-only-missing", "dataset=digits", "--config-name", "nightly"])
    assert args.overrides == ["model=svm,knn", "dataset=digits", "rerun=missing"]
    assert (args.hydra.multirun, args.hydra.config_name) == (True, "nightly")


def test_the_subcommand_is_the_first_word():
    assert parse(["plan", "model=[svm]"]).dry_run
    with pytest.raises(ConfigError, match="the subcommand 'plan' must be the first word"):
        parse(["model=[svm]", "plan"])


def test_a_word_that_is_nothing_is_refused_with_the_near_match():
    with pytest.raises(ConfigError, match=r"'paln' is neither a subcommand .* Did you mean 'plan'\?"):
        parse(["paln"])
    with pytest.raises(ConfigError, match="'svm' is not an override"):
        parse(["model=[svm]", "svm"])


def test_a_deletion_is_an_override():
    assert parse(["~model.svm"]).overrides == ["~model.svm"]


def test_query_takes_its_sql_whole():
    args = parse(["query", "SELECT * FROM results WHERE model = 'svm'", "--format", "csv", "analytics_store.uri=x"])
    assert args.sql == "SELECT * FROM results WHERE model = 'svm'"
    assert (args.format, args.overrides) == ("csv", ["analytics_store.uri=x"])
    with pytest.raises(ConfigError, match="query needs one SQL statement"):
        parse(["query"])


def test_help_names_every_subcommand_and_flag():
    text = own_help()
    for word in (
        "plan",
        "report",
        "query",
        "compact",
        "check",
        "--sweep",
        "--rerun-only-missing",
        "--dry-run",
        "--json",
    ):
        assert word in text


def test_the_version_is_ours_with_hydras_beside_it():
    status, out, err = typed("--version")
    assert (status, err) == (0, "")
    assert re.fullmatch(rf"sweeper {re.escape(__version__)} \(Hydra \d+\.\d+\.\d+\)\n", out)


@pytest.mark.parametrize("argv", [[], ["run"], ["model=[svm]", "--json"], ["--multirun", "model=svm,knn"]])
def test_a_sweep_may_need_ray(argv: list[str]):
    assert may_run(argv)


@pytest.mark.parametrize(
    "argv", [["plan"], ["query", "SELECT 1"], ["--dry-run"], ["--cfg", "job"], ["--help"], ["job_backend.kind=inline"]]
)
def test_what_runs_nothing_on_ray_does_not(argv: list[str]):
    assert not may_run(argv)
