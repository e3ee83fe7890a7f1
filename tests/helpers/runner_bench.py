"""A runner over a backend and a store, and combinations of parts that do what a test says."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from patience import until
from small_ray import start_ray

from sweeper.jobs.protocol import RunnerBackend
from sweeper.messages.outcome import Failure, Outcome
from sweeper.messages.requests import StoreLocation
from sweeper.planning.combinations import Planned
from sweeper.planning.decisions import Policy, decide, identify
from sweeper.planning.fingerprint import canonical, digest
from sweeper.planning.limits import Defaults
from sweeper.running.interrupts import Interrupts
from sweeper.running.now import NOTHING, Now
from sweeper.running.progress import Silent
from sweeper.running.request_builder import RequestBuilder, SweepInfo
from sweeper.running.runner import Runner, RunSettings
from sweeper.store import boot_id, open_store
from sweeper.vocabulary import Arity, Choice, Combination, Runtime

NONE = {"datasets": Arity.ZERO, "models": Arity.ZERO, "metrics": Arity.ZERO}
ONE = {"datasets": Arity.ONE, "models": Arity.ONE, "metrics": Arity.ONE}


def choice(axis: str, name: str, target: str, runtime: Runtime | None = None, /, **spec: Any) -> Choice:
    whole = {"_target_": target, **spec}
    text = canonical(whole)
    return Choice(axis, name, whole, text, digest(text), name, runtime or Runtime())


def tiny(name: str, runtime: Runtime | None = None, /, **spec: Any) -> Combination:
    """A combination of nothing but a tiny capability that does what its parameters say."""
    given = runtime or Runtime()
    with_arity = Runtime(**{**{f: getattr(given, f) for f in Runtime.__dataclass_fields__}, "arity": NONE})
    return Combination(choice("capability", name, "parts.Tiny", with_arity, text=name, **spec), (), (), ())


def planned(*combinations: Combination) -> list[Planned]:
    return list(decide(identify(combinations, "drop").pairs, Policy(), {}))


class Listening(Silent):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.notes: list[str] = []
        self.look: Callable[[], Now] = lambda: NOTHING

    def ended(self, status: str, failure: Failure | None = None) -> None:
        if failure is not None:
            self.failures.append(failure)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def running(self, look: Callable[[], Now]) -> None:
        self.look = look


class Bench:
    """A backend, a store, and a runner over both."""

    def __init__(self, backend: RunnerBackend, uri: str) -> None:
        self.backend, self.store, self.progress = backend, open_store(uri), Listening()

    def run(self, items: list[Planned], interrupts: Interrupts | None = None, **settings: Any) -> Outcome:
        defaults = Defaults(**{k: settings.pop(k) for k in list(settings) if k in Defaults.__dataclass_fields__})
        info = SweepInfo(
            "sweep",
            "test",
            StoreLocation(self.store.uri),
            log_dir=self.store.log_dir("sweep"),
            boot_id=boot_id(),
            persist_predictions=settings.pop("persist_predictions", False),
        )
        meanwhile = settings.pop("meanwhile", None)
        runner = Runner(
            self.backend,
            self.store,
            RequestBuilder(info),
            RunSettings(defaults, **settings),
            self.progress,
            interrupts or Interrupts(),
            meanwhile,
        )
        return runner.run(items, self.backend.max_parallel({"num_cpus": 1}))

    def interrupted(self, items: list[Planned], exists: Path, times: int = 1, **settings: Any) -> Outcome:
        """The same, interrupted once there is a file of that name, which may have wildcards."""
        with Interrupts() as interrupts:
            thread = interrupt_when(exists, times)
            outcome = self.run(items, interrupts, **settings)
            thread.join()
        return outcome

    def statuses(self) -> list[tuple[str, str]]:
        table = self.store.attempts().select(["capability", "status"]).to_pylist()
        return sorted((row["capability"], row["status"]) for row in table)


def on_ray(uri: str) -> RunnerBackend:
    from sweeper.jobs import RaySimpleJobBackend

    start_ray()
    return RaySimpleJobBackend(uri)


def inline(uri: str) -> RunnerBackend:
    from sweeper.jobs import InlineJobBackend

    return InlineJobBackend(uri)


def evaluations(passes: Path, metrics: int = 3, timeout_s: float | None = None, **model: Any) -> list[Planned]:
    reads = Runtime(arity=ONE, reads_predictions=True, predictions_depend_on=("batch_size",), timeout_s=timeout_s)
    capability = choice("capability", "evaluate", "sweeper.capabilities.Evaluate", reads, batch_size=64)
    data = [choice("dataset", f"d{n}", "parts.Numbers", n=n) for n in (4, 6)]
    parity = choice("model", "parity", "parts.Parity", passes=str(passes), **model)
    hits = [choice("metric", f"hits{i}", "parts.Hits", name=f"hits{i}") for i in range(metrics)]
    return planned(*(Combination(capability, (d,), (parity,), (k,)) for d in data for k in hits))


def interrupt_when(exists: Path, times: int = 1) -> threading.Thread:
    """Interrupts this process once there is a file of that name, which may have wildcards."""

    def send() -> None:
        until(lambda: any(exists.parent.glob(exists.name)))
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.7)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread
