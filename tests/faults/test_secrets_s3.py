"""The keys of an object store and the environment of workers stand nowhere, whether sweeps reach the store or not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from command_line import typed
from invariant import assert_nothing_lost
from s3_server import BUCKET, KEYS, S3Server, s3_server

from sweeper.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("empty_folder")]
WORD = "sentinel7c4e"
NO_PARTS = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO},report:0.5}"
GRID = [
    "capability=[]",
    f"+capability.a={{_target_:fault_parts.Talkative,{NO_PARTS}}}",
    f"+capability.b={{_target_:parts.Tiny,report:'# Fine',{NO_PARTS}}}",
]


@pytest.fixture
def server() -> Iterator[S3Server]:
    with s3_server() as started:
        yield started


@pytest.fixture
def uri() -> str:
    """A store of its own: buckets outlive their server."""
    return f"s3://{BUCKET}/secrets-{uuid.uuid4().hex}"


@pytest.fixture
def where(server: S3Server, uri: str, empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The store with secret keys, which this server takes as it takes any, and a secret of the workers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty_folder / "cache"))
    options = "++analytics_store.storage_options"
    return [
        f"analytics_store.uri={uri}",
        f"{options}.key={WORD}-key",
        f"{options}.secret={WORD}-secret",
        f"{options}.endpoint_url={server.endpoint}",
        f"++job_backend.runtime_env.env_vars.TALKATIVE_TOKEN={WORD}-token",
    ]


def objects(server: S3Server) -> dict[str, bytes]:
    """Every object of the bucket."""
    keys = {"aws_access_key_id": KEYS["key"], "aws_secret_access_key": KEYS["secret"], "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=server.endpoint, **keys).Bucket(BUCKET)
    return {found.key: found.get()["Body"].read() for found in bucket.objects.all()}


def assert_nowhere(said: list[str], server: S3Server, uri: str) -> None:
    """Neither in what was said, nor in a file, nor in an object or in what its rows say."""
    assert [text for text in said if WORD in text] == []
    assert [path for path in Path().rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()] == []
    assert [key for key, data in objects(server).items() if WORD.encode() in data] == []
    store = open_store(uri, server.options)
    assert [name for name in store.tables() if WORD in str(store.table(name).to_pylist())] == []
    assert WORD not in str(store.asked().to_pylist())


@pytest.mark.parametrize("kind", ["inline", "ray-simple"])  # which starts no Ray for the second
def test_a_sweep_that_fails_and_what_shows_it_say_no_secret(
    backend: str,
    server: S3Server,
    uri: str,
    where: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    if "ray" in backend:
        import ray

        ray.shutdown()
    else:
        monkeypatch.setenv("TALKATIVE_TOKEN", f"{WORD}-token")
    status, *said = typed(*GRID, *where, backend, "job_backend.num_cpus=1", "--json")
    assert status == 1, said
    shown = (["--cfg", "job"], ["plan", *GRID], ["report"], ["check"], ["compact"], ["query", "SELECT * FROM attempts"])
    for words in shown:
        ended, *texts = typed(*words, *where)
        assert ended == 0, texts
        said += texts
    if "ray" in backend:
        said += capfd.readouterr()  # the inline backend leaves the output of a part alone
    assert_nowhere(said, server, uri)
    assert Path("report.html").exists()
    rows = open_store(uri, server.options).attempts().to_pylist()
    (failed,) = [row for row in rows if row["status"] == "failed"]
    assert "***" in failed["error_message"] + failed["traceback"]
    if "ray" in backend:
        assert "the token is ***" in Path(failed["log_uri"]).read_text()
    assert_nothing_lost(open_store(uri, server.options), [row["fingerprint"] for row in rows])


@pytest.mark.parametrize("refused", ["/attempts/1", "/.sweeper/sweeps/", "/tiny/1"])
def test_a_store_that_refuses_what_is_written_is_told_of_without_its_keys(
    server: S3Server, uri: str, where: list[str], refused: str
):
    server.refuses = lambda method, path: method == "PUT" and refused in path
    status, *said = typed(GRID[0], GRID[2], *where, "job_backend.kind=inline")
    assert status in (1, 2, 3), said
    assert "403" in "".join(said)
    server.refuses = None
    assert_nowhere(said, server, uri)


def test_a_server_that_is_not_there_is_told_of_without_its_keys(server: S3Server, uri: str, where: list[str]):
    away = "++analytics_store.storage_options.endpoint_url=http://127.0.0.1:9"
    status, *said = typed(*GRID, *where, away, "job_backend.kind=inline")
    assert status == 2
    assert "cannot be" in "".join(said)
    assert_nowhere(said, server, uri)
