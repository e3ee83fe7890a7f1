"""The command lines that go on from a sweep: what a later command on the same store must be told again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from sweeper.cli.arguments import Arguments
from sweeper.common.quoting import quoted
from sweeper.common.secrets import redacted

PLACES_OF_CONFIGS = {"--config-dir": "config_dir", "--config-path": "config_path", "--config-name": "config_name"}
"""Hydra's flags that say where configs are, and what `sweeper.config.load` calls their values."""
_PLACES = ("analytics_store", "job_backend.runtime_env")
"""What a resumed sweep must be told again: it is needed before the store is read, or is not stored."""


def resume_command(again: Sequence[str], sweep_id: str) -> str:
    """The command line that runs what a sweep asked for and did not complete.

    What it runs, and how, is in the store; so only where that is must be said, and what is stored nowhere: `again`.
    """
    return f"python -m sweeper {shlex.join([f'resume={sweep_id}', *again])}"


def values_command(again: Sequence[str], sweep_id: str) -> str:
    """The command line that shows all values of what a sweep asked for."""
    sql = f"SELECT capability, metric, key, model, dataset, value FROM asked WHERE sweep_id = '{sweep_id}'"
    return f'python -m sweeper query "{sql}" {shlex.join(again)}'.rstrip()


def words_again(args: Arguments, uri: str) -> list[str]:
    """What a later command on the store at `uri` must be told again."""
    from sweeper.config import DEFAULT_STORE

    words = [word for flag in PLACES_OF_CONFIGS if (given := args.value(flag)) for word in (flag, given)]
    places = [line for line in args.overrides if line.lstrip("+~").startswith(_PLACES)]
    if uri != DEFAULT_STORE and not any(line.lstrip("+~").startswith("analytics_store.uri=") for line in places):
        words.append(f"analytics_store.uri={quoted(uri)}")
    return [*words, *redacted(places)]
