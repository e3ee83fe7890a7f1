"""A real `ray start --head` on this machine, that knows its own token and can be killed with all that it started."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from contextlib import closing, suppress
from pathlib import Path

import psutil
from places import HELPERS, ROOT

LIMIT_S = 900.0
"""Far more than anything takes here that imports torch in each of its processes, also on a busy machine."""


TRIES = 5


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with closing(socket.socket()) as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


class RayHead:
    """One node with two processors; `environment` is that in which it answers."""

    def __init__(self, log: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": uuid.uuid4().hex, "RAY_USAGE_STATS_ENABLED": "0"}
        self.environment = {**kept, **token, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HELPERS)])}
        self._log, self._port, self._tries = log, free_port(), 0
        self.address = f"127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it, where it does not run."""
        self._folder = Path(tempfile.mkdtemp(prefix="ray-cm-", dir="/tmp"))  # paths of sockets must be short
        command = [str(Path(sys.executable).parent / "ray"), "start", "--head", "--block", f"--port={self._port}"]
        command += ["--node-ip-address=127.0.0.1", f"--ray-client-server-port={free_port()}", "--num-cpus=2"]
        command += ["--include-dashboard=false", f"--temp-dir={self._folder}", "--object-store-memory=100000000"]
        with self._log.open("w") as out:
            self._process = subprocess.Popen(command, env=self.environment, cwd="/", stdout=out, stderr=out)

    @property
    def runs(self) -> bool:
        """Whether it has started. Ray gives itself 30 s, which a busy machine exceeds: then it is started anew."""
        if self._process.poll() is not None:
            self._tries += 1
            assert self._tries < TRIES, self._log.read_text()
            self.kill()
            self.start()
        return "Ray runtime started" in self._log.read_text()

    def kill(self) -> None:
        """End every process of it at once."""
        below = self._below()
        for process in below:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.kill()
        self._process.wait(LIMIT_S)
        psutil.wait_procs(below, timeout=LIMIT_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def processes(self, name: str) -> list[psutil.Process]:
        """Those of its processes that Ray calls so."""
        return [process for process in self._below() if name in " ".join(process.cmdline())]

    def _below(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
