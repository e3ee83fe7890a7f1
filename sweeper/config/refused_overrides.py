"""Overrides that are refused, each with a message that says what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeper.common.text import escaped
from sweeper.config.classification import CLASSIFICATION, Kind
from sweeper.config.one_override import quoting_hint
from sweeper.errors import ConfigError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override


def refuse_sweeps(overrides: Sequence[Override]) -> None:
    """Refuse what is swept where nothing may be.

    Raises
    ------
    ConfigError
        Naming the list selection to write instead.
    """
    for override in overrides:
        if override.is_sweep_override():
            is_function = override.get_value_string().rstrip().endswith(")")
            as_list = f"{override.get_key_element()}=[{'a,b' if is_function else override.get_value_string()}]"
            raise ConfigError(
                f"{override.input_line!r} is a sweep, and those need --multirun. A list needs none: '{as_list}'."
                + quoting_hint(str(override.input_line))
            )


def refuse_undecoded(line: str) -> None:
    """Hydra's grammar reads no bytes that are not UTF-8, and no spec that holds them has an identity."""
    if escaped(line) != line:
        raise ConfigError(
            f"The override {escaped(line)} holds bytes that are not UTF-8. Rename what it names, or name it by a link."
        )


def refuse_plugins(override: Override) -> None:
    """Refuse other sweepers and launchers of Hydra."""
    if override.key_or_group in ("hydra/sweeper", "hydra/launcher") and override.value() != "basic":
        raise ConfigError(
            f"{override.input_line}: sweeper expands and runs the grid itself, so other sweepers and launchers of "
            "Hydra cannot be used; leave it out (job_backend.* says where jobs run)."
        )


def refuse_no_name(override: Override) -> None:
    """Hydra has no message for a config group that is given something other than names, or an empty name."""
    key, value = override.key_or_group, override.value()
    if override.is_delete() and value is not None and not isinstance(value, str):
        raise ConfigError(f"{override.input_line}: a config group is deleted with its one name, or without: '~{key}'.")
    if override.is_hydra_override() or override.is_delete():
        return
    names: list[object] = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ConfigError(f"{override.input_line}: a {key} is selected by name: '{key}=[NAME]'.")


def refuse_runtime(key: str, line: str | None) -> None:
    """Refuse to sweep a key that says how the sweep runs."""
    parts = key.split(".")
    runtime = "_sweep_" in parts or any(
        name.split(".")[0] == parts[0] for name, c in CLASSIFICATION.items() if c is Kind.RUNTIME
    )
    if runtime:
        raise ConfigError(
            f"{line}: {key} says how the sweep runs, not what is run, so it cannot be swept; give it one value."
            + quoting_hint(str(line))
        )


def refuse_inner_sweeps(override: Override) -> None:
    """Refuse a sweep inside of a list or mapping."""
    from sweeper.config import override_functions

    try:
        override_functions.without_quotes(override.value())
    except ValueError as error:
        raise ConfigError(f"{override.input_line}: {error}.") from error
