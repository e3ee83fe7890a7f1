"""The one Ray of a test session."""

from __future__ import annotations


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
