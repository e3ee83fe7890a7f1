"""The Ray that a sweep starts answers nobody who has no token, from this machine or from another network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = [pytest.mark.faults, pytest.mark.slow]
LIMIT_S = 120
OURS, THEIRS, NAMESPACE = "198.18.7.1", "198.18.7.2", "sweeper-test"
ASK = """
import sys
from ray._raylet import GcsClient
try:
    print("nodes:", len(GcsClient(address=sys.argv[1]).get_all_node_info(timeout=10)))
except BaseException as error:
    print("refused:", type(error).__name__)
"""
SERVE = """
import ray, sys
from sweeper.jobs import RaySimpleJobBackend
backend = RaySimpleJobBackend(sys.argv[1], num_cpus=1)
print(ray.get_runtime_context().gcs_address.rpartition(":")[2], flush=True)
sys.stdin.read()
backend.close()
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port of the GCS of a Ray that a backend has started in another process."""
    words = [sys.executable, "-c", SERVE, str(tmp_path_factory.mktemp("store"))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=without_token()) as own:
        assert own.stdout is not None
        yield own.stdout.readline().strip()
        own.communicate(timeout=LIMIT_S)


def without_token() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}


def asked(address: str, mode: str, *prefix: str, **more: str) -> str:
    words = [*prefix, sys.executable, "-c", ASK, address]
    env = {**without_token(), "RAY_AUTH_MODE": mode, **more}
    return subprocess.run(words, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False).stdout.strip()


def test_who_has_the_token_of_this_user_is_answered(port: str):
    assert asked(f"127.0.0.1:{port}", "token") == "nodes: 1"


def test_who_has_none_or_another_is_refused(port: str):
    assert asked(f"127.0.0.1:{port}", "disabled") == "refused: AuthenticationError"
    assert asked(f"127.0.0.1:{port}", "token", RAY_AUTH_TOKEN="0" * 64) == "refused: AuthenticationError"


@pytest.fixture
def network() -> Iterator[None]:
    """A network namespace that is joined to this one."""
    if os.geteuid() or shutil.which("ip") is None:
        pytest.skip("making a network needs root and `ip`")
    made = [subprocess.run(line.split(), capture_output=True, text=True, check=False) for line in (
        f"ip netns add {NAMESPACE}",
        f"ip link add sw-ours type veth peer name sw-theirs netns {NAMESPACE}",
        f"ip addr add {OURS}/30 dev sw-ours",
        "ip link set sw-ours up",
        f"ip netns exec {NAMESPACE} ip addr add {THEIRS}/30 dev sw-theirs",
        f"ip netns exec {NAMESPACE} ip link set sw-theirs up",
    )]  # fmt: skip
    try:
        if any(done.returncode for done in made):
            pytest.skip("no network can be made here")
        yield
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], capture_output=True, check=False)


@pytest.mark.usefixtures("network")
def test_another_network_is_refused(port: str):
    inside = ["ip", "netns", "exec", NAMESPACE]
    assert asked(f"{OURS}:{port}", "disabled", *inside) == "refused: AuthenticationError"
