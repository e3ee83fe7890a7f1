"""Where results and large reports go, as a user says it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from urllib.parse import urlsplit

from sweeper.errors import StoreError, near_match
from sweeper.messages.requests import MACHINE, PROCESS, StoreLocation

_STORE_KEYS = ("backend", "uri", "storage_options", "durability")
_ARTIFACT_KEYS = ("uri", "storage_options")


@dataclass(frozen=True, kw_only=True)
class AnalyticsStoreConfig:
    """The analytics store of a backend, as an object; a mapping with these keys says the same."""

    uri: str
    backend: str = "parquet"
    storage_options: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)


@dataclass(frozen=True, kw_only=True)
class ArtifactStoreConfig:
    """The place for large reports, as an object; a mapping with these keys says the same."""

    uri: str
    storage_options: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)


def store_location(analytics_store: object) -> StoreLocation:
    """Where results go, from `{"backend": "parquet", "uri": ..., "storage_options": {...}}`, a URI or a path.

    A relative path is taken from the working directory of this process, wherever the workers run.

    Raises
    ------
    TypeError, ValueError
        Nothing that names a place, an unknown key, or a backend other than `parquet`.
    """
    if isinstance(analytics_store, StoreLocation):
        return replace(analytics_store, uri=_absolute(analytics_store.uri))
    if isinstance(analytics_store, str | os.PathLike):
        return StoreLocation(_absolute(os.fspath(analytics_store)))
    settings = _settings("analytics_store", analytics_store, _STORE_KEYS)
    if (backend := settings.get("backend", "parquet")) != "parquet":
        raise ValueError(f"analytics_store backend is {backend!r}; the one there is is 'parquet'.")
    if not isinstance(uri := settings.get("uri"), str | os.PathLike) or not os.fspath(uri):
        raise ValueError(
            f"analytics_store needs a uri, such as './analytics_store' or 's3://bucket/store'; got {uri!r}."
        )
    options = _options("analytics_store", settings)
    if (durability := settings.get("durability", PROCESS)) not in (PROCESS, MACHINE):
        raise ValueError(f"analytics_store durability is {durability!r}; allowed: {PROCESS}, {MACHINE}.")
    return StoreLocation(_absolute(os.fspath(uri)), options, str(durability))


def artifact_location(artifact_store: object) -> StoreLocation | None:
    """Where large reports go, from `{"uri": ..., "storage_options": {...}}`, a URI or a path; `None` is not elsewhere.

    A relative path is taken from the working directory of this process. Nothing is written yet.

    Raises
    ------
    TypeError, ValueError
        Nothing that names a place, an unknown key, a pattern, or a kind of place that cannot be written to.
    """
    if artifact_store is None:
        return None
    given = {"uri": artifact_store} if isinstance(artifact_store, str | os.PathLike) else artifact_store
    settings = _settings("artifact_store", given, _ARTIFACT_KEYS)
    uri = settings.get("uri")
    if not isinstance(uri, str | os.PathLike) or not os.fspath(uri).strip():
        raise ValueError(f"artifact_store needs a uri, such as './reports' or 's3://bucket/reports'; got {uri!r}.")
    location = StoreLocation(_absolute(os.fspath(uri).strip()), _options("artifact_store", settings))
    _check_prefix(location)
    return location


def _check_prefix(location: StoreLocation) -> None:
    from sweeper.store.opening import open_files

    remote = "://" in location.uri
    if remote and urlsplit(location.uri).query:
        raise ValueError("artifact_store uri must not contain query credentials; put them into storage_options.")
    if any(wild in urlsplit(location.uri).path for wild in "*?["):
        raise ValueError(f"artifact_store uri is {location.uri!r}; it must be a concrete prefix without glob patterns.")
    try:
        open_files(location.uri, location.storage_options)
    except StoreError as error:
        raise ValueError(f"unsupported artifact store {location.uri}: {error}") from error


def _settings(name: str, given: object, allowed: tuple[str, ...]) -> Mapping[str, object]:
    """A mapping with no other keys, also out of an object such as checkmaite's `AnalyticsStoreConfig`."""
    if callable(dump := getattr(given, "model_dump", None)):
        given = dump(mode="python")
    if is_dataclass(given) and not isinstance(given, type):
        given = asdict(given)
    if not isinstance(given, Mapping):
        raise TypeError(
            f"{name} is a {type(given).__name__}; give a mapping such as {{'uri': './{name}'}}, a URI or a path."
        )
    settings = {str(key): value for key, value in given.items()}
    if unknown := [key for key in settings if key not in allowed]:
        raise ValueError(
            f"{name} has the key {unknown[0]!r}.{near_match(unknown[0], allowed)} Allowed: {', '.join(allowed)}."
        )
    return settings


def _options(name: str, settings: Mapping[str, object]) -> dict[str, object]:
    options = settings.get("storage_options") or {}
    if not isinstance(options, Mapping):
        raise TypeError(f"{name} storage_options is {options!r}; it must be a mapping.")
    return {str(key): value for key, value in options.items()}


def _absolute(uri: str) -> str:
    return uri if "://" in uri else os.path.abspath(os.path.expanduser(uri))
