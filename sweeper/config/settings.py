"""The settings of a sweep: each is declared once, with its type, default and check; all else is derived from that."""

# ruff: noqa: RUF009  # `_setting` makes the field of a dataclass
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sweeper.common.secrets import secret_values
from sweeper.config.requirements import requirements_of
from sweeper.config.value_checks import (
    Check,
    Each,
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
    words_of,
)
from sweeper.errors import ConfigError
from sweeper.jobs.addresses import refuse_client
from sweeper.jobs.api import KINDS
from sweeper.messages import bounds
from sweeper.messages.bounds import Bounds
from sweeper.messages.requests import MACHINE, OUTCOME_COLUMNS, PROCESS, StoreLocation
from sweeper.messages.requirements import Requirement
from sweeper.planning.policy import Duplicates, Rerun, Trigger

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
S = TypeVar("S", bound="DataclassInstance")

DEFAULT_STORE = "./analytics_store"
_NO_OPTIONS: Mapping[str, object] = {}


def _setting(default: T, check: Check[T], *, is_resumed: bool = True, shown: bool = True, meaning: str = "") -> T:
    """Declare a setting.

    Parameters
    ----------
    meaning
        What it is for, as docs/settings.md says it.
    is_resumed
        Whether a sweep that resumes another takes this over from it, so that it is stored.
    shown
        Whether it may be in a `repr`: false for what can hold secrets.
    """
    known = {"check": check, "is_resumed": is_resumed, "meaning": meaning}
    return field(default=default, repr=shown, metadata=known)


def _address(where: str, value: object) -> str:
    """An address of a Ray that can be used."""
    address = text(where, value)
    try:
        refuse_client(address)
    except ValueError as error:
        raise ConfigError(f"{where} cannot be used: {error}") from error
    return address


def _outcomes(where: str, value: object) -> tuple[str, ...] | None:
    """Which keys of metadata are kept of each datum; `None` where nothing is kept of it."""
    if isinstance(value, bool):
        return () if value else None
    keys = each(text)(where, value)
    if taken := [key for key in keys if key in OUTCOME_COLUMNS]:
        raise ConfigError(
            f"{where} names {taken[0]!r}, which is a column of that table anyway; leave it out, or rename the key in "
            f"the dataset's metadata. The columns are {', '.join(OUTCOME_COLUMNS)}."
        )
    return keys


def _text_or_empty(where: str, value: object) -> str:
    return "" if value is None else text(where, value)


@dataclass(frozen=True)
class StoreSettings:
    """Where the results go. `storage_options` may hold secrets."""

    uri: str = _setting(
        DEFAULT_STORE, text, is_resumed=False, meaning="where results go: a path, or `s3://`, `gs://`, `abfs://`"
    )
    storage_options: Mapping[str, object] = field(
        default_factory=lambda: _NO_OPTIONS,
        repr=False,
        metadata={
            "check": mapping_or_empty,
            "is_resumed": False,
            "meaning": "credentials and options of an object store; never stored, shown or hashed",
        },
    )
    durability: str = _setting(
        PROCESS,
        one_of((PROCESS, MACHINE)),
        is_resumed=False,
        meaning="what a recorded run outlives: `process` (whatever dies but the machine), `machine` (a power cut too)",
    )


@dataclass(frozen=True)
class BackendSettings:
    """Where the jobs run. `runtime_env` may hold secrets in its environment variables."""

    kind: str = _setting(
        KINDS[0],
        one_of(KINDS),
        meaning="`ray-simple`; `inline`: in the driver's own process, for a debugger; `ray`: through checkmaite",
    )
    address: str | None = _setting(
        None,
        optional(_address),
        meaning="`auto` or `host:port`: a Ray that runs; none: that of `RAY_ADDRESS`, else a Ray of its own",
    )
    num_cpus: float | None = _setting(
        None,
        optional(positive),
        meaning="processors of a Ray that is started here; none: those that this process may use",
    )
    start_timeout_s: float | None = _setting(
        None,
        optional(positive),
        meaning="seconds until Ray must be there, else exit status 2; none: 60, with an address 20",
    )
    runtime_env: Mapping[str, object] | None = _setting(
        None,
        optional(mapping),
        is_resumed=False,
        shown=False,
        meaning="as for `ray.init`; its environment variables are never stored or shown",
    )
    upload_limit: float = _setting(
        100.0, positive, meaning="megabytes of your own modules that may be sent to a cluster on other machines"
    )


@dataclass(frozen=True)
class PredictionSettings:
    """Whether predictions are kept in the store."""

    persist: bool = _setting(
        False, flag, meaning="keep predictions in the store, so that a new metric tomorrow needs no inference"
    )


@dataclass(frozen=True)
class Settings:
    """All settings in the root of a config: what says how, where or whether to run, and not what is run."""

    analytics_store: StoreSettings = field(default_factory=StoreSettings)
    job_backend: BackendSettings = field(default_factory=BackendSettings)
    predictions: PredictionSettings = field(default_factory=PredictionSettings)
    name: str = _setting(
        "",
        _text_or_empty,
        meaning="name of the sweep in the store; none: that of the sweep file, or of the primary config",
    )
    """Where the config gives none: that of the sweep file, or else of the primary config."""
    rerun: Rerun = _setting(
        Rerun.ALL,
        member_of(Rerun),
        meaning="`all`, `missing` (not completed, stale or suspect), `failed` (at its newest attempt), `stale`",
    )
    resume: str | None = _setting(
        None,
        optional(sweep_id),
        is_resumed=False,
        meaning="id of a sweep, or how it begins: run what that one asked for and did not complete",
    )
    """Id of a sweep: what it left runs, whatever `rerun` is."""
    rerun_triggers: tuple[Trigger, ...] = _setting(
        (Trigger.CONFIG,),
        each(member_of(Trigger)),
        meaning="`config`; `code`, `data`, `libraries`: a result that was measured with others is stale",
    )
    duplicates: Duplicates = _setting(
        Duplicates.DROP,
        member_of(Duplicates),
        meaning="`drop`, `keep`, `error`: combinations of one sweep with the same fingerprint",
    )
    allow_empty: bool = _setting(
        False,
        flag,
        is_resumed=False,
        meaning="whether the rules may leave out all combinations (exit status 0); otherwise that is exit status 2",
    )
    max_failures: int | None = _setting(
        None, optional(positive_count), meaning="stop after this many failures (exit status 3)"
    )
    max_same_error: int | None = _setting(
        5,
        optional(positive_count),
        meaning="leave out the rest of a choice that failed alike so often in a row; none: try it all",
    )
    retries: int = _setting(0, count, meaning="submit again after a lost worker or an out-of-memory kill")
    retry_exceptions: bool = _setting(
        False, flag, meaning="submit again after exceptions too, as often as `retries` says"
    )
    timeout_s: float | None = _setting(
        None, optional(positive), meaning="kill a combination that runs longer, counted from its start on a worker"
    )
    max_in_flight: int | None = _setting(
        None,
        optional(positive_count),
        meaning="how many are submitted and not ended; none: as many as keep every worker busy",
    )
    grace_s: float = _setting(
        30.0, amount, meaning="seconds that what runs has to end, when the sweep is interrupted or stops early"
    )
    log_limit: int = _setting(
        bounds.DEFAULTS.log_bytes,
        size,
        meaning="bytes of the log of one run or inference; a longer one keeps its beginning and end, and says so",
    )
    error_limit: int = _setting(
        bounds.DEFAULTS.error_bytes, size, meaning="bytes of the message, and of the traceback, of one error; likewise"
    )
    outcomes: tuple[str, ...] | None = _setting(
        (),
        _outcomes,
        meaning="keep of each datum of an inference what is right, what was predicted and how surely; a list names "
        "keys of the data's metadata to keep beside it, e.g. `[site, weather]`",
    )
    requirements: tuple[Requirement, ...] = _setting(
        (),
        requirements_of,
        meaning="what values must be for a model to be good enough, see [requirements.md](requirements.md)",
    )
    enforce: bool = _setting(
        False, flag, meaning="whether a requirement that is not met makes the exit status 4, where it would be 0"
    )
    aggregate: tuple[str, ...] = _setting(
        (),
        each(text),
        meaning="swept keys that only repeat a run, e.g. `[random_state]`: tables show the mean over the runs, by how "
        "much they differ, and how many they are",
    )
    allowed_targets: tuple[str, ...] | None = _setting(
        None,
        optional(each(text)),
        is_resumed=False,
        meaning="globs of what a config may build, at any depth, e.g. `[sweeper.*, sklearn.*]`; none: anything",
    )
    """Not taken over from the sweep that is resumed: who can write to a store must not widen it."""

    @property
    def bounds(self) -> Bounds:
        """What the sweep bounds of each of its runs."""
        return Bounds(self.log_limit, self.error_limit, self.allowed_targets, self.secrets)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that are shown and stored nowhere, the longest first."""
        store = {"storage_options": self.analytics_store.storage_options}
        backend = {"runtime_env": self.job_backend.runtime_env}
        return tuple(secret_values({"analytics_store": store, "job_backend": backend}))

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
    meaning: str
    check: Check[object]

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}" if self.section else self.name


def _declared(defaults: DataclassInstance, section: str = "") -> Iterator[_Declared]:
    for declared in fields(defaults):
        default: object = getattr(defaults, declared.name)
        if is_dataclass(default) and not isinstance(default, type):
            yield from _declared(default, declared.name)
        else:
            known = declared.metadata
            yield _Declared(section, declared.name, bool(known["is_resumed"]), str(known["meaning"]), known["check"])


_DECLARED = tuple(_declared(Settings()))
SETTINGS = tuple(setting.key for setting in _DECLARED)
"""Keys of all settings, such as `rerun` and `job_backend.kind`."""
MEANINGS = {setting.key: setting.meaning for setting in _DECLARED}
"""What each of them is for, in Markdown."""
WORDS = {setting.key: words for setting in _DECLARED if (words := words_of(setting.check))}
"""The only values of those that have some: `rerun`, `enforce`; of a list, those of its items."""
LISTS = tuple(setting.key for setting in _DECLARED if isinstance(setting.check, Each))
"""Those that are lists."""


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
