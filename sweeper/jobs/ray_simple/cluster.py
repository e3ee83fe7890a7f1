"""A Ray that runs already, on other machines too: which it is, what its nodes need, and whether they see the store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sweeper.jobs.addresses import listed
from sweeper.jobs.ray_simple import upload
from sweeper.messages.requests import StoreLocation

if TYPE_CHECKING:
    from sweeper.store.local_files import LocalFiles

PROBE_S = 120.0
"""How long a node may take to start a worker with the user's modules and look for the store."""


@dataclass(frozen=True, eq=False)
class Node:
    """One machine of a cluster, or what looks like one."""

    node_id: str
    address: str
    name: str
    resources: Mapping[str, float]


class OwnModules(NamedTuple):
    """Where this process imports its user's modules from, and how many megabytes of them may be sent."""

    roots: Sequence[str]
    limit_mb: float


NO_MODULES = OwnModules((), 0.0)


def nodes() -> list[Node]:
    """The nodes of the Ray that this process is connected to."""
    return [
        Node(node["NodeID"], node["NodeManagerAddress"], node["NodeManagerHostname"], node["Resources"])
        for node in ray.nodes()
        if node["Alive"]
    ]


def elsewhere(known: Sequence[Node]) -> list[Node]:
    """Those of them that are not this machine."""
    here = ray.get_runtime_context().get_node_id()
    address = next((node.address for node in known if node.node_id == here), None)
    return [node for node in known if node.address != address]


def described(known: Sequence[Node], address: str | None) -> str:
    """One line that says which cluster a sweep runs on."""
    at = ray.get_runtime_context().gcs_address
    total = {name: sum(node.resources.get(name, 0) for node in known) for name in ("CPU", "GPU")}
    amounts = ", ".join(f"{amount:g} {name}" for name, amount in total.items() if amount)
    origin = "" if address is not None else " (from RAY_ADDRESS)"
    where = listed(sorted({node.address for node in known}))
    return f"Ray cluster at {at}{origin}: {len(known)} node{'s' * (len(known) != 1)} ({where}), {amounts}"


def met(settings: Mapping[str, Any], named: str | None, own: OwnModules) -> tuple[list[str], list[Node]]:
    """Send its other nodes what they lack of this process; what to say of a cluster, and these nodes."""
    known = nodes()
    others = elsewhere(known)
    notes = [described(known, named)]
    if others and (said := send_own_modules(settings, own.roots, own.limit_mb)) is not None:
        notes.append(said)
    return notes, others


def send_own_modules(settings: Mapping[str, Any], roots: Sequence[str], limit_mb: float) -> str | None:
    """Connect once more, with what other nodes lack of this process's modules; what to say of it.

    What the user's own `runtime_env` says stands beside it. Nothing is sent where there are no roots.
    """
    here = os.path.realpath(os.getcwd())
    folders = [root for root in roots if root == here or not upload.has_sweeper(root)]
    files = upload.own_files(folders)
    if not files:
        return None
    upload.refuse_too_much(files, folders, limit_mb)
    folder = upload.staged(files)
    try:
        ray.shutdown()
        again: dict[str, Any] = {**settings, "runtime_env": {"working_dir": folder, **settings.get("runtime_env", {})}}
        ray.init(**again)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return upload.said(files, folders)


def refuse_blind_nodes(others: Sequence[Node], **places: StoreLocation | None) -> None:
    """See that all nodes share the folders among these places, each given under the name of its setting.

    Raises
    ------
    RuntimeError
        Naming the nodes on which a worker cannot be started or does not see a folder, or the folder that cannot be
        written here.
    """
    if not others:
        return
    from sweeper.store.local_files import LocalFiles
    from sweeper.store.opening import open_files

    for setting, location in places.items():
        files = None if location is None else open_files(location.uri, location.storage_options)
        if isinstance(files, LocalFiles):
            _refuse_blind_to(setting, files, others)


def _refuse_blind_to(setting: str, files: LocalFiles, others: Sequence[Node]) -> None:
    try:
        with files.probe() as probe:
            blind = _blind_to(probe, others)
    except OSError as error:
        raise RuntimeError(
            f"the {setting} {files.root} cannot be written: {error.strerror} ({error.filename})"
        ) from error
    if blind:
        raise RuntimeError(
            f"the {setting.replace('_', ' ')} {files.root} is a folder that these nodes of the cluster do not see: "
            f"{', '.join(f'{node.address} ({node.name})' for node in blind)}. Name a folder that all nodes share under "
            f"one path, or an object store, with {setting}.uri=..."
        )


def _blind_to(path: str, others: Sequence[Node]) -> list[Node]:
    """The nodes without a file that is here; all of them look at the same time."""
    from sweeper.worker.ray_tasks import sees_file

    task: Any = ray.remote(num_cpus=0, max_retries=0)(sees_file)
    asked = {
        node: task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node.node_id, soft=False)).remote(path)
        for node in others
    }
    return [node for node, answer in asked.items() if not _answer(node, answer)]


def _answer(node: Node, answer: Any) -> bool:
    try:
        return bool(ray.get(answer, timeout=PROBE_S))
    except RayError as error:
        first = str(error).strip().splitlines()[-1]
        raise RuntimeError(
            f"no worker can be started on node {node.address} ({node.name}): {first}. Every node needs the same "
            "versions of Python, Ray and sweeper."
        ) from error
