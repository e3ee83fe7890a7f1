"""Fixtures that several test modules share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from small_ray import start_ray

if TYPE_CHECKING:
    from runner_bench import Bench

settings.register_profile("sweeper", deadline=None)  # no test may fail by being slow
settings.load_profile("sweeper")

# A shell starts what it runs in the background (`pytest &`) with SIGINT ignored, and Ray's workers inherit that: then
# nothing that a test cancels would end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# `nohup pytest` ignores SIGHUP, and so would every process that a test sends one. A handler is not inherited, so this
# process outlives its terminal as before, and its children do by default what tests expect of them.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture(scope="session")
def ray_until_the_end() -> Iterator[None]:
    """Shuts down at the end what Ray there is."""
    yield
    import ray

    ray.shutdown()


@pytest.fixture
def ray_session(ray_until_the_end: None) -> None:
    """One small Ray for the whole test session; started again if a test has shut it down."""
    start_ray()


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the test, with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["inline", "ray-simple"])
def kind(request: pytest.FixtureRequest) -> str:
    """The name of a job backend, ready to be used: each of them in turn."""
    if request.param == "ray-simple":
        request.getfixturevalue("ray_session")
    return request.param


@pytest.fixture
def backend(kind: str) -> str:
    """The override that names a job backend: each of them in turn."""
    return f"job_backend.kind={kind}"


@pytest.fixture
def bench(kind: str, tmp_path: Path) -> Bench:
    """A runner over each of the backends in turn, with a store of its own."""
    from runner_bench import Bench, inline, on_ray

    uri = str(tmp_path / "store")
    return Bench(on_ray(uri) if kind == "ray-simple" else inline(uri), uri)


@pytest.fixture
def ray_bench(ray_session: None, tmp_path: Path) -> Bench:
    """A runner over the Ray backend, with a store of its own."""
    from runner_bench import Bench, on_ray

    uri = str(tmp_path / "store")
    return Bench(on_ray(uri), uri)


@pytest.fixture(scope="session")
def model() -> object:
    """A small classifier of the bundled digits, fitted once."""
    from sklearn.linear_model import LogisticRegression

    from sweeper.datasets import Digits
    from sweeper.models import SklearnClassifier

    return SklearnClassifier(LogisticRegression(max_iter=1000), Digits("train"))


@pytest.fixture
def accuracy() -> object:
    """A metric that nobody has updated yet."""
    from sweeper.metrics import SklearnMetric

    return SklearnMetric("sklearn.metrics.accuracy_score", key="accuracy")
