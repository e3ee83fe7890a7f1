"""Whether a model takes what a dataset gives, by what both say of themselves before they are built. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sweeper.checks.labels import compare
from sweeper.checks.rules import DEFAULT_LABEL_SPACE, Rules
from sweeper.common.facts import Facts

Kind = Literal["channels", "size", "classes"]


@dataclass(frozen=True)
class Side:
    """A model or a dataset: what the user calls it, and what it says of itself."""

    name: str
    facts: Facts


@dataclass(frozen=True)
class Misfit:
    """In what a model and a dataset do not fit each other, with what each of them has."""

    kind: Kind
    text: str


def misfits(model: Side, dataset: Side, rules: Rules) -> list[Misfit]:
    """All in which a model and a dataset do not fit; what one of them does not say is not compared.

    Classes are compared by the rule that holds for a run: `sweeper.checks.labels`.
    """
    found = [
        Misfit("channels", _channels(model.facts, dataset.facts)),
        Misfit("size", _size(model.facts, dataset.facts)),
        Misfit("classes", _classes(model, dataset, rules)),
    ]
    return [misfit for misfit in found if misfit.text]


def occurring(dataset: Facts) -> Iterable[int]:
    """The class indices of a dataset that occur, as far as it knows; else all that it lists."""
    if dataset.occurring is not None:
        return dataset.occurring
    return dataset.class_names or range(dataset.n_classes or 0)


def _channels(model: Facts, dataset: Facts) -> str:
    if not _differ(model.channels, dataset.channels):
        return ""
    return f"the model takes {_counted(model.channels, 'channel')}, the images have {dataset.channels}."


def _size(model: Facts, dataset: Facts) -> str:
    if not (_differ(model.height, dataset.height) or _differ(model.width, dataset.width)):
        return ""
    taken, given = _pixels(model), _pixels(dataset)
    return f"the model takes images of {taken} pixels (height x width), and the first image has {given}."


def _pixels(facts: Facts) -> str:
    return " x ".join("any" if length is None else str(length) for length in (facts.height, facts.width))


def _differ(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


def _classes(model: Side, dataset: Side, rules: Rules) -> str:
    label_space = rules.label_space or DEFAULT_LABEL_SPACE
    if label_space == "ignore":
        return ""
    numbers = _number_of_classes(model.facts), _number_of_classes(dataset.facts)
    lengths = (numbers[0], numbers[1]) if rules.one_hot and numbers[0] and numbers[1] else None
    found = compare(_described(model), _described(dataset), occurring(dataset.facts), lengths)
    if found.conflict:
        return found.conflict
    if label_space == "strict" and found.unequal and not found.missing:
        return f"label_space is strict, and {found.unequal}."
    return _beyond(model, dataset) if found.missing else ""


def _beyond(model: Side, dataset: Side) -> str:
    """An index of the data that the model does not have, where names do not tell which class it is."""
    number, highest = _number_of_classes(model.facts), max(occurring(dataset.facts), default=0)
    if number is None or highest < number:
        return ""
    return (
        f"dataset {dataset.name!r} has the class index {highest}, and model {model.name!r} has "
        f"{_counted(number, 'class')}, counted from 0."
    )


def _number_of_classes(facts: Facts) -> int | None:
    return facts.n_classes if facts.n_classes is not None else len(facts.class_names or ()) or None


def _described(side: Side) -> dict[str, object]:
    return {"id": side.name, "index2label": side.facts.class_names}


def _counted(number: int | None, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 'es' if what.endswith('s') else 's'}"
