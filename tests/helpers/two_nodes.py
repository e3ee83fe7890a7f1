"""A real Ray of two nodes on this machine: each in a network namespace of its own, with nothing between but a cable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

LIMIT_S = 300
PORT = 6379
_ROOT = str(Path(__file__).resolve().parents[2])


@dataclass
class TwoNodes:
    """The head, where sweeps are started, and another node, which does not see the folder of the user."""

    folder: Path
    """For what both see."""
    user: Path
    """The user's working folder; the other node has an empty one in its place."""
    name: str = field(default_factory=lambda: f"sw{os.getpid() % 100000}")

    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def spaces(self) -> tuple[str, str]:
        return f"{self.name}a", f"{self.name}b"

    def inside(self, space: int, *command: str) -> list[str]:
        """A command line, to be run on a node."""
        return ["ip", "netns", "exec", self.spaces()[space], *command]

    @property
    def address(self) -> str:
        return f"10.77.0.1:{PORT}"

    def ray_folder(self, space: int) -> str:
        """Where Ray keeps its sockets, whose paths must be short."""
        return f"/tmp/{self.spaces()[space]}"

    def environment(self, space: int = 0, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("RAY_") and not k.lower().endswith("_proxy")}
        own = {"PYTHONPATH": _ROOT, "PYTHONUNBUFFERED": "1", "RAY_TMPDIR": self.ray_folder(space)}
        return {**kept, **own, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token, **more}

    def sweep(self, *argv: str, **more: str) -> subprocess.Popen[str]:
        """Start a sweep on the head."""
        return self.python("-m", "sweeper", *argv, **more)

    def python(self, *argv: str, **more: str) -> subprocess.Popen[str]:
        """Start Python on the head."""
        pipe = subprocess.PIPE
        command = self.inside(0, sys.executable, *argv)
        return subprocess.Popen(
            command, cwd=self.user, env=self.environment(**more), stdout=pipe, stderr=pipe, text=True
        )

    def start_node(self, space: int, cpus: int) -> int:
        """Start a node and wait until it is there; returns the pid of its first process."""
        ray = str(Path(sys.executable).parent / "ray")
        own = ["--head", f"--port={PORT}", "--include-dashboard=false"] if space == 0 else [f"--address={self.address}"]
        start = [ray, "start", *own, f"--node-ip-address=10.77.0.{space + 1}", f"--num-cpus={cpus}", "--block"]
        start += ["--object-store-memory=100000000"]
        hide = f"mount -t tmpfs none {self.user} && " if space else ""
        command = self.inside(space, "sh", "-c", f"{hide}cd / && exec {' '.join(start)}")
        log = (self.folder / f"node{space}.log").open("w")
        process = subprocess.Popen(command, env=self.environment(space), stdout=log, stderr=log, start_new_session=True)
        self._wait_for("Ray runtime started", self.folder / f"node{space}.log", process)
        return process.pid

    def _wait_for(self, text: str, log: Path, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + LIMIT_S
        while text not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)

    def kill(self, space: int) -> None:
        """End every process of a node at once."""
        listed = subprocess.run(["ip", "netns", "pids", self.spaces()[space]], capture_output=True, text=True).stdout
        if listed.split():
            subprocess.run(["kill", "-KILL", *listed.split()], check=False)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def reason_against() -> str | None:
    """Why two nodes cannot be had here; `None` where they can."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "network namespaces need root and the command ip"
    probe = subprocess.run(["ip", "netns", "add", f"swprobe{os.getpid()}"], capture_output=True, text=True)
    if probe.returncode:
        return f"network namespaces cannot be made: {probe.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", f"swprobe{os.getpid()}"], check=False)
    return None


@contextmanager
def two_nodes(folder: Path, cpus: int = 2) -> Generator[TwoNodes]:
    """Start both nodes, and end them with all that was started on them."""
    nodes = TwoNodes(folder, folder / "user")
    nodes.user.mkdir()
    first, second = nodes.spaces()
    try:
        for space in (0, 1):
            Path(nodes.ray_folder(space)).mkdir()
            _run("ip", "netns", "add", nodes.spaces()[space])
        _run("ip", "link", "add", "va", "netns", first, "type", "veth", "peer", "name", "vb", "netns", second)
        for space, cable, address in ((first, "va", "10.77.0.1/24"), (second, "vb", "10.77.0.2/24")):
            _run("ip", "-n", space, "addr", "add", address, "dev", cable)
            for device in (cable, "lo"):
                _run("ip", "-n", space, "link", "set", device, "up")
        nodes.start_node(0, cpus)
        nodes.start_node(1, cpus)
        yield nodes
    finally:
        for space in (1, 0):
            nodes.kill(space)
            subprocess.run(["ip", "netns", "del", nodes.spaces()[space]], check=False)
            shutil.rmtree(nodes.ray_folder(space), ignore_errors=True)
