"""What parts hand over has the form that MAITE asks for: one error that names the part, what it gave, and that form."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from numbers import Integral
from typing import Any

from sweeper.errors import PartError

_IDS = (str, int)
RUN = "a run with run_uid, capability_id and extract()"


def part_id(part: Any, axis: str) -> str:
    """The id of a dataset, model, metric or augmentation.

    Raises
    ------
    PartError
        It has no `metadata` with an `id` that is text.
    """
    metadata = getattr(part, "metadata", None)
    found = metadata.get("id") if isinstance(metadata, Mapping) else None
    if isinstance(found, str):
        return found
    if not isinstance(metadata, Mapping):
        gave = "no metadata" if metadata is None else f"metadata of type {type(metadata).__name__}"
    elif "id" in metadata:
        gave = f"the id {found!r} ({type(found).__name__})"
    else:
        gave = f"metadata without an id (its keys: {', '.join(map(str, metadata)) or 'none'})"
    raise PartError(f"{_called(part, axis)} has {gave}; MAITE asks for metadata = {{'id': TEXT, ...}}.")


def dataset(part: Any) -> None:
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


def model(part: Any) -> None:
    """Refuse what cannot be asked for predictions.

    Raises
    ------
    PartError
        It cannot be called, or has no id.
    """
    part_id(part, "model")
    if not callable(part):
        raise PartError(f"{_called(part, 'model')} cannot be called; MAITE asks a model for __call__(batch).")


def datum(item: Any, dataset_id: str, index: int) -> tuple[Any, Any, Any]:
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


def answers(given: Any, model_id: str, asked: int) -> None:
    """Refuse what is not one prediction for each input of a batch.

    Raises
    ------
    PartError
        It has no length, or another one than the batch.
    """
    wanted = "MAITE asks for a sequence of one prediction for each input of the batch"
    if not hasattr(given, "__getitem__") or not hasattr(given, "__len__") or isinstance(given, str | bytes | Mapping):
        raise PartError(f"Model {model_id} gave a {type(given).__name__} for a batch of {asked} inputs; {wanted}.")
    try:
        length = len(given)
    except TypeError:  # an array or tensor without dimensions
        raise PartError(f"Model {model_id} gave a single number for a batch of {asked} inputs; {wanted}.") from None
    if length != asked:
        raise PartError(f"Model {model_id} gave {length} predictions for {asked} data; {wanted}.")


def augmented(given: Any, augmentation_id: str, asked: int) -> tuple[Any, Any, Any]:
    """The three columns that an augmentation made of a batch.

    Raises
    ------
    PartError
        It is not (inputs, targets, metadata), each as long as the batch.
    """
    wanted = f"MAITE asks for (inputs, targets, metadata), here of {asked} each"
    if not isinstance(given, tuple | list) or len(given) != 3 or not all(hasattr(c, "__len__") for c in given):
        raise PartError(f"Augmentation {augmentation_id} gave a {type(given).__name__}; {wanted}.")
    if {len(column) for column in given} != {asked}:
        raise PartError(f"Augmentation {augmentation_id} gave {[len(column) for column in given]} of them; {wanted}.")
    return given[0], given[1], given[2]


def computed(given: Any, metric_id: str) -> Mapping[Any, Any]:
    """What a metric computed, as the mapping that it must be.

    Raises
    ------
    PartError
        It is no mapping.
    """
    if isinstance(given, Mapping):
        return given
    raise PartError(
        f"compute() of metric {metric_id!r} gave {_value(given)}; MAITE asks for a mapping from names to values, such "
        "as {'accuracy': 0.9}."
    )


def run(given: Any, capability: Any) -> None:
    """Refuse what cannot be recorded as the result of a capability.

    Raises
    ------
    PartError
        It has no `run_uid`, `capability_id` or `extract`.
    """
    lacking = [name for name in ("run_uid", "capability_id", "extract") if not hasattr(given, name)]
    if lacking:
        name = getattr(capability, "id", None) or type(capability).__name__
        without = "" if given is None else f" without {', '.join(lacking)}"
        raise PartError(f"run() of capability {name!r} gave {_value(given)}{without}; it must return {RUN}.")


def _called(part: Any, axis: str) -> str:
    return f"The {axis} of type {type(part).__module__}.{type(part).__qualname__}"


def _value(given: Any) -> str:
    shown = repr(given)
    kind = "" if given is None else f" ({type(given).__name__})"
    return f"{shown if len(shown) <= 60 else shown[:60] + '...'}{kind}"
