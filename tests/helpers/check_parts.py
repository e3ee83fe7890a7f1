"""Parts that return what a check must notice, importable by workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from parts import TinyRun


class Warned:
    """A capability whose run has something to say beside its value."""

    id = "tests.warned"

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)

    def run(self, **_: Any) -> TinyRun:
        run = TinyRun(self.id)
        run.warnings = self.lines  # type: ignore[attr-defined]
        return run


class Given:
    """A dataset of `n` small images with the targets, metadata and names that a test gives.

    Parameters
    ----------
    targets
        A target for each datum; by default one-hot vectors of two classes in turn.
    drop
        What its items lack: `metadata` makes pairs, `id` metadata without one, `length` and `items` the methods.
    """

    def __init__(
        self,
        targets: Sequence[Any] | None = None,
        *,
        names: Any = None,
        id: Any = "given",
        n: int = 4,
        drop: str = "",
        metadata: bool = True,
    ) -> None:
        self.targets = [np.eye(2)[i % 2] for i in range(n)] if targets is None else [np.array(t) for t in targets]
        self.drop = drop
        if metadata:
            self.metadata: Any = {"id": id} | ({} if names is None else {"index2label": names})

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self.targets):
            raise IndexError(index)
        image, target = np.full((1, 2, 2), index / 64, dtype=np.float32), self.targets[index]
        if self.drop == "metadata":
            return image, target
        return image, target, {} if self.drop == "id" else {"id": f"datum-{index}"}


class GivenByField(Given):
    """Its inputs and targets can be read one by one, and all at once."""

    def get_input(self, index: int) -> Any:
        return self[index][0]

    def get_target(self, index: int) -> Any:
        return self[index][1]


class Says:
    """A classifier that answers the image numbered i with `answers[i]`, by default with the right class of `Given`.

    Parameters
    ----------
    kind
        `list`, `array`, `tensor` or `tensors`: what a batch of answers is. `none`, `short`, `number`, `mapping` and
        `ragged` are what it must not be.
    bad
        Number of the image whose first score is `value`.
    """

    def __init__(
        self,
        *,
        names: Any = None,
        id: Any = "says",
        kind: str = "list",
        bad: int | None = None,
        value: float = float("nan"),
        classes: int = 2,
        metadata: bool = True,
    ) -> None:
        self.kind, self.bad, self.value, self.classes = kind, bad, value, classes
        if metadata:
            self.metadata: Any = {"id": id} | ({} if names is None else {"index2label": names})

    def __call__(self, batch: Sequence[Any]) -> Any:
        numbers = [round(float(np.asarray(image).flat[0]) * 64) for image in batch]
        scores = np.eye(self.classes)[[number % 2 for number in numbers]]
        if self.bad in numbers:
            scores[numbers.index(self.bad), 0] = self.value
        return _KINDS[self.kind](scores)


def _tensors(scores: Any) -> Any:
    import torch

    return [torch.tensor(row) for row in scores]


def _tensor(scores: Any) -> Any:
    import torch

    return torch.tensor(scores).to(torch.bfloat16)


_KINDS: Mapping[str, Any] = {
    "list": list,
    "nested": lambda scores: scores.tolist(),
    "array": lambda scores: scores,
    "tensor": _tensor,
    "tensors": _tensors,
    "none": lambda scores: None,
    "short": lambda scores: list(scores)[1:],
    "number": lambda scores: np.float64(0.5),
    "mapping": lambda scores: {"scores": scores},
    "generator": iter,
    "ragged": lambda scores: [row[: 1 + index % 2] for index, row in enumerate(scores)],
}


@dataclass
class Boxes:
    """A detection of MAITE's protocol."""

    boxes: Any
    labels: Any
    scores: Any


class Detector(Says):
    """Answers each image with one box, whose score is `value` where it is the bad one."""

    def __call__(self, batch: Sequence[Any]) -> Any:
        numbers = [round(float(np.asarray(image).flat[0]) * 64) for image in batch]
        return [
            Boxes(np.zeros((1, 4)), np.array([0]), np.array([self.value if n == self.bad else 0.5])) for n in numbers
        ]


class Boxed(Given):
    """A detection dataset: each datum has one box of class `label`."""

    def __init__(self, label: int = 0, **more: Any) -> None:
        super().__init__(**more)
        self.label = label

    def __getitem__(self, index: int) -> Any:
        image, _, metadata = super().__getitem__(index)
        return image, Boxes(np.zeros((1, 4)), np.array([self.label]), np.ones(1)), metadata


class Unchanged:
    """An augmentation that changes nothing; `lose` makes it drop the last datum of a batch."""

    def __init__(self, severity: float, lose: bool = False) -> None:
        self.metadata = {"id": f"unchanged={severity}"}
        self.lose = lose

    def __call__(self, batch: Any) -> Any:
        inputs, targets, metadata = batch
        return (inputs[:-1], targets[:-1], metadata[:-1]) if self.lose else batch


class Gives:
    """A metric whose `compute` gives what it is told to: `value`, wrapped by `kind`."""

    def __init__(self, kind: str = "mapping", value: float = 0.25, id: Any = "gives", takes: Any = None) -> None:
        self.metadata = {"id": id}
        self.kind, self.value = kind, value
        if takes is not None:
            self.takes = takes

    def reset(self) -> None:
        pass

    def update(self, predictions: Any, targets: Any, metadata: Any) -> None:
        pass

    def compute(self) -> Any:
        return _COMPUTED[self.kind](self.value)


def _zero_dimensional(value: float) -> Any:
    import torch

    return torch.tensor(value)


_COMPUTED: Mapping[str, Any] = {
    "mapping": lambda value: {"gives": value},
    "number": float,
    "numpy": np.float64,
    "array": lambda value: np.array([value, value]),
    "tensor": _zero_dimensional,
    "none": lambda value: None,
    "list": lambda value: [value],
}


class Calls:
    """A capability that calls the model itself, datum by datum, and measures the share of right answers.

    Parameters
    ----------
    swallow
        Whether it goes on where something raises.
    """

    id = "tests.calls"

    def __init__(self, *, swallow: bool = False, takes: Any = None) -> None:
        self.swallow = swallow
        if takes is not None:
            self.takes = takes

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> TinyRun:
        (model,), (dataset,) = models, datasets
        right = []
        for index in range(len(dataset)):
            image, target, _ = dataset[index]
            try:
                right.append(float(np.argmax(model([image])[0]) == np.argmax(target)))
            except Exception:
                if not self.swallow:
                    raise
        return TinyRun(self.id, [float(np.mean(right)) if right else 0.0])


class CallsByFields(Calls):
    """The same for a capability that reads targets by themselves (`fields`), or by an attribute (`attribute`)."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> TinyRun:
        (model,), (dataset,) = models, datasets
        answers = model(batch=[dataset.get_input(index) for index in range(len(dataset))])
        if self.how == "fields":
            targets = [dataset.get_target(index) for index in range(len(dataset))]
        else:
            targets = dataset.targets
        right = [np.argmax(answer) == np.argmax(target) for answer, target in zip(answers, targets, strict=True)]
        return TinyRun(self.id, [float(np.mean(right))])


class Reads:
    """A capability that reads predictions itself, without a metric."""

    id = "tests.reads"
    reads_predictions = True

    def run(
        self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool, predictions: Any = None
    ) -> TinyRun:
        (made,) = predictions.values()
        return TinyRun(self.id, [float(np.mean(made.prediction_batches[0][0]))])


class Returns:
    """A capability whose run is what it must not be."""

    id = "tests.returns"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def run(self, **_: Any) -> Any:
        return {"none": None, "number": 0.5, "mapping": {"accuracy": 1.0}}[self.kind]
