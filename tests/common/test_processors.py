"""Ray, the inline backend and what workers keep go by the processors that this process may use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from patience import LIMIT_S

from sweeper.common.processors import usable_processors

V2 = "0::/user/job\n"
V1 = "4:cpu,cpuacct:/docker/ab\n3:memory:/docker/ab\n"
ROOT = "/sys/fs/cgroup"


def usable(bound, files):
    return usable_processors(lambda: bound, files.get)


@pytest.mark.parametrize(
    ("bound", "files", "expected"),
    [
        (8, {}, 8),
        (1, {}, 1),
        (8, {"/proc/self/cgroup": V2, f"{ROOT}/user/job/cpu.max": "max 100000\n"}, 8),
        (8, {"/proc/self/cgroup": V2, f"{ROOT}/user/job/cpu.max": "300000 100000\n"}, 3),
        (2, {"/proc/self/cgroup": V2, f"{ROOT}/user/job/cpu.max": "300000 100000\n"}, 2),
        (8, {"/proc/self/cgroup": V2, f"{ROOT}/user/job/cpu.max": "250000 100000\n"}, 2),
        (8, {"/proc/self/cgroup": V2, f"{ROOT}/user/job/cpu.max": "50000 100000\n"}, 1),
        (8, {"/proc/self/cgroup": V2, f"{ROOT}/user/cpu.max": "400000 100000\n"}, 4),
        (8, {"/proc/self/cgroup": "0::/\n", f"{ROOT}/cpu.max": "200000 100000\n"}, 2),
        (8, {"/proc/self/cgroup": V2, f"{ROOT}/user/job/cpu.max": "nonsense\n"}, 8),
        (8, {"/proc/self/cgroup": V2, f"{ROOT}/user/job/cpu.max": "100000 0\n"}, 8),
        (
            8,
            {
                "/proc/self/cgroup": V1,
                f"{ROOT}/cpu,cpuacct/docker/ab/cpu.cfs_quota_us": "150000\n",
                f"{ROOT}/cpu,cpuacct/docker/ab/cpu.cfs_period_us": "50000\n",
            },
            3,
        ),
        (
            8,
            {
                "/proc/self/cgroup": V1,
                f"{ROOT}/cpu/cpu.cfs_quota_us": "200000\n",
                f"{ROOT}/cpu/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (
            8,
            {
                "/proc/self/cgroup": V1,
                f"{ROOT}/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
                f"{ROOT}/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            8,
        ),
    ],
)
def test_the_smallest_of_binding_and_shares_counts(bound, files, expected):
    assert usable(bound, files) == expected


def bound_to_one(code):
    """What a process says that may use one processor."""
    one = min(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{one}}})\n{code}"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to processors")
def test_a_bound_process_uses_what_it_is_bound_to(tmp_path):
    code = f"""
from sweeper.jobs.inline import InlineJobBackend
from sweeper.common.processors import usable_processors
print(usable_processors(), InlineJobBackend({str(tmp_path)!r}).cluster_resources()["CPU"])
"""
    assert bound_to_one(code) == ["1", "1.0"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to processors")
def test_a_ray_that_is_started_here_has_as_many_processors_as_its_starter(tmp_path):
    code = f"""
import ray
from sweeper.jobs.ray_simple.backend import RaySimpleJobBackend
backend = RaySimpleJobBackend({str(tmp_path)!r})
print(ray.cluster_resources()["CPU"], backend.cluster_resources()["CPU"])
backend.close()
"""
    assert bound_to_one(code) == ["1.0", "1.0"]
