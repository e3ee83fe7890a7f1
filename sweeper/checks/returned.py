"""Check that what parts return has the form of MAITE's protocols; errors name the part, what it gave, and that form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from numbers import Integral
from typing import Any

from sweeper.errors import PartError

_IDS = (str, int)
_NO_BATCH = (str, bytes, Mapping)
"""Types that have a length and items, but are not a batch."""
RUN = "a run with run_uid, capability_id and extract()"


def part_id(part: object, axis: str) -> str:
    """The id of a dataset, model, metric or augmentation.

    Raises
    ------
    PartError
        It has no `metadata` with an `id` that is text.
    """
    metadata = getattr(part, "metadata", None)
    part_id = metadata.get("id") if isinstance(metadata, Mapping) else None
    if isinstance(part_id, str):
        return part_id
    if not isinstance(metadata, Mapping):
        gave = "no metadata" if metadata is None else f"metadata of type {type(metadata).__name__}"
    elif "id" in metadata:
        gave = f"the id {part_id!r} ({type(part_id).__name__})"
    else:
        gave = f"metadata without an id (its keys: {', '.join(map(str, metadata)) or 'none'})"
    raise PartError(f"{_called(part, axis)} has {gave}; MAITE asks for metadata = {{'id': TEXT, ...}}.")


def dataset(part: object) -> None:
    """Refuse what cannot be read datum by datum.

    Raises
    ------
    PartError
        It has no length or no items, or no id.
    """
    part_id(part, "dataset")
    if not (hasattr(part, "__len__") and hasattr(part, "__getitem__")):
        raise PartError(
            f"{_called(part, 'dataset')} has no __len__ or no __getitem__; MAITE asks a dataset for both, and for "
            "(input, target, metadata) of each item."
        )


def model(part: object) -> None:
    """Refuse what cannot be asked for predictions.

    Raises
    ------
    PartError
        It cannot be called, or has no id.
    """
    part_id(part, "model")
    if not callable(part):
        raise PartError(f"{_called(part, 'model')} cannot be called; MAITE asks a model for __call__(batch).")


def datum(item: object, dataset_id: str, index: int) -> tuple[object, object, Mapping[str, Any]]:
    """The three parts of a datum.

    Raises
    ------
    PartError
        It is not (input, target, metadata), or its metadata have no id that is text or a whole number.
    """
    if type(item) is tuple and len(item) == 3 and type(item[2]) is dict and type(item[2].get("id")) in _IDS:
        return item  # as nearly all are: no more is looked at, since this is asked of every datum
    where = f"Item {index} of dataset {dataset_id!r}"
    if not isinstance(item, tuple | list) or len(item) != 3:
        many = f" of {len(item)}" if isinstance(item, Sized) else ""
        raise PartError(f"{where} is a {type(item).__name__}{many}; MAITE asks for (input, target, metadata).")
    metadata = item[2]
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("id"), str | Integral):
        gave = f"the metadata {dict(metadata)!r}" if isinstance(metadata, Mapping) else f"{metadata!r} as metadata"
        raise PartError(f"{where} has {gave:.200}; MAITE asks for a mapping with an id, {{'id': TEXT or number, ...}}.")
    return item[0], item[1], metadata


def answers(answers: Any, model_id: str, n_inputs: int) -> None:
    """Refuse what is not one prediction for each input of a batch.

    Raises
    ------
    PartError
        It has no length, or another one than the batch.
    """
    wanted = "MAITE asks for a sequence of one prediction for each input of the batch"
    if not hasattr(answers, "__getitem__") or not hasattr(answers, "__len__") or isinstance(answers, _NO_BATCH):
        raise PartError(f"Model {model_id} gave a {type(answers).__name__} for a batch of {n_inputs} inputs; {wanted}.")
    try:
        length = len(answers)
    except TypeError:  # an array or tensor without dimensions
        raise PartError(f"Model {model_id} gave a single number for a batch of {n_inputs} inputs; {wanted}.") from None
    if length != n_inputs:
        raise PartError(f"Model {model_id} gave {length} predictions for {n_inputs} data; {wanted}.")


def augmented(
    batch: object, augmentation_id: str, n_inputs: int
) -> tuple[Sequence[object], Sequence[object], Sequence[Any]]:
    """The three columns that an augmentation returned for a batch.

    Raises
    ------
    PartError
        It is not (inputs, targets, metadata), each as long as the batch.
    """
    wanted = f"MAITE asks for (inputs, targets, metadata), here of {n_inputs} each"
    if not isinstance(batch, tuple | list) or len(batch) != 3 or not all(hasattr(c, "__len__") for c in batch):
        raise PartError(f"Augmentation {augmentation_id} gave a {type(batch).__name__}; {wanted}.")
    if {len(column) for column in batch} != {n_inputs}:
        raise PartError(f"Augmentation {augmentation_id} gave {[len(column) for column in batch]} of them; {wanted}.")
    return batch[0], batch[1], batch[2]


def computed(values: object, metric_id: str) -> Mapping[object, Any]:
    """What a metric computed, as the mapping that it must be.

    Raises
    ------
    PartError
        It is not a mapping.
    """
    if isinstance(values, Mapping):
        return values
    raise PartError(
        f"compute() of metric {metric_id!r} gave {_value(values)}; MAITE asks for a mapping from names to values, such "
        "as {'accuracy': 0.9}."
    )


def run(run: object, capability: object) -> None:
    """Refuse what cannot be recorded as the result of a capability.

    Raises
    ------
    PartError
        It has no `run_uid`, `capability_id` or `extract`.
    """
    lacking = [name for name in ("run_uid", "capability_id", "extract") if not hasattr(run, name)]
    if lacking:
        name = getattr(capability, "id", None) or type(capability).__name__
        without = "" if run is None else f" without {', '.join(lacking)}"
        raise PartError(f"run() of capability {name!r} gave {_value(run)}{without}; it must return {RUN}.")


def _called(part: object, axis: str) -> str:
    return f"The {axis} of type {type(part).__module__}.{type(part).__qualname__}"


def _value(value: object) -> str:
    shown = repr(value)
    kind = "" if value is None else f" ({type(value).__name__})"
    return f"{shown if len(shown) <= 60 else shown[:60] + '...'}{kind}"
