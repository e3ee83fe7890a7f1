"""Compare the classes of a model and of a dataset by their `index2label`, if both have one.

`subset` (the default): both give the same name to every class index that occurs in the targets; the model may know more
classes, and the dataset may list some that do not occur. `strict`: both list exactly the same classes. `ignore`:
nothing is compared.

An `index2label` that only repeats the indices (`{0: "0", 1: "1"}`) names no classes and counts as missing, unless model
and dataset both have an attribute `label_space` with the same name for the meaning of their indices, as the digits do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sweeper.errors import PartError

OTHER_ORDER = (
    "Give both the same order of classes (sweeper.models.Reindexed and sweeper.datasets.Reindexed reorder by name). "
    "If both are right as they are, set _sweep_.label_space: ignore in the choice of the model or the dataset."
)
"""What to do where a model and a dataset mean different classes by one index."""
MAX_SHOWN = 3
"""How many differing classes a message names."""


class Described(Protocol):
    """A MAITE model or dataset."""

    @property
    def metadata(self) -> Mapping[str, object]:
        """At least its `id`; `index2label` names its classes."""
        ...


class ClassLabels(NamedTuple):
    """How a model or a dataset describes its classes."""

    metadata: Mapping[str, object]
    label_space: str | None


def class_labels_of(part: Described) -> ClassLabels:
    """How a model or dataset describes its classes now; a run may change its metadata later."""
    return ClassLabels(dict(part.metadata), label_space_of(part))


def label_space_of(part: object) -> str | None:
    """The name that a model or dataset gives to the meaning of its class indices; `None` if it gives none."""
    name = getattr(part, "label_space", None)
    return name if isinstance(name, str) else None


@dataclass(frozen=True)
class LabelComparison:
    """What a comparison found.

    Attributes
    ----------
    conflict
        Why values would be wrong, `None` if names agree on what occurs or cannot be compared.
    unequal
        How the two lists of classes differ anywhere.
    missing
        A line for the model and for the dataset, if its names are not known.
    """

    conflict: str | None = None
    unequal: str | None = None
    missing: tuple[str, ...] = ()


def compare(
    model: Mapping[str, object],
    dataset: Mapping[str, object],
    occurring: Iterable[int],
    lengths: tuple[int, int] | None = None,
    *,
    same_space: bool = False,
) -> LabelComparison:
    """Compare the metadata of a model with those of a dataset.

    Parameters
    ----------
    occurring
        Class indices that occur in the targets.
    lengths
        Entries of the model's predictions and of the targets, if both are vectors.
    same_space
        Whether both give the same name to the meaning of their indices.

    Raises
    ------
    PartError
        An `index2label` is not a mapping from class indices to names.
    """
    in_targets = sorted(occurring)
    of_model, of_dataset = names_of(model, "Model"), names_of(dataset, "Dataset")
    unequal = _unequal(of_model, of_dataset)
    if same_space and of_model == of_dataset:
        return LabelComparison()
    of_model, of_dataset = _without_indices(of_model), _without_indices(of_dataset)
    if of_model and of_dataset:
        wrong = [i for i in in_targets if i in of_dataset and of_model.get(i) != of_dataset[i]]
        nameless = [i for i in in_targets if i not in of_dataset]
        missing = (_missing("Dataset", dataset),) if nameless else ()
        return LabelComparison(_conflict(model, dataset, of_model, of_dataset, wrong), unequal, missing)
    missing = [
        _missing(kind, metadata)
        for kind, metadata, names in (("Model", model, of_model), ("Dataset", dataset, of_dataset))
        if not names
    ]
    return LabelComparison(_other_length(model, dataset, lengths), unequal, tuple(missing))


def names_of(metadata: Mapping[str, object], kind: str) -> dict[int, str]:
    """The `index2label` of a part with whole numbers as keys (`"0"` is 0) and text as names; empty if there is none.

    Raises
    ------
    PartError
        It is not a mapping from class indices to names.
    """
    labels = metadata.get("index2label")
    if labels is None:
        return {}
    try:
        if isinstance(labels, Mapping):
            return {int(index): str(name) for index, name in labels.items()}
        if isinstance(labels, Sequence) and not isinstance(labels, str | bytes):
            return {index: str(name) for index, name in enumerate(labels)}
    except (TypeError, ValueError):
        pass
    raise PartError(
        f"{kind} {metadata.get('id')!r} has the index2label {labels!r}; MAITE asks for a mapping from class indices to "
        "names, such as {0: 'cat', 1: 'dog'}."
    )


def names_if_known(part: ClassLabels) -> dict[int, str]:
    """The names of the classes of a part; none where they cannot be read, which `compare` tells."""
    try:
        return names_of(part.metadata, "Part")
    except PartError:
        return {}


def _without_indices(names: Mapping[int, str]) -> dict[int, str]:
    """The names; none if each only repeats its index."""
    return {} if all(name == str(index) for index, name in names.items()) else dict(names)


def _unequal(of_model: Mapping[int, str], of_dataset: Mapping[int, str]) -> str | None:
    if of_model == of_dataset:
        return None
    return f"the model lists {_listing(of_model)}, the dataset {_listing(of_dataset)}"


def _listing(names: Mapping[int, str]) -> str:
    shown = ", ".join(f"{index}: {names[index]!r}" for index in sorted(names)[:MAX_SHOWN])
    return "{" + shown + (f", ... ({len(names)} classes)" if len(names) > MAX_SHOWN else "") + "}"


def _conflict(
    model: Mapping[str, object],
    dataset: Mapping[str, object],
    of_model: Mapping[int, str],
    of_dataset: Mapping[int, str],
    wrong: Sequence[int],
) -> str | None:
    if not wrong:
        return None
    differences = "; ".join(
        f"index {i} is {of_dataset[i]!r} in the data and "
        + (f"{of_model[i]!r} to the model" if i in of_model else "not among the model's classes")
        for i in wrong[:MAX_SHOWN]
    )
    more = f"; and {len(wrong) - MAX_SHOWN} more" if len(wrong) > MAX_SHOWN else ""
    return f"Model {model.get('id')!r} and dataset {dataset.get('id')!r} mean different classes: {differences}{more}."


def _other_length(
    model: Mapping[str, object], dataset: Mapping[str, object], lengths: tuple[int, int] | None
) -> str | None:
    """Vectors of different lengths, without names that say which entry of one is which of the other."""
    if lengths is None or lengths[0] == lengths[1]:
        return None
    return (
        f"Model {model.get('id')!r} gives {lengths[0]} scores and the targets of dataset {dataset.get('id')!r} have "
        f"{lengths[1]} entries, and index2label does not name the classes of both."
    )


def _missing(kind: str, metadata: Mapping[str, object]) -> str:
    return (
        f"{kind} {metadata.get('id')!r} does not name its classes (index2label is missing, incomplete, or only repeats "
        "the indices): that its class indices mean those of the other side is taken for granted."
    )
