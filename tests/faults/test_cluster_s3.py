"""A real Ray of two nodes above an object store: a node that is killed loses what ran there, and no more."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import HELPERS
from s3_server import BUCKET, KEYS
from test_cluster import argv, cluster, ended  # noqa: F401 - `cluster` is a fixture
from two_nodes import TwoNodes, reason_against

pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.skipif(reason_against() is not None, reason=reason_against() or ""),
]
LIMIT_S = 300
ENDPOINT = "http://10.77.0.1:5555"
MAKE_BUCKET = f"""
import boto3, time
keys = dict(aws_access_key_id={KEYS["key"]!r}, aws_secret_access_key={KEYS["secret"]!r}, region_name="us-east-1")
for _ in range({LIMIT_S}):
    try:
        boto3.client("s3", endpoint_url={ENDPOINT!r}, **keys).create_bucket(Bucket={BUCKET!r})
        break
    except Exception:
        time.sleep(1)
else:
    raise SystemExit("the server does not answer")
"""
LOOK = f"""
import json, sys
sys.path.insert(0, {str(HELPERS)!r})
from invariant import assert_nothing_lost
from sweeper.store import open_store
options = {{**{KEYS!r}, "endpoint_url": {ENDPOINT!r}, "client_kwargs": {{"region_name": "us-east-1"}}}}
print(json.dumps(assert_nothing_lost(open_store("s3://{BUCKET}/cluster", options), json.loads(sys.argv[1]))))
"""


def on_head(cluster: TwoNodes, code: str, *argv: str) -> str:  # noqa: F811
    """Run Python where the object store can be reached; returns what it prints."""
    command = cluster.inside(0, sys.executable, "-c", code, *argv)
    done = subprocess.run(command, env=cluster.environment(), capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def start_server(cluster: TwoNodes, log: Path) -> None:  # noqa: F811
    """An S3 API on the head; it ends with what runs there."""
    command = cluster.inside(0, sys.executable, "-m", "moto.server", "-H", "10.77.0.1", "-p", "5555")
    with log.open("w") as out:
        subprocess.Popen(command, env=cluster.environment(), stdout=out, stderr=out)
    on_head(cluster, MAKE_BUCKET)


@pytest.mark.parametrize("retries", [0, 2])
def test_a_node_that_is_killed_while_busy_loses_what_ran_there_and_no_more(
    cluster: TwoNodes,  # noqa: F811
    retries: int,
):
    start_server(cluster, cluster.folder / "s3.log")
    options = "+analytics_store.storage_options"
    more = {f"{options}.endpoint_url": f"'{ENDPOINT}'", **{f"{options}.{key}": word for key, word in KEYS.items()}}
    more |= {"analytics_store.uri": f"s3://{BUCKET}/cluster", "retries": str(retries), "max_in_flight": "4"}
    process = cluster.sweep(*argv(cluster, 10, sleep=4.0, **more))
    started, until = cluster.folder / "started", time.monotonic() + LIMIT_S
    while not (started.exists() and "10.77.0.2" in started.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.2)
    cluster.kill(1)
    status, document, err = ended(process)
    wanted = [c["fingerprint"] for c in document["combinations"]]
    statuses: dict[str, list[str]] = json.loads(on_head(cluster, LOOK, json.dumps(wanted)))
    lost, counts = sum(ends.count("lost") for ends in statuses.values()), document["counts"]
    assert lost > 0
    if retries:
        assert (status, counts["completed"]) == (0, 10), err
    else:
        assert (status, counts["lost"], counts["completed"]) == (1, lost, 10 - lost), err
    assert counts["failed"] == 0
    assert KEYS["secret"] not in err
