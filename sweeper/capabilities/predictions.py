"""Inference, in one place: what a model says about a dataset, without the images."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from sweeper.checks import facts, returned, rules, watch
from sweeper.checks.facts import Facts
from sweeper.errors import PartError
from sweeper.isolation import guarded
from sweeper.isolation.copies import private

if TYPE_CHECKING:
    from maite.protocols import generic as gen

BATCH_SIZE = 64
"""Images per call of a model where nothing else is asked for."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of one model on one dataset, with the targets and metadata that they are scored against.

    Each field is a sequence of batches, as `maite.tasks.evaluate_from_predictions` takes them. A batch of numpy
    arrays of one shape and dtype is one read-only array, which Ray shares between processes without a copy;
    whatever else a MAITE object gives (ragged arrays, detection targets, tensors) stays as it is, and each run gets a
    copy of it.
    """

    prediction_batches: tuple[Any, ...]
    target_batches: tuple[Any, ...]
    metadata_batches: tuple[Sequence[Any], ...]
    facts: Facts | None = None
    """What the checks found in them; `None` where they were put together by hand, and nothing was checked."""

    def __len__(self) -> int:
        """Number of data."""
        return sum(len(batch) for batch in self.target_batches)

    def own(self) -> Predictions:
        """The same for another reader: read-only arrays are shared, whatever else there is is copied."""
        fields = (self.prediction_batches, self.target_batches, self.metadata_batches)
        return Predictions(*(tuple(map(_own, batches)) for batches in fields), facts=self.facts)

    def verify(self) -> tuple[str, ...]:
        """Refuse what the run's rules do not allow; what must be known beside the values is returned, a line each.

        Raises
        ------
        PartError
            A score is not finite, a target not one-hot, or model and dataset mean different classes by one index.
        """
        return () if self.facts is None else facts.verify(self.facts, rules.current())

    def score(self, metric: gen.Metric[Any, Any]) -> dict[str, float]:
        """Every number that a metric computes from these predictions, by its key.

        The metric is given copies, batch by batch: it may write into what it is given.
        A key that holds no single number (a class vector, text) is left out; NaN stays.

        Raises
        ------
        PartError
            Where `verify` refuses the predictions, or there is no number at all.
        """
        name = returned.part_id(metric, "metric")
        with rules.under(rules.allowed_by(rules.current(), None, [metric])):
            self.verify()
            given = self._computed(metric)
        computed = returned.computed(given, name)
        numbers = {str(key): number for key, value in computed.items() if (number := _number(value)) is not None}
        if not numbers:
            raise PartError(f"Metric {name} computed no number; its keys: {sorted(map(str, computed))}.")
        return numbers

    def _computed(self, metric: gen.Metric[Any, Any]) -> Any:
        from maite.tasks import evaluate_from_predictions

        return evaluate_from_predictions(
            metric=metric,
            pred_batches=_Copied(self.prediction_batches),
            target_batches=_Copied(self.target_batches),
            metadata_batches=_Copied(self.metadata_batches),
        )


def predict(
    model: gen.Model[Any, Any],
    dataset: gen.Dataset[Any, Any, Any],
    augmentation: gen.Augmentation[Any, Any, Any, Any, Any, Any] | None = None,
    batch_size: int = BATCH_SIZE,
    on_inputs: Callable[[Sequence[Any]], None] | None = None,
) -> Predictions:
    """Run a model over a dataset once, by `maite.tasks.predict`; the inputs are let go batch by batch.

    Parameters
    ----------
    model, dataset, augmentation
        MAITE objects of one task. The augmentation sees each batch before the model does.
    batch_size
        Data per call of the model; some models depend on it.
    on_inputs
        Called with the inputs of each batch, as the dataset gives them.

    Raises
    ------
    PartError
        Where `batch_size` is below 1, the dataset is empty, or something returns what MAITE does not allow.
    """
    if batch_size < 1:
        raise PartError(f"batch_size is {batch_size}; it must be at least 1.")
    returned.model(model)
    returned.dataset(dataset)
    if not len(dataset):
        raise PartError(f"Dataset {dataset.metadata['id']} is empty: there is nothing to predict.")
    from maite import tasks

    model, dataset = guarded.model(model), guarded.dataset(dataset)
    with watch.paused(), contextlib.ExitStack() as quiet:
        loader = _Loader(dataset, augmentation, batch_size, on_start=quiet.close, on_inputs=on_inputs)
        # maite draws a bar of its own on the stderr that it finds when the loop begins, across that of the sweep. It is
        # given another one for that moment; the loader takes it away before the first datum is read.
        quiet.enter_context(contextlib.redirect_stderr(quiet.enter_context(open(os.devnull, "w"))))
        answers, _ = tasks.predict(model=model, dataloader=loader)
    for answer, targets in zip(answers, loader.targets, strict=True):
        returned.answers(answer, model.metadata["id"], len(targets))
    predictions, targets = tuple(map(_stacked, answers)), tuple(map(_stacked, loader.targets))
    found = facts.find(model, dataset, predictions, targets, loader.metadata)
    return Predictions(predictions, targets, tuple(loader.metadata), found)


class _Loader:
    """A MAITE data loader that augments, and remembers targets and metadata but no inputs."""

    def __init__(
        self,
        dataset: Any,
        augmentation: Any,
        batch_size: int,
        *,
        on_start: Callable[[], None],
        on_inputs: Callable[[Sequence[Any]], None] | None,
    ) -> None:
        self._dataset, self._augmentation, self._batch_size = dataset, augmentation, batch_size
        self._on_start, self._on_inputs = on_start, on_inputs
        self.targets: list[Sequence[Any]] = []
        self.metadata: list[MetadataBatch] = []

    def __iter__(self) -> Iterator[tuple[Sequence[Any], Sequence[Any], Sequence[Any]]]:
        self._on_start()
        for start in range(0, len(self._dataset), self._batch_size):
            inputs, targets, metadata = self._batch(start)
            self.targets.append(targets)
            self.metadata.append(MetadataBatch(metadata))
            yield inputs, targets, metadata

    def _batch(self, start: int) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        stop = min(start + self._batch_size, len(self._dataset))
        name = self._dataset.metadata["id"]
        data = [returned.datum(self._dataset[i], name, i) for i in range(start, stop)]
        inputs, targets, metadata = zip(*data, strict=True)
        if self._on_inputs is not None:
            self._on_inputs(inputs)
        batch = (list(inputs), list(targets), list(metadata))
        if self._augmentation is None:
            return batch
        return returned.augmented(self._augmentation(batch), self._augmentation.metadata["id"], len(data))


class _Copied(Sequence[Any]):
    """Batches of which each is copied when it is read."""

    def __init__(self, batches: Sequence[Any]) -> None:
        self._batches = batches

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return private(self._batches[index])

    def __len__(self) -> int:
        return len(self._batches)


def _own(batch: Any) -> Any:
    return batch if isinstance(batch, np.ndarray) and not batch.flags.writeable else private(batch)


class MetadataBatch(Sequence[Any]):
    """Metadata of the data of one batch, kept pickled until somebody looks at it.

    There is a dictionary for each datum, and few metrics read any: to carry them open, or to open them all, would take
    most of the time of scoring and several times the memory.
    """

    def __init__(self, metadata: Iterable[Any]) -> None:
        self._metadata: Sequence[Any] = list(metadata)
        self._length = len(self._metadata)
        self._pickled = b""
        # Ray's own pickling takes more than Python's, classes of a notebook for one; what only that takes stays open.
        with contextlib.suppress(pickle.PicklingError, AttributeError, TypeError):
            self._pickled = pickle.dumps(self._metadata, protocol=5)
            self._metadata = ()

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if self._pickled:
            self._metadata, self._pickled = pickle.loads(self._pickled), b""
        return self._metadata[index]

    def __len__(self) -> int:
        return self._length

    def __deepcopy__(self, memo: Any) -> MetadataBatch:
        """Costs nothing while nobody has looked."""
        twin = object.__new__(MetadataBatch)
        twin._length, twin._pickled, twin._metadata = self._length, self._pickled, private(self._metadata)
        return twin


def _stacked(batch: Any) -> Any:
    """One read-only array where a batch is a list of numpy arrays of one shape and dtype, else the batch."""
    first = batch[0] if isinstance(batch, list | tuple) and batch else None
    if not isinstance(first, np.ndarray) or first.dtype.hasobject:
        return batch
    kind = (np.ndarray, first.shape, first.dtype)
    if any((type(item), getattr(item, "shape", None), getattr(item, "dtype", None)) != kind for item in batch):
        return batch
    joined = np.concatenate(batch) if first.ndim else np.array(batch)  # a third of the time of np.stack
    stacked = joined.reshape(len(batch), *first.shape)
    stacked.setflags(write=False)
    return stacked


def _number(value: Any) -> float | None:
    """A single number of any library as a float; truth values and text are none."""
    if isinstance(value, bool | np.bool_ | str | bytes):
        return None
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
