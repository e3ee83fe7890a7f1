"""What a composed config may say beside its four axes: every field, its type, and whether it is part of identities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sweeper.errors import ConfigError, near_match
from sweeper.messages.requests import StoreLocation
from sweeper.planning.decisions import DUPLICATES, RERUN, TRIGGERS

DEFAULT_STORE = "./analytics_store"
BACKENDS = ("ray-simple", "inline")

IDENTITY: Literal["identity"] = "identity"
RUNTIME: Literal["runtime"] = "runtime"
CLASSIFICATION: Mapping[str, Literal["identity", "runtime"]] = {
    "capability": IDENTITY,
    "dataset": IDENTITY,
    "model": IDENTITY,
    "metric": IDENTITY,
    "analytics_store.uri": RUNTIME,
    "analytics_store.storage_options": RUNTIME,
    "job_backend.kind": RUNTIME,
    "job_backend.address": RUNTIME,
    "job_backend.num_cpus": RUNTIME,
    "job_backend.runtime_env": RUNTIME,
    "predictions.persist": RUNTIME,
    "name": RUNTIME,
    "rerun": RUNTIME,
    "resume": RUNTIME,
    "rerun_triggers": RUNTIME,
    "duplicates": RUNTIME,
    "max_failures": RUNTIME,
    "retries": RUNTIME,
    "retry_exceptions": RUNTIME,
    "timeout_s": RUNTIME,
    "max_in_flight": RUNTIME,
    "grace_s": RUNTIME,
    "exclude": RUNTIME,
    "only": RUNTIME,
    "union": RUNTIME,
    "zip": RUNTIME,
    "_sweep_.task": RUNTIME,
    "_sweep_.arity": RUNTIME,
    "_sweep_.metrics": RUNTIME,
    "_sweep_.reads_predictions": RUNTIME,
    "_sweep_.predictions_depend_on": RUNTIME,
    "_sweep_.resources": RUNTIME,
    "_sweep_.retries": RUNTIME,
    "_sweep_.retry_exceptions": RUNTIME,
    "_sweep_.timeout_s": RUNTIME,
    "_sweep_.max_in_flight": RUNTIME,
    "_sweep_.report": RUNTIME,
    "_sweep_.files": RUNTIME,
    "_sweep_.label_space": RUNTIME,
    "_sweep_.soft_targets": RUNTIME,
}
"""Every field of the config schema. Identity is hashed into fingerprints; runtime says how, where or whether to run."""

ALGEBRA = ("exclude", "only", "union", "zip")
SWEEP_FIELDS = tuple(key.removeprefix("_sweep_.") for key in CLASSIFICATION if key.startswith("_sweep_."))
ROOT_FIELDS = tuple(dict.fromkeys(key.split(".")[0] for key in CLASSIFICATION if not key.startswith("_sweep_.")))
_TAKEN_OVER = tuple(
    key
    for key, kind in CLASSIFICATION.items()
    if kind == RUNTIME
    and not key.startswith(("_sweep_.", "analytics_store."))
    and key not in (*ALGEBRA, "resume", "job_backend.runtime_env")
)
"""What a sweep that resumes another takes over from it."""
SETTING_FIELDS = tuple(k for k in ROOT_FIELDS if k not in ALGEBRA and CLASSIFICATION.get(k) != IDENTITY)


@dataclass(frozen=True)
class BackendSettings:
    """Where the jobs run. `runtime_env` may hold secrets in its environment variables, so it is in no repr."""

    kind: str = "ray-simple"
    address: str | None = None
    num_cpus: float | None = None
    runtime_env: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Settings:
    """All runtime fields of the root of a config."""

    store: StoreLocation = field(default_factory=lambda: StoreLocation(DEFAULT_STORE))
    job_backend: BackendSettings = field(default_factory=BackendSettings)
    name: str = "config"
    """The sweep file, or else the primary config, unless the config gives a name."""
    rerun: str = "all"
    resume: str | None = None
    """Id of the sweep whose rest runs, whatever `rerun` says."""
    rerun_triggers: tuple[str, ...] = ("config",)
    duplicates: str = "drop"
    max_failures: int | None = None
    retries: int = 0
    retry_exceptions: bool = False
    timeout_s: float | None = None
    max_in_flight: int | None = None
    grace_s: float = 30.0
    persist_predictions: bool = False


def settings_of(root: Mapping[str, Any], name: str) -> Settings:
    """Check the runtime fields of a resolved root mapping and type them; absent ones keep their default.

    Raises
    ------
    ConfigError
        A value of another type or outside of what is allowed.
    """
    given = {k: _CHECKS[k](k, v) for k, v in root.items() if k in _CHECKS}
    given["name"] = given.get("name") or name
    return Settings(
        store=_store(mapping("analytics_store", root.get("analytics_store") or {})),
        job_backend=_backend(mapping("job_backend", root.get("job_backend") or {})),
        persist_predictions=_persists(mapping("predictions", root.get("predictions") or {})),
        **given,
    )


def storable(root: Mapping[str, Any]) -> dict[str, Any]:
    """The runtime fields of a root mapping by their dotted names: those that another sweep may take over.

    Where the store is, what may be secret, and what only says which combinations there are, is left out.
    """
    found: dict[str, Any] = {}
    for key in _TAKEN_OVER:
        first, _, second = key.partition(".")
        value = root.get(first)
        if second and isinstance(value, Mapping):
            value = value.get(second)
        if first in root and (value is not None or not second):
            found[key] = value
    return found


def _store(given: Mapping[str, Any]) -> StoreLocation:
    known_keys("analytics_store", given, ("uri", "storage_options"))
    uri = text("analytics_store.uri", given.get("uri", DEFAULT_STORE))
    return StoreLocation(uri, mapping("analytics_store.storage_options", given.get("storage_options") or {}))


def _persists(given: Mapping[str, Any]) -> bool:
    known_keys("predictions", given, ("persist",))
    return flag("predictions.persist", given.get("persist", False))


def _backend(given: Mapping[str, Any]) -> BackendSettings:
    known_keys("job_backend", given, ("kind", "address", "num_cpus", "runtime_env"))
    env = given.get("runtime_env")
    return BackendSettings(
        kind=one_of(*BACKENDS)("job_backend.kind", given.get("kind", "ray-simple")),
        address=optional(text)("job_backend.address", given.get("address")),
        num_cpus=optional(positive)("job_backend.num_cpus", given.get("num_cpus")),
        runtime_env=None if env is None else mapping("job_backend.runtime_env", env),
    )


Check = Callable[[str, Any], Any]


def known_keys(where: str, given: Mapping[Any, Any], allowed: Sequence[str]) -> None:
    """Refuse a key that is not allowed, naming the near match."""
    for key in given:
        if key not in allowed:
            raise ConfigError(f"{where} has no {key!r}; it takes {', '.join(allowed)}.{near_match(str(key), allowed)}")


def wrong(where: str, value: Any, allowed: str) -> ConfigError:
    """The error for a value of the wrong type or range."""
    return ConfigError(f"{where} must be {allowed}, got {value!r} ({type(value).__name__}).")


def mapping(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong(where, value, "a mapping")
    return value


def text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise wrong(where, value, "text")
    return value


def flag(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise wrong(where, value, "true or false")
    return value


def count(where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise wrong(where, value, "a whole number, 0 or more")
    return value


def positive_count(where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong(where, value, "a whole number, 1 or more")
    return value


def amount(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise wrong(where, value, "a number, 0 or more")
    return value


def positive(where: str, value: Any) -> float:
    if amount(where, value) == 0:
        raise wrong(where, value, "a number above 0")
    return value


def optional(check: Check) -> Check:
    """`null` is allowed too, and stays."""
    return lambda where, value: None if value is None else check(where, value)


def one_of(*allowed: str) -> Check:
    """One of some words."""

    def check(where: str, value: Any) -> str:
        if value not in allowed:
            hint = near_match(str(value), allowed)
            raise ConfigError(f"{where} must be one of {', '.join(allowed)}, got {value!r}.{hint}")
        return value

    return check


def each(check: Check) -> Check:
    """A list of what `check` lets pass; one alone is taken as a list of one."""

    def check_all(where: str, value: Any) -> tuple[Any, ...]:
        items: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
        return tuple(check(f"{where}[{index}]", item) for index, item in enumerate(items))

    return check_all


def _sweep_id(where: str, value: Any) -> str:
    """An id, or the begin of one, which may look like a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(where, value)


_CHECKS: Mapping[str, Check] = {
    "name": optional(text),
    "rerun": one_of(*RERUN),
    "resume": optional(_sweep_id),
    "rerun_triggers": each(one_of(*TRIGGERS)),
    "duplicates": one_of(*DUPLICATES),
    "max_failures": optional(positive_count),
    "retries": count,
    "retry_exceptions": flag,
    "timeout_s": optional(positive),
    "max_in_flight": optional(positive_count),
    "grace_s": amount,
}
