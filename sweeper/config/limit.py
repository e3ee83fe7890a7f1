"""`limit`: some data of each dataset in the place of all, as another dataset with a name and an identity of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sweeper.config.value_checks import text, wrong
from sweeper.config.variant_names import value_label
from sweeper.errors import ConfigError
from sweeper.messages.live import LIVE_TARGET
from sweeper.planning.fingerprint import canonical, digest
from sweeper.planning.grid import Part, matches
from sweeper.vocabulary import Choice

LIMIT = "limit"
SUBSET = "sweeper.datasets.Subset"
ALLOWED = "a number of data of at least 1, or a share above 0 and below 1"


def with_limit(parts: Mapping[str, tuple[Part, ...]], value: object) -> dict[str, tuple[Part, ...]]:
    """The parts of a grid with each dataset that a limit names cut to it.

    Parameters
    ----------
    value
        A number of data, a share of them, or a mapping of globs over names of datasets to either; `None` cuts nothing.

    Raises
    ------
    ConfigError
        It is none of these, a glob matches no dataset, or a dataset was given as an object.
    """
    limits = _limits(value)
    datasets = parts.get("dataset", ())
    for glob in limits:
        if not any(matches(choice, glob) for part in datasets for choice in part.variants.values()):
            names = ", ".join(part.base for part in datasets) or "none"
            raise ConfigError(f"{LIMIT}.{glob} matches no dataset; selected: {names}.")
    return {**parts, "dataset": tuple(_cut(part, limits) for part in datasets)}


def _limits(value: object) -> dict[str, int | float]:
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {text(LIMIT, glob): _number(f"{LIMIT}.{glob}", each) for glob, each in value.items()}
    return {"*": _number(LIMIT, value)}


def _number(where: str, value: object) -> int | float:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, float) and 0 < value < 1:
        return value
    raise wrong(where, value, f"{ALLOWED} (of some datasets: {{digits: 200, cifar*: 0.1}})")


def _cut(part: Part, limits: Mapping[str, int | float]) -> Part:
    return replace(part, variants={key: _cut_choice(choice, limits) for key, choice in part.variants.items()})


def _cut_choice(choice: Choice, limits: Mapping[str, int | float]) -> Choice:
    """A choice with the limit of the last glob that matches it."""
    mine = [limit for glob, limit in limits.items() if matches(choice, glob)]
    if not mine:
        return choice
    if choice.spec["_target_"] == LIVE_TARGET:
        raise ConfigError(
            f"{LIMIT}: dataset {choice.name} is an object. Give {SUBSET}(..., {mine[-1]!r}) of it in its place, with a "
            "revision."
        )
    spec = {"_target_": SUBSET, "dataset": choice.spec, "limit": mine[-1]}
    written = canonical(spec, where=f"dataset.{choice.name}")
    name = _named(choice.name, f"{LIMIT}={value_label(mine[-1])}")
    return replace(choice, name=name, spec=spec, canonical=written, digest=digest(written), former=None)


def _named(name: str, what: str) -> str:
    return f"{name[:-1]},{what}]" if name.endswith("]") else f"{name}[{what}]"
