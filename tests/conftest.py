"""Fixtures that several test modules share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("sweeper", deadline=None)  # no test may fail by being slow
settings.load_profile("sweeper")


@pytest.fixture(scope="session")
def ray_session() -> Iterator[None]:
    """One small Ray for the whole test session; started again if a test has shut it down."""
    import ray

    start_ray()
    yield
    ray.shutdown()


def start_ray() -> None:
    """Start the small Ray that tests use, unless it runs."""
    import ray

    if not ray.is_initialized():
        ray.init(
            address="local",
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
        )
