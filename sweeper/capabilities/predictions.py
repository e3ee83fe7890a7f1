"""Inference: runs a model over a dataset and keeps its predictions, targets and metadata, but not the inputs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar, overload

import numpy as np

from sweeper.capabilities.batches import Block, BlockReader, Column, MadeBatch, MemoryBlock, MetadataBatch, stacked
from sweeper.capabilities.read_ahead import read_in_order
from sweeper.checks import findings, returned, rules, run_checks
from sweeper.checks.findings import Findings
from sweeper.errors import PartError
from sweeper.isolation import stand_ins
from sweeper.isolation.copies import private_copy
from sweeper.isolation.host import on_host

if TYPE_CHECKING:
    from maite.protocols import DatumMetadata

    from sweeper.common.maite_types import Batch, TaskAugmentation, TaskDataset, TaskMetric, TaskModel

T = TypeVar("T")
OnInputs: TypeAlias = Callable[[Sequence[object]], None]

BATCH_SIZE = 64
"""Number of data per call of a model, unless another one is asked for."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of one model on one dataset, with the targets and metadata that they are scored against.

    Each field is a sequence of batches, as `maite.tasks.evaluate_from_predictions` takes them. If a batch consists of
    numpy arrays of one shape and dtype, it is kept as one read-only array of B x that shape, which Ray shares between
    processes without a copy. Other values (arrays of different shapes, detection targets, tensors) stay as they are,
    and each run gets a copy of them.

    Predictions of more than a few dozen megabytes stay in Ray's object store and are read a block of batches at a time.
    So go through the batches in their order, and do not hold on to them: then it does not matter how many there are.
    """

    prediction_batches: Sequence[Sequence[object]]
    target_batches: Sequence[Sequence[object]]
    metadata_batches: Sequence[Sequence[DatumMetadata]]
    findings: Findings | None = None
    """What the checks found in them. `None` if they were put together by hand; then nothing was checked."""

    def __len__(self) -> int:
        """Number of data."""
        batches = self.target_batches
        return batches.data if isinstance(batches, Column) else sum(map(len, batches))

    @property
    def is_in_blocks(self) -> bool:
        """Whether some of its batches are not in the memory of this process."""
        return isinstance(self.target_batches, Column)

    def own(self) -> Predictions:
        """The same predictions for another reader: read-only arrays are shared, other values are copied."""
        return Predictions(
            tuple(map(_own, self.prediction_batches)),
            tuple(map(_own, self.target_batches)),
            tuple(map(_own, self.metadata_batches)),
            findings=self.findings,
        )

    def verify(self) -> tuple[str, ...]:
        """Refuse what the rules of the run do not allow. Returns warnings for the readers of the values, one line each.

        Raises
        ------
        PartError
            A score is not finite, a target is not one-hot, or model and dataset mean different classes by one index.
        """
        return () if self.findings is None else findings.verify(self.findings, rules.current())

    def score(self, metric: TaskMetric) -> dict[str, float]:
        """Every number that a metric computes from these predictions, by its key.

        The metric gets copies, batch by batch, so it may write into them. A key whose value is not a single number (a
        vector over classes, text) is left out. NaN is kept.

        Raises
        ------
        PartError
            `verify` refuses the predictions, or the metric computes no number at all.
        """
        name = returned.part_id(metric, "metric")
        with rules.applying(rules.allowed_by(rules.current(), None, [metric])):
            self.verify()
            values = self._computed(metric)
        computed = returned.computed(values, name)
        numbers = {str(key): number for key, value in computed.items() if (number := number_of(value)) is not None}
        if not numbers:
            raise PartError(f"Metric {name} computed no number; its keys: {sorted(map(str, computed))}.")
        return numbers

    def _computed(self, metric: TaskMetric) -> object:
        from maite.tasks import evaluate_from_predictions

        return evaluate_from_predictions(
            metric=metric,
            pred_batches=_Copied(self.prediction_batches),
            target_batches=_Copied(self.target_batches),
            metadata_batches=_Copied(self.metadata_batches),
        )


def predict(
    model: TaskModel,
    dataset: TaskDataset,
    augmentation: TaskAugmentation | None = None,
    batch_size: int = BATCH_SIZE,
    on_inputs: OnInputs | None = None,
) -> Predictions:
    """Run a model over a dataset once, with `maite.tasks.predict`. Inputs are freed batch by batch.

    Parameters
    ----------
    model, dataset, augmentation
        MAITE objects of one task. The augmentation is applied to each batch before the model.
    batch_size
        Number of data per call of the model. The predictions of some models depend on it.
    on_inputs
        Called with the inputs of each batch, before the augmentation.

    Raises
    ------
    PartError
        `batch_size` is below 1, the dataset is empty, or an object returns something that MAITE does not allow.
    """
    numbers = range(number_of_batches(dataset, batch_size))
    made = predict_batches(model, dataset, augmentation, batch_size, numbers, on_inputs)
    return put_together(model, dataset, [MemoryBlock(made)])


def number_of_batches(dataset: TaskDataset, batch_size: int) -> int:
    """How many batches a dataset has.

    Raises
    ------
    PartError
        `batch_size` is below 1, or the dataset is empty or none of MAITE.
    """
    if batch_size < 1:
        raise PartError(f"batch_size is {batch_size}; it must be at least 1.")
    returned.dataset(dataset)
    if not len(dataset):
        raise PartError(f"Dataset {dataset.metadata['id']} is empty: there is nothing to predict.")
    return -(-len(dataset) // batch_size)


def predict_batches(
    model: TaskModel,
    dataset: TaskDataset,
    augmentation: TaskAugmentation | None,
    batch_size: int,
    numbers: Iterable[int],
    on_inputs: OnInputs | None = None,
    threads: int = 0,
    on_answers: Callable[[int], None] = lambda data: None,
) -> list[MadeBatch]:
    """Run a model over some batches of a dataset: those of these numbers, each asked for when the one before is made.

    With `threads`, so many of the next batches are read while the model works, and asked for as much earlier.
    `on_answers` is told of each batch for how many data the model has answered. The rest is as for `predict`.
    """
    returned.model(model)
    from maite import tasks

    model, dataset = stand_ins.for_model(model), stand_ins.for_dataset(dataset)
    with run_checks.paused(), contextlib.ExitStack() as quiet:
        loader = _Loader(dataset, augmentation, batch_size, numbers, threads, quiet.close, on_inputs)
        # maite draws a progress bar on the stderr that it finds when its loop begins, across the bar of the sweep. So
        # stderr is replaced for that moment; the loader puts it back before the first datum is read.
        quiet.enter_context(contextlib.redirect_stderr(quiet.enter_context(open(os.devnull, "w"))))
        batches, _ = tasks.predict(model=_AnswersOnHost(model, on_answers), dataloader=loader)
    for batch, read in zip(batches, loader.read, strict=True):
        returned.answers(batch, model.metadata["id"], len(read.targets))
    return [
        MadeBatch(read.number, stacked(batch), stacked(read.targets), read.metadata)
        for batch, read in zip(batches, loader.read, strict=True)
    ]


def put_together(model: TaskModel, dataset: TaskDataset, blocks: Sequence[Block]) -> Predictions:
    """The predictions of a whole pass, from its batches in blocks of any order."""
    reader = BlockReader(blocks)
    predictions: Sequence[Sequence[object]] = Column(reader, "predictions")
    targets: Sequence[Sequence[object]] = Column(reader, "targets")
    metadata: Sequence[Sequence[DatumMetadata]] = Column(reader, "metadata")
    if reader.is_in_memory:
        predictions, targets, metadata = tuple(predictions), tuple(targets), tuple(metadata)
    model, dataset = stand_ins.for_model(model), stand_ins.for_dataset(dataset)
    found = findings.examine(model, dataset, predictions, targets, metadata)
    return Predictions(predictions, targets, metadata, found)


class _AnswersOnHost:
    """A model whose answers leave its device as soon as they are there."""

    def __init__(self, model: TaskModel, on_answers: Callable[[int], None]) -> None:
        self._model, self.metadata, self._on_answers = model, model.metadata, on_answers

    def __call__(self, batch: Any, /) -> Any:
        answers = on_host(self._model(batch))
        self._on_answers(len(batch))
        return answers


class _ReadBatch(NamedTuple):
    number: int
    targets: Sequence[object]
    metadata: MetadataBatch


class _Loader:
    """A MAITE data loader that applies an augmentation and keeps targets and metadata, but no inputs."""

    def __init__(
        self,
        dataset: TaskDataset,
        augmentation: TaskAugmentation | None,
        batch_size: int,
        numbers: Iterable[int],
        threads: int,
        on_start: Callable[[], None],
        on_inputs: OnInputs | None,
    ) -> None:
        self._dataset, self._augmentation, self._batch_size = dataset, augmentation, batch_size
        self._numbers, self._threads = numbers, threads
        self._on_start, self._on_inputs = on_start, on_inputs
        self.read: list[_ReadBatch] = []

    def __iter__(self) -> Iterator[Batch]:
        self._on_start()
        with read_in_order(self._numbered, self._numbers, self._threads) as batches:
            for number, batch in batches:
                inputs, targets, metadata = self._augmented(batch)
                self.read.append(_ReadBatch(number, targets, MetadataBatch(metadata)))
                yield inputs, targets, metadata

    def _numbered(self, number: int) -> tuple[int, Batch]:
        start = number * self._batch_size
        stop = min(start + self._batch_size, len(self._dataset))
        name = self._dataset.metadata["id"]
        data = [returned.datum(self._dataset[i], name, i) for i in range(start, stop)]
        inputs, targets, metadata = zip(*data, strict=True)
        return number, (list(inputs), list(targets), list(metadata))

    def _augmented(self, batch: Batch) -> Batch:
        if self._on_inputs is not None:
            self._on_inputs(batch[0])
        if self._augmentation is None:
            return batch
        return returned.augmented(self._augmentation(batch), self._augmentation.metadata["id"], len(batch[1]))


class _Copied(Sequence[T]):
    """Batches that are copied when they are read."""

    def __init__(self, batches: Sequence[T]) -> None:
        self._batches = batches

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return private_copy(self._batches[index])

    def __len__(self) -> int:
        return len(self._batches)


def _own(batch: Sequence[T]) -> Sequence[T]:
    return batch if isinstance(batch, np.ndarray) and not batch.flags.writeable else private_copy(batch)


def number_of(value: Any) -> float | None:
    """A single number of any library as a float; `None` for another value, and for truth values and text."""
    if isinstance(value, bool | np.bool_ | str | bytes):
        return None
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
