"""What `storage_options` mean, in the words of s3fs, gcsfs, adlfs, pyarrow and obstore: a table for each kind of store.

Nested options are named with dots, `client_kwargs.region_name`. Values are never part of a message: they may be secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from sweeper.errors import StoreError, near_match

NESTED = ("client_kwargs", "config_kwargs", "s3_additional_kwargs", "client_options", "retry_config")
"""Options that hold options. Every other mapping is a value."""


@dataclass
class ObjectOptions:
    """What an object store is opened with, as obstore takes it."""

    config: dict[str, object] = field(default_factory=dict[str, object])
    """Credentials and addresses."""
    client: dict[str, object] = field(default_factory=dict[str, object])
    """Of the HTTP client."""
    retry: dict[str, object] = field(default_factory=dict[str, object])
    own: dict[str, object] = field(default_factory=dict[str, object])
    """What several options say together, or what is read from elsewhere: scheme, profile, connection_string."""


class Target(NamedTuple):
    """Where the value of one word goes."""

    part: str
    """A field of `ObjectOptions`; empty where the word has no effect here."""
    name: str = ""
    convert: Callable[[object], object] = lambda value: value


# How values are converted


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flag(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("1", "true", "yes", "on")
    return bool(value)


def _seconds(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, list | tuple):  # connect and read, as the requests library takes them
        value = max(float(one) for one in value)
    return timedelta(seconds=float(str(value)))


def _whole(value: object) -> int:
    return int(str(value))


def _scheme_of(use_ssl: object) -> str:
    return "https" if _flag(use_ssl) else "http"


def _is_virtual(style: object) -> str:
    return _text(style == "virtual")


# The tables


def _config(name: str) -> Target:
    return Target("config", name, _text)


def _own(name: str) -> Target:
    return Target("own", name)


UNUSED = Target("")
_ANONYMOUS = Target("config", "skip_signature", lambda value: _text(_flag(value)))
_CONNECT = Target("client", "connect_timeout", _seconds)
_REQUEST = Target("client", "timeout", _seconds)
_RETRIES = Target("retry", "max_retries", _whole)
_NO_CHECK = Target("client", "allow_invalid_certificates", _flag)

COMMON: Mapping[str, Target] = {
    "connect_timeout": _CONNECT,
    "request_timeout": _REQUEST,
    "read_timeout": _REQUEST,
    "timeout": _REQUEST,
    "max_retries": _RETRIES,
    "retry_timeout": Target("retry", "retry_timeout", _seconds),
    "allow_http": Target("client", "allow_http", _flag),
    "allow_invalid_certificates": _NO_CHECK,
    "proxy_url": Target("client", "proxy_url", _text),
    "scheme": _own("scheme"),
    **{
        f"client_options.{name}": Target("client", name) for name in ("user_agent", "default_headers", "proxy_excludes")
    },
    "client_options.allow_http": Target("client", "allow_http", _flag),
    "client_options.allow_invalid_certificates": _NO_CHECK,
    "client_options.connect_timeout": _CONNECT,
    "client_options.timeout": _REQUEST,
    "client_options.proxy_url": Target("client", "proxy_url", _text),
    "client_options.root_certificate": Target("client", "root_certificate", _text),
    "retry_config.max_retries": _RETRIES,
    "retry_config.retry_timeout": Target("retry", "retry_timeout", _seconds),
    **dict.fromkeys(
        ("default_block_size", "block_size", "blocksize", "default_fill_cache", "default_cache_type", "cache_type"),
        UNUSED,
    ),
    **dict.fromkeys(("use_listings_cache", "listings_expiry_time", "max_paths", "skip_instance_cache"), UNUSED),
    **dict.fromkeys(("asynchronous", "loop", "max_concurrency", "cache_timeout", "check_connection"), UNUSED),
    **dict.fromkeys(("background_writes", "default_metadata", "version_aware"), UNUSED),
}
"""Words for every kind of store; those of caches and of concurrency have no effect here."""

_S3_OWN = (
    *("access_key_id", "secret_access_key", "session_token", "region", "default_region", "endpoint"),
    *("skip_signature", "virtual_hosted_style_request", "request_payer", "unsigned_payload", "checksum_algorithm"),
    *("server_side_encryption", "sse_kms_key_id", "sse_bucket_key_enabled", "sse_customer_key_base64", "s3_express"),
    *("metadata_endpoint", "imdsv1_fallback", "container_credentials_relative_uri", "container_credentials_full_uri"),
    *("container_authorization_token_file", "web_identity_token_file", "role_arn", "role_session_name"),
    *("disable_tagging", "disable_bulk_delete", "copy_if_not_exists", "conditional_put"),
)
_GCS_OWN = (
    *("service_account", "service_account_key", "base_url", "bearer_token", "application_credentials"),
    "skip_signature",
)
_AZURE_OWN = (
    *("account_name", "account_key", "client_id", "client_secret", "tenant_id", "authority_host", "sas_key", "token"),
    *("use_emulator", "use_fabric_endpoint", "endpoint", "msi_endpoint", "object_id", "msi_resource_id"),
    *("federated_token_file", "use_azure_cli", "skip_signature", "disable_tagging", "credential_type"),
    "encryption_key",
)


def _named(names: tuple[str, ...], *prefixes: str) -> dict[str, Target]:
    """The names that obstore has, alone and as in environment variables: `aws_access_key_id`."""
    return {f"{prefix}{name}": _config(name) for name in names for prefix in ("", *prefixes)}


S3: Mapping[str, Target] = {
    **COMMON,
    **_named(_S3_OWN, "aws_"),
    "aws_endpoint_url": _config("endpoint"),
    "endpoint_url_s3": _config("endpoint"),
    "aws_endpoint_url_s3": _config("endpoint"),
    # s3fs
    "key": _config("access_key_id"),
    "secret": _config("secret_access_key"),
    "token": _config("session_token"),
    "anon": _ANONYMOUS,
    "endpoint_url": _config("endpoint"),
    "use_ssl": Target("own", "scheme", _scheme_of),
    "profile": _own("profile"),
    "requester_pays": Target("config", "request_payer", lambda value: _text(_flag(value))),
    "client_kwargs.endpoint_url": _config("endpoint"),
    "client_kwargs.region_name": _config("region"),
    "client_kwargs.aws_access_key_id": _config("access_key_id"),
    "client_kwargs.aws_secret_access_key": _config("secret_access_key"),
    "client_kwargs.aws_session_token": _config("session_token"),
    "client_kwargs.use_ssl": Target("own", "scheme", _scheme_of),
    "client_kwargs.verify": Target("own", "verify"),
    "config_kwargs.connect_timeout": _CONNECT,
    "config_kwargs.read_timeout": _REQUEST,
    "config_kwargs.retries.max_attempts": _RETRIES,
    "config_kwargs.retries.mode": UNUSED,
    "config_kwargs.region_name": _config("region"),
    "config_kwargs.signature_version": UNUSED,
    "config_kwargs.max_pool_connections": UNUSED,
    "config_kwargs.s3.addressing_style": Target("config", "virtual_hosted_style_request", _is_virtual),
    "s3_additional_kwargs.ServerSideEncryption": _config("server_side_encryption"),
    "s3_additional_kwargs.SSEKMSKeyId": _config("sse_kms_key_id"),
    **dict.fromkeys(("cache_regions", "fixed_upload_size", "session"), UNUSED),
    # pyarrow
    "access_key": _config("access_key_id"),
    "secret_key": _config("secret_access_key"),
    "anonymous": _ANONYMOUS,
    "endpoint_override": _config("endpoint"),
    "force_virtual_addressing": Target("config", "virtual_hosted_style_request", lambda value: _text(_flag(value))),
    "proxy_options": Target("client", "proxy_url", _text),
    "tls_ca_file_path": _own("ca_file"),
    **dict.fromkeys(("allow_bucket_creation", "allow_bucket_deletion", "allow_delayed_open", "load_frequency"), UNUSED),
    **dict.fromkeys(("check_directory_existence_before_creation", "retry_strategy"), UNUSED),
}
GCS: Mapping[str, Target] = {
    **COMMON,
    **_named(_GCS_OWN, "google_"),
    "google_service_account_path": _config("service_account"),
    # gcsfs
    "token": _own("google_token"),
    "endpoint_url": _config("base_url"),
    "requests_timeout": _REQUEST,
    **dict.fromkeys(
        ("project", "access", "consistency", "default_location", "secure_serialize", "session_kwargs"), UNUSED
    ),
    # pyarrow
    "anonymous": _ANONYMOUS,
    "anon": _ANONYMOUS,
    "access_token": _config("bearer_token"),
    "endpoint_override": _config("base_url"),
    "retry_time_limit": Target("retry", "retry_timeout", _seconds),
    **dict.fromkeys(("project_id", "default_bucket_location", "credential_token_expiration"), UNUSED),
}
AZURE: Mapping[str, Target] = {
    **COMMON,
    **_named(_AZURE_OWN, "azure_storage_", "azure_"),
    # adlfs
    "connection_string": _own("connection_string"),
    "sas_token": _config("sas_key"),
    "azure_storage_sas_token": _config("sas_key"),
    "credential": _config("account_key"),
    "anon": _ANONYMOUS,
    "account_host": _own("account_host"),
    "connection_timeout": _CONNECT,
    **dict.fromkeys(("location_mode", "socket_timeout", "request_session", "assume_container_exists"), UNUSED),
    **dict.fromkeys(("exclude_default_credential", "exclude_shared_token_cache_credential"), UNUSED),
    # pyarrow
    "blob_storage_authority": _own("account_host"),
    "blob_storage_scheme": _own("scheme"),
    **dict.fromkeys(("dfs_storage_authority", "dfs_storage_scheme"), UNUSED),
}
TABLES: Mapping[str, Mapping[str, Target]] = {"s3": S3, "gcs": GCS, "azure": AZURE}
"""By the extra that a kind of store needs."""


_USUAL = {
    "s3": "key, secret, token, profile, endpoint_url, region, anon",
    "gcs": "token, service_account, endpoint_url, anonymous",
    "azure": "account_name, account_key, connection_string, sas_token, client_id, client_secret, tenant_id, anon",
}


# What the words of one store mean


def understood(kind: str, options: Mapping[str, object]) -> ObjectOptions:
    """What these options say of a store of this kind (`s3`, `gcs` or `azure`). An option that is null says nothing.

    Raises
    ------
    StoreError
        A word that is not in the table, or a value of another type than its word takes.
    """
    result, table = ObjectOptions(), TABLES[kind]
    for word, value in _flat(options):
        target = table.get(word) or table.get(word.lower()) or _refuse(kind, word, table)
        if target.part and value is not None:
            getattr(result, target.part)[target.name] = _converted(word, value, target)
    _together(kind, result)
    return result


def _flat(options: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for word, value in options.items():
        name = f"{prefix}{word}"
        if isinstance(value, Mapping) and (prefix or word in NESTED):
            yield from _flat(value, f"{name}.") if name != "client_options.default_headers" else [(name, value)]
        else:
            yield name, value


def _refuse(kind: str, word: str, table: Mapping[str, Target]) -> Target:
    raise StoreError(
        f"analytics_store.storage_options has no {word!r} for this kind of store ({kind}).{near_match(word, table)} "
        f"It takes {_USUAL[kind]} and others, in the words of s3fs, gcsfs, adlfs, pyarrow and obstore; "
        "docs/object-stores.md has them."
    )


def _converted(word: str, value: object, target: Target) -> object:
    try:
        return target.convert(value)
    except (TypeError, ValueError):
        raise StoreError(
            f"analytics_store.storage_options.{word} cannot be a {type(value).__name__} of this form; "
            "it takes a number, in seconds where it is a time."
        ) from None


def _together(kind: str, options: ObjectOptions) -> None:
    """Options that several words make."""
    config, own = options.config, options.own
    if kind == "azure":
        _from_connection_string(options, str(own.get("connection_string", "")))
        if host := own.get("account_host"):
            config.setdefault("endpoint", str(host))
    if kind == "gcs":
        _from_google_token(options, own.get("google_token"))
    for name in ("endpoint", "base_url"):
        if (address := str(config.get(name, ""))) and "://" not in address:
            config[name] = f"{own.get('scheme', 'https')}://{address}"
    if (verify := own.get("verify")) is not None:
        _verify(options, verify)
    if path := own.get("ca_file"):
        options.client["root_certificate"] = _content(str(path))


def _verify(options: ObjectOptions, verify: object) -> None:
    """boto3's `verify`: false, or the path of a certificate."""
    if isinstance(verify, bool):
        options.client["allow_invalid_certificates"] = not verify
    else:
        options.client["root_certificate"] = _content(str(verify))


def _content(path: str) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return file.read()
    except OSError as error:
        raise StoreError(f"The certificate {path} of the storage options cannot be read: {error.strerror}.") from error


_GOOGLE_DEFAULTS = ("google_default", "cache", "cloud", "browser")


def _from_google_token(options: ObjectOptions, token: object) -> None:
    """gcsfs's `token`: a word, the path of a file with a key, or the content of one."""
    if token is None or token in _GOOGLE_DEFAULTS:
        return
    if token == "anon":
        options.config["skip_signature"] = "true"
    elif isinstance(token, Mapping):
        options.config["service_account_key"] = json.dumps(dict(token))
    else:
        options.config["application_credentials"] = os.path.expanduser(str(token))


_CONNECTION = {
    "accountname": "account_name",
    "accountkey": "account_key",
    "sharedaccesssignature": "sas_key",
    "blobendpoint": "endpoint",
}


def _from_connection_string(options: ObjectOptions, text: str) -> None:
    """Azure's `AccountName=...;AccountKey=...`; what other options say themselves holds."""
    parts = {key.strip().lower(): value for key, equals, value in (p.partition("=") for p in text.split(";")) if equals}
    for word, name in _CONNECTION.items():
        if word in parts:
            options.config.setdefault(name, parts[word])
    if parts.get("usedevelopmentstorage", "").lower() == "true":
        options.config["use_emulator"] = "true"
    if suffix := parts.get("endpointsuffix"):
        scheme = parts.get("defaultendpointsprotocol", "https")
        options.config.setdefault("endpoint", f"{scheme}://{options.config.get('account_name')}.blob.{suffix}")
