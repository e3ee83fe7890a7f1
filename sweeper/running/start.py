"""The job backend of a sweep, started in a thread while the planning goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from threading import Thread
from typing import TYPE_CHECKING

from sweeper.config import SweepConfig
from sweeper.errors import BackendError
from sweeper.messages.requests import MACHINE

if TYPE_CHECKING:
    from sweeper.jobs.protocol import RunnerBackend

PLANNING_WAITS_S = 0.7
"""How long the rest of the planning waits while a backend starts.

A local Ray starts its processes one after another for so long, and then waits for them two seconds more. Planning takes
0.1 s, two thirds of it imports: beside Ray's first steps it held them up for 0.2 s, after them it costs nothing.
"""


class StartingBackend:
    """A job backend that is started in a thread, once, when it is known that something will run."""

    def __init__(self, config: SweepConfig) -> None:
        self._config = config
        self._future: Future[RunnerBackend] | None = None

    def start(self) -> None:
        """Begin to start, once the store is known to be there.

        What the backend needs is imported here and now, and planning waits for a moment: two threads that import get in
        each other's way. Then Ray is only waited for, and the store's libraries are imported meanwhile.
        """
        from sweeper.jobs import backend_maker
        from sweeper.store.formats import announce
        from sweeper.store.opening import open_files

        settings = self._config.settings
        place = settings.store
        files = open_files(place.uri, place.storage_options, durable=place.durability == MACHINE)
        files.check()
        announce(files)
        asked = self._config.asked
        resumed = asked.header.sweep_id if asked is not None else None
        self._future = _in_a_thread(backend_maker(settings.job_backend, settings.store, resumed))
        wait([self._future], timeout=PLANNING_WAITS_S)

    def get(self) -> RunnerBackend:
        """The backend, once it is there."""
        from sweeper.jobs import import_ahead

        if self._future is None:
            raise RuntimeError("the backend is asked for before it was started")
        import_ahead(self._config.settings.job_backend.kind)
        try:
            return self._future.result()
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            at = self._config.settings.job_backend
            raise BackendError(_failed(at.kind, at.address, os.environ, error)) from error

    def close(self) -> None:
        """Give back what was started; what is still starting is given back once it is there, which nobody waits for."""
        if self._future is not None:
            self._future.add_done_callback(_close)


def _failed(kind: str, address: str | None, environment: Mapping[str, str], error: Exception) -> str:
    """What could not be started or reached, why, and what to look at."""
    from sweeper.jobs.api import OF_CHECKMAITE

    named = environment.get("RAY_ADDRESS") if address is None else None
    place = address or named or "local"
    if place == "local":
        where, advice = "a Ray of its own", "Check job_backend.runtime_env, job_backend.num_cpus, and the room in /tmp"
    elif named:
        where, advice = (
            f"RAY_ADDRESS={named}",
            "Unset RAY_ADDRESS, or set job_backend.address=local, for a Ray of its own",
        )
    else:
        where, advice = f"job_backend.address={address}", "Check job_backend.address, which may be left out"
    if kind == OF_CHECKMAITE:
        advice += ", and see with `ray status` whether the cluster is there"
    if place not in ("local", "auto") and "RAY_AUTH_MODE" not in environment:
        advice += ", and, where that Ray asks for a token, set RAY_AUTH_MODE=token"
    return f"The job backend {kind} cannot be started ({where}): {error} {advice}; nothing was run."


def _in_a_thread(make: Callable[[], RunnerBackend]) -> Future[RunnerBackend]:
    """What `make` returns or raises, made in a thread that the end of the process does not wait for."""
    future: Future[RunnerBackend] = Future()

    def call() -> None:
        try:
            future.set_result(make())
        except BaseException as error:  # noqa: BLE001 - raised by whoever asks for the result
            future.set_exception(error)

    Thread(target=call, daemon=True, name="sweeper-backend").start()
    return future


def _close(started: Future[RunnerBackend]) -> None:
    if started.exception() is None:
        started.result().close()
