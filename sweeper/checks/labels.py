"""Do a model and a dataset mean the same class by an index? Their `index2label` say, where both have one.

`subset` (the default): both sides give the same name to every class index that occurs in the targets; the model may
know more classes, and the dataset may list some that do not occur. `strict`: both list exactly the same classes.
`ignore`: nothing is compared.

An `index2label` that only repeats the indices (`{0: "0", 1: "1"}`) says nothing and counts as missing, unless model and
dataset both have an attribute `label_space` that calls what their indices mean by the same name, as the digits do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sweeper.errors import PartError

SHOWN = 3
"""So many differing classes a message names."""


class Side(NamedTuple):
    """What a model or a dataset says of its classes."""

    metadata: Mapping[str, Any]
    space: str | None


def side_of(part: Any) -> Side:
    """What a model or dataset says of its classes, as it says it now."""
    return Side(dict(part.metadata), space_of(part))


def space_of(part: Any) -> str | None:
    """What a model or dataset calls the meaning of its class indices; `None` where it gives it no name."""
    found = getattr(part, "label_space", None)
    return found if isinstance(found, str) else None


@dataclass(frozen=True)
class LabelSpaces:
    """What a comparison found.

    Attributes
    ----------
    conflict
        Why values would be wrong, `None` where names agree on what occurs or cannot be compared.
    unequal
        How the two lists of classes differ anywhere.
    missing
        A line for each side whose names are not known.
    """

    conflict: str | None = None
    unequal: str | None = None
    missing: tuple[str, ...] = ()


def compare(
    model: Mapping[str, Any],
    dataset: Mapping[str, Any],
    occurring: Iterable[int],
    lengths: tuple[int, int] | None = None,
    *,
    same_space: bool = False,
) -> LabelSpaces:
    """Compare the metadata of a model with those of a dataset.

    Parameters
    ----------
    occurring
        Class indices that occur in the targets.
    lengths
        Entries of the model's predictions and of the targets, where both are vectors.
    same_space
        Whether both sides call the meaning of their indices by the same name.

    Raises
    ------
    PartError
        An `index2label` is no mapping from class indices to names.
    """
    seen = sorted(occurring)
    ours, theirs = names_of(model, "Model"), names_of(dataset, "Dataset")
    unequal = _unequal(ours, theirs)
    if same_space and ours == theirs:
        return LabelSpaces()
    ours, theirs = _meant(ours), _meant(theirs)
    if ours and theirs:
        wrong = [i for i in seen if i in theirs and ours.get(i) != theirs[i]]
        nameless = [i for i in seen if i not in theirs]
        missing = (_missing("Dataset", dataset),) if nameless else ()
        return LabelSpaces(_conflict(model, dataset, ours, theirs, wrong), unequal, missing)
    missing = [
        _missing(kind, said)
        for kind, said, names in (("Model", model, ours), ("Dataset", dataset, theirs))
        if not names
    ]
    return LabelSpaces(_other_length(model, dataset, lengths), unequal, tuple(missing))


def names_of(metadata: Mapping[str, Any], kind: str) -> dict[int, str]:
    """The `index2label` of a part with whole numbers as keys (`"0"` is 0) and text as names; empty where there is none.

    Raises
    ------
    PartError
        It is no mapping from class indices to names.
    """
    given: Any = metadata.get("index2label")
    if given is None:
        return {}
    pairs: Iterable[tuple[Any, Any]] = (
        given.items() if isinstance(given, Mapping) else enumerate(_listed(given, metadata, kind))
    )
    try:
        return {int(index): str(name) for index, name in pairs}
    except (TypeError, ValueError):
        raise _not_names(given, metadata, kind) from None


def _listed(given: Any, metadata: Mapping[str, Any], kind: str) -> Sequence[Any]:
    if isinstance(given, Sequence) and not isinstance(given, str | bytes):
        return given
    raise _not_names(given, metadata, kind)


def _not_names(given: Any, metadata: Mapping[str, Any], kind: str) -> PartError:
    return PartError(
        f"{kind} {metadata.get('id')!r} has the index2label {given!r}; MAITE asks for a mapping from class indices to "
        "names, such as {0: 'cat', 1: 'dog'}."
    )


def _meant(names: Mapping[int, str]) -> dict[int, str]:
    """Names that say something; none where each is but its own index."""
    return {} if all(name == str(index) for index, name in names.items()) else dict(names)


def _unequal(ours: Mapping[int, str], theirs: Mapping[int, str]) -> str | None:
    if ours == theirs:
        return None
    return f"the model lists {_listing(ours)}, the dataset {_listing(theirs)}"


def _listing(names: Mapping[int, str]) -> str:
    shown = ", ".join(f"{index}: {names[index]!r}" for index in sorted(names)[:SHOWN])
    return "{" + shown + (f", ... ({len(names)} classes)" if len(names) > SHOWN else "") + "}"


def _conflict(
    model: Mapping[str, Any],
    dataset: Mapping[str, Any],
    ours: Mapping[int, str],
    theirs: Mapping[int, str],
    wrong: Sequence[int],
) -> str | None:
    if not wrong:
        return None
    said = "; ".join(
        f"index {i} is {theirs[i]!r} in the data and "
        + (f"{ours[i]!r} to the model" if i in ours else "not among the model's classes")
        for i in wrong[:SHOWN]
    )
    more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return f"Model {model.get('id')!r} and dataset {dataset.get('id')!r} mean different classes: {said}{more}."


def _other_length(model: Mapping[str, Any], dataset: Mapping[str, Any], lengths: tuple[int, int] | None) -> str | None:
    """Vectors of different lengths, with no names by which to tell which entry of one is which of the other."""
    if lengths is None or lengths[0] == lengths[1]:
        return None
    return (
        f"Model {model.get('id')!r} gives {lengths[0]} scores and the targets of dataset {dataset.get('id')!r} have "
        f"{lengths[1]} entries, and index2label does not name the classes of both."
    )


def _missing(kind: str, metadata: Mapping[str, Any]) -> str:
    return (
        f"{kind} {metadata.get('id')!r} does not name its classes (index2label is missing, incomplete, or only repeats "
        "the indices): that its class indices mean those of the other side is taken for granted."
    )
