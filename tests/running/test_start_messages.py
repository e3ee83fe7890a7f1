"""What is said where a job backend cannot be started or reached."""

from __future__ import annotations

import pytest

from sweeper.config import load
from sweeper.errors import BackendError
from sweeper.running.start import StartingBackend

pytestmark = pytest.mark.usefixtures("empty_folder")


def message(monkeypatch: pytest.MonkeyPatch, *overrides: str, kind: str = "ray-simple", **environment: str) -> str:
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def refuse(*_: object) -> object:
        raise ConnectionError("nobody answers.")

    monkeypatch.setattr("sweeper.jobs.backend_maker", lambda *_: refuse)
    starting = StartingBackend(load([f"job_backend.kind={kind}", *overrides]))
    starting.start()
    with pytest.raises(BackendError) as raised:
        starting.get()
    return str(raised.value)


def test_an_address_of_the_environment_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch):
    said = message(monkeypatch, RAY_ADDRESS="head:6379")
    assert "(RAY_ADDRESS=head:6379): nobody answers. Unset RAY_ADDRESS, or set job_backend.address=local" in said
    assert "RAY_AUTH_MODE=token" in said
    assert said.endswith("nothing was run.")


def test_the_address_of_the_config_comes_before_that_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    said = message(monkeypatch, "job_backend.address=one:1", RAY_ADDRESS="two:2", RAY_AUTH_MODE="token")
    assert "(job_backend.address=one:1)" in said
    assert "RAY_ADDRESS" not in said
    assert "RAY_AUTH_MODE" not in said  # it is set


def test_a_ray_of_its_own_is_not_called_an_address(monkeypatch: pytest.MonkeyPatch):
    said = message(monkeypatch)
    assert "(a Ray of its own)" in said
    assert "job_backend.address" not in said


def test_a_cluster_for_jobs_that_outlive_the_driver_is_looked_up_with_ray_status(monkeypatch: pytest.MonkeyPatch):
    assert "`ray status`" in message(monkeypatch, "job_backend.address=auto", kind="ray")
