"""The words of other libraries for the options of an object store, one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sweeper.errors import StoreError
from sweeper.store import open_store
from sweeper.store.aws_profile import of_profile
from sweeper.store.object_stores import _with_profile
from sweeper.store.storage_options import TABLES, understood

FIVE = timedelta(seconds=5)
WORDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # s3fs
    ("s3", {"key": "a"}, {"config": {"access_key_id": "a"}}),
    ("s3", {"secret": "a"}, {"config": {"secret_access_key": "a"}}),
    ("s3", {"token": "a"}, {"config": {"session_token": "a"}}),
    ("s3", {"anon": True}, {"config": {"skip_signature": "true"}}),
    ("s3", {"anon": False}, {"config": {"skip_signature": "false"}}),
    ("s3", {"endpoint_url": "http://h:1"}, {"config": {"endpoint": "http://h:1"}}),
    ("s3", {"endpoint_url": "h:1", "use_ssl": False}, {"config": {"endpoint": "http://h:1"}}),
    ("s3", {"profile": "p"}, {"own": {"profile": "p"}}),
    ("s3", {"requester_pays": True}, {"config": {"request_payer": "true"}}),
    ("s3", {"client_kwargs": {"endpoint_url": "http://h"}}, {"config": {"endpoint": "http://h"}}),
    ("s3", {"client_kwargs": {"region_name": "r"}}, {"config": {"region": "r"}}),
    ("s3", {"client_kwargs": {"aws_access_key_id": "a"}}, {"config": {"access_key_id": "a"}}),
    ("s3", {"client_kwargs": {"aws_secret_access_key": "a"}}, {"config": {"secret_access_key": "a"}}),
    ("s3", {"client_kwargs": {"aws_session_token": "a"}}, {"config": {"session_token": "a"}}),
    ("s3", {"client_kwargs": {"verify": False}}, {"client": {"allow_invalid_certificates": True}}),
    ("s3", {"config_kwargs": {"connect_timeout": 5}}, {"client": {"connect_timeout": FIVE}}),
    ("s3", {"config_kwargs": {"read_timeout": 5}}, {"client": {"timeout": FIVE}}),
    ("s3", {"config_kwargs": {"retries": {"max_attempts": 2}}}, {"retry": {"max_retries": 2}}),
    (
        "s3",
        {"config_kwargs": {"s3": {"addressing_style": "virtual"}}},
        {"config": {"virtual_hosted_style_request": "true"}},
    ),
    ("s3", {"config_kwargs": {"signature_version": "s3v4"}}, {}),
    (
        "s3",
        {"s3_additional_kwargs": {"ServerSideEncryption": "AES256"}},
        {"config": {"server_side_encryption": "AES256"}},
    ),
    ("s3", {"s3_additional_kwargs": {"SSEKMSKeyId": "k"}}, {"config": {"sse_kms_key_id": "k"}}),
    ("s3", {"default_block_size": 5, "use_listings_cache": False, "cache_regions": True, "asynchronous": False}, {}),
    # pyarrow
    ("s3", {"access_key": "a"}, {"config": {"access_key_id": "a"}}),
    ("s3", {"secret_key": "a"}, {"config": {"secret_access_key": "a"}}),
    ("s3", {"session_token": "a"}, {"config": {"session_token": "a"}}),
    ("s3", {"anonymous": True}, {"config": {"skip_signature": "true"}}),
    ("s3", {"region": "r"}, {"config": {"region": "r"}}),
    ("s3", {"endpoint_override": "h:1", "scheme": "http"}, {"config": {"endpoint": "http://h:1"}}),
    ("s3", {"endpoint_override": "h:1"}, {"config": {"endpoint": "https://h:1"}}),
    ("s3", {"force_virtual_addressing": True}, {"config": {"virtual_hosted_style_request": "true"}}),
    ("s3", {"proxy_options": "http://p"}, {"client": {"proxy_url": "http://p"}}),
    ("s3", {"connect_timeout": 5.0, "request_timeout": "5"}, {"client": {"connect_timeout": FIVE, "timeout": FIVE}}),
    ("s3", {"allow_bucket_creation": False, "background_writes": True, "load_frequency": 900}, {}),
    # obstore, and the names of environment variables
    (
        "s3",
        {"access_key_id": "a", "secret_access_key": "b"},
        {"config": {"access_key_id": "a", "secret_access_key": "b"}},
    ),
    ("s3", {"aws_access_key_id": "a", "aws_region": "r"}, {"config": {"access_key_id": "a", "region": "r"}}),
    (
        "s3",
        {"AWS_ACCESS_KEY_ID": "a", "AWS_ENDPOINT_URL": "http://h"},
        {"config": {"access_key_id": "a", "endpoint": "http://h"}},
    ),
    ("s3", {"client_options": {"timeout": 5, "allow_http": True}}, {"client": {"timeout": FIVE, "allow_http": True}}),
    (
        "s3",
        {"retry_config": {"max_retries": 1}, "retry_timeout": 5},
        {"retry": {"max_retries": 1, "retry_timeout": FIVE}},
    ),
    ("s3", {"key": None, "region": "r"}, {"config": {"region": "r"}}),
    ("s3", {"endpoint_url_s3": "http://h"}, {"config": {"endpoint": "http://h"}}),
    ("s3", {"endpoint_url": "h", "client_kwargs": {"use_ssl": False}}, {"config": {"endpoint": "http://h"}}),
    # gcsfs
    ("gcs", {"token": "anon"}, {"config": {"skip_signature": "true"}}),
    ("gcs", {"token": "google_default"}, {}),
    ("gcs", {"token": "/k.json"}, {"config": {"application_credentials": "/k.json"}}),
    (
        "gcs",
        {"token": {"type": "service_account"}},
        {"config": {"service_account_key": json.dumps({"type": "service_account"})}},
    ),
    ("gcs", {"endpoint_url": "http://h:1"}, {"config": {"base_url": "http://h:1"}}),
    ("gcs", {"requests_timeout": [2, 5]}, {"client": {"timeout": FIVE}}),
    ("gcs", {"project": "p", "access": "read_write", "consistency": "none"}, {}),
    # pyarrow
    ("gcs", {"access_token": "t"}, {"config": {"bearer_token": "t"}}),
    ("gcs", {"anonymous": True}, {"config": {"skip_signature": "true"}}),
    ("gcs", {"endpoint_override": "h:1", "scheme": "http"}, {"config": {"base_url": "http://h:1"}}),
    ("gcs", {"retry_time_limit": FIVE}, {"retry": {"retry_timeout": FIVE}}),
    ("gcs", {"project_id": "p", "default_bucket_location": "US"}, {}),
    (
        "gcs",
        {"service_account": "/k", "google_bearer_token": "t"},
        {"config": {"service_account": "/k", "bearer_token": "t"}},
    ),
    # adlfs
    ("azure", {"account_name": "a", "account_key": "k"}, {"config": {"account_name": "a", "account_key": "k"}}),
    ("azure", {"sas_token": "s"}, {"config": {"sas_key": "s"}}),
    ("azure", {"azure_storage_sas_token": "s"}, {"config": {"sas_key": "s"}}),
    ("azure", {"credential": "k"}, {"config": {"account_key": "k"}}),
    (
        "azure",
        {"client_id": "i", "client_secret": "s", "tenant_id": "t"},
        {"config": {"client_id": "i", "client_secret": "s", "tenant_id": "t"}},
    ),
    (
        "azure",
        {"connection_string": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k==;EndpointSuffix=x.net"},
        {"config": {"account_name": "a", "account_key": "k==", "endpoint": "https://a.blob.x.net"}},
    ),
    ("azure", {"connection_string": "UseDevelopmentStorage=true"}, {"config": {"use_emulator": "true"}}),
    (
        "azure",
        {"connection_string": "AccountName=a;SharedAccessSignature=s"},
        {"config": {"account_name": "a", "sas_key": "s"}},
    ),
    ("azure", {"anon": True}, {"config": {"skip_signature": "true"}}),
    ("azure", {"account_host": "h:1"}, {"config": {"endpoint": "https://h:1"}}),
    ("azure", {"connection_timeout": 5, "read_timeout": 5}, {"client": {"connect_timeout": FIVE, "timeout": FIVE}}),
    ("azure", {"location_mode": "primary", "max_concurrency": 4, "blocksize": 5}, {}),
    # pyarrow
    (
        "azure",
        {"blob_storage_authority": "h:1", "blob_storage_scheme": "http", "dfs_storage_scheme": "http"},
        {"config": {"endpoint": "http://h:1"}},
    ),
    (
        "azure",
        {"azure_storage_account_name": "a", "AZURE_CLIENT_ID": "i"},
        {"config": {"account_name": "a", "client_id": "i"}},
    ),
]


@pytest.mark.parametrize(("kind", "options", "expected"), WORDS, ids=lambda value: str(value)[:60])
def test_a_word_of_another_library_means_what_it_means_there(
    kind: str, options: dict[str, Any], expected: dict[str, Any]
):
    found = understood(kind, options)
    assert {"config": found.config, "client": found.client, "retry": found.retry} == {
        "config": {},
        "client": {},
        "retry": {},
        **{part: value for part, value in expected.items() if part != "own"},
    }
    assert expected.get("own", {}).items() <= found.own.items()


def words(options: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for word, value in options.items():
        yield f"{prefix}{word}"
        if isinstance(value, dict):
            yield from words(value, f"{prefix}{word}.")


def test_every_word_of_the_other_libraries_is_tested():
    """All that has an effect and is not simply a name of obstore's own."""
    tested = {word.lower() for _, options, _ in WORDS for word in words(options)}
    untested = {
        word
        for table in TABLES.values()
        for word, target in table.items()
        if target.part and word.lower() not in tested and target.name not in word.lower()
    }
    assert untested == set()


@pytest.mark.parametrize(
    ("kind", "uri"), [("s3", "s3://b/p"), ("gcs", "gs://b/p"), ("azure", "abfs://c/p")], ids=lambda value: str(value)
)
def test_obstore_knows_every_name_that_the_table_gives_it(kind: str, uri: str):
    """A name that obstore does not know is refused as soon as the store is opened."""
    needed = {"account_name": "x"} if kind == "azure" else {}
    refused: dict[str, str] = {}
    for word, target in TABLES[kind].items():
        if target.part == "config" and "." not in word:
            try:
                open_store(uri, {**needed, word: "true"})
            except StoreError as error:
                if "not valid for store" in str(error):
                    refused[word] = str(error)
    assert refused == {}


@pytest.mark.parametrize(
    ("uri", "options", "near"),
    [
        ("s3://b/p", {"secrt": "hushhush"}, "Did you mean 'secret'"),
        ("s3://b/p", {"client_kwargs": {"region": "hushhush"}}, "Did you mean 'client_kwargs.region_name'"),
        ("gs://b/p", {"tokn": "hushhush"}, "Did you mean 'token'"),
        ("abfs://c/p", {"acount_key": "hushhush", "account_name": "x"}, "Did you mean 'account_key'"),
        ("s3://b/p", {"connect_timeout": "hushhush"}, "connect_timeout cannot be a str of this form"),
    ],
)
def test_a_word_that_is_not_known_is_refused_with_its_neighbour_and_without_its_value(
    uri: str, options: dict[str, Any], near: str
):
    with pytest.raises(StoreError) as caught:
        open_store(uri, options)
    assert near in str(caught.value)
    assert "hush" not in str(caught.value)


# What AWS tools share


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    aws = tmp_path / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text(
        "[default]\naws_access_key_id = d\naws_secret_access_key = ds\n"
        "[lab]\naws_access_key_id = l\naws_secret_access_key = ls\n"
    )
    (aws / "config").write_text(
        "[default]\nregion = eu-west-1\n[profile lab]\nregion = eu-west-2\nendpoint_url = http://lab\n"
        "[profile login]\nsso_session = s\n"
    )
    return {"HOME": str(tmp_path)}


def test_the_files_that_aws_tools_share_give_keys_and_region(home: dict[str, str]):
    assert of_profile(None, home) == {"access_key_id": "d", "secret_access_key": "ds", "region": "eu-west-1"}
    lab = {"access_key_id": "l", "secret_access_key": "ls", "region": "eu-west-2", "endpoint": "http://lab"}
    assert of_profile(None, {**home, "AWS_PROFILE": "lab"}) == of_profile("lab", home) == lab
    assert of_profile(None, {"HOME": "/nowhere"}) == {}


def test_a_profile_that_is_not_there_or_has_no_keys_is_refused_with_the_next_step(home: dict[str, str]):
    with pytest.raises(StoreError, match=r"no AWS profile 'labb'.*Did you mean 'lab'"):
        of_profile("labb", home)
    with pytest.raises(StoreError, match="aws configure export-credentials --profile login"):
        of_profile("login", home)


def test_options_hold_over_profiles_and_the_environment_over_the_default_profile(home: dict[str, str]):
    said = {**home, "AWS_REGION": "r"}
    assert _with_profile(understood("s3", {"profile": "lab"}), said)["access_key_id"] == "l"
    assert "region" not in _with_profile(understood("s3", {"profile": "lab"}), said)
    assert _with_profile(understood("s3", {"key": "k", "secret": "s"}), home) == {
        "access_key_id": "k",
        "secret_access_key": "s",
        "region": "eu-west-1",
    }
    keys = {"AWS_ACCESS_KEY_ID": "e", "AWS_SECRET_ACCESS_KEY": "es"}
    assert _with_profile(understood("s3", {}), {**home, **keys}) == {}
