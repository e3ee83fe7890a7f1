"""The Ray that this process is connected to: started or found, watched, and left."""

from __future__ import annotations

import logging
import os
import signal
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import ray
from ray.exceptions import (
    RayError,
)

from sweeper.common.processors import usable_processors
from sweeper.jobs.addresses import refuse_client
from sweeper.jobs.ray_simple import cluster
from sweeper.jobs.ray_simple.activity import Activities
from sweeper.jobs.ray_simple.control import question
from sweeper.jobs.ray_simple.grpc_answer import answers_otherwise
from sweeper.jobs.ray_simple.guard import Guard, setting
from sweeper.jobs.ray_simple.keeper import Keeper
from sweeper.jobs.ray_simple.shards import Shards
from sweeper.jobs.ray_simple.starts import Starts
from sweeper.jobs.ray_simple.watch import Door, Watch, knock

KNOCK_S = 5.0
HISTORY_MS = "RAY_task_events_shutdown_flush_timeout_ms"
"""The environment variable for how long a process of Ray that ends may try to tell what it has run."""
START_S, CONNECT_S = 60.0, 20.0
"""How long it may take to start a Ray, and to connect to one, where nothing else is said."""


class _Seen(NamedTuple):
    """What there is to know of a Ray at its beginning."""

    node: str
    nodes: Sequence[Mapping[str, float]]
    """What each node has."""
    doors: Mapping[str, Door]
    control: str
    """The address of the control process."""
    notes: Sequence[str] = ()
    """What a person is to know of the cluster, a line each."""
    others: Sequence[cluster.Node] = ()
    """Nodes of a cluster that are not this machine."""


class RayGoneError(RuntimeError):
    """The processes of Ray have died, or cannot be reached any more."""


class Session:
    """The Ray runtime that a backend uses: the one that runs already, else one that is started here."""

    def __init__(
        self,
        address: str | None,
        runtime_env: Mapping[str, object] | None,
        num_cpus: float | None,
        force_reinit: bool,
        log_to_driver: bool,
        start_timeout_s: float | None = None,
        own: cluster.OwnModules = cluster.NO_MODULES,
    ) -> None:
        if force_reinit and ray.is_initialized():
            ray.shutdown()
        self._keeper: Keeper[_Seen] | None = None
        seen: _Seen | None = None
        self.started_here = not ray.is_initialized()
        if self.started_here:
            guard = Guard()
            start = partial(_start, address, runtime_env, num_cpus, log_to_driver, own, guard)
            self._keeper = Keeper(start, afterwards=guard.end)
            seen = self._keeper.start(start_timeout_s or (CONNECT_S if _names_one_that_runs(address) else START_S))
        elif asked := [k for k, v in (("address", address), ("runtime_env", runtime_env), ("num_cpus", num_cpus)) if v]:
            warnings.warn(
                f"Ray is running already in this process, so {' and '.join(asked)} have no effect. "
                "force_reinit=True reconnects, and ends what runs.",
                RuntimeWarning,
                stacklevel=4,
            )
        seen = seen or _look()
        self._node, self.nodes = seen.node, seen.nodes
        self.notes, self.others = seen.notes, seen.others
        self.cpus = int(sum(node.get("CPU", 0) for node in self.nodes)) or 1
        self.largest: Mapping[str, float] = {
            name: max(node.get(name, 0.0) for node in self.nodes) for name in set[str]().union(*self.nodes)
        }
        self.keeps_gpu_workers = self.largest.get("GPU", 0) <= 1
        self._watch = _watch_of(seen)
        self.starts, self.shards = Starts(), Shards()
        self.activities = Activities(seen.control)

    def is_connected(self) -> bool:
        """Whether this process has not left this runtime, which may be gone nevertheless."""
        return ray.is_initialized() and ray.get_runtime_context().get_node_id() == self._node

    @property
    def gone(self) -> str | None:
        """What of Ray is no longer there, though nobody here shut it down; `None` while all is well."""
        return self._watch.gone

    def node_process_died(self) -> None:
        """Ray itself said so, which some releases do before anybody has knocked often enough."""
        self._watch.found("its node process (raylet) has died")

    def without_end(self) -> RuntimeError:
        """What became of a job that had not ended when its runtime was left, or was lost."""
        if self.gone is not None and self.is_connected():
            return RayGoneError(f"Ray is gone: {self.gone}.")
        return RuntimeError(
            "The Ray runtime of this job was shut down before the job was seen to end. "
            "If it completed, its results are in the analytics store; otherwise submit it again."
        )

    def close(self) -> None:
        """Leave Ray if it was started, or connected to, here."""
        self.activities.leave()
        if self._keeper is not None or not self.is_connected():
            self._watch.stop()
        if self._keeper is not None:
            self._keeper.close(shut_down=self.is_connected(), is_dead=self.gone is not None)


_watches: dict[str, Watch] = {}
"""That of the Ray that this process is connected to, by its node: backends come and go, and share it."""


def _watch_of(seen: _Seen) -> Watch:
    watch = _watches.get(seen.node)
    if watch is None or watch.is_stopped:
        for left in _watches.values():
            left.stop()
        _watches.clear()
        watch = _watches[seen.node] = Watch(seen.doors, question(seen.control, seen.node))
    return watch


def _names_one_that_runs(address: str | None) -> bool:
    return address != "local" and (address is not None or bool(os.environ.get("RAY_ADDRESS")))


def _start(
    address: str | None,
    runtime_env: Mapping[str, object] | None,
    num_cpus: float | None,
    log_to_driver: bool,
    own: cluster.OwnModules,
    guard: Guard,
) -> _Seen:
    """Start a local Ray, on the loopback interface, or connect to the one at `address` or `RAY_ADDRESS`.

    No address is never that of the newest Ray of this machine, which may be anybody's.
    """
    named, address = address, address or os.environ.get("RAY_ADDRESS") or "local"
    refuse_client(address)
    settings: dict[str, Any] = {"address": address, "log_to_driver": log_to_driver, "logging_level": logging.ERROR}
    if runtime_env:
        settings["runtime_env"] = {name: value for name, value in runtime_env.items() if value is not None}
    if address == "local":
        cpus = usable_processors() if num_cpus is None else num_cpus
        settings |= {"num_cpus": cpus, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    elif num_cpus is not None:
        raise ValueError(
            f"num_cpus={num_cpus:g} is for a Ray that is started here, and the address "
            f"{address!r} names one that runs; leave one of the two out."
        )
    _refuse_where_nobody_is(address)
    try:
        with _kept_alone(guard) if address == "local" else nullcontext(), _hangups_kept_from_children():
            ray.init(**settings)
    except RayError as error:
        raise RuntimeError(str(error)) from error
    if address == "local":
        return _look()
    sends = "working_dir" not in (runtime_env or {})
    notes, others = cluster.met(settings, named, own if sends else cluster.NO_MODULES)
    return _look()._replace(notes=notes, others=others)


@contextmanager
def _kept_alone(guard: Guard) -> Generator[None]:
    """Have the Ray that is started inside ended by its guard, and make no process wait for who reads its history.

    Without a dashboard nobody does, and where Ray has died, its client would try for 5 s to tell what it had run.
    """
    with guard.marking(), setting(HISTORY_MS, os.environ.get(HISTORY_MS, "100")):
        yield


@contextmanager
def _hangups_kept_from_children() -> Generator[None]:
    """Let what this thread starts ignore SIGHUP, which a terminal that is closed sends to all that was started in it.

    This process then lets what runs come to its end, for which it needs its Ray.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def import_ahead() -> None:
    """Import, while Ray starts, what is needed when the first task goes out.

    That is what runs in a worker, which is sent by its name, and a module of Ray's own: 0.1 s where pydantic is
    installed. That one may go by another name one day; then Ray imports it when it needs it, as before.
    """
    import_module("sweeper.worker.ray_tasks")
    with suppress(ImportError):
        import_module("ray._common.pydantic_compat")


def _refuse_where_nobody_is(address: str) -> None:
    """See in seconds that nobody is at `host:port`, or where `auto` leads; Ray itself tries for minutes."""
    found = _newest_of_this_machine() if address == "auto" else address
    door = _door(found)
    if door is not None and (problem := knock(door, KNOCK_S)) is not None:
        where = address if found == address else f"{found}, where the last Ray of this machine was started"
        raise ConnectionError(f"nobody answers at {where}: {problem}.")
    if door is not None and answers_otherwise(door, KNOCK_S):
        raise ConnectionError(f"what answers at {found} is no Ray: it does not speak gRPC.")


def _newest_of_this_machine() -> str:
    """What Ray takes `auto` for; empty where its private function for that has changed: then Ray finds it alone.

    Raises
    ------
    ConnectionError
        There is none.
    """
    try:
        find: Any = import_module("ray._private.services").get_ray_address_from_environment
        return str(find("auto", None) or "")
    except (ImportError, AttributeError, TypeError):
        return ""


def _door(address: str) -> Door | None:
    host, _, port = address.rpartition(":")
    return (host, int(port)) if host and port.isdigit() else None


def _look() -> _Seen:
    """See which nodes there are, and where the processes listen without which nothing goes on."""
    context = ray.get_runtime_context()
    node_id, nodes = context.get_node_id(), [node for node in ray.nodes() if node["Alive"]]
    doors: dict[str, Door] = {}
    for own in (node for node in nodes if node["NodeID"] == node_id):
        doors["its node process (raylet)"] = (own["NodeManagerAddress"], int(own["NodeManagerPort"]))
    if (control := _door(context.gcs_address)) is not None:
        doors["its control process (GCS)"] = control
    return _Seen(node_id, [node["Resources"] for node in nodes], doors, context.gcs_address)
