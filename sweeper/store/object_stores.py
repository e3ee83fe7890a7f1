"""Opens a bucket or container by its URI, with `storage_options` and what the environment says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sweeper.common.extras import Extra, how_to_install
from sweeper.common.text import first_line
from sweeper.errors import MissingExtraError, StoreError
from sweeper.store.aws_profile import of_profile
from sweeper.store.storage_options import ObjectOptions, understood

if TYPE_CHECKING:
    from obstore.store import ObjectStore

EXTRAS: dict[str, Extra] = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "abfs": "azure",
    "abfss": "azure",
    "az": "azure",
}
"""The extra that each scheme needs."""
CLIENT: Mapping[str, object] = {
    "connect_timeout": timedelta(seconds=5),
    "timeout": timedelta(seconds=60),
    "allow_http": True,  # only where an address says http://
}
RETRY: Mapping[str, object] = {
    "max_retries": 8,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
}
"""A server that cannot be reached is given up after half a minute, or the length of one request more."""


def opened(uri: str, options: Mapping[str, object]) -> ObjectStore:
    """The prefix that a URI names. Nothing is sent yet.

    Raises
    ------
    StoreError
        The URI is of a kind that cannot hold a store, or an option is not known.
    MissingExtraError
        obstore is not installed.
    """
    scheme = urlsplit(uri).scheme
    if scheme not in EXTRAS:
        known = ", ".join(f"{name}://" for name in EXTRAS)
        raise StoreError(f"An analytics store cannot be at {uri}; it takes a path, file://, {known}.")
    kind = EXTRAS[scheme]
    bucket, _, prefix = uri.partition("://")[2].partition("/")
    known = understood(kind, options)
    try:
        from obstore.exceptions import BaseError
    except ImportError as error:
        raise MissingExtraError(f"{scheme}:// needs a package that is not installed. {how_to_install(kind)}") from error
    try:
        return _MAKERS[kind](bucket, prefix.strip("/") or None, known, _common(known))
    except (BaseError, ValueError, TypeError) as error:
        reason = first_line(error) if isinstance(error, BaseError) else type(error).__name__
        raise StoreError(
            f"The analytics store {uri} cannot be opened: {reason} Check analytics_store.storage_options."
        ) from None


def _common(known: ObjectOptions) -> dict[str, Any]:
    return {"client_options": {**CLIENT, **known.client}, "retry_config": {**RETRY, **known.retry}}


def _s3(bucket: str, prefix: str | None, known: ObjectOptions, common: Mapping[str, Any]) -> ObjectStore:
    from obstore.store import S3Store

    return S3Store(bucket, prefix=prefix, config=_with_profile(known, os.environ), **common)


def _with_profile(known: ObjectOptions, environ: Mapping[str, str]) -> Any:
    """Options first, then a profile that they name, then the environment, then the files that AWS tools share."""
    config, named = dict(known.config), known.own.get("profile")
    if named is None and "AWS_ACCESS_KEY_ID" in environ:
        return config
    found = of_profile(None if named is None else str(named), environ)
    if "access_key_id" in config or "skip_signature" in config:
        found = {name: value for name, value in found.items() if name in ("region", "endpoint")}
    said = {"region": ("AWS_REGION", "AWS_DEFAULT_REGION"), "endpoint": ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")}
    from_environment = {name for name, words in said.items() if any(word in environ for word in words)}
    return {name: value for name, value in found.items() if name not in from_environment} | config


def _gcs(bucket: str, prefix: str | None, known: ObjectOptions, common: Mapping[str, Any]) -> ObjectStore:
    from obstore.store import GCSStore

    config: Any = dict(known.config)
    if (emulator := os.environ.get("STORAGE_EMULATOR_HOST")) and "base_url" not in config:
        config["base_url"] = emulator if "://" in emulator else f"http://{emulator}"
    return GCSStore(bucket, prefix=prefix, config=config, **common)


def _azure(container: str, prefix: str | None, known: ObjectOptions, common: Mapping[str, Any]) -> ObjectStore:
    from obstore.store import AzureStore

    config: Any = dict(known.config)
    name, at, host = container.partition("@")
    if at:  # abfs://container@account.dfs.core.windows.net/prefix
        config.setdefault("account_name", host.partition(".")[0])
    return AzureStore(name, prefix=prefix, config=config, **common)


_Maker = Callable[[str, "str | None", ObjectOptions, Mapping[str, Any]], "ObjectStore"]
_MAKERS: Mapping[str, _Maker] = {"s3": _s3, "gcs": _gcs, "azure": _azure}
