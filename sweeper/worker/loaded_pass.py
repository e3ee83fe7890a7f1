"""A model and a dataset that are loaded for an inference pass, and the batches of it that this worker makes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from sweeper.errors import PartError
from sweeper.isolation import process_state, stand_ins
from sweeper.messages.requests import InferenceRequest
from sweeper.worker import activity, part_use
from sweeper.worker.alike import are_alike
from sweeper.worker.blocks import BlockStore
from sweeper.worker.leakage import ImageObserver
from sweeper.worker.object_cache import new_instance
from sweeper.worker.part_use import PartUse
from sweeper.worker.shards import Cursor, Part

if TYPE_CHECKING:
    from sweeper.capabilities.batches import Block, MadeBatch
    from sweeper.capabilities.predictions import OnInputs, Predictions


@dataclass(frozen=True, eq=False)
class LoadedPass:
    """What a pass consists of: each augmentation of the capability, applied to each batch of the dataset."""

    model: Any
    dataset: Any
    augmentations: Mapping[str, Any]
    """By their labels; `None` for none."""
    batch_size: int
    batches: int
    """Of the dataset."""
    load_s: float
    store: BlockStore
    """Keeps what is made."""
    threads: int
    """So many read the dataset ahead of the model."""

    @property
    def shape(self) -> tuple[object, ...]:
        """What all workers of one pass must see alike."""
        return len(self.dataset), self.batch_size, *self.augmentations

    @property
    def can_be_shared(self) -> bool:
        """Whether no augmentation may depend on the batches before."""
        from sweeper.augmentations import sees_each_datum_alone

        return all(each is None or sees_each_datum_alone(each) for each in self.augmentations.values())

    @property
    def total(self) -> int:
        """Number of batches with all augmentations, one augmentation after another."""
        return self.batches * len(self.augmentations)

    def make(self, cursor: Cursor, *, hashes: bool, most_blocks: float = float("inf")) -> Part:
        """Make the batches that this worker is given, until it rests, and hash their images where that is wanted.

        It ends earlier once it has made `most_blocks` blocks.
        """
        began, observer = time.perf_counter() - cursor.asked_s, ImageObserver() if hashes else None
        cursor.go_on()
        labels = [*self.augmentations]
        made: dict[str, list[Block]] = {label: [] for label in labels}
        while sum(map(len, made.values())) < most_blocks and cursor.has_more():
            place = cursor.next_number // self.batches
            first, label = place * self.batches, labels[place]
            numbers = (number - first for number in islice(cursor.until(first + self.batches), self.store.most))
            shown = observer.add if observer is not None and not place else None
            made[label].append(self.store.keep(self._predicted(label, numbers, shown, activity.made)))
        seconds = time.perf_counter() - began - cursor.asked_s
        return Part(made, seconds, None if observer is None else observer.hashes())

    def repeat(self, number: int) -> Part:
        """Make one batch that another worker makes too, to be compared with that one's."""
        label = [*self.augmentations][number // self.batches]
        (made,) = self._predicted(label, [number % self.batches])
        return Part(dict.fromkeys(self.augmentations, ()), 0.0, repeated=(label, made))

    def compared_with(self, kept: Sequence[Part]) -> list[Part]:
        """Repeat one of the batches that an earlier worker made, where there are any but the very first."""
        places = {label: place for place, label in enumerate(self.augmentations)}
        there = [places[label] * self.batches + number for part in kept for label, number in part.numbers()]
        return [self.repeat(number) for number in [max(there, default=0)] if number]

    def missing(self, parts: Iterable[Part]) -> list[int]:
        """The numbers of batches that none of these parts has."""
        there = {each for part in parts for each in part.numbers()}
        every = ((label, number) for label in self.augmentations for number in range(self.batches))
        return [place for place, batch in enumerate(every) if batch not in there]

    def put_together(self, parts: Sequence[Part]) -> dict[str, Predictions]:
        """The predictions of the whole pass.

        Raises
        ------
        PartError
            A batch that two workers made differs.
        """
        from sweeper.capabilities.predictions import put_together

        self._compare_repeated(parts)
        return {
            label: put_together(self.model, self.dataset, [block for part in parts for block in part.blocks[label]])
            for label in self.augmentations
        }

    def data_in(self, parts: Iterable[Part]) -> int:
        """For how many data these parts have predictions."""
        numbers = (number for part in parts for _, number in part.numbers())
        return sum(min(self.batch_size, len(self.dataset) - number * self.batch_size) for number in numbers)

    def _predicted(
        self,
        label: str,
        numbers: Iterable[int],
        on_inputs: OnInputs | None = None,
        on_answers: Callable[[int], None] = lambda data: None,
    ) -> list[MadeBatch]:
        from sweeper.capabilities.predictions import predict_batches

        augmentation = self.augmentations[label]
        parts = self.model, self.dataset, augmentation, self.batch_size
        return predict_batches(*parts, numbers, on_inputs, threads=self.threads, on_answers=on_answers)

    def _compare_repeated(self, parts: Sequence[Part]) -> None:
        for label, batch in (part.repeated for part in parts if part.repeated is not None):
            first = _batch(chain.from_iterable(part.blocks[label] for part in parts), batch.number)
            where = f"batch {batch.number + 1} of dataset {self.dataset.metadata['id']!r}"
            if not (are_alike(first.targets, batch.targets) and _ids(first) == _ids(batch)):
                raise PartError(
                    f"Two workers did not read the same data: {where} has other data in one than in the other. So its "
                    "length or its order differs from node to node or from process to process. Fix the dataset (sort "
                    f"what it lists), or {_ONE_WORKER}."
                )
            if not are_alike(first.predictions, batch.predictions):
                raise PartError(
                    f"Model {self.model.metadata['id']!r} answers differently when its batches are made by several "
                    f"workers: {where} came out different in a worker that had not made those before it. So it keeps a "
                    "state from batch to batch or draws random numbers, or the dataset changes its images at random. "
                    f"Fix that, or {_ONE_WORKER}."
                )


_ONE_WORKER = "set _sweep_.shards: false in its choice, and one worker makes all batches in their order"


def _batch(blocks: Iterable[Block], number: int) -> MadeBatch:
    """The batch of this number, which one of the blocks has."""
    block = next(block for block in blocks if number in block.numbers)
    return next(batch for batch in block.batches() if batch.number == number)


def _ids(batch: MadeBatch) -> list[object]:
    return [each.get("id") for each in batch.metadata]


@contextmanager
def loaded(request: InferenceRequest, store: BlockStore) -> Generator[LoadedPass]:
    """Load the parts of a pass, and put back afterwards what they change of the process."""
    from sweeper.capabilities.predictions import BATCH_SIZE, number_of_batches

    uses = PartUse(request.model), PartUse(request.dataset)
    with process_state.isolated(""), part_use.finishing(uses):
        began = time.perf_counter()
        model, dataset = stand_ins.for_model(uses[0]), stand_ins.for_dataset(uses[1])
        for use in uses:
            use.get()
        load_s = time.perf_counter() - began
        capability = new_instance(request.capability)
        augmentations = capability.augmentations() if hasattr(capability, "augmentations") else {"": None}
        batch_size = getattr(capability, "batch_size", BATCH_SIZE)
        process_state.seed(part_use.identity(request.model, model) + part_use.identity(request.dataset, dataset))
        batches = number_of_batches(dataset, batch_size)
        threads = _threads(request, uses[1].get())
        activity.predicting(len(dataset) * len(augmentations))
        yield LoadedPass(model, dataset, augmentations, batch_size, batches, load_s, store, threads)


def _threads(request: InferenceRequest, dataset: object) -> int:
    """How many threads read a dataset: as its choice says, else as many as there are processors where it bears that."""
    if request.read_ahead is not None:
        return request.read_ahead
    return max(1, request.processors) if getattr(dataset, "threads_may_read", False) is True else 0
