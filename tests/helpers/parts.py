"""Tiny parts under the control of a test, importable by workers."""

from __future__ import annotations

import os
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from patience import until, until_there

from sweeper.records import Record


class TinyRecord(Record, table_name="tiny"):
    """One number of a tiny run."""

    value: float


@dataclass
class TinyRun:
    """What a tiny capability returns."""

    capability_id: str
    values: Sequence[float] = (1.0,)
    report: Any = None
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)
    dataset_metadata: list[Mapping[str, Any]] = field(default_factory=list)
    model_metadata: list[Mapping[str, Any]] = field(default_factory=list)
    metric_metadata: list[Mapping[str, Any]] = field(default_factory=list)

    def extract(self) -> list[TinyRecord]:
        return [TinyRecord(run_uid=self.run_uid, value=value) for value in self.values]

    def collect_md_report(self, threshold: float) -> Any:
        if self.report is None:
            raise NotImplementedError
        return self.report


class UnpicklableError(Exception):
    """An error that no pickle can carry."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.lock = threading.Lock()


class TwoArgumentsError(Exception):
    """An error whose pickle cannot be opened."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


class Tiny:
    """A capability that does what its parameters say, in this order: print, touch, sleep, wait, raise, measure.

    Parameters
    ----------
    started
        A file that is made when the run begins.
    until
        A file that the run waits for.
    error
        Raised by the run.
    """

    id = "tests.tiny"

    def __init__(
        self,
        values: Sequence[float] = (1.0,),
        *,
        started: str | None = None,
        until: str | None = None,
        sleep_s: float = 0.0,
        error: BaseException | str | None = None,
        text: str = "",
        report: Any = None,
        exit_status: int | None = None,
    ) -> None:
        self.values, self.started, self.until, self.sleep_s = tuple(values), started, until, sleep_s
        self.error, self.text, self.report, self.exit_status = error, text, report, exit_status
        self.seen: dict[str, Any] = {}

    def run(
        self,
        models: Any = None,
        datasets: Any = None,
        metrics: Any = None,
        config: Any = None,
        use_cache: bool = False,
        scale: float = 1.0,
    ) -> TinyRun:
        if self.text:
            print(self.text)
            print(f"{self.text} (stderr)", file=sys.stderr)
        if self.started:
            Path(self.started).touch()
        time.sleep(self.sleep_s)
        if self.until:
            until_there(self.until)
        if self.exit_status is not None:
            os._exit(self.exit_status)
        if self.error is not None:
            raise ValueError(self.error) if isinstance(self.error, str) else self.error
        self.seen = {"models": models, "datasets": datasets, "metrics": metrics, "config": config, "cache": use_cache}
        measured = [value * scale for value in self.values]
        return TinyRun(
            self.id,
            measured,
            self.report,
            dataset_metadata=[part.metadata for part in datasets],
            model_metadata=[part.metadata for part in models],
            metric_metadata=[part.metadata for part in metrics],
        )


class Sees(Tiny):
    """Measures what it is given: number of parts of each kind, pid, and what a function of them says."""

    id = "tests.sees"

    def __init__(self, look: Any) -> None:
        super().__init__()
        self.look = look

    def run(
        self, models: Any = None, datasets: Any = None, metrics: Any = None, config: Any = None, use_cache: bool = False
    ) -> TinyRun:
        return TinyRun(self.id, [float(x) for x in self.look(models, datasets, metrics, config, use_cache)])


class Numbers:
    """A dataset of numbers that notes, in a folder, each time that it is built or unpacked."""

    def __init__(self, n: int = 4, *, name: str = "numbers", builds: str | None = None, nbytes: int = 0) -> None:
        self.n, self.builds = n, builds
        self.metadata = {"id": name}
        self.ballast = np.zeros(nbytes, dtype=np.uint8)
        self._note("built")

    def _note(self, what: str) -> None:
        if self.builds:
            Path(self.builds, f"{what}-{os.getpid()}-{uuid.uuid4().hex}").touch()

    def __getstate__(self) -> dict[str, Any]:
        self._note("packed")
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._note("opened")

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        if not 0 <= index < self.n:
            raise IndexError(index)
        return np.full(2, float(index)), np.eye(2)[index % 2], {"id": str(index)}


class Parity:
    """A model that says whether a number is odd, after a while, and notes each pass.

    With `waits_for_passes` it answers only once so many have begun, by whatever process.
    """

    def __init__(
        self,
        *,
        name: str = "parity",
        builds: str | None = None,
        error: str | None = None,
        passes: str | None = None,
        sleep_s: float = 0.0,
        waits_for_passes: int = 0,
    ) -> None:
        self.metadata = {"id": name}
        self.error, self.passes, self.sleep_s = error, passes, sleep_s
        self.waits_for_passes = waits_for_passes
        if builds:
            Path(builds, f"built-{uuid.uuid4().hex}").touch()

    def __call__(self, batch: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        if self.error:
            raise ValueError(self.error)
        if self.passes:
            Path(self.passes, f"pass-{uuid.uuid4().hex}").touch()
        time.sleep(self.sleep_s)
        if self.passes:
            until(lambda: len(list(Path(self.passes).glob("pass-*"))) >= self.waits_for_passes)
        return [np.eye(2)[int(x[0]) % 2] for x in batch]


class Hits:
    """A metric: the share of right answers."""

    def __init__(self, name: str = "hits") -> None:
        self.metadata = {"id": name}
        self.reset()

    def reset(self) -> None:
        self.right, self.all = 0, 0

    def update(self, predictions: Any, targets: Any, metadata: Any = None) -> None:
        for prediction, target in zip(predictions, targets, strict=True):
            self.right += int(np.argmax(prediction) == np.argmax(target))
            self.all += 1

    def compute(self) -> dict[str, Any]:
        return {"hits": self.right / self.all}
