"""What really runs is told by the workers themselves, once it has lasted for a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from patience import until
from runner_bench import Bench, planned, tiny

from sweeper.messages.doing import NAMESPACE, Use
from sweeper.planning.combinations import Planned
from sweeper.running.now import Now


def watched(
    bench: Bench,
    items: list[Planned],
    enough: Callable[[Now], object] = lambda now: None,
    completed: int | None = None,
) -> list[Now]:
    """What was told of a run while it went on, asked by another thread; each is shown to `enough`."""
    seen: list[Now] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            seen.append(bench.progress.look())
            enough(seen[-1])

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    outcome = bench.run(items)
    ended.set()
    thread.join()
    assert outcome.counts["completed"] == (len(items) if completed is None else completed)
    return seen


def test_what_lasts_is_told_to_run_and_what_waits_for_a_place_is_not(bench: Bench, tmp_path: Path):
    places, go_on = bench.backend.max_parallel({"num_cpus": 1}), tmp_path / "go on"
    items = planned(*(tiny(f"waits{i}", until=str(go_on)) for i in range(places + 1)))
    seen = watched(bench, items, lambda now: go_on.touch() if now.running == places else None)
    assert max(one.running for one in seen) == places
    assert any(one.longest.startswith("waits") for one in seen)
    assert max(one.submitted for one in seen) == (places + 1 if places > 1 else 1)
    assert {one.cluster for one in seen} == {""}


def test_quick_runs_report_nothing(ray_bench: Bench):
    ray_bench.run(planned(tiny("first")))  # its worker has started then
    assert {one.running for one in watched(ray_bench, planned(*(tiny(f"quick{i}") for i in range(40))))} <= {0}


def test_nothing_is_left_of_the_reports_of_what_has_ended(ray_bench: Bench, tmp_path: Path):
    """Neither of what completed nor of a worker that died: the driver removes what that one cannot."""
    from ray.experimental import internal_kv

    go_on = tmp_path / "go on"
    reported: set[bytes] = set()

    def remember(now: Now) -> None:
        reported.update(internal_kv._internal_kv_list(b"", namespace=NAMESPACE))
        if now.running == 2:
            go_on.touch()

    before = set(internal_kv._internal_kv_list(b"", namespace=NAMESPACE))
    items = planned(tiny("completes", until=str(go_on)), tiny("dies", until=str(go_on), exit_status=1))
    watched(ray_bench, items, remember, completed=1)
    assert len(reported - before) == 2
    until(lambda: ray_bench.progress.look().running == 0)
    until(lambda: not (reported - before) & set(internal_kv._internal_kv_list(b"", namespace=NAMESPACE)))


def test_what_a_cluster_of_several_nodes_has_and_what_of_it_is_taken():
    from ray.core.generated import gcs_pb2

    from sweeper.jobs.ray_simple.activity import in_use

    batch = gcs_pb2.ResourceUsageBatchData().batch
    for cpus, free, gpus in ((8, 0, 2), (4, 2, 0)):
        node = batch.add()
        node.resources_total["CPU"], node.resources_available["CPU"] = cpus, free
        if gpus:
            node.resources_total["GPU"] = gpus  # none is free, and Ray leaves it out then
    assert in_use(batch) == (2, (Use("CPU", 10.0, 12.0), Use("GPU", 2.0, 2.0)))
    assert in_use(batch[:1]) == (1, ())
