"""Parts that do to their surroundings what they should not, and some that behave."""

from __future__ import annotations

import asyncio
import decimal
import gc
import io
import os
import random
import signal
import sys
import uuid
import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sweeper.records import Record


def one_hot(indices: Sequence[int]) -> list[np.ndarray]:
    return [np.eye(10, dtype=np.float32)[index] for index in indices]


class InPlace:
    """A model that normalises its batch in place, as many do by mistake."""

    def __init__(self, name: str = "inplace") -> None:
        self.metadata = {"id": name}

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        answers: list[int] = []
        for x in batch:
            x -= 0.5
            x /= 0.25
            answers.append(int(abs(float(x.sum()))) % 10)
        return one_hot(answers)


class Counts(InPlace):
    """A model whose answers depend on how often it was called."""

    calls = 0

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        self.calls += 1
        return one_hot([(self.calls + int(x.sum())) % 10 for x in batch])


class SameBuffer(InPlace):
    """A model that answers every batch in the same array."""

    def __init__(self, name: str = "same_buffer") -> None:
        super().__init__(name)
        self.answers = np.zeros((2000, 10), np.float32)

    def __call__(self, batch: Sequence[Any]) -> np.ndarray:
        self.answers[:] = 0
        for row, x in enumerate(batch):
            self.answers[row, int(x.sum()) % 10] = 1
        return self.answers[: len(batch)]


class Drifts:
    """A dataset whose images grow darker each time that they are read."""

    def __init__(self, name: str = "drifts") -> None:
        from sweeper.datasets import Digits

        self.inner = Digits()
        self.metadata = {**self.inner.metadata, "id": name}

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, index: int) -> Any:
        image, target, metadata = self.inner[index]
        image *= 0.5
        return image, target, metadata


class Blackens:
    """An augmentation that writes into the batch that it is given, targets and metadata too."""

    def __init__(self, severity: float) -> None:
        self.severity = severity
        self.metadata = {"id": f"blackens={severity}"}

    def __call__(self, batch: Any) -> Any:
        inputs, targets, metadata = batch
        for image, datum in zip(inputs, metadata, strict=True):
            image *= 1 - self.severity
            datum["id"] = f"blackened {datum['id']}"
        return inputs, targets, metadata


class Spoils:
    """A metric that writes into everything that it is given and forgets nothing when it is reset."""

    def __init__(self, name: str = "spoils") -> None:
        self.metadata = {"id": name}
        self.batches = 0

    def reset(self) -> None:
        pass

    def update(self, predictions: Any, targets: Any, metadata: Any) -> None:
        self.batches += 1
        for prediction, target, datum in zip(predictions, targets, metadata, strict=True):
            prediction[...] = 0
            target[...] = 0
            datum["id"] = "spoiled"

    def compute(self) -> dict[str, float]:
        return {"batches": float(self.batches)}


class NumberRecord(Record, table_name="isolation_numbers"):
    """One number of a capability of this module."""

    value: float


@dataclass
class NumberRun:
    """What a capability of this module returns."""

    capability_id: str
    values: Sequence[float]
    dataset_metadata: list[Any] = field(default_factory=list)
    model_metadata: list[Any] = field(default_factory=list)
    metric_metadata: list[Any] = field(default_factory=list)
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)

    def extract(self) -> list[NumberRecord]:
        return [NumberRecord(run_uid=self.run_uid, value=float(value)) for value in self.values]


class CallsItself:
    """A capability that calls the model, spoils whatever it can reach, and keeps count on itself."""

    id = "tests.calls_itself"

    def __init__(self) -> None:
        self.runs = 0

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> NumberRun:
        (model,), (dataset,) = models, datasets
        self.runs += 1
        total = 0.0
        for image, target, datum in dataset:
            (answer,) = model([image])
            total += float(np.argmax(answer) == np.argmax(target))
            image[...] = answer[...] = target[...] = -1
            datum["id"] = "spoiled"
        dataset.metadata["id"] = model.metadata["id"] = "spoiled"
        dataset.extra = model.extra = 1
        if config is not None:
            config["seen"].append("spoiled")
        return NumberRun(self.id, [total / len(dataset), float(self.runs), float(len((config or {}).get("seen", ())))])


class OwnError(BaseException):
    """No Exception, as asyncio's CancelledError is none."""


class MuteError(Exception):
    """Its text cannot be had."""

    def __str__(self) -> str:
        raise KeyboardInterrupt("no text")


class NumberError(Exception):
    """Its text is a number."""

    def __str__(self) -> str:
        return 5  # pyright: ignore[reportReturnType]


class NotesError(Exception):
    """Takes no notes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.__notes__ = 5


ERRORS: dict[str, Callable[[], BaseException]] = {
    "asyncio.exceptions.CancelledError": lambda: asyncio.CancelledError("stopped"),
    "GeneratorExit": lambda: GeneratorExit("stopped"),
    "KeyboardInterrupt": lambda: KeyboardInterrupt("stopped"),
    "SystemExit": lambda: SystemExit("stopped"),
    "StopIteration": lambda: StopIteration("stopped"),
    "isolation_parts.OwnError": lambda: OwnError("stopped"),
    "isolation_parts.NotesError": lambda: NotesError("stopped"),
    "ValueError": lambda: ValueError("half of a pair: \ud800, stopped"),
    "isolation_parts.MuteError": MuteError,
    "isolation_parts.NumberError": NumberError,
}


class Fails:
    """A capability that raises one of `ERRORS` at some place, and a run that does."""

    id = "tests.fails"

    def __init__(self, error: str, at: str) -> None:
        self.error, self.at = error, at
        self._raise("init")

    def _raise(self, at: str) -> None:
        if self.at == at:
            raise ERRORS[self.error]()

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> Any:
        self._raise("run")
        return FailingRun(self.id, [1.0], fails=self)


@dataclass
class FailingRun(NumberRun):
    fails: Any = None

    def extract(self) -> list[NumberRecord]:
        self.fails._raise("extract")
        return super().extract()

    def collect_md_report(self, threshold: float) -> str:
        self.fails._raise("report")
        return "# Report"


class FailingModel(InPlace):
    """A model that raises one of `ERRORS` when it is called."""

    def __init__(self, error: str) -> None:
        super().__init__(f"fails with {error}")
        self.error = error

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        raise ERRORS[self.error]()


class FailingMetric(Spoils):
    """A metric that raises one of `ERRORS` when it is asked for its value."""

    def __init__(self, error: str) -> None:
        super().__init__(f"fails with {error}")
        self.error = error

    def compute(self) -> dict[str, float]:
        raise ERRORS[self.error]()


def meddle() -> None:
    """Change whatever of the process a part can change."""
    random.seed(1)
    np.random.seed(1)
    np.seterr(all="ignore")
    np.random.set_bit_generator(np.random.PCG64(1))
    os.environ["SWEEPER_TEST_MEDDLED"] = "yes"
    os.environ.pop("SWEEPER_TEST_STAYS", None)
    os.chdir("/")
    warnings.filterwarnings("ignore", message="meddled")
    decimal.getcontext().prec = 3
    sys.setrecursionlimit(sys.getrecursionlimit() + 1)
    gc.disable()
    signal.setitimer(signal.ITIMER_REAL, 3600)
    sys.stdout = io.StringIO()
    if "torch" in sys.modules:
        import torch

        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        torch.manual_seed(1)


def looked() -> list[float]:
    """What `meddle` changes, in numbers."""
    state = (
        sorted(np.geterr().items()),
        type(np.random.get_bit_generator()).__name__,
        os.environ.get("SWEEPER_TEST_MEDDLED"),
        any(str(each[1]).find("meddled") >= 0 for each in warnings.filters),
        decimal.getcontext().prec,
        gc.isenabled(),
        signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        type(sys.stdout).__name__ == "StringIO",
    )
    return [float(zlib.crc32(repr(state).encode())), float(os.getcwd() == "/"), random.random(), np.random.random()]


class Meddles(InPlace):
    """A model that changes the process when it is called, or when it is built."""

    def __init__(self, at: str = "call") -> None:
        super().__init__(f"meddles at {at}")
        self.at = at
        if at == "init":
            meddle()

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        if self.at == "call":
            meddle()
        return one_hot([3 for _ in batch])


class MeddlingMetric(Spoils):
    """A metric that changes the process when it is built and when it is asked."""

    def __init__(self) -> None:
        super().__init__("meddles")
        meddle()

    def compute(self) -> dict[str, float]:
        meddle()
        return {"value": 1.0}


class Rolls(InPlace):
    """A model that draws its weights when it is built and noise when it is called, from the global generators."""

    def __init__(self, name: str = "rolls") -> None:
        super().__init__(name)
        self.weights = np.random.random((64, 10)) + random.random()

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        scores = np.stack([np.ravel(x) for x in batch]) @ self.weights
        noise = np.random.random(scores.shape) + [random.random() for _ in range(10)]
        return list((scores + noise) / (scores + noise).sum(axis=1, keepdims=True))


class Looks:
    """A capability that measures the process that it runs in."""

    id = "tests.looks"

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> NumberRun:
        return NumberRun(self.id, looked())


class HereModel(InPlace):
    """A model that needs the folder and the variable that its constructor set."""

    def __init__(self, folder: str) -> None:
        super().__init__("here")
        os.chdir(folder)
        os.environ["SWEEPER_TEST_HERE"] = folder

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        assert os.environ["SWEEPER_TEST_HERE"] == os.getcwd()
        with open("digit", encoding="utf-8") as file:
            return one_hot([int(file.read())] * len(batch))


class Stays:
    """A capability that leaves its folder and takes away the way back; it measures its process."""

    id = "tests.stays"

    def __init__(self, stays: bool) -> None:
        self.stays = stays

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> NumberRun:
        if self.stays:
            os.chdir("/")
            os.chdir = lambda path: None
        return NumberRun(self.id, [float(os.getpid())])


class Drawn:
    """A dataset of noise with labels, drawn when it is built."""

    def __init__(self, name: str, n: int = 70) -> None:
        self.images = np.random.random((n, 1, 8, 8)).astype(np.float32)
        self.labels = np.array([random.randrange(10) for _ in range(n)])
        self.metadata = {"id": name, "index2label": {i: f"digit {i}" for i in range(10)}}

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        return self.images[index], np.eye(10, dtype=np.float32)[self.labels[index]], {"id": index}


class Fades(Drawn):
    """One whose images fade when they are read."""

    def __getitem__(self, index: int) -> Any:
        self.images[index] *= 0.5
        return super().__getitem__(index)


class Linear(InPlace):
    """A well-behaved model."""

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        return one_hot([int(1000 * x.mean() + len(batch)) % 10 for x in batch])


class Share:
    """A well-behaved metric, with a value that depends on every image, and noise."""

    def __init__(self) -> None:
        self.metadata = {"id": "share"}
        self.reset()

    def reset(self) -> None:
        self.digits: list[int] = []

    def update(self, predictions: Any, targets: Any, metadata: Any) -> None:
        for prediction, target, datum in zip(predictions, targets, metadata, strict=True):
            self.digits.append(int(np.argmax(prediction)) * 10 + int(np.argmax(target)) + int(datum["id"]))

    def compute(self) -> dict[str, float]:
        total = sum(number * (place + 1) for place, number in enumerate(self.digits))
        return {"total": float(total), "noise": random.random() + np.random.random()}


class Sees(Share):
    """A well-behaved metric that measures the process."""

    def compute(self) -> dict[str, float]:
        return {f"{place}": number for place, number in enumerate(looked())}


class Asks:
    """A well-behaved capability that calls the model itself."""

    id = "tests.asks"

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> NumberRun:
        (model,), (dataset,) = models, datasets
        answers = [int(np.argmax(model([dataset[index][0]])[0])) for index in range(20)]
        again = [int(np.argmax(answer)) for answer in model([dataset[index][0] for index in range(20)])]
        return NumberRun(self.id, [float(int("1" + "".join(map(str, answers)))), float(sum(again)), *looked()])
