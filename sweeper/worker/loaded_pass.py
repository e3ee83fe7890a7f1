"""A model and a dataset that are loaded for an inference pass, and the batches of it that this worker makes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.errors import PartError
from sweeper.isolation import process_state, stand_ins
from sweeper.messages.requests import InferenceRequest
from sweeper.worker import part_use
from sweeper.worker.alike import are_alike
from sweeper.worker.leakage import ImageObserver
from sweeper.worker.object_cache import new_instance
from sweeper.worker.part_use import PartUse
from sweeper.worker.shards import Cursor, Part

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import MadeBatch, OnInputs, Predictions


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

    @property
    def shape(self) -> tuple[object, ...]:
        """What all workers of one pass must see alike."""
        return len(self.dataset), self.batch_size, *self.augmentations

    @property
    def can_be_shared(self) -> bool:
        """Whether no augmentation may depend on the batches before. Those of sweeper draw for each datum by itself."""
        return all(
            each is None or type(each).__module__ == "sweeper.augmentations" for each in self.augmentations.values()
        )

    @property
    def total(self) -> int:
        """Number of batches with all augmentations, one augmentation after another."""
        return self.batches * len(self.augmentations)

    def make(self, cursor: Cursor, *, hashes: bool) -> Part:
        """Make the batches that this worker is given, until it rests, and hash their images where that is wanted."""
        began, observer = time.perf_counter() - cursor.asked_s, ImageObserver() if hashes else None
        cursor.go_on()
        made: dict[str, list[MadeBatch]] = {label: [] for label in self.augmentations}
        while cursor.has_more():
            for place, label in enumerate(self.augmentations):
                of_label = place * self.batches, (place + 1) * self.batches
                if cursor.is_within(*of_label):
                    shown = observer.add if observer is not None and not place else None
                    made[label] += self._predicted(label, cursor.within(*of_label), shown)
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
        there = [places[label] * self.batches + batch.number for part in kept for label, batch in part.all_batches()]
        return [self.repeat(number) for number in [max(there, default=0)] if number]

    def missing(self, parts: Iterable[Part]) -> list[int]:
        """The numbers of batches that none of these parts has."""
        there = {(label, batch.number) for part in parts for label, batch in part.all_batches()}
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
        of_label = {
            label: {batch.number: batch for part in parts for batch in part.batches[label]}
            for label in self.augmentations
        }
        return {label: put_together(self.model, self.dataset, made.values()) for label, made in of_label.items()}

    def _predicted(self, label: str, numbers: Iterable[int], on_inputs: OnInputs | None = None) -> list[MadeBatch]:
        from sweeper.capabilities.predictions import predict_batches

        augmentation = self.augmentations[label]
        return predict_batches(self.model, self.dataset, augmentation, self.batch_size, numbers, on_inputs)

    def _compare_repeated(self, parts: Sequence[Part]) -> None:
        for label, batch in (part.repeated for part in parts if part.repeated is not None):
            first = next(made for part in parts for made in part.batches[label] if made.number == batch.number)
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


def _ids(batch: MadeBatch) -> list[object]:
    return [each.get("id") for each in batch.metadata]


@contextmanager
def loaded(request: InferenceRequest) -> Generator[LoadedPass]:
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
        yield LoadedPass(model, dataset, augmentations, batch_size, batches, load_s)
