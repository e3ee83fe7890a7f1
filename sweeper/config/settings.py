"""The settings of a sweep: each is declared once, with its type, default and check; all else is derived from that."""

# ruff: noqa: RUF009  # `_setting` makes the field of a dataclass
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sweeper.common.secrets import secret_values
from sweeper.config.value_checks import (
    Check,
    amount,
    count,
    each,
    flag,
    known_keys,
    mapping,
    mapping_or_empty,
    member_of,
    one_of,
    optional,
    positive,
    positive_count,
    size,
    sweep_id,
    text,
)
from sweeper.jobs.api import KINDS
from sweeper.messages import bounds
from sweeper.messages.bounds import Bounds
from sweeper.messages.requests import MACHINE, PROCESS, StoreLocation
from sweeper.planning.policy import Duplicates, Rerun, Trigger

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
S = TypeVar("S", bound="DataclassInstance")

DEFAULT_STORE = "./analytics_store"
_NO_OPTIONS: Mapping[str, object] = {}


def _setting(default: T, check: Check[T], *, is_resumed: bool = True, shown: bool = True) -> T:
    """Declare a setting.

    Parameters
    ----------
    is_resumed
        Whether a sweep that resumes another takes this over from it, so that it is stored.
    shown
        Whether it may be in a `repr`: false for what can hold secrets.
    """
    return field(default=default, repr=shown, metadata={"check": check, "is_resumed": is_resumed})


def _text_or_empty(where: str, value: object) -> str:
    return "" if value is None else text(where, value)


@dataclass(frozen=True)
class StoreSettings:
    """Where the results go. `storage_options` may hold secrets."""

    uri: str = _setting(DEFAULT_STORE, text, is_resumed=False)
    storage_options: Mapping[str, object] = field(
        default_factory=lambda: _NO_OPTIONS, repr=False, metadata={"check": mapping_or_empty, "is_resumed": False}
    )
    durability: str = _setting(PROCESS, one_of((PROCESS, MACHINE)), is_resumed=False)
    """What a recorded run outlives: the process that wrote it, or the machine too."""


@dataclass(frozen=True)
class BackendSettings:
    """Where the jobs run. `runtime_env` may hold secrets in its environment variables."""

    kind: str = _setting(KINDS[0], one_of(KINDS))
    address: str | None = _setting(None, optional(text))
    num_cpus: float | None = _setting(None, optional(positive))
    start_timeout_s: float | None = _setting(None, optional(positive))
    runtime_env: Mapping[str, object] | None = _setting(None, optional(mapping), is_resumed=False, shown=False)
    upload_limit: float = _setting(100.0, positive)
    """Megabytes of the user's own modules that may be sent to a cluster."""


@dataclass(frozen=True)
class PredictionSettings:
    """Whether predictions are kept in the store."""

    persist: bool = _setting(False, flag)


@dataclass(frozen=True)
class Settings:
    """All settings in the root of a config: what says how, where or whether to run, and not what is run."""

    analytics_store: StoreSettings = field(default_factory=StoreSettings)
    job_backend: BackendSettings = field(default_factory=BackendSettings)
    predictions: PredictionSettings = field(default_factory=PredictionSettings)
    name: str = _setting("", _text_or_empty)
    """Where the config gives none: that of the sweep file, or else of the primary config."""
    rerun: Rerun = _setting(Rerun.ALL, member_of(Rerun))
    resume: str | None = _setting(None, optional(sweep_id), is_resumed=False)
    """Id of a sweep: what it left runs, whatever `rerun` is."""
    rerun_triggers: tuple[Trigger, ...] = _setting((Trigger.CONFIG,), each(member_of(Trigger)))
    duplicates: Duplicates = _setting(Duplicates.DROP, member_of(Duplicates))
    max_failures: int | None = _setting(None, optional(positive_count))
    max_same_error: int | None = _setting(5, optional(positive_count))
    retries: int = _setting(0, count)
    retry_exceptions: bool = _setting(False, flag)
    timeout_s: float | None = _setting(None, optional(positive))
    max_in_flight: int | None = _setting(None, optional(positive_count))
    grace_s: float = _setting(30.0, amount)
    log_limit: int = _setting(bounds.DEFAULTS.log_bytes, size)
    error_limit: int = _setting(bounds.DEFAULTS.error_bytes, size)
    allowed_targets: tuple[str, ...] | None = _setting(None, optional(each(text)), is_resumed=False)
    """Not taken over from the sweep that is resumed: who can write to a store must not widen it."""

    @property
    def bounds(self) -> Bounds:
        """What the sweep bounds of each of its runs."""
        return Bounds(self.log_limit, self.error_limit, self.allowed_targets, self.secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that are shown and stored nowhere, the longest first."""
        store, backend = self.analytics_store, self.job_backend
        held = {"storage_options": store.storage_options}, {"runtime_env": backend.runtime_env}
        return tuple(secret_values(dict(zip(("analytics_store", "job_backend"), held, strict=True))))

    @property
    def store(self) -> StoreLocation:
        """Where the analytics store is."""
        place = self.analytics_store
        return StoreLocation(place.uri, place.storage_options, place.durability)

    @property
    def persist_predictions(self) -> bool:
        """Whether predictions are kept beyond the sweep."""
        return self.predictions.persist


class _Declared(NamedTuple):
    """A setting by its place in the config; `section` is empty for one that stands in the root."""

    section: str
    name: str
    is_resumed: bool

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}" if self.section else self.name


def _declared(defaults: DataclassInstance, section: str = "") -> Iterator[_Declared]:
    for declared in fields(defaults):
        default: object = getattr(defaults, declared.name)
        if is_dataclass(default) and not isinstance(default, type):
            yield from _declared(default, declared.name)
        else:
            yield _Declared(section, declared.name, bool(declared.metadata["is_resumed"]))


_DECLARED = tuple(_declared(Settings()))
SETTINGS = tuple(setting.key for setting in _DECLARED)
"""Keys of all settings, such as `rerun` and `job_backend.kind`."""


def settings_of(root: Mapping[str, object], name: str) -> Settings:
    """Check the settings in a resolved root mapping and type them; absent ones keep their default.

    Raises
    ------
    ConfigError
        A value of another type or outside of what is allowed.
    """
    settings = _with_checked(Settings(), root)
    return replace(settings, name=settings.name or name)


def _with_checked(defaults: S, values: Mapping[str, object], prefix: str = "") -> S:
    """The settings of one section, checked."""
    present = [setting for setting in fields(defaults) if setting.name in values]
    checked = {s.name: _checked(defaults, s, values[s.name], prefix + s.name) for s in present}
    return replace(defaults, **checked)


def _checked(defaults: DataclassInstance, declared: Field[object], value: object, where: str) -> object:
    default: object = getattr(defaults, declared.name)
    if not is_dataclass(default) or isinstance(default, type):
        check: Check[object] = declared.metadata["check"]
        return check(where, value)
    section = mapping_or_empty(where, value)
    known_keys(where, section, [inner.name for inner in fields(default)])
    return _with_checked(default, section, f"{where}.")


def settings_to_store(root: Mapping[str, object]) -> dict[str, object]:
    """The settings in a root mapping by their keys: those that another sweep may take over.

    Where the store is, what may be secret, and what only says which combinations there are, is left out.
    """
    stored: dict[str, object] = {}
    for setting in _DECLARED:
        top = setting.section or setting.name
        value = root.get(top)
        if setting.section and isinstance(value, Mapping):
            value = value.get(setting.name)
        if setting.is_resumed and top in root and (value is not None or not setting.section):
            stored[setting.key] = value
    return stored
