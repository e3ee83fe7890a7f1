"""A Ray of several small nodes on this machine, all of them on the loopback interface."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from ray_head import free_port

LIMIT_S = 300.0
STORE_BYTES = 80_000_000


def environment() -> dict[str, str]:
    """The environment in which the nodes, and who uses them, run: with a token, so that nobody else is let in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": uuid.uuid4().hex, "RAY_USAGE_STATS_ENABLED": "0"}
    return {**kept, **token}


@contextmanager
def ray_nodes(environ: dict[str, str], nodes: int, cpus: int = 1) -> Generator[str]:
    """Start a head and `nodes - 1` further nodes of `cpus` processors each; gives the address, and ends them."""
    folder = Path(tempfile.mkdtemp(prefix="rn-", dir="/tmp"))  # paths of sockets must be short
    address = f"127.0.0.1:{free_port()}"
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(nodes):
            started.append(_start(environ, folder, number, address, cpus))
            _wait_for(folder / f"{number}.log", started[-1])
        yield address
    finally:
        for process in reversed(started):
            _kill(process)
        shutil.rmtree(folder, ignore_errors=True)


def _start(environ: dict[str, str], folder: Path, number: int, address: str, cpus: int) -> subprocess.Popen[bytes]:
    port = address.partition(":")[2]
    head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}"]
    command = [str(Path(sys.executable).parent / "ray"), "start", *([f"--address={address}"] if number else head)]
    command += ["--block", "--node-ip-address=127.0.0.1", f"--num-cpus={cpus}", f"--object-store-memory={STORE_BYTES}"]
    with (folder / f"{number}.log").open("w") as log:
        return subprocess.Popen(command, env=environ, cwd="/", stdout=log, stderr=log)


def _wait_for(log: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + LIMIT_S
    while "Ray runtime started" not in log.read_text():
        if process.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"a node of Ray did not start:\n{log.read_text()}")
        time.sleep(0.1)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a node with all that it started."""
    below: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(process.pid).children(recursive=True)
    for each in below:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.kill()
    process.wait()
    psutil.wait_procs(below, timeout=LIMIT_S)
