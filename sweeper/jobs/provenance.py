"""Who, where and for what a run was made: from a call, from the environment, from the submission itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace

from sweeper.errors import near_match
from sweeper.messages.requests import Provenance

ENVIRONMENT_PREFIX = "SWEEPER_PROVENANCE_"
SETTABLE = ("user_id", "workspace_id", "environment", "executor", "cluster_id", "request_id")
"""What a user may say; the other fields are facts of a submission and set by the backend."""

_configured: dict[str, str] = {}


def configure_provenance(**values: str | None) -> None:
    """Say for every later submission of this process who submits it, and where it runs.

    Parameters
    ----------
    **values
        `user_id`, `workspace_id`, `environment`, `executor`, `cluster_id`, `request_id`: text, or `None` to take a
        value back. What is not named keeps its value. The environment variable `SWEEPER_PROVENANCE_<NAME>` says the
        same with less weight, `provenance=` of a submission with more.

    Raises
    ------
    TypeError
        An unknown name, or a value that is no text.
    """
    checked = _checked(values)
    _configured.update({name: value for name, value in checked.items() if value is not None})
    for name in [name for name, value in checked.items() if value is None]:
        _configured.pop(name, None)


def resolve(given: Mapping[str, object] | Provenance | None = None) -> Provenance:
    """Provenance of one submission: its own words over those of `configure_provenance` over the environment's."""
    if isinstance(given, Provenance):
        given = {f.name: value for f in fields(given) if (value := getattr(given, f.name)) is not None}
    own = _checked(given or {})
    values = {**from_environment(), **_configured, **{k: v for k, v in own.items() if v is not None}}
    return replace(Provenance(), **values)


def from_environment() -> dict[str, str]:
    """What `SWEEPER_PROVENANCE_*` says; an empty variable says nothing."""
    variables = {name: os.environ.get(ENVIRONMENT_PREFIX + name.upper(), "") for name in SETTABLE}
    return {name: value for name, value in variables.items() if value}


def _checked(values: Mapping[str, object]) -> dict[str, str | None]:
    checked: dict[str, str | None] = {}
    for name, value in values.items():
        if name not in SETTABLE:
            raise TypeError(
                f"{name!r} is no provenance that can be set.{near_match(name, SETTABLE)} "
                f"Allowed: {', '.join(SETTABLE)}."
            )
        if value is not None and not isinstance(value, str):
            raise TypeError(f"Provenance {name} is {value!r} ({type(value).__name__}); it must be text.")
        checked[name] = value
    return checked
